"""Arithmetic in conditions: the trees it becomes, its units, and what does not fit."""

from decimal import Decimal

import pytest

from ingest.clock import DAY, HOUR
from ingest.units import UnitError, conversion
from ingest.units.products import combined
from rules.language.tree import (
    Arithmetic,
    Baseline,
    Expression,
    Literal,
    SiteParameter,
    Value,
    Windowed,
)
from tests.rules.words import canonical, compared, only, problems, read, site


def number(value: str, unit: str = "") -> Literal:
    return Literal(Decimal(value), unit)


STAGE, LEAKAGE, CURRENT = Value("stage"), Value("leakage"), Value("current")
TEMPERATURE = Value("temperature")
LOWEST = Windowed("min", "temperature", HOUR)
RISE = Windowed("rise", "temperature", HOUR)


@pytest.mark.parametrize(
    ("text", "of", "left", "right"),
    [
        (
            "leakage - baseline(leakage, 7d, default=100 mA) >= 0.3 A",
            "electrical",
            Arithmetic("-", LEAKAGE, Baseline("leakage", 7 * DAY, Decimal(100), "mA"), "mA"),
            number("300", "mA"),
        ),
        (
            "current / site.rated >= 1.13",
            "electrical",
            Arithmetic("/", CURRENT, SiteParameter("rated", "A"), ""),
            number("1.13"),
        ),
        (
            "voltage * current >= 5 kW",
            "electrical",
            Arithmetic("*", Value("voltage"), CURRENT, "W"),
            number("5000", "W"),
        ),
        (
            "stage -5 mm >= 50 cm",
            "stage",
            Arithmetic("-", STAGE, number("0.005", "m"), "m"),
            number("0.5", "m"),
        ),
        ("-stage >= 2 m", "stage", Arithmetic("-", number("0", "m"), STAGE, "m"), number("2", "m")),
        ("+stage >= 2 m", "stage", STAGE, number("2", "m")),
        (
            "temperature - min(temperature, 1h) >= 10 degC",
            "smoke",
            Arithmetic("-", TEMPERATURE, LOWEST, "K"),
            number("10", "K"),
        ),
        (
            "temperature - 20 degC >= 18 degF",
            "smoke",
            Arithmetic("-", TEMPERATURE, number("20", "degC"), "K"),
            number("10", "K"),
        ),
        (
            "temperature - 5 K >= 54 degC",
            "smoke",
            Arithmetic("-", TEMPERATURE, number("5", "K"), "degC"),
            number("54", "degC"),
        ),
        (
            "9 degF + temperature >= 129.2 degF",
            "smoke",
            Arithmetic("+", number("5", "K"), TEMPERATURE, "degC"),
            number("54", "degC"),
        ),
        (
            "50 degC - temperature <= 10 K",
            "smoke",
            Arithmetic("-", number("50", "degC"), TEMPERATURE, "K"),
            number("10", "K"),
        ),
        (
            "293.15 K - temperature <= 10 K",
            "smoke",
            Arithmetic("-", number("20", "degC"), TEMPERATURE, "K"),
            number("10", "K"),
        ),
        (
            "rise(temperature, 1h) / 10 K > 1.5",
            "smoke",
            Arithmetic("/", RISE, number("10", "K"), ""),
            number("1.5"),
        ),
        (
            "sum(rain, 1h) / 1小时 >= 2 cm/h",
            "rain",
            Arithmetic("/", Windowed("sum", "rain", HOUR), number("1", "h"), "mm/h"),
            number("20", "mm/h"),
        ),
        (
            "current * 2 h >= 3 A·h",
            "electrical",
            Arithmetic("*", CURRENT, number("2", "h"), "A·h"),
            number("3", "A·h"),
        ),
        (
            "stage × 2 − 3 m ÷ 2 >= 1 m",
            "stage",
            Arithmetic(
                "-",
                Arithmetic("*", STAGE, number("2"), "m"),
                Arithmetic("/", number("3", "m"), number("2"), "m"),
                "m",
            ),
            number("1", "m"),
        ),
    ],
)
def test_a_left_side_is_calculated_in_units_that_its_plain_numbers_give(
    text: str, of: str, left: Expression, right: Expression
):
    condition = compared(text, of)
    assert (condition.left, condition.right) == (left, right)


NO_SUM = "two temperatures have a difference and no sum; a difference is written in K: 5 K"
RATED = SiteParameter("rated", "A")


