"""Random trees of the whole language as the parser makes them, of an electrical sensor or of a zone."""

from decimal import Decimal

from hypothesis import assume
from hypothesis import strategies as st

from ingest.clock import DAY, HOUR, MINUTE
from rules.language.calculation import calculated, measure_in, negative
from rules.language.conditions import FLAGS
from rules.language.doubt import always
from rules.language.measures import Measure, measure_of
from rules.language.thresholds import ThresholdError
from rules.language.tree import (
    Age,
    And,
    Arithmetic,
    Baseline,
    Comparison,
    Condition,
    Counted,
    Eta,
    Expression,
    Flagged,
    Forecast,
    Hours,
    Literal,
    Not,
    Operand,
    Or,
    Reports,
    Season,
    Sensors,
    Share,
    SiteParameter,
    Stuck,
    Sustained,
    Threshold,
    Value,
    Windowed,
)
from rules.language.vocabulary import TIME_ZONE
from tests.rules.words import KINDS, kind

ELECTRICAL = kind("electrical")
METRICS = st.sampled_from(sorted(ELECTRICAL.metrics))
OPERATORS = st.sampled_from([">=", ">", "<=", "<", "==", "!="])
DURATIONS = st.integers(1, 10 * DAY)
WINDOWS = st.integers(10 * MINUTE, 10 * DAY)
NUMBERS = st.integers(1, 9_999).map(lambda n: Decimal(n) / 100)
NAMES = st.sampled_from(["limit", "rated"])
PLAIN = st.builds(Value, METRICS) | st.builds(
    Windowed, st.sampled_from(["fall", "max", "mean", "median", "min", "rate", "rise"]), METRICS, WINDOWS
)


@st.composite
def constants(draw: st.DrawFn, measure: Measure, depth: int = 2) -> Threshold:
    """What stands beside `measure` in arithmetic."""
    unit = measure.unit
    shape = draw(
        st.sampled_from(["literal", "site", "+", "-", "*", "/", "~"] if depth else ["literal", "site"])
    )
    if shape == "site":
        return SiteParameter(draw(NAMES), unit)
    if shape == "literal" or (measure.level and shape in "*/~"):
        return Literal(Decimal(draw(DURATIONS)) if unit == "ms" else draw(NUMBERS), unit)
    part = draw(constants(measure, depth - 1))
    if shape in "+-":
        added = Measure("K", difference=True) if measure.level else measure
        return Arithmetic(shape, part, draw(constants(added, depth - 1)), unit)
    if shape == "~":
        zero = Literal(Decimal(0), unit)
        return part if isinstance(part, Literal) else Arithmetic("-", zero, part, unit)
    number = Literal(draw(NUMBERS), "")
    return Arithmetic("*", number, part, unit) if shape == "*" else Arithmetic("/", part, number, unit)


def inside(measure: Measure) -> Measure:
    """In arithmetic differences of temperatures are in K."""
    return Measure("K", difference=True) if measure.unit == "degC" and measure.difference else measure


@st.composite
def thresholds(draw: st.DrawFn, left: Operand | Arithmetic) -> Threshold:
    """A right side, on the grid where the left one has one."""
    measure = measure_of(left, ELECTRICAL)
    how = draw(st.sampled_from(["literal", "site", "arithmetic"]))
    if how == "site":
        return SiteParameter(draw(NAMES), measure.unit)
    if how == "arithmetic":
        constant = draw(constants(inside(measure)))
        return (
            SiteParameter("limit", measure.unit)
            if isinstance(constant, Literal | SiteParameter)
            else constant
        )
    if measure.unit == "ms":
        return Literal(Decimal(draw(DURATIONS)), "ms")
    step = measure.resolution or Decimal("0.001")
    return Literal(draw(st.integers(-50, 1_000)) * step, measure.unit)


@st.composite
def bare(draw: st.DrawFn) -> Comparison:
    """A comparison of a bare metric with a constant."""
    left = Value(draw(METRICS))
    return decided(Comparison(left, draw(OPERATORS), draw(thresholds(left))))


def decided(comparison: Comparison) -> Comparison:
    assume(always(comparison, ELECTRICAL) is None)
    return comparison


@st.composite
def baselines(draw: st.DrawFn) -> Baseline:
    metric = ELECTRICAL.metrics[draw(METRICS)]
    default = draw(st.integers(0, 50)) * metric.resolution
    return Baseline(metric.name, draw(st.integers(2, 200)) * HOUR, default, metric.unit)


@st.composite
def etas(draw: st.DrawFn) -> Eta:
    left = Value(draw(METRICS))
    return Eta(left.metric, draw(thresholds(left)))


FORECASTS = st.builds(Forecast, METRICS, st.integers(1, 4 * HOUR))
COUNTS = st.builds(Counted, bare(), WINDOWS)
OPERANDS: st.SearchStrategy[Operand] = PLAIN | baselines() | FORECASTS | COUNTS


