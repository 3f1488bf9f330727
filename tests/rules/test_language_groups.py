"""Functions over several sensors: whose sensors they look at, and where they can stand."""

from decimal import Decimal

import pytest

from ingest.clock import MINUTE
from rules.language.tree import (
    Age,
    Comparison,
    Condition,
    Hours,
    Literal,
    Or,
    Reports,
    Sensors,
    Share,
    SiteParameter,
    Sustained,
    Value,
    Windowed,
)
from tests.rules.words import KINDS, compared, only, problems, read, site

SMOKY = Comparison(Value("smoke"), ">=", Literal(Decimal("0.15"), "dB/m"))
HOT = Comparison(Windowed("max", "temperature", 10 * MINUTE), ">=", Literal(Decimal(54), "degC"))
TWO = Literal(Decimal(2), "")


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        ("sensors(smoke >= 0.15 dB/m) >= 2", Sensors(SMOKY, ("smoke",)), TWO),
        (
            "sensors(smoke >= 0.15 dB/m, within=3min) >= 2 人",
            Sensors(SMOKY, ("smoke",), within=3 * MINUTE),
            TWO,
        ),
        ("share(smoke >= 0.15 dB/m) >= 50 ％", Share(SMOKY, ("smoke",)), Literal(Decimal(50), "%")),
        (
            "sensors(sustained(smoke >= 0.15 dB/m, 1min)) >= 2",
            Sensors(Sustained(SMOKY, MINUTE), ("smoke",)),
            TWO,
        ),
        (
            "sensors(max(temperature, 10min) >= 54 degC, of=tank) >= 2",
            Sensors(HOT, ("tank",), of="tank"),
            TWO,
        ),
        (
            "sensors(age() >= 3 reports) >= 2",
            Sensors(Comparison(Age(None), ">=", Reports(3)), tuple(KINDS.kinds)),
            TWO,
        ),
        (
            "sensors(age() >= 3 reports, of=rain) >= 2",
            Sensors(Comparison(Age(None), ">=", Reports(3)), ("rain",), of="rain"),
            TWO,
        ),
    ],
)
def test_a_rule_of_zones_counts_sensors(text: str, left: Sensors | Share, right: Literal):
    condition = compared(text, None)
    assert (condition.left, condition.right) == (left, right)


def test_a_rule_of_sensors_counts_those_within_a_radius():
    group = Sensors(SMOKY, ("smoke",), radius=Decimal(500))
    assert compared("sensors(smoke >= 0.15 dB/m, radius=0.5 km) >= 2", "smoke").left == group
    share = Share(SMOKY, ("smoke",), radius=Decimal(10_000), of="smoke")
    assert compared("share(smoke >= 0.15 dB/m, radius=10 公里, of=smoke) >= 50 %", "stage").left == share


def kinds_of(condition: Condition) -> list[tuple[str, ...]]:
    assert isinstance(condition, Or)
    lefts = [part.left for part in condition.parts if isinstance(part, Comparison)]
    return [left.kinds for left in lefts if isinstance(left, Sensors | Share)]


def test_another_group_of_the_text_tells_which_kind_is_meant():
    text = "sensors(max(temperature, 10min) >= 54 degC) >= 1 or sensors(smoke >= 0.15 dB/m) >= 2"
    assert kinds_of(read(text, None)) == [("smoke",), ("smoke",)]


def test_a_kind_that_is_named_tells_it_too():
    text = "sensors(temperature >= 54 degC) >= 1 or share(age() > 1h, of=tank) >= 50 %"
    assert kinds_of(read(text, None)) == [("tank",), ("tank",)]


def test_two_groups_that_disagree_tell_nothing():
    text = (
        "sensors(temperature > 54 degC) >= 1 or sensors(smoke > 1 dB/m) >= 1 or share(humidity > 9 %) > 1 %"
    )
    assert only(text, None)[:2] == ("E215", text[text.index("temperature") :])