@pytest.mark.parametrize(
    ("text", "of", "right"),
    [
        ("current >= 1.13 * site.rated", "electrical", Arithmetic("*", number("1.13"), RATED, "A")),
        ("current >= -site.rated / 2", "electrical",
         Arithmetic("/", Arithmetic("-", number("0", "A"), RATED, "A"), number("2"), "A")),
        ("current >= (site.rated - 500 mA) * (2 + 1)", "electrical",
         Arithmetic("*", Arithmetic("-", RATED, number("0.5", "A"), "A"),
                    Arithmetic("+", number("2"), number("1"), ""), "A")),
        ("rate(arcs, 1h) >= 2 * 3 1/s/h", "electrical",
         Arithmetic("*", number("2"), number("3", "1/s/h"), "1/s/h")),
        ("sum(rain, 1h) >= 50 mm - 2 cm", "rain",
         Arithmetic("-", number("50", "mm"), number("20", "mm"), "mm")),
        ("temperature >= site.limit - 9 degF", "smoke",
         Arithmetic("-", SiteParameter("limit", "degC"), number("5", "K"), "degC")),
        ("rise(temperature, 1h) >= 2 * site.step", "smoke",
         Arithmetic("*", number("2"), SiteParameter("step", "K"), "K")),
        ("headcount >= 2 * site.quota", "workshop",
         Arithmetic("*", number("2"), SiteParameter("quota", ""), "")),
        ("eta(stage, 3 m) <= site.evacuation + 30min", "stage",
         Arithmetic("+", SiteParameter("evacuation", "ms"), number("1800000", "ms"), "ms")),
        ("smoke >= 0.0005 dB/m + 0.0005 dB/m", "smoke",
         Arithmetic("+", number("0.0005", "dB/m"), number("0.0005", "dB/m"), "dB/m")),
    ],
)  # fmt: skip
def test_a_right_side_is_calculated_from_constants(text: str, of: str, right: Expression):
    assert compared(text, of).right == right


def test_the_units_of_constants_make_that_of_the_left_side():
    known = site("electrical", power="W kW", voltage="V")
    right = compared(
        "current >= site.power / site.voltage", "electrical", site("electrical", power="W", voltage="V")
    )
    assert right.right == Arithmetic("/", SiteParameter("power", "W"), SiteParameter("voltage", "V"), "A")
    assert only("leakage >= site.power / site.voltage", "electrical", known)[0] == "E211"


def test_where_no_sensors_are_known_site_parameters_fit():
    right = compared("current >= site.power / site.voltage", "electrical").right
    assert right == Arithmetic("/", SiteParameter("power", ""), SiteParameter("voltage", ""), "A")
    assert compared("current / site.rated >= 2", "electrical").right == number("2")


def test_a_site_parameter_in_arithmetic_has_the_unit_it_converts_to_or_its_own():
    known = site("electrical", rated="mA A", hours="h min")
    assert compared("current / site.rated > 1", "electrical", known).left == Arithmetic(
        "/", CURRENT, RATED, ""
    )
    left = compared("current * site.hours > 1 A·h", "electrical", known).left
    assert left == Arithmetic("*", CURRENT, SiteParameter("hours", "h"), "A·h")


