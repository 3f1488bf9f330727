"""What the number on the left of a comparison means: its unit, its grid, how far it can go."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from ingest.kinds import Kind, Metric
from rules.language.tree import (
    Age,
    Arithmetic,
    Baseline,
    Counted,
    Eta,
    Expression,
    Forecast,
    Literal,
    Operand,
    Reports,
    Sensors,
    Share,
    SiteParameter,
    Value,
    Windowed,
)

TIME = "ms"
# The unit of a temperature as a level, and that of a difference of two in arithmetic.
LEVEL, DIFFERENCE = "degC", "K"
_DIFFERENCES = frozenset({"rise", "fall", "rate"})
_COMPUTED = frozenset({"mean", "rate"})
# The least and the greatest plausible value; None where nothing is known.
Bounds: TypeAlias = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class Measure:
    """`difference`: beside it 10 degC means 10 K. `mass` in g/mol lets ppm stand beside mg/m3.

    `resolution` in `unit`; None for computed values, which a finer threshold may stand beside.
    """

    unit: str
    difference: bool = False
    mass: Decimal | None = None
    resolution: Decimal | None = None

    @property
    def level(self) -> bool:
        """Whether it is a temperature above an arbitrary zero: not to be multiplied or added up."""
        return self.unit == LEVEL and not self.difference


def measure_of(left: Operand | Arithmetic, kind: Kind | None) -> Measure:
    """The measure of a left side over the metrics of `kind`; groups, ages need none."""
    match left:
        case Value(name) | Baseline(name) | Forecast(name):
            return _of_metric(kind, name, computed=not isinstance(left, Value))
        case Windowed(function, name):
            return _of_window(kind, function, name)
        case Counted() | Sensors():
            return Measure("", resolution=Decimal(1))
        case Share():
            return Measure("%")
        case Eta() | Age():
            return Measure(TIME)
        case Arithmetic():
            masses = {_metric(kind, name).molar_mass for name in metrics_of(left)}
            mass = masses.pop() if len(masses) == 1 else None
            return Measure(left.unit, left.unit != LEVEL, mass)


def metrics_of(left: Expression) -> Iterator[str]:
    """The metrics a left side reads of the subject's own sensor."""
    match left:
        case Value(name) | Windowed(_, name) | Baseline(name) | Forecast(name) | Eta(name):
            yield name
        case Age(metric):
            yield from () if metric is None else (metric,)
        case Counted(condition):
            yield from metrics_of(condition.left)
        case Arithmetic(_, one, other):
            yield from metrics_of(one)
            yield from metrics_of(other)


def bounds_of(left: Expression, kind: Kind | None) -> Bounds:
    """The plausible range of a left side, in its unit."""
    match left:
        case Value(name) | Baseline(name):
            return _metric(kind, name).low, _metric(kind, name).high
        case Windowed(function, name):
            return _window_bounds(function, _metric(kind, name))
        case Counted() | Sensors() | Eta() | Age():
            return Decimal(0), None
        case Share():
            return Decimal(0), Decimal(100)
        case Literal(value):
            return value, value
        case Arithmetic("+" | "-" as operator, one, other):
            low, high = bounds_of(other, kind)
            return _sum(bounds_of(one, kind), (low, high) if operator == "+" else (_minus(high), _minus(low)))
        case Arithmetic() | Forecast() | SiteParameter() | Reports():
            return None, None


def _sum(one: Bounds, other: Bounds) -> Bounds:
    low = None if one[0] is None or other[0] is None else one[0] + other[0]
    high = None if one[1] is None or other[1] is None else one[1] + other[1]
    return low, high


def _minus(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


def _metric(kind: Kind | None, name: str) -> Metric:
    assert kind is not None, f"{name} is a metric of some kind"
    return kind.metrics[name]


def _of_metric(kind: Kind | None, name: str, *, computed: bool, difference: bool = False) -> Measure:
    metric = _metric(kind, name)
    return Measure(metric.unit, difference, metric.molar_mass, None if computed else metric.resolution)


def _of_window(kind: Kind | None, function: str, name: str) -> Measure:
    if function == "rate":
        return Measure(f"{_metric(kind, name).unit or 1}/h", difference=True)
    return _of_metric(kind, name, computed=function in _COMPUTED, difference=function in _DIFFERENCES)


def _window_bounds(function: str, metric: Metric) -> Bounds:
    match function:
        case "sum":
            return min(metric.low, Decimal(0)), None
        case "rise" | "fall":
            return Decimal(0), metric.high - metric.low
        case "rate":
            return None, None
    return metric.low, metric.high
