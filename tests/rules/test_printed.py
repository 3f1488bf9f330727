"""Conditions as text: canonical, and explained with the values they were judged on."""

from decimal import Decimal

import pytest

from ingest.clock import MINUTE
from rules.language.measures import measure_of
from rules.language.printed import Judged, Leaf, explained, expression_text
from rules.language.tree import Baseline, Comparison, Operand, SiteParameter, Sustained, Value
from tests.rules.words import canonical, compared, kind, read


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
        ("eta( stage , 230 cm ) ≤ 1h30min", "stage", "eta(stage, 2.3 m) <= 90min"),
        ("age( ) > 120s or age(stage) ≥ 1 reports", "stage", "age() > 2min or age(stage) >= 1 report"),
        ("hours(8:05-24:00)", "stage", "hours(08:05-00:00)"),
        ("season(5-1..10-15)", "stage", "season(05-01..10-15)"),
        ("flagged( stage,stuck ) and stuck(stage,360min)", "stage",
         "flagged(stage, stuck) and stuck(stage, 6h)"),
        (
            "count(arcs≥14 per s,600s)≥2",
            "electrical",
            "count(arcs >= 14 1/s, 10min) >= 2",
        ),
        (
            "leakage-baseline(leakage,168h,default=0.1 A)>=0.3 A",
            "electrical",
            "leakage - baseline(leakage, 7d, default=100 mA) >= 300 mA",
        ),
        (
            "sensors(of=smoke, within=180s, smoke ≥ 0.15 dB/m) ≥ 2",
            None,
            "sensors(smoke >= 0.15 dB/m, within=3min, of=smoke) >= 2",
        ),
        (
            "share(smoke>1 dB/m,radius=1500 m)>50％",
            "smoke",
            "share(smoke > 1 dB/m, radius=1500 m) > 50 %",
        ),
        ("sensors(rate(stage, 1h) > 1 m/h, radius=10000 m) > 1", "stage",
         "sensors(rate(stage, 1h) > 1 m/h, radius=10 km) > 1"),
    ],
)  # fmt: skip
def test_one_meaning_has_one_text(text: str, of: str | None, expected: str):
    assert canonical(text, of) == expected


def test_an_explanation_shows_value_threshold_and_verdict():
    condition = read("sum(rain, 3h) >= 50 mm", "rain")
    text = explained(condition, lambda _: Judged(Decimal("57.80"), "mm", 1))
    assert text == "sum(rain, 3h) = 57.8 mm >= 50 mm ✓"


def test_an_explanation_marks_each_part_of_a_condition():
    condition = read("not (stage >= 2 m or flow > 3 m3/s) and flow < 9 m3/s", "stage")
    verdicts = {">=": Judged(Decimal("1.5"), "m", -1), ">": Judged(None, "m3/s", 0)}

    def judge(part: Leaf) -> Judged:
        assert isinstance(part, Comparison)
        return verdicts.get(part.operator, Judged(Decimal(2), "m3/s", 1))

    assert explained(condition, judge) == (
        "not (stage = 1.5 m >= 2 m ✗ or flow > 3 m3/s ?) and flow = 2 m3/s < 9 m3/s ✓"
    )


def test_an_explanation_of_sustained_is_judged_as_a_whole():
    condition = read("sustained(alarm == 1, 60s)", "smoke")
    text = explained(condition, lambda part: Judged(Decimal(1), "", -1 if isinstance(part, Sustained) else 1))
    assert text == "sustained(alarm = 1 == 1, 1min) ✗"


