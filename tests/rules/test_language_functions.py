"""Every function of one sensor: what it becomes, and what it refuses."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ingest.clock import DAY, HOUR, MINUTE
from ingest.kinds import Reporting, ReportingMode
from rules.language import ConditionError, parse_condition
from rules.language.conditions import FLAGS
from rules.language.functions import WINDOWED
from rules.language.tree import (
    Age,
    Baseline,
    Comparison,
    Counted,
    Eta,
    Flagged,
    Forecast,
    Hours,
    Literal,
    Operand,
    Reports,
    Season,
    SiteParameter,
    Stuck,
    Threshold,
    Value,
    Windowed,
)
from rules.language.vocabulary import Vocabulary
from tests.rules.words import KINDS, compared, kind, only, problems, read, site, words

ZONE = "Asia/Shanghai"


def metres(value: str) -> Literal:
    return Literal(Decimal(value), "m")


@pytest.mark.parametrize("function", sorted(set(WINDOWED) - {"sum"}))
def test_a_function_over_a_window_keeps_metric_and_width(function: str):
    unit = "m/h" if function == "rate" else "m"
    condition = compared(f"{function}(stage, 6h) >= 0.5 {unit}", "stage")
    assert condition.left == Windowed(function, "stage", 6 * HOUR)
    assert condition.right == Literal(Decimal("0.5"), unit)


@pytest.mark.parametrize(
    ("text", "of", "left"),
    [
        ("forecast(stage, 2h) >= 3 m", "stage", Forecast("stage", 2 * HOUR)),
        ("eta(stage, site.limit) <= 3h", "stage", Eta("stage", SiteParameter("limit", "m"))),
        ("eta(stage, 230 cm) <= 3h", "stage", Eta("stage", metres("2.3"))),
        ("age(stage) >= 2h", "stage", Age("stage")),
        ("age() >= 2h", "stage", Age(None)),
        (
            "baseline(leakage, 7d, default=0.1 A) >= 300 mA",
            "electrical",
            Baseline("leakage", 7 * DAY, Decimal(100), "mA"),
        ),
        (
            "count(arcs >= 14 per s, 10min) >= 2",
            "electrical",
            Counted(Comparison(Value("arcs"), ">=", Literal(Decimal(14), "1/s")), 10 * MINUTE),
        ),
    ],
)
def test_a_function_becomes_its_operand(text: str, of: str, left: Operand):
    assert compared(text, of).left == left


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("eta(stage, 3 m) <= 1h30min", Literal(Decimal(90 * MINUTE), "ms")),
        ("eta(stage, 3 m) <= 3小时", Literal(Decimal(3 * HOUR), "ms")),
        ("eta(stage, 3 m) <= site.evacuation", SiteParameter("evacuation", "ms")),
        ("age() > 5min", Literal(Decimal(5 * MINUTE), "ms")),
        ("age(stage) >= 3 reports", Reports(3)),
        ("age(stage) >= 1 report", Reports(1)),
    ],
)
def test_times_are_compared_in_milliseconds(text: str, right: Threshold):
    assert compared(text, "stage", site("stage", limit="m")).right == right


@pytest.mark.parametrize("flag", FLAGS)
def test_each_quality_flag_can_be_asked_for(flag: str):
    assert read(f"flagged(stage, {flag})", "stage") == Flagged("stage", flag)


def test_a_flag_of_an_amount_can_be_asked_for():
    assert read("flagged(rain, neighbour)", "rain") == Flagged("rain", "neighbour")


def test_a_stuck_metric_is_a_condition():
    assert read("stuck(stage, 6h)", "stage") == Stuck("stage", 6 * HOUR)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("hours(22:00-06:00)", 22 * 60, 6 * 60),
        ("hours（ ８：３０ － 17:45 ）", 8 * 60 + 30, 17 * 60 + 45),
        ("hours(6:00 – 24:00)", 6 * 60, 0),
        ("hours(0:00-06:00)", 0, 6 * 60),
    ],
)
def test_hours_are_minutes_of_the_day(text: str, start: int, end: int):
    assert read(text, "stage") == Hours(start, end, ZONE)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("season(05-01..10-15)", (5, 1), (10, 15)),
        ("season(11-1…3-31)", (11, 1), (3, 31)),
        ("season(02-29..02-29)", (2, 29), (2, 29)),
    ],
)
def test_a_season_is_two_days_of_the_year(text: str, start: tuple[int, int], end: tuple[int, int]):
    assert read(text, "stage") == Season(start, end, ZONE)


def test_hours_are_those_of_the_time_zone_of_the_rules():
    vocabulary = Vocabulary(KINDS, kind("stage"), None, "Europe/Berlin")
    assert parse_condition("hours(22:00-06:00)", vocabulary) == Hours(1320, 360, "Europe/Berlin")


HOURS, SEASON = "write for example hours(22:00-06:00)", "write for example season(05-01..10-15)"
OLD = "compare it with a duration or with reports: 2h, 3 reports"
DURATION = "write a number and a unit: 90s, 5min, 3h"


@pytest.mark.parametrize(
    ("text", "of", "code", "rest", "suggestion"),
    [
        ("hours(24:00-06:00)", "stage", "E206", "24:00-06:00)", HOURS),
        ("hours(22:60-06:00)", "stage", "E206", "22:60-06:00)", HOURS),
        ("hours(22:00-24:01)", "stage", "E206", "22:00-24:01)", HOURS),
        ("hours(22:00-22:00)", "stage", "E206", "22:00-22:00)", HOURS),
        ("hours(00:00-24:00)", "stage", "E206", "00:00-24:00)", HOURS),
        ("hours(22:00)", "stage", "E206", "22:00)", HOURS),
        ("hours(22-6)", "stage", "E206", "22-6)", HOURS),
        ("hours(05-01..10-15)", "stage", "E206", "05-01..10-15)", HOURS),
        ("season(02-30..03-01)", "stage", "E206", "02-30..03-01)", SEASON),
        ("season(01-01..12-31)", "stage", "E206", "01-01..12-31)", SEASON),
        ("season(05-01)", "stage", "E206", "05-01)", SEASON),
        ("hours()", "stage", "E210", "hours()", "write hours(22:00-06:00)"),
        ("flagged(stage, stuk)", "stage", "E210", "stuk)", "did you mean stuck?"),
        ("stuck(rain, 6h)", "rain", "E204", "rain, 6h)", "use sum"),
        ("mean(rain, 6h) > 1 mm", "rain", "E204", "rain, 6h) > 1 mm", "use sum"),
        ("forecast(rain, 1h) > 1 mm", "rain", "E204", "rain, 1h) > 1 mm", "use sum"),
        ("forecast(stage, 5h) > 1 m", "stage", "E206", "5h) > 1 m", "write more than 0s and at most 4h"),
        ("forecast(stage, site.x) > 1 m", "stage", "E206", "site.x) > 1 m", DURATION),
        ("eta(stage, flow) <= 1h", "stage", "E210", "flow) <= 1h",
         "write a value with its unit, or site.<parameter>"),
        ("eta(stage, 3 m3/s) <= 1h", "stage", "E205", "3 m3/s) <= 1h", "did you mean m?"),
        ("eta(stage, 3 m) <= 30m", "stage", "E206", "30m", "did you mean 30min?"),
        ("eta(stage, 3 m) <= -3h", "stage", "E206", "-3h", DURATION),
        ("age() >= site.x", "stage", "E212", "site.x", OLD),
        ("age() >= 1h + 1h", "stage", "E212", "1h + 1h", OLD),
        ("age() >= 0 reports", "stage", "E206", "0 reports", "write 1 to 999 reports"),
        ("age() >= 3", "stage", "E206", "3", "write a number and a unit: 500ms, 90s, 5min, 3h, 1d"),
        ("age(rain_total) >= 3h", "rain", "E204", "rain_total) >= 3h", "use rain"),
        ("eta(stage, 3 m) <= 3 reports", "stage", "E206", "3 reports",
         "write a number and a unit: 500ms, 90s, 5min, 3h, 1d"),
        ("count(max(arcs, 1h) > 2 1/s, 1h) > 1", "electrical", "E204", "max(arcs, 1h) > 2 1/s, 1h) > 1",
         "write count(metric >= threshold, window)"),
        ("count(arcs > 2 1/s and arcs < 9 1/s, 1h) > 1", "electrical", "E204",
         "arcs > 2 1/s and arcs < 9 1/s, 1h) > 1", "write count(metric >= threshold, window)"),
        ("count(current >= voltage, 1h) > 1", "electrical", "E204", "current >= voltage, 1h) > 1",
         "write count(metric >= threshold, window)"),
        ("count(arcs > 2 1/s, 1h) > 1.5", "electrical", "E208", "1.5", "write `1` or `2`"),
        ("baseline(leakage, 7d) > 1 A", "electrical", "E210", "7d) > 1 A",
         "write baseline(metric, window, default=100 mA)"),
        ("baseline(leakage, 1h, default=1 A) > 1 A", "electrical", "E206", "1h, default=1 A) > 1 A",
         "write whole hours, at least 2h"),
        ("baseline(leakage, 150min, default=1 A) > 1 A", "electrical", "E206", "150min, default=1 A) > 1 A",
         "write whole hours, at least 2h"),
        ("baseline(leakage, 7d, default=site.x) > 1 A", "electrical", "E210", "site.x) > 1 A",
         "write a number and its unit"),
        ("baseline(leakage, 7d, default=5) > 1 A", "electrical", "E205", "5) > 1 A", "write `5 mA`"),
        ("baseline(leakage, 7d, usual=5 mA) > 1 A", "electrical", "E210", "usual=5 mA) > 1 A",
         "known: default"),
        ("max(stage, 1h, within=1h) > 1 m", "stage", "E210", "within=1h) > 1 m", ""),
        ("max(stage, site.w) > 1 m", "stage", "E206", "site.w) > 1 m", DURATION),
        ("rate(mean(stage, 1h), 1h) > 1 m/h", "stage", "E204", "mean(stage, 1h), 1h) > 1 m/h",
         "known: flow, stage"),
        ("rate(stage, 1h) > 1 m", "stage", "E205", "1 m", "did you mean m/h?"),
        ("age(stage, 1h) > 1h", "stage", "E210", "age(stage, 1h) > 1h", "write age(metric)"),
    ],
)  # fmt: skip
def test_what_a_function_cannot_take_is_told_with_the_way_out(
    text: str, of: str, code: str, rest: str, suggestion: str
):
    assert only(text, of) == (code, rest, suggestion)


@pytest.mark.parametrize(
    ("text", "of", "value"),
    [
        ("rate(stage, 1h) >= 1 cm/min", "stage", "0.6"),
        ("rate(stage, 1h) >= 50 厘米/小时", "stage", "0.5"),
        ("rate(stage, 1h) >= 0.0004 m/h", "stage", "0.0004"),
        ("rate(stage, 1h) >= 1 m/d", "stage", "0.0416666666667"),
        ("rate(temperature, 1h) >= 10 K/h", "smoke", "10"),
        ("rate(temperature, 1h) >= 0.3 degF/min", "smoke", "10"),
        ("rate(arcs, 1h) >= 3 1/s/h", "electrical", "3"),
        ("fall(temperature, 1h) >= 10 K", "smoke", "10"),
        ("mean(temperature, 1h) >= 0.05 degC", "smoke", "0.05"),
        ("forecast(temperature, 1h) >= 327.15 K", "smoke", "54"),
        ("median(temperature, 1h) >= 129.2 degF", "smoke", "54"),
        ("baseline(leakage, 7d, default=1 A) >= 0.00005 A", "electrical", "0.05"),
    ],
)
def test_what_stands_beside_a_computed_value_is_exact_and_may_be_finer_than_its_resolution(
    text: str, of: str, value: str
):
    right = compared(text, of).right
    assert isinstance(right, Literal)
    assert right.value == Decimal(value)


def reporting(every: int) -> Vocabulary:
    mode = ReportingMode.PERIODIC if every else ReportingMode.EVENT
    kinds = {name: replace(of, reporting=Reporting(mode, every)) for name, of in KINDS.kinds.items()}
    return Vocabulary(replace(KINDS, kinds=kinds), None)


def sensors_of(kind: str, every: int) -> Vocabulary:
    vocabulary = reporting(every)
    return replace(vocabulary, kind=vocabulary.kinds[kind])


@pytest.mark.parametrize(
    ("text", "of", "every", "least"),
    [
        ("sum(rain, 30min) > 1 mm", "rain", HOUR, "1h"),
        ("max(stage, 9min) > 1 m", "stage", 5 * MINUTE, "10min"),
        ("rate(stage, 9min) > 1 m/h", "stage", 5 * MINUTE, "10min"),
        ("count(stage > 1 m, 9min) > 1", "stage", 5 * MINUTE, "10min"),
        ("stuck(stage, 9min)", "stage", 5 * MINUTE, "10min"),
    ],
)
def test_a_window_holds_a_period_of_an_amount_or_two_intervals(text: str, of: str, every: int, least: str):
    with pytest.raises(ConditionError) as error:
        parse_condition(text, sensors_of(of, every))
    [problem] = error.value.problems
    assert (problem.code, problem.suggestion) == ("E214", f"write at least {least}")
    assert text[problem.offset :].startswith(("30min", "9min"))


@pytest.mark.parametrize(
    ("text", "of", "every"),
    [
        ("sum(rain, 1h) > 1 mm", "rain", HOUR),
        ("max(stage, 10min) > 1 m", "stage", 5 * MINUTE),
        ("max(stage, 1s) > 1 m", "stage", 0),
        ("sustained(stage > 1 m, 1s)", "stage", 5 * MINUTE),
        ("forecast(stage, 1min) > 1 m", "stage", 5 * MINUTE),
    ],
)
def test_a_window_of_just_that_length_will_do(text: str, of: str, every: int):
    assert parse_condition(text, sensors_of(of, every))


def test_a_group_goes_by_the_reporting_of_its_own_kind():
    with pytest.raises(ConditionError) as error:
        parse_condition("sensors(max(stage, 1min) > 1 m) >= 1", reporting(5 * MINUTE))
    assert [problem.code for problem in error.value.problems] == ["E214"]


def test_evacuation_is_known_of_every_zone_and_is_a_time():
    known = site("stage", limit="m")
    assert read("eta(stage, site.limit) <= site.evacuation", "stage", known)
    assert only("stage >= site.evacuation", "stage", known)[0] == "E209"
    assert only("eta(stage, 3 m) <= site.limit", "stage", known)[0] == "E209"


def test_every_problem_of_a_call_is_told():
    text = "baseline(leakge, 30m, default=3 V) > 1 A and rate(stage, 0s, of=x) > 1"
    assert [p.code for p in problems(text, "electrical")] == ["E203", "E206", "E210"]
    assert words("electrical").kind is not None
