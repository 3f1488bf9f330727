"""Texts of conditions: what they mean, and how what is wrong with them is told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE, SECOND
from rules.finding_codes import CODES
from rules.language.parsing import FUNCTIONS
from rules.language.tree import And, Comparison, Literal, Not, Or, SiteParameter, Sustained, Value, Windowed
from tests.rules.words import found, only, problems, read, site


def at_least(metric: str, value: str, unit: str) -> Comparison:
    return Comparison(Value(metric), ">=", Literal(Decimal(value), unit))


def test_a_sum_over_a_window_is_compared_with_a_literal():
    condition = read("sum(rain, 3h) >= 50 mm", "rain")
    assert condition == Comparison(Windowed("sum", "rain", 3 * HOUR), ">=", Literal(Decimal(50), "mm"))


def test_not_binds_before_and_and_and_before_or():
    condition = read("stage > 3 m or not flow < 2 m3/s and stage >= site.limit", "stage")
    assert condition == Or(
        (
            Comparison(Value("stage"), ">", Literal(Decimal(3), "m")),
            And(
                (
                    Not(Comparison(Value("flow"), "<", Literal(Decimal(2), "m3/s"))),
                    Comparison(Value("stage"), ">=", SiteParameter("limit", "m")),
                )
            ),
        )
    )


def test_parentheses_group_and_vanish_where_they_change_nothing():
    grouped = read("(alarm == 1 or fault == 1) and test == 0", "smoke")
    assert isinstance(grouped, And)
    assert read("((alarm == 1 or fault == 1)) and (test == 0)", "smoke") == grouped


def test_a_nested_and_is_one_and():
    nested = read("alarm == 1 and (fault == 1 and test == 0)", "smoke")
    assert nested == read("alarm == 1 and fault == 1 and test == 0", "smoke")


def test_sustained_holds_a_comparison_for_a_time():
    condition = read("sustained(smoke >= 0.15 dB/m, 60s)", "smoke")
    assert condition == Sustained(at_least("smoke", "0.15", "dB/m"), 60 * SECOND)


@pytest.mark.parametrize(
    ("written", "of", "canonical"),
    [
        ("sum（rain，30分钟）≥ ５０毫米", "rain", "sum(rain, 30min) >= 50 mm"),
        ("temperature ≥ 54℃", "smoke", "temperature >= 54 degC"),
        ("temperature ≠ 54 °C", "smoke", "temperature != 54 degC"),
        ("stage＜2.27 米", "stage", "stage < 2.27 m"),
        ("stage>=2.27m", "stage", "stage >= 2.27 m"),
        ("level ≤ 85％", "tank", "level <= 85 %"),
        ("flow > 20 m³/s", "stage", "flow > 20 m3/s"),
        ("combustible >= 25 % LEL", "gas", "combustible >= 25 %LEL"),
        ("headcount >= 3 人", "workshop", "headcount >= 3"),
        ("arcs >= 14 per s", "electrical", "arcs >= 14 1/s"),
        ("arcs >= 14/s", "electrical", "arcs >= 14 1/s"),
        ("sum(rain,\n    3 h)\n  >= 50 mm", "rain", "sum(rain, 3h) >= 50 mm"),
    ],
)
def test_what_a_keyboard_types_means_the_canonical_text(written: str, of: str, canonical: str):
    assert read(written, of) == read(canonical, of)


@pytest.mark.parametrize(
    ("text", "of", "value", "unit"),
    [
        ("stage >= 227 cm", "stage", "2.27", "m"),
        ("temperature >= 129.2 degF", "smoke", "54", "degC"),
        ("temperature >= 327.15 K", "smoke", "54", "degC"),
        ("temperature >= -10 degC", "workshop", "-10", "degC"),
        ("leakage >= 0.3 A", "electrical", "300", "mA"),
        ("h2s >= 7.17 ppm", "gas", "9.99", "mg/m3"),
        ("h2s >= 7.18 ppm", "gas", "10.01", "mg/m3"),
        ("rise(cable_temperature, 10min) >= 10 degC", "electrical", "10", "degC"),
        ("rise(cable_temperature, 10min) >= 10 K", "electrical", "10", "degC"),
        ("rise(cable_temperature, 10min) >= 18 degF", "electrical", "10", "degC"),
    ],
)
def test_a_literal_is_exact_in_the_unit_of_the_metric(text: str, of: str, value: str, unit: str):
    condition = read(text, of)
    assert isinstance(condition, Comparison)
    assert condition.right == Literal(Decimal(value), unit)


@pytest.mark.parametrize(
    ("text", "of", "code", "rest", "suggestion"),
    [
        ("stage >= 227", "stage", "E205", "227", "write `227 m`"),
        ("stage >= 2.27 mA", "stage", "E205", "2.27 mA", "did you mean m?"),
        ("stage >= 2 furlong", "stage", "E205", "2 furlong", "write it in m"),
        ("combustible >= 25 %", "gas", "E205", "25 %", "did you mean %LEL?"),
        ("headcount >= 2 m", "workshop", "E205", "2 m", "write the number without a unit"),
        ("level >= 25 %LEL", "tank", "E205", "25 %LEL", "did you mean %?"),
        ("max(stage, 30m) > 1 m", "stage", "E206", "30m) > 1 m", "did you mean 30min?"),
        ("max(stage, 0s) > 1 m", "stage", "E206", "0s) > 1 m", "write more than 0s and at most 31d"),
        ("max(stage, 60d) > 1 m", "stage", "E206", "60d) > 1 m", "write more than 0s and at most 31d"),
        ("sum(rain, rain) > 1 mm", "rain", "E206", "rain) > 1 mm",
         "write a number and a unit: 90s, 5min, 3h"),
        ("staeg >= 2 m", "stage", "E203", "staeg >= 2 m", "did you mean stage?"),
        ("summ(rain, 3h) > 1 mm", "rain", "E202", "summ(rain, 3h) > 1 mm", "did you mean sum?"),
        ("sum(stage, 3h) > 1 m", "stage", "E204", "stage, 3h) > 1 m",
         "use fall or max or mean or median or min or rate or rise"),
        ("max(rain, 3h) > 1 mm", "rain", "E204", "rain, 3h) > 1 mm", "use sum"),
        ("rain >= 5 mm", "rain", "E204", "rain >= 5 mm", "write sum(rain, 1h)"),
        ("rain_total >= 5 mm", "rain", "E204", "rain_total >= 5 mm", "use rain"),
        ("max(sum(rain, 1h), 3h) > 1 mm", "rain", "E204", "sum(rain, 1h), 3h) > 1 mm",
         "known: rain, rain_total"),
        ("sustained(max(stage, 1h) > 1 m, 60s)", "stage", "E204", "max(stage, 1h) > 1 m, 60s)",
         "write sustained(metric >= threshold, duration)"),
        ("sustained(alarm == 1, 60s) == 1", "smoke", "E210", "sustained(alarm == 1, 60s) == 1",
         "write sustained(metric >= threshold, duration)"),
        ("stage >= 2.2705 m", "stage", "E208", "2.2705 m", "write `2.27 m` or `2.271 m`"),
        ("stage >= -2.2705 m", "stage", "E208", "-2.2705 m", "write `-2.271 m` or `-2.27 m`"),
        ("headcount >= 1.5", "workshop", "E208", "1.5", "write `1` or `2`"),
        ("smoke >= 0.1500000000000000 dB/m", "smoke", "E208", "0.1500000000000000 dB/m", "use fewer digits"),
        ("50 mm <= sum(rain, 3h)", "rain", "E210", "50 mm <= sum(rain, 3h)",
         "write `sum(rain, 3h) >= 50 mm`"),
        ("stage => 2 m", "stage", "E201", "=> 2 m", "write `>=`"),
        ("stage = 2 m", "stage", "E201", "= 2 m", "write `==`"),
        ("stage > 2 m and", "stage", "E201", "", "expected a metric or function"),
        ("(stage > 2 m", "stage", "E201", "", "expected `)`"),
        ("stage > 2 m stage < 3 m", "stage", "E201", "stage < 3 m", "expected `and` or `or`"),
        ("1 m < stage < 2 m", "stage", "E201", "< 2 m", "expected `and` or `or`"),
        ("stage ^ 2 > 3 m", "stage", "E201", "^ 2 > 3 m", "multiply instead: x * x"),
        ("stage >= warning_stage", "stage", "E210", "warning_stage", ""),
        ("stage >= (flow > 2 m3/s)", "stage", "E210", "flow > 2 m3/s)", ""),
        ("22:00-06:00", "stage", "E210", "22:00-06:00", "compare it: `metric >= threshold`"),
        ("hours(22:00-06:00) == 1", "stage", "E210", "hours(22:00-06:00) == 1", "write hours(22:00-06:00)"),
        ("avg(stage, 1h) > 2 m", "stage", "E202", "avg(stage, 1h) > 2 m", "did you mean mean?"),
        ("last(stage) > 2 m", "stage", "E202", "last(stage) > 2 m", ""),
        ("stage > 2 m && flow > 1 m3/s", "stage", "E201", "&& flow > 1 m3/s", "write `and`"),
        ("stage", "stage", "E210", "stage", "compare it: `metric >= threshold`"),
        ("sum(rain) > 3 mm", "rain", "E210", "sum(rain) > 3 mm", "write sum(metric, window)"),
        ("  ", "rain", "E201", "  ", "write `metric >= threshold`"),
    ],
)  # fmt: skip
def test_an_error_points_at_its_character_and_says_the_way_out(
    text: str, of: str, code: str, rest: str, suggestion: str
):
    assert only(text, of) == (code, rest, suggestion)


def test_an_unknown_function_is_refused_with_all_that_exist():
    [problem] = problems("ewma(stage, 1h) > 2 m", "stage")
    assert problem.message == f"unknown function `ewma`; known: {', '.join(FUNCTIONS)}"


@pytest.mark.parametrize(
    ("text", "of"),
    [
        ("temperature >= 900 degC", "smoke"),
        ("battery > 100 %", "smoke"),
        ("battery >= 0 %", "smoke"),
        ("battery < 0 %", "smoke"),
        ("alarm == 2", "smoke"),
        ("alarm != 2", "smoke"),
        ("sum(rain, 3h) >= 0 mm", "rain"),
        ("rise(stage, 1h) < 0 m", "stage"),
        ("fall(stage, 1h) >= 9100 m", "stage"),
        ("min(battery, 1h) > 100 %", "smoke"),
        ("battery >= 50 % + 60 %", "smoke"),
        ("battery - min(battery, 1h) > 100 %", "smoke"),
        ("count(alarm == 1, 1h) >= 0", "smoke"),
        ("count(alarm == 2, 1h) >= 1", "smoke"),
        ("sustained(alarm == 2, 60s)", "smoke"),
    ],
)
def test_a_threshold_that_leaves_no_doubt_is_refused(text: str, of: str):
    [problem] = problems(text, of)
    assert problem.code == "E207"


@pytest.mark.parametrize(
    "text",
    [
        "rate(battery, 1h) >= 500 %/h",
        "forecast(battery, 1h) >= 120 %",
        "battery * battery >= 20000 %2",
        "battery >= site.low + 200 %",
    ],
)
def test_where_no_bounds_are_known_nothing_is_said(text: str):
    assert read(text, "smoke")


@pytest.mark.parametrize("text", ["battery >= 100 %", "battery <= 0 %", "battery > 0 %", "battery != 0 %"])
def test_a_threshold_at_the_end_of_the_range_may_stand(text: str):
    assert read(text, "smoke")


def test_all_problems_come_at_once_in_the_order_of_the_text():
    text = "staeg >= 2 m or max(flow, 30m) > 1 m3/s and stage >= 227"
    assert [(p.code, text[p.offset :][:5]) for p in problems(text, "stage")] == [
        ("E203", "staeg"),
        ("E206", "30m) "),
        ("E205", "227"),
    ]


def test_a_rain_threshold_in_millimetres_an_hour_names_the_metric_and_the_unit():
    assert [p.code for p in problems("rain >= 5 mm/h", "rain")] == ["E204", "E205"]


def test_offsets_count_the_characters_as_written_not_those_of_nfkc():
    """℃ becomes two characters, which must not move what stands behind it."""
    text = "temperature ≥ 54℃ and smok ≥ 1 dB/m"
    [problem] = problems(text, "smoke")
    assert text[problem.offset :].startswith("smok ≥")


def test_a_site_parameter_must_exist_for_some_sensor_of_the_kind():
    [problem] = problems("stage >= site.warning_stge", "stage", site("stage", warning_stage="m"))
    assert (problem.code, problem.suggestion) == ("E209", "did you mean warning_stage?")


def test_a_site_parameter_of_another_dimension_is_refused():
    [problem] = problems("stage >= site.limit", "stage", site("stage", limit="m mA"))
    assert problem.code == "E209"
    assert "mA" in problem.message


def test_a_site_parameter_in_another_unit_of_the_dimension_is_taken():
    assert read("stage >= site.limit", "stage", site("stage", limit="cm m"))


def test_deep_nesting_is_a_problem_and_no_crash():
    assert problems("not " * 5000 + "alarm == 1", "smoke")[0].code == "E210"
    assert read("(" * 5000 + "alarm == 1" + ")" * 5000, "smoke")


@given(
    st.text(alphabet="abstage sumrain()≥<>=0123.5 mh,%LEL℃ notandor site._-（，+*/:：", max_size=60)
    | st.text(max_size=40)
)
def test_any_text_is_a_condition_or_a_condition_error(text: str):
    for name in ("stage", "rain", None):
        assert all(p.code in CODES and 0 <= p.offset <= len(text) for p in found(text, name))


def test_windows_are_in_milliseconds():
    condition = read("max(stage, 90min) > 1 m", "stage")
    assert isinstance(condition, Comparison)
    assert condition.left == Windowed("max", "stage", 90 * MINUTE)
