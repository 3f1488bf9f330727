"""Conditions as text: canonical, explained, and moved by a release margin."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import MINUTE
from ingest.kinds import Kind
from ingest.kinds.kinds_file import read_kinds
from rules.language import parse_condition
from rules.language.margin import comparisons, margin_of, released
from rules.language.printed import Judged, explained, printed
from rules.language.thresholds import threshold_of
from rules.language.tree import (
    And,
    Comparison,
    Condition,
    Literal,
    Not,
    Operand,
    Or,
    SiteParameter,
    Sustained,
    Value,
    Windowed,
)
from rules.rule import Release

CONFIGS = Path(__file__).parents[2] / "configs"
KINDS, _ = read_kinds("kinds.yaml", (CONFIGS / "kinds.yaml").read_text())
TWENTY_PERCENT = Release(10 * MINUTE, share=Decimal("0.2"))


def kind(name: str) -> Kind:
    assert KINDS is not None
    return KINDS[name]


def canonical(text: str, of: str) -> str:
    return printed(parse_condition(text, kind(of)))


def moved(text: str, of: str, release: Release) -> str:
    return printed(released(parse_condition(text, kind(of)), release, kind(of)))


OPERATORS = st.sampled_from([">=", ">", "<=", "<", "==", "!="])
DURATIONS = st.integers(1, 10 * 24 * 60 * 60 * 1000)
LEVELS = st.integers(1, 5_000).map(lambda n: Literal(Decimal(n) / 1000, "m"))
LIMITS = LEVELS | st.sampled_from(["limit", "warning_stage"]).map(lambda name: SiteParameter(name, "m"))
BARE = st.builds(Comparison, st.just(Value("stage")), OPERATORS, LIMITS)
WINDOWED: st.SearchStrategy[Operand] = st.builds(
    Windowed, st.sampled_from(["max", "rise"]), st.just("stage"), DURATIONS
)
LEAVES = BARE | st.builds(Comparison, WINDOWED, OPERATORS, LIMITS) | st.builds(Sustained, BARE, DURATIONS)


def joined(parts: st.SearchStrategy[Condition], sort: type[And | Or]) -> st.SearchStrategy[Condition]:
    """Trees as the parser makes them: no `and` directly in an `and`, no `or` in an `or`."""
    others = parts.filter(lambda part: not isinstance(part, sort))
    return st.lists(others, min_size=2, max_size=3).map(lambda found: sort(tuple(found)))


CONDITIONS = st.recursive(
    LEAVES, lambda parts: joined(parts, And) | joined(parts, Or) | parts.map(Not), max_leaves=8
)


@given(CONDITIONS)
def test_the_canonical_text_parses_back_to_the_same_tree(condition: Condition):
    assert parse_condition(printed(condition), kind("stage")) == condition


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("sum( rain,180 min )>=5.0 cm", "rain", "sum(rain, 3h) >= 50 mm"),
        ("sustained(smoke ≥ 0.150 dB/m, 90s)", "smoke", "sustained(smoke >= 0.15 dB/m, 90s)"),
        ("((alarm == 1) and (fault == 0))", "smoke", "alarm == 1 and fault == 0"),
        ("alarm == 1 or (fault == 1 and test == 0)", "smoke", "alarm == 1 or fault == 1 and test == 0"),
        ("(alarm == 1 or fault == 1) and test == 0", "smoke", "(alarm == 1 or fault == 1) and test == 0"),
        ("not (alarm == 1 or fault == 1)", "smoke", "not (alarm == 1 or fault == 1)"),
        ("not (alarm == 1)", "smoke", "not alarm == 1"),
        ("leakage >= 1 A", "electrical", "leakage >= 1000 mA"),
        ("stage >= site.limit", "stage", "stage >= site.limit"),
    ],
)
def test_one_meaning_has_one_text(text: str, of: str, expected: str):
    assert canonical(text, of) == expected


def test_an_explanation_shows_value_threshold_and_verdict():
    condition = parse_condition("sum(rain, 3h) >= 50 mm", kind("rain"))
    text = explained(condition, lambda _: Judged(Decimal("57.80"), "mm", 1))
    assert text == "sum(rain, 3h) = 57.8 mm >= 50 mm ✓"


def test_an_explanation_marks_each_part_of_a_condition():
    condition = parse_condition("not (stage >= 2 m or flow > 3 m3/s) and flow < 9 m3/s", kind("stage"))
    verdicts = {">=": Judged(Decimal("1.5"), "m", -1), ">": Judged(None, "m3/s", 0)}

    def judge(part: Comparison | Sustained) -> Judged:
        assert isinstance(part, Comparison)
        return verdicts.get(part.operator, Judged(Decimal(2), "m3/s", 1))

    assert explained(condition, judge) == (
        "not (stage = 1.5 m >= 2 m ✗ or flow > 3 m3/s ?) and flow = 2 m3/s < 9 m3/s ✓"
    )


def test_an_explanation_shows_the_site_parameter_with_its_value():
    condition = parse_condition("stage >= site.warning_stage", kind("stage"))
    text = explained(condition, lambda _: Judged(Decimal("2.3"), "m", 1, threshold=Decimal("2.270")))
    assert text == "stage = 2.3 m >= site.warning_stage (2.27 m) ✓"


def test_an_explanation_of_sustained_is_judged_as_a_whole():
    condition = parse_condition("sustained(alarm == 1, 60s)", kind("smoke"))
    text = explained(condition, lambda part: Judged(Decimal(1), "", -1 if isinstance(part, Sustained) else 1))
    assert text == "sustained(alarm = 1 == 1, 1min) ✗"


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
        ("sustained(smoke >= 0.15 dB/m, 60s)", "smoke", "sustained(smoke >= 0.12 dB/m, 1min)"),
        ("h2s == 10 mg/m3", "gas", "h2s == 10 mg/m3"),
        ("headcount >= 5", "workshop", "headcount >= 5"),
        ("stage >= site.limit", "stage", "stage >= site.limit"),
    ],
)
def test_a_share_moves_each_threshold_so_that_it_is_harder_to_clear(text: str, of: str, expected: str):
    assert moved(text, of, TWENTY_PERCENT) == expected


def test_an_amount_converts_and_leaves_other_dimensions_unmoved():
    text = "stage >= 2.27 m or rise(stage, 1h) >= 0.3 m or flow > 20 m3/s"
    release = Release(10 * MINUTE, amount=Decimal(10), unit="cm")
    assert moved(text, "stage", release) == "stage >= 2.17 m or rise(stage, 1h) >= 0.2 m or flow > 20 m3/s"


def test_a_margin_of_degrees_is_a_difference():
    release = Release(10 * MINUTE, amount=Decimal(9), unit="degF")
    assert moved("temperature >= 54 degC", "smoke", release) == "temperature >= 49 degC"


def test_a_moved_threshold_stays_exact():
    release = Release(10 * MINUTE, share=Decimal("0.33"))
    assert moved("smoke >= 0.155 dB/m", "smoke", release) == "smoke >= 0.10385 dB/m"


def test_the_margin_of_a_site_parameter_is_given_for_its_value():
    comparison = Comparison(Value("stage"), ">=", SiteParameter("limit", "m"))
    release = Release(10 * MINUTE, amount=Decimal("0.1"), unit="m")
    assert margin_of(comparison, Decimal("2.27"), release, kind("stage")) == Decimal("-0.1")


SHARES = st.decimals("0.01", "0.99", places=2)


@given(CONDITIONS, SHARES, st.integers(0, 5_000), st.integers(0, 5_000))
def test_what_is_true_stays_true_under_any_margin(
    condition: Condition, share: Decimal, stage: int, high: int
):
    """The moved condition is harder to be false: never false where the condition itself is true."""
    release = Release(10 * MINUTE, share=share)
    values = {"stage": Decimal(stage) / 1000, "window": Decimal(high) / 1000}
    if holds(condition, values):
        assert holds(shifted(released(condition, release, kind("stage")), release, 1), values)


def shifted(condition: Condition, release: Release, polarity: int) -> Condition:
    """Site parameters as the engine takes them: 2 m, moved by the margin, its sign turned under `not`."""
    match condition:
        case Not(part):
            return Not(shifted(part, release, -polarity))
        case And(parts):
            return And(tuple(shifted(part, release, polarity) for part in parts))
        case Or(parts):
            return Or(tuple(shifted(part, release, polarity) for part in parts))
        case Sustained(comparison):
            return shifted(comparison, release, polarity)
        case Comparison(left, operator, SiteParameter()):
            shift = polarity * margin_of(condition, Decimal(2), release, kind("stage"))
            return Comparison(left, operator, Literal(2 + shift, "m"))
        case _:
            return condition


def holds(condition: Condition, values: dict[str, Decimal]) -> bool:
    match condition:
        case Not(part):
            return not holds(part, values)
        case And(parts):
            return all(holds(part, values) for part in parts)
        case Or(parts):
            return any(holds(part, values) for part in parts)
        case Sustained(comparison):
            return holds(comparison, values)
        case Comparison(left, operator, right):
            value = values["stage" if isinstance(left, Value) else "window"]
            limit = right.value if isinstance(right, Literal) else Decimal(2)
            return {
                ">=": value >= limit,
                ">": value > limit,
                "<=": value <= limit,
                "<": value < limit,
                "==": value == limit,
                "!=": value != limit,
            }[operator]


def test_comparisons_come_in_the_order_of_the_text():
    condition = parse_condition("not alarm == 1 and (sustained(fault == 1, 5s) or test == 0)", kind("smoke"))
    assert [c.left.metric for c in comparisons(condition)] == ["alarm", "fault", "test"]


def test_a_threshold_comes_from_the_site_in_the_unit_of_the_metric():
    comparison = Comparison(Value("stage"), ">=", SiteParameter("limit", "m"))
    assert threshold_of(comparison, kind("stage"), {"limit": (Decimal(227), "cm")}) == Decimal("2.27")
    assert threshold_of(comparison, kind("stage"), {}) is None