@pytest.mark.parametrize(
    ("text", "judged", "expected"),
    [
        (
            "stage >= site.limit",
            Judged(Decimal("2.3"), "m", 1, Decimal("2.270")),
            "stage = 2.3 m >= site.limit (2.27 m) ✓",
        ),
        (
            "stage >= site.limit - 10 cm",
            Judged(Decimal("2.1"), "m", -1, Decimal("2.17")),
            "stage = 2.1 m >= site.limit - 0.1 m = 2.17 m ✗",
        ),
        (
            "eta(stage, site.limit) <= site.evacuation",
            Judged(Decimal(2_838_123), "ms", 1, Decimal(90 * MINUTE)),
            "eta(stage, site.limit) = 47.3min <= site.evacuation (90min) ✓",
        ),
        (
            "eta(stage, site.limit) <= 3h",
            Judged(Decimal(2**60), "ms", -1),
            "eta(stage, site.limit) = never <= 3h ✗",
        ),
        ("eta(stage, 3 m) <= 3h", Judged(Decimal(0), "ms", 1), "eta(stage, 3 m) = 0s <= 3h ✓"),
        ("eta(stage, 3 m) <= 3h", Judged(None, "ms", 0), "eta(stage, 3 m) <= 3h ?"),
        (
            "age(stage) >= 3 reports",
            Judged(Decimal(16 * MINUTE), "ms", 1, Decimal(15 * MINUTE)),
            "age(stage) = 16min >= 3 reports (15min) ✓",
        ),
        (
            "rate(stage, 1h) >= 0.5 m/h",
            Judged(Decimal("0.976"), "m/h", 1),
            "rate(stage, 1h) = 0.976 m/h >= 0.5 m/h ✓",
        ),
        ("stuck(stage, 6h)", Judged(None, "", 1), "stuck(stage, 6h) ✓"),
        ("flagged(stage, clock)", Judged(None, "", -1), "flagged(stage, clock) ✗"),
        ("hours(22:00-06:00)", Judged(None, "", 1), "hours(22:00-06:00) ✓"),
        ("season(05-01..10-15)", Judged(None, "", -1), "season(05-01..10-15) ✗"),
        (
            "sensors(stage > 3 m, within=3min, radius=5 km) >= 2",
            Judged(Decimal(2), "", 1, members=14),
            "sensors(stage > 3 m, within=3min, radius=5 km) = 2 of 14 >= 2 ✓",
        ),
        (
            "share(stage > 3 m, radius=5 km) >= 50 %",
            Judged(Decimal(600) / Decimal(14), "%", -1, members=14),
            "share(stage > 3 m, radius=5 km) = 42.8571 % of 14 >= 50 % ✗",
        ),
        (
            "stage / 3 > 1 m",
            Judged(Decimal(4) / Decimal(3), "m", 1, parts={Value("stage"): (Decimal(4), "m")}),
            "stage (4 m) / 3 = 1.33333 m > 1 m ✓",
        ),
        (
            "stage * 1000 > 1 m",
            Judged(Decimal("1234567.12345678"), "m", 1),
            "stage * 1000 = 1234567.12 m > 1 m ✓",
        ),
    ],
)
def test_an_explanation_shows_what_a_leaf_was_judged_on(text: str, judged: Judged, expected: str):
    assert explained(read(text, "stage"), lambda _: judged) == expected


def test_an_explanation_shows_what_a_left_side_was_calculated_from():
    comparison = compared("leakage - baseline(leakage, 7d, default=100 mA) >= 300 mA", "electrical")
    parts: dict[Operand | SiteParameter, tuple[Decimal, str] | None] = {
        Value("leakage"): (Decimal("480.0"), "mA"),
        Baseline("leakage", 7 * 1440 * MINUTE, Decimal(100), "mA"): (Decimal(180), "mA"),
    }
    judged = Judged(Decimal(300), "mA", 1, parts=parts)
    assert explained(comparison, lambda _: judged) == (
        "leakage (480 mA) - baseline(leakage, 7d, default=100 mA) (180 mA) = 300 mA >= 300 mA ✓"
    )


def test_what_is_not_known_has_no_value_behind_it():
    comparison = compared("-(current + 1 A) / site.rated > 1.5", "electrical")
    parts: dict[Operand | SiteParameter, tuple[Decimal, str] | None] = {
        Value("current"): None,
        SiteParameter("rated", "A"): (Decimal(16), "A"),
    }
    judged = Judged(None, "", 0, parts=parts)
    assert explained(comparison, lambda _: judged) == "-(current + 1 A) / site.rated (16 A) > 1.5 ?"


def test_a_left_side_can_be_printed_alone():
    left = compared("temperature - min(temperature, 1h) >= 10 K", "smoke").left
    assert expression_text(left) == "temperature - min(temperature, 1h)"
    assert measure_of(left, kind("smoke")).unit == "K"