@st.composite
def beside(draw: st.DrawFn, part: Expression, operator: str, right: bool) -> Threshold:
    """A constant as the other operand; on the right of it, or on the left."""
    measure = inside(measure_in(part, ELECTRICAL))
    if operator in "*/":
        unit = measure.unit if operator == "/" else ""
        unit = draw(st.sampled_from(sorted({"", "h", unit})))
        own = SiteParameter(draw(NAMES), measure.unit if operator == "/" else "")
        return draw(st.sampled_from([Literal(draw(NUMBERS), unit), own]))
    if measure.level and operator == "+":
        return draw(constants(Measure("K", difference=True)))
    if measure.level and right and draw(st.booleans()):
        return Literal(draw(NUMBERS), "K")
    return draw(constants(measure))


@st.composite
def calculations(draw: st.DrawFn, depth: int = 2) -> Expression:
    """Something measured, calculated from operands and constants."""
    if not depth or draw(st.integers(0, 3)) == 0:
        return draw(OPERANDS)
    part, operator = draw(calculations(depth - 1)), draw(st.sampled_from("+-*/~"))
    try:
        if operator == "~":
            return negative(part, ELECTRICAL)
        shape = draw(st.sampled_from(["both", "left", "right"]))
        if shape == "both":
            other = draw(st.just(part) | calculations(depth - 1))
            return calculated(part, operator, other, ELECTRICAL)
        constant = draw(beside(part, operator, shape == "right"))
        pair = (part, constant) if shape == "right" else (constant, part)
        return calculated(pair[0], operator, pair[1], ELECTRICAL)
    except ThresholdError:
        return part


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    left = draw(OPERANDS | etas() | calculations())
    assert not isinstance(left, Literal | Reports | SiteParameter)
    return decided(Comparison(left, draw(OPERATORS), draw(thresholds(left))))


AGES = st.builds(
    Comparison,
    st.builds(Age, METRICS | st.none()),
    OPERATORS,
    DURATIONS.map(lambda n: Literal(Decimal(n), "ms")) | st.builds(Reports, st.integers(1, 999)),
)
HOURS = st.builds(Hours, st.integers(0, 719), st.integers(720, 1439), st.just(TIME_ZONE))
DAYS = st.tuples(st.integers(1, 12), st.integers(1, 28))
SEASONS = st.builds(
    Season, DAYS, st.tuples(st.integers(1, 11), st.integers(1, 27)), st.just(TIME_ZONE)
).filter(lambda season: season.end != (season.start[0], season.start[1] - 1))
SENSOR_LEAVES: st.SearchStrategy[Condition] = (
    comparisons()
    | AGES
    | st.builds(Sustained, bare(), DURATIONS)
    | st.builds(Stuck, METRICS, WINDOWS)
    | st.builds(Flagged, METRICS, st.sampled_from(FLAGS))
)


def joined(parts: st.SearchStrategy[Condition], sort: type[And | Or]) -> st.SearchStrategy[Condition]:
    """No `and` directly in an `and`, no `or` in an `or`."""
    others = parts.filter(lambda part: not isinstance(part, sort))
    return st.lists(others, min_size=2, max_size=3).map(lambda found: sort(tuple(found)))


def conditions(leaves: st.SearchStrategy[Condition], most: int) -> st.SearchStrategy[Condition]:
    """Trees of `leaves`."""
    return st.recursive(
        leaves, lambda parts: joined(parts, And) | joined(parts, Or) | parts.map(Not), max_leaves=most
    )


@st.composite
def groups(draw: st.DrawFn, of_zone: bool) -> Comparison:
    """A group function of electrical sensors, or over the ages of all kinds."""
    radius = None if of_zone else Decimal(draw(st.integers(1, 9_999)))
    of = draw(st.sampled_from([None, "electrical"]))
    kinds = ("electrical",)
    if of is None and draw(st.booleans()):
        kinds = tuple(KINDS.kinds)
        inner: Condition = Comparison(Age(None), ">", Reports(3))
    else:
        named = bare() if of is None else SENSOR_LEAVES
        inner = draw(conditions(named, 3))
    if draw(st.booleans()):
        number = draw(st.integers(1, 99)) * Decimal("0.5")
        return Comparison(Share(inner, kinds, radius, of), draw(OPERATORS), Literal(number, "%"))
    within = draw(st.just(0) | DURATIONS)
    number = Decimal(draw(st.integers(1, 9)))
    return Comparison(Sensors(inner, kinds, within, radius, of), draw(OPERATORS), Literal(number, ""))


OF_SENSORS = conditions(SENSOR_LEAVES | HOURS | SEASONS | groups(of_zone=False), 5)
OF_ZONES = conditions(groups(of_zone=True) | HOURS | SEASONS, 4)