def test_a_rule_of_sensors_means_its_own_kind_first():
    text = "sensors(temperature >= 54 degC, radius=1 km) >= 2 or sensors(smoke > 1 dB/m, radius=1 km) >= 1"
    assert kinds_of(read(text, "tank")) == [("tank",), ("smoke",)]


def test_site_parameters_are_those_of_the_kind_that_is_looked_at():
    known = site("stage", limit="m")
    condition = compared("sensors(stage >= site.limit) >= 1", None, known)
    assert isinstance(condition.left, Sensors)
    assert isinstance(condition.left.condition, Comparison)
    assert condition.left.condition.right == SiteParameter("limit", "m")
    found = only("sensors(stage >= site.limt) >= 1", None, known)
    assert (found[0], found[2]) == ("E209", "did you mean limit?")


def test_hours_and_seasons_need_no_sensors():
    assert isinstance(read("hours(22:00-06:00)", None), Hours)
    assert read("sensors(smoke >= 0.15 dB/m) >= 1 and season(05-01..10-15)", None)


FOR_EACH = "write sensors(condition) >= 2"
FAR = "add a distance, for example radius=10 km"


@pytest.mark.parametrize(
    ("text", "of", "code", "rest", "suggestion"),
    [
        ("smoke >= 0.15 dB/m", None, "E213", "smoke >= 0.15 dB/m",
         "write `sensors(smoke >= 0.15 dB/m) >= 1`"),
        ("stuck(stage, 6h)", None, "E213", "stuck(stage, 6h)", "write `sensors(stuck(stage, 6h)) >= 1`"),
        ("age() > 3 reports", None, "E213", "age() > 3 reports", "write `sensors(age() > 3 reports) >= 1`"),
        ("sensors(smoke > 1 dB/m)", None, "E210", "sensors(smoke > 1 dB/m)",
         "compare it: `metric >= threshold`"),
        ("sensors(smoke > 1 dB/m) * 2 >= 2", None, "E213", "sensors(smoke > 1 dB/m) * 2 >= 2", FOR_EACH),
        ("stage + share(stage > 1 m, radius=1 km) > 2 m", "stage", "E213",
         "share(stage > 1 m, radius=1 km) > 2 m", "write share(condition) >= 50 %"),
        ("sensors(sensors(smoke > 1 dB/m) >= 1) >= 2", None, "E213", "sensors(smoke > 1 dB/m) >= 1) >= 2",
         FOR_EACH),
        ("sensors(smoke > 1 dB/m and share(smoke > 1 dB/m) > 9 %) > 2", None, "E213",
         "share(smoke > 1 dB/m) > 9 %) > 2", "write share(condition) >= 50 %"),
        ("sustained(sensors(smoke > 1 dB/m, radius=1 km) >= 1, 60s)", "smoke", "E213",
         "sensors(smoke > 1 dB/m, radius=1 km) >= 1, 60s)", "write sustained(metric >= threshold, duration)"),
        ("count(share(smoke > 1 dB/m, radius=1 km) >= 1 %, 1h) > 2", "smoke", "E213",
         "share(smoke > 1 dB/m, radius=1 km) >= 1 %, 1h) > 2", "write count(metric >= threshold, window)"),
        ("sensors(smoke > 1 dB/m) >= 2", "smoke", "E213", "sensors(smoke > 1 dB/m) >= 2", FAR),
        ("sensors(smoke > 1 dB/m, radius=1 km) >= 2", None, "E213", "1 km) >= 2", "leave `radius=` out"),
        ("sensors(smoke > 1 dB/m, radius=1 mA) >= 2", "smoke", "E205", "1 mA) >= 2", "did you mean m?"),
        ("sensors(smoke > 1 dB/m, radius=0 km) >= 2", "smoke", "E206", "0 km) >= 2", "write at most 1000 km"),
        ("sensors(smoke > 1 dB/m, radius=2000 km) >= 2", "smoke", "E206", "2000 km) >= 2",
         "write at most 1000 km"),
        ("sensors(smoke > 1 dB/m, radius=site.r) >= 2", "smoke", "E210", "site.r) >= 2",
         "write for example 10 km"),
        ("sensors(smoke > 1 dB/m, within=site.w) >= 2", None, "E206", "site.w) >= 2",
         "write a number and a unit: 90s, 5min, 3h"),
        ("sensors(smoke > 1 dB/m, within=3m) >= 2", None, "E206", "3m) >= 2", "did you mean 3min?"),
        ("sensors(smoke > 1 dB/m, 3min) >= 2", None, "E210", "sensors(smoke > 1 dB/m, 3min) >= 2",
         "write sensors(condition)"),
        ("sensors(smoke > 1 dB/m, wihtin=3min) >= 2", None, "E210", "wihtin=3min) >= 2",
         "did you mean within?"),
        ("sensors(smoke > 1 dB/m, of=smoke, of=smoke) >= 2", None, "E210",
         "of=smoke) >= 2", "did you mean of?"),
        ("share(smoke > 1 dB/m, within=3min) >= 2 %", None, "E210", "within=3min) >= 2 %",
         "known: of, radius"),
        ("sensors(smoke > 1 dB/m) >= site.n", None, "E212", "site.n", "compare it with a number: 2"),
        ("share(smoke > 1 dB/m) >= 25 % + 25 %", None, "E212", "25 % + 25 %",
         "compare it with a percentage: 50 %"),
        ("sensors(smoke > 1 dB/m) >= 2.5", None, "E208", "2.5", "write `2` or `3`"),
        ("sensors(smoke > 1 dB/m) >= 50 %", None, "E205", "50 %", "write the number without a unit"),
        ("share(smoke > 1 dB/m) >= 50", None, "E205", "50", "write `50 %`"),
        ("sensors(smok > 1 dB/m) >= 2", None, "E203", "smok > 1 dB/m) >= 2", "did you mean smoke?"),
        ("sensors(smoke > 1 dB/m and stage > 1 m) >= 2", None, "E203", "smoke > 1 dB/m and stage > 1 m) >= 2",
         "ask for each kind by itself"),
        ("sensors(smoke > 1 dB/m and humidty > 9 %) >= 2", None, "E203", "humidty > 9 %) >= 2", "known"),
        ("sensors(temperature > 54 degC) >= 2", None, "E215", "temperature > 54 degC) >= 2",
         "add `of=smoke`"),
        ("sensors(smoke > 1 dB/m, of=smok) >= 2", None, "E215", "smok) >= 2", "did you mean smoke?"),
        ("sensors(hours(22:00-06:00)) >= 2", None, "E215", "sensors(hours(22:00-06:00)) >= 2",
         "name one, or age()"),
        ("sensors(stage > 1 m, of=smoke) >= 2", None, "E203", "stage > 1 m, of=smoke) >= 2", "known: alarm"),
        ("share(smoke > 1 dB/m) > 100 %", None, "E207", "100 %", "check the number and its unit"),
        ("share(smoke > 1 dB/m) >= 0 %", None, "E207", "0 %", "check the number and its unit"),
        ("sensors(smoke > 1 dB/m) >= 0", None, "E207", "0", "check the number and its unit"),
        ("sensors(smoke > 99 dB/m) >= 1", None, "E207", "99 dB/m) >= 1", "check the number and its unit"),
    ],
)  # fmt: skip
def test_what_cannot_stand_is_told_with_its_place(
    text: str, of: str | None, code: str, rest: str, suggestion: str
):
    found = only(text, of)
    if suggestion.startswith(("known", "check")):
        found = (*found[:2], found[2][: len(suggestion)])
    assert found == (code, rest, suggestion)


def test_every_problem_of_several_groups_is_told():
    text = "sensors(smok > 1 dB/m) >= 2 and smoke > 1 dB/m or share(smoke > 1 mA) >= 50"
    assert [p.code for p in problems(text, None)] == ["E203", "E213", "E205"]
