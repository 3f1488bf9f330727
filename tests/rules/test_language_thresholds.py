"""Right-hand sides as numbers of one sensor, and comparisons that leave no doubt."""

from decimal import Decimal

import pytest

from ingest.units import UnitError
from rules.language.doubt import always
from rules.language.measures import measure_of
from rules.language.thresholds import constant_of, level_of, threshold_of
from rules.language.tree import Arithmetic, Eta, SiteParameter
from tests.rules.words import compared, kind, read

SITE = {
    "limit": (Decimal(227), "cm"),
    "evacuation": (Decimal(90), "min"),
    "rated": (Decimal(12500), "mA"),
    "warm": (Decimal(104), "degF"),
    "step": (Decimal(9), "degF"),
    "oel": (Decimal("24.45"), "ppm"),
    "zero": (Decimal(0), ""),
}


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("stage >= 2 m", "stage", "2"),
        ("stage >= site.limit", "stage", "2.27"),
        ("stage >= site.limit - 20 cm", "stage", "2.07"),
        ("stage >= -(site.limit + 1 m) * 2", "stage", "-6.54"),
        ("current >= 1.13 * site.rated", "electrical", "14.125"),
        ("temperature >= site.warm - 5 K", "smoke", "35"),
        ("temperature >= site.warm", "smoke", "40"),
        ("rise(temperature, 1h) >= site.step", "smoke", "5"),
        ("rise(temperature, 1h) >= 2 * site.step", "smoke", "10"),
        ("h2s >= site.oel", "gas", "34.08"),
        ("eta(stage, 3 m) <= site.evacuation", "stage", "5400000"),
        ("eta(stage, 3 m) <= site.evacuation + 30min", "stage", "7200000"),
        ("age() >= 2h", "stage", "7200000"),
        ("stage >= 1 m / 3 * 3", "stage", "1"),
    ],
)
def test_a_right_side_is_a_number_of_the_site(text: str, of: str, expected: str):
    assert threshold_of(compared(text, of), kind(of), SITE) == Decimal(expected)


@pytest.mark.parametrize(
    "text",
    [
        "stage >= site.nowhere",
        "stage >= 1 m + site.nowhere",
        "stage >= 1 m / site.zero",
        "age() >= 3 reports",
    ],
)
def test_no_number_comes_of_a_missing_parameter_a_zero_or_reports(text: str):
    assert threshold_of(compared(text, "stage"), kind("stage"), SITE) is None


def test_a_parameter_of_another_dimension_is_an_error():
    with pytest.raises(UnitError):
        threshold_of(compared("stage >= site.rated", "stage"), kind("stage"), SITE)


def test_a_group_is_compared_with_its_number_without_any_kind():
    assert threshold_of(compared("sensors(smoke > 1 dB/m) >= 2", None), None, {}) == 2


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("current / site.rated > 1", "electrical", "12.5"),
        ("temperature - site.warm > 1 K", "smoke", "40"),
        ("temperature + site.step > 1 degC", "smoke", "5"),
        ("h2s - site.oel > 1 mg/m3", "gas", "34.08"),
    ],
)
def test_a_constant_of_a_left_side_has_the_unit_of_its_place(text: str, of: str, expected: str):
    left = compared(text, of).left
    assert isinstance(left, Arithmetic)
    assert isinstance(left.right, SiteParameter)
    assert constant_of(left.right, left, kind(of), SITE) == Decimal(expected)


def test_the_level_of_an_eta_is_in_the_unit_of_its_metric():
    left = compared("eta(stage, site.limit - 0.2 m) <= 3h", "stage").left
    assert isinstance(left, Eta)
    assert level_of(left, kind("stage"), SITE) == Decimal("2.07")
    assert level_of(left, kind("stage"), {}) is None


@pytest.mark.parametrize(
    ("text", "of", "unit"),
    [
        ("rate(stage, 1h) > 1 m/h", "stage", "m/h"),
        ("rate(headcount, 1h) > 1 1/h", "workshop", "1/h"),
        ("rise(temperature, 1h) > 1 K", "smoke", "degC"),
        ("temperature - min(temperature, 1h) > 1 K", "smoke", "K"),
        ("share(smoke > 1 dB/m, radius=1 km) > 1 %", "smoke", "%"),
        ("eta(stage, 3 m) < 1h", "stage", "ms"),
        ("count(stage > 3 m, 1h) > 1", "stage", ""),
    ],
)
def test_every_left_side_has_a_unit(text: str, of: str, unit: str):
    assert measure_of(compared(text, of).left, kind(of)).unit == unit


@pytest.mark.parametrize(
    ("text", "threshold", "expected"),
    [
        ("battery >= 50 %", "0", True),
        ("battery >= 50 %", "100.1", False),
        ("battery >= 50 %", "50", None),
        ("battery <= 50 %", "100", True),
        ("battery < 50 %", "0", False),
        ("battery == 50 %", "101", False),
        ("battery != 50 %", "101", True),
        ("rise(battery, 1h) >= 50 %", "0", True),
        ("battery - min(battery, 1h) >= 50 %", "-100", True),
        ("rate(battery, 1h) >= 50 %/h", "-1000", None),
        ("count(alarm == 1, 1h) >= 3", "0", True),
    ],
)
def test_a_moved_threshold_can_leave_no_doubt(text: str, threshold: str, expected: bool | None):
    assert always(compared(text, "smoke"), kind("smoke"), Decimal(threshold)) is expected


def test_a_site_parameter_leaves_doubt():
    assert always(compared("battery >= site.low", "smoke"), kind("smoke")) is None
    assert read("battery >= 2 * site.low", "smoke")