@pytest.mark.parametrize(
    ("text", "of", "code", "rest", "suggestion"),
    [
        ("stage + flow > 1 m", "stage", "E211", "stage + flow > 1 m", ""),
        ("stage + 5 mA > 1 m", "stage", "E211", "5 mA > 1 m", "did you mean m?"),
        ("stage > 1 m - 5 mA", "stage", "E211", "5 mA", "did you mean m?"),
        ("stage + 5 > 1 m", "stage", "E205", "5 > 1 m", "write `5 m`"),
        ("stage * 5 furlong > 1 m", "stage", "E205", "5 furlong > 1 m", "known"),
        ("stage * 2 > 5 mA", "stage", "E205", "5 mA", "did you mean m?"),
        ("stage / 0 > 1 m", "stage", "E211", "stage / 0 > 1 m", "divide by something else"),
        ("stage / (2 - 2) > 1 m", "stage", "E211", "stage / (2 - 2) > 1 m", "divide by something else"),
        ("stage > 4 m / 0", "stage", "E211", "4 m / 0", "divide by something else"),
        ("temperature * 2 > 1 K", "smoke", "E211", "temperature * 2 > 1 K",
         "take a difference first, for example (temperature - 0 degC)"),
        ("temperature > 2 * site.x", "smoke", "E211", "2 * site.x",
         "take a difference first, for example (temperature - 0 degC)"),
        ("temperature + max(temperature, 1h) > 1 K", "smoke", "E211",
         "temperature + max(temperature, 1h) > 1 K", NO_SUM),
        ("rise(temperature, 1h) - temperature > 1 K", "smoke", "E211",
         "rise(temperature, 1h) - temperature > 1 K", NO_SUM),
        ("-temperature > 1 K", "smoke", "E211", "-temperature > 1 K", NO_SUM),
        ("current > 5 kW / 220 V", "electrical", "E211", "5 kW / 220 V",
         "write its constants in units that make it, for example W and V for A"),
        ("age() - 5min > 1h", "stage", "E212", "age() - 5min > 1h", "compare it alone: age() >= 2h"),
        ("-age(stage) > 1h", "stage", "E212", "age(stage) > 1h", "compare it alone: age() >= 2h"),
        ("eta(stage, 3 m) * 2 > 1h", "stage", "E211", "eta(stage, 3 m) * 2 > 1h",
         "calculate on the right: eta(metric, level) <= site.evacuation + 30min"),
        ("stage + (flow > 2 m3/s) > 1 m", "stage", "E210", "flow > 2 m3/s) > 1 m", ""),
        ("stage >= forecast(stage, 2h) - 0.1 m", "stage", "E210", "forecast(stage, 2h) - 0.1 m",
         "write `stage - (forecast(stage, 2h) - 0.1 m) >= 0 m`"),
        ("temperature > mean(temperature, 1h)", "smoke", "E210", "mean(temperature, 1h)",
         "write `temperature - mean(temperature, 1h) > 0 K`"),
        ("2 * 25 mm <= sum(rain, 1h)", "rain", "E210", "2 * 25 mm <= sum(rain, 1h)",
         "write `sum(rain, 1h) >= 2 * 25 mm`"),
        ("2 m > 1 m", "stage", "E210", "2 m > 1 m", ""),
        ("stage * 1234567890123456 > 1 m", "stage", "E208", "1234567890123456 > 1 m", "use fewer digits"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_its_place(text: str, of: str, code: str, rest: str, suggestion: str):
    found = only(text, of)
    assert (found[0], found[1], found[2][: len(suggestion)]) == (code, rest, suggestion)


def test_all_problems_of_one_calculation_come_at_once():
    text = "staeg * 2 + max(flow, 30m) - leakage >= 5 m"
    assert [(p.code, text[p.offset :][:5]) for p in problems(text, "stage")] == [
        ("E203", "staeg"),
        ("E206", "30m) "),
        ("E203", "leaka"),
    ]


def test_deep_arithmetic_is_a_problem_and_no_crash():
    assert only("-" * 2000 + "stage > 1 m", "stage")[0] == "E210"
    assert only(" + ".join(["stage"] * 2000) + " > 1 m", "stage")[0] == "E210"
    assert read("(" * 2000 + "stage" + ")" * 2000 + " > 1 m", "stage")


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("(stage - 1 m) - (2 m - stage) > 1 m", "stage", "stage - 1 m - (2 m - stage) > 1 m"),
        ("(stage * 2) / (4 / 2) > 1 m", "stage", "stage * 2 / (4 / 2) > 1 m"),
        ("(stage + 1 m) * 2 > 1 m", "stage", "(stage + 1 m) * 2 > 1 m"),
        ("stage - (2 m * 3) > 1 m", "stage", "stage - 2 m * 3 > 1 m"),
        ("-(stage - -5 mm) > 1 m", "stage", "-(stage - -0.005 m) > 1 m"),
        ("--stage > 1 m", "stage", "--stage > 1 m"),
        ("-2 * -stage > 1 m", "stage", "-2 * -stage > 1 m"),
        ("stage > 0 m - 5 mm", "stage", "stage > 0 m - 0.005 m"),
        ("stage > -5 mm", "stage", "stage > -0.005 m"),
    ],
)
def test_parentheses_stand_where_they_mean_something(text: str, of: str, expected: str):
    assert canonical(text, of) == expected
    assert read(expected, of) == read(text, of)


@pytest.mark.parametrize(
    ("one", "operator", "other", "unit"),
    [
        ("V", "*", "A", "W"),
        ("kW", "/", "V", "kA"),
        ("mA", "*", "V", "V·mA"),
        ("mA", "/", "A", "mA/A"),
        ("m3/s", "*", "h", "h·m3/s"),
        ("m3/s", "/", "h", "m3/h/s"),
        ("degC/h", "*", "h", "K"),
        ("degC/h", "/", "h", "K/h2"),
        ("1/s", "/", "h", "1/h/s"),
        ("%", "*", "%", "%2"),
        ("%", "/", "%", ""),
        ("", "/", "m", "1/m"),
        ("dB/m", "*", "m", "dB"),
    ],
)
def test_units_multiply_into_units_that_can_be_read(one: str, operator: str, other: str, unit: str):
    assert combined(one, operator, other) == unit
    assert conversion(unit, unit)(Decimal(3)) == 3


def test_a_unit_beyond_the_third_power_cannot_be_written():
    with pytest.raises(UnitError):
        combined("m2", "*", "m2")
