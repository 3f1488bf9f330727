"""Conditions moved by a release margin, so that they are harder to clear."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import MINUTE
from rules.language.margin import (
    all_comparisons,
    comparisons,
    is_moved,
    margin_defects,
    margin_of,
    released,
)
from rules.language.printed import expression_text, printed
from rules.language.tree import (
    And,
    Comparison,
    Condition,
    Counted,
    Expression,
    Literal,
    Not,
    Or,
    Sensors,
    Share,
    SiteParameter,
    Value,
)
from rules.rule import Release
from tests.rules.trees import OPERATORS, conditions
from tests.rules.words import KINDS, kind, read

TWENTY_PERCENT = Release(10 * MINUTE, share=Decimal("0.2"))


def amount(number: str, unit: str) -> Release:
    return Release(10 * MINUTE, amount=Decimal(number), unit=unit)


def moved(text: str, of: str | None, release: Release) -> str:
    return printed(released(read(text, of), release, None if of is None else kind(of), KINDS))


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("sum(rain, 3h) >= 50 mm", "rain", "sum(rain, 3h) >= 40 mm"),
        ("oxygen < 19.5 %", "gas", "oxygen < 23.4 %"),
        ("not oxygen >= 19.5 %", "gas", "not oxygen >= 23.4 %"),
        (
            "not (not flow >= 10 m3/s and flow < 5 m3/s)",
            "stage",
            "not (not flow >= 8 m3/s and flow < 4 m3/s)",
        ),
        ("flow > -10 m3/s", "stage", "flow > -12 m3/s"),
        ("flow > 5 m3/s + 5 m3/s", "stage", "flow > 8 m3/s"),
        ("sustained(smoke >= 0.15 dB/m, 60s)", "smoke", "sustained(smoke >= 0.12 dB/m, 1min)"),
        ("h2s == 10 mg/m3", "gas", "h2s == 10 mg/m3"),
        ("headcount >= 5", "workshop", "headcount >= 5"),
        ("stage >= site.limit", "stage", "stage >= site.limit"),
        ("stage >= site.limit - 1 m", "stage", "stage >= site.limit - 1 m"),
        ("current / site.rated >= 1.25", "electrical", "current / site.rated >= 1"),
        ("leakage - 100 mA >= 300 mA", "electrical", "leakage - 100 mA >= 240 mA"),
        ("rate(flow, 1h) >= 5 m3/s/h", "stage", "rate(flow, 1h) >= 4 m3/s/h"),
        ("count(arcs >= 10 1/s, 10min) >= 5", "electrical", "count(arcs >= 8 1/s, 10min) >= 5"),
        ("count(arcs >= 10 1/s, 10min) < 5", "electrical", "count(arcs >= 12 1/s, 10min) < 5"),
        ("count(arcs >= 10 1/s, 10min) == 5", "electrical", "count(arcs >= 10 1/s, 10min) == 5"),
        ("eta(stage, 3 m) <= 3h", "stage", "eta(stage, 3 m) <= 3h"),
        ("age() >= 3 reports or age() >= 1h", "stage", "age() >= 3 reports or age() >= 1h"),
        ("stuck(stage, 6h) or flagged(stage, step)", "stage", "stuck(stage, 6h) or flagged(stage, step)"),
        ("hours(22:00-06:00) and flow > 5 m3/s", "stage", "hours(22:00-06:00) and flow > 4 m3/s"),
        ("sensors(smoke >= 0.15 dB/m) >= 2", None, "sensors(smoke >= 0.12 dB/m) >= 2"),
        ("not sensors(smoke >= 0.15 dB/m) >= 2", None, "not sensors(smoke >= 0.18 dB/m) >= 2"),
        ("sensors(smoke >= 0.15 dB/m) < 2", None, "sensors(smoke >= 0.18 dB/m) < 2"),
        ("sensors(smoke >= 0.15 dB/m) != 2", None, "sensors(smoke >= 0.15 dB/m) != 2"),
        ("share(not oxygen >= 19.5 %) >= 50 %", None, "share(not oxygen >= 23.4 %) >= 50 %"),
        ("sensors(sustained(flow > 5 m3/s, 60s)) > 1", None, "sensors(sustained(flow > 4 m3/s, 1min)) > 1"),
        ("share(age() > 3 reports) >= 50 %", None, "share(age() > 3 reports) >= 50 %"),
    ],
)
def test_a_share_moves_each_threshold_so_that_it_is_harder_to_clear(text: str, of: str | None, expected: str):
    assert moved(text, of, TWENTY_PERCENT) == expected


@pytest.mark.parametrize(
    ("text", "of", "release", "expected"),
    [
        ("stage >= 2.27 m or flow > 20 m3/s", "stage", amount("10", "cm"),
         "stage >= 2.17 m or flow > 20 m3/s"),
        ("rise(stage, 1h) >= 0.3 m", "stage", amount("10", "cm"), "rise(stage, 1h) >= 0.2 m"),
        ("rate(stage, 1h) >= 0.3 m/h", "stage", amount("10", "cm"), "rate(stage, 1h) >= 0.3 m/h"),
        ("rate(stage, 1h) >= 0.3 m/h", "stage", amount("1", "mm/min"), "rate(stage, 1h) >= 0.24 m/h"),
        ("temperature >= 54 degC", "smoke", amount("9", "degF"), "temperature >= 49 degC"),
        ("temperature - min(temperature, 1h) >= 10 K", "smoke", amount("2", "degC"),
         "temperature - min(temperature, 1h) >= 8 K"),
        ("voltage * current >= 5 kW", "electrical", amount("500", "W"), "voltage * current >= 4500 W"),
        ("h2s >= 100 mg/m3", "gas", amount("24.45", "ppm"), "h2s >= 65.92 mg/m3"),
        ("h2s - 10 mg/m3 >= 100 mg/m3", "gas", amount("24.45", "ppm"), "h2s - 10 mg/m3 >= 65.92 mg/m3"),
        ("sensors(h2s >= 100 mg/m3) >= 2", None, amount("24.45", "ppm"), "sensors(h2s >= 65.92 mg/m3) >= 2"),
        ("eta(stage, 3 m) <= 3h", "stage", amount("10", "min"), "eta(stage, 3 m) <= 3h"),
    ],
)  # fmt: skip
def test_an_amount_moves_what_has_its_dimension(text: str, of: str | None, release: Release, expected: str):
    assert moved(text, of, release) == expected


def test_a_moved_threshold_stays_exact():
    release = Release(10 * MINUTE, share=Decimal("0.33"))
    assert moved("smoke >= 0.155 dB/m", "smoke", release) == "smoke >= 0.10385 dB/m"


def test_the_margin_of_a_site_parameter_is_given_for_its_value():
    comparison = Comparison(Value("stage"), ">=", SiteParameter("limit", "m"))
    assert margin_of(comparison, Decimal("2.27"), amount("0.1", "m"), kind("stage")) == Decimal("-0.1")


@pytest.mark.parametrize(
    ("text", "of", "defects"),
    [
        ("stage >= 2 m", "stage", 1),
        ("stage - 0.5 m >= 2 m", "stage", 1),
        ("forecast(stage, 2h) >= site.limit", "stage", 1),
        ("stage - site.limit >= 2 m", "stage", 0),
        ("stage - min(stage, 1h) >= 2 m", "stage", 0),
        ("rise(stage, 1h) >= 2 m", "stage", 0),
        ("temperature >= 54 degC or max(temperature, 1h) >= 60 degC", "smoke", 2),
        ("temperature + 5 K >= 54 degC", "smoke", 1),
        ("temperature - min(temperature, 1h) >= 10 K", "smoke", 0),
        ("rate(flow, 1h) > 0 m3/s/h", "stage", 1),
        ("flow > 5 m3/s - 5 m3/s", "stage", 1),
        ("headcount > 0", "workshop", 0),
        ("count(smoke > 0 dB/m, 1h) > 1", "smoke", 1),
        ("sensors(stage >= 2 m) >= 2 or share(h2s > 5 mg/m3) > 50 %", None, 1),
        ("eta(stage, 3 m) <= 1h and age() > 3 reports", "stage", 0),
    ],
)
def test_a_percentage_is_refused_where_it_means_nothing(text: str, of: str | None, defects: int):
    own = None if of is None else kind(of)
    assert len(list(margin_defects(read(text, of), TWENTY_PERCENT, own, KINDS))) == defects
    assert not list(margin_defects(read(text, of), amount("1", "m"), own, KINDS))


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("headcount >= 5 and hours(22:00-06:00)", "workshop", False),
        ("eta(stage, 3 m) <= 3h", "stage", False),
        ("sensors(age() > 3 reports) >= 2", None, False),
        ("sensors(smoke > 1 dB/m) >= 2", None, True),
        ("count(arcs >= 14 1/s, 1h) > 2", "electrical", True),
        ("flow > site.limit", "stage", True),
    ],
)
def test_whether_a_margin_moves_anything_is_known(text: str, of: str | None, expected: bool):
    own = None if of is None else kind(of)
    assert is_moved(read(text, of), TWENTY_PERCENT, own, KINDS) is expected


def test_comparisons_of_the_own_sensor_come_in_the_order_of_the_text():
    text = (
        "not alarm == 1 and (sustained(fault == 1, 5s) or sensors(test == 1, radius=1 km) > 1 or test == 0)"
    )
    found = [comparison.left for comparison in comparisons(read(text, "smoke"))]
    assert found == [Value("alarm"), Value("fault"), Value("test")]


def test_all_comparisons_come_with_the_group_they_stand_in():
    text = "alarm == 1 or sensors(smoke > 1 dB/m, radius=1 km) > 1 or count(fault == 1, 1h) + 1 > 2"
    found = list(all_comparisons(read(text, "smoke")))
    assert [expression_text(comparison.left) for comparison, _ in found] == [
        "alarm",
        "sensors(smoke > 1 dB/m, radius=1 km)",
        "smoke",
        "count(fault == 1, 1h) + 1",
        "fault",
    ]
    assert [group is not None for _, group in found] == [False, False, True, False, False]


SHARES = st.decimals("0.01", "0.99", places=2)
LEVELS = st.integers(1, 5_000).map(lambda n: Literal(Decimal(n) / 1000, "m"))
BARE = st.builds(Comparison, st.just(Value("stage")), OPERATORS, LEVELS)
GROUPED = st.builds(
    Comparison,
    st.builds(Sensors, conditions(BARE, 3), st.just(("stage",))),
    OPERATORS,
    st.integers(0, 4).map(lambda n: Literal(Decimal(n), "")),
)
COUNTED = st.builds(Comparison, st.builds(Counted, BARE, st.just(MINUTE)), OPERATORS, LEVELS)


@given(
    conditions(BARE | GROUPED | COUNTED, 6), SHARES, st.lists(st.integers(0, 5_000), min_size=1, max_size=4)
)
def test_what_is_true_stays_true_under_any_margin(condition: Condition, share: Decimal, stages: list[int]):
    """The moved condition is harder to be false: never false where the condition itself is true."""
    values = [Decimal(stage) / 1000 for stage in stages]
    if holds(condition, values):
        assert holds(released(condition, Release(MINUTE, share=share), kind("stage"), KINDS), values)


def holds(condition: Condition, values: list[Decimal]) -> bool:
    """By the first of the values; groups and counts look at all of them."""
    match condition:
        case Not(part):
            return not holds(part, values)
        case And(parts):
            return all(holds(part, values) for part in parts)
        case Or(parts):
            return any(holds(part, values) for part in parts)
        case Comparison(left, operator, Literal(limit)):
            value = measured(left, values)
            return {
                ">=": value >= limit,
                ">": value > limit,
                "<=": value <= limit,
                "<": value < limit,
                "==": value == limit,
                "!=": value != limit,
            }[operator]
    raise AssertionError(condition)


def measured(left: Expression, values: list[Decimal]) -> Decimal:
    if isinstance(left, Sensors | Share | Counted):
        return Decimal(sum(holds(left.condition, [value]) for value in values))
    return values[0]
