"""Whom a rule is for, its second warning over silence, confirmation, parameters, time zone."""

from decimal import Decimal

import pytest
from msgspec import structs

from ingest.clock import DAY, HOUR, MINUTE
from ingest.registry import Registry, Zone
from rules.grade import Grade
from rules.language.printed import printed
from rules.language.tree import Age, Comparison, Hours, Or, Reports
from rules.rule import Confirm, Parameters, Release, Rule, Subjects
from rules.rulebook import read_rules
from rules.rulebook.phrases import Selection, UnreadableError, parse_selection
from rules.rulebook.selection import subjects
from rules.transition import Disposition
from tests.rules.county import finding_of, findings_of, kinds, registry, rules_of, sensor

RAIN = """\
rules:
  - id: storm
    title: {zh: 暴雨, en: Storm}
    for_each: rain sensor
    grades: {orange: "sum(rain, 3h) >= 50 mm"}
    release: {margin: 20 %, after: 60min}
"""
ZONES = """\
rules:
  - id: fire
    hazard: fire
    for_each: zone
    grades: {yellow: "sensors(smoke >= 0.15 dB/m) >= 1"}
"""
CONFIRM = "    confirm: {neighbours: 2, radius: 10 km, share_of_threshold: 50 %}\n"


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("rain sensor", Selection("rain")),
        ("smoke sensors with tag kitchen in zone old-town", Selection("smoke", "kitchen", "old-town")),
        ("zone", Selection("", subjects=Subjects.ZONE)),
        ("zone with descendants", Selection("", subjects=Subjects.ZONE, descendants=True)),
        (
            "zone with descendants in zone qingxi",
            Selection("", None, "qingxi", Subjects.ZONE, descendants=True),
        ),
        ("gateway", Selection("", subjects=Subjects.GATEWAY)),
        ("gateway in zone qingxi", Selection("", None, "qingxi", Subjects.GATEWAY)),
    ],
)
def test_for_each_names_sensors_zones_or_gateways(text: str, selection: Selection):
    assert parse_selection(text) == selection


@pytest.mark.parametrize("text", ["rain", "zone with tag a", "gateway with descendants", "", "zonesensor"])
def test_for_each_of_anything_else_is_refused_with_examples(text: str):
    with pytest.raises(UnreadableError) as error:
        parse_selection(text)
    assert error.value.code == "E221"
    assert "gateway" in error.value.suggestion


def test_a_rule_of_zones_looks_at_sensors_of_several_kinds():
    [rule] = rules_of(ZONES.replace("each: zone", "each: zone with descendants in zone qingxi"))
    assert (rule.subjects, rule.kind, rule.zone, rule.descendants) == (Subjects.ZONE, "", "qingxi", True)
    assert printed(rule.grades[Grade.YELLOW]) == "sensors(smoke >= 0.15 dB/m) >= 1"


def test_a_rule_of_zones_must_name_its_hazard():
    finding = finding_of(ZONES.replace("    hazard: fire\n", ""))
    assert (finding.code, finding.line) == ("E111", 2)


def test_a_zone_has_no_data_of_its_own_to_miss():
    finding = finding_of(ZONES + "    missing: {raise: yellow}\n")
    assert (finding.code, finding.line) == ("E226", 6)


def missing_of(text: str) -> Rule:
    _, missing = rules_of(text)
    return missing


def test_missing_data_raise_a_second_warning_that_says_blind():
    text = RAIN + '    only_if: "sum(rain, 30min) > 0 mm"\n    sustain: 5min\n'
    missing = missing_of(text + "    missing: {after: 4 reports, raise: yellow}\n")
    assert (missing.id, missing.hazard, missing.kind) == ("storm/missing", "blind", "rain")
    assert missing.title == {"zh": "暴雨：数据中断", "en": "Storm: blind"}
    assert missing.grades == {Grade.YELLOW: Comparison(Age("rain"), ">=", Reports(4))}
    assert missing.release == Release(HOUR)
    assert (missing.sustain, missing.only_if, missing.max_age) == ({Grade.YELLOW: 0}, None, 7 * DAY)
    assert missing.confirm is None
    assert missing.advice.keys() == {"zh", "en"}


def test_any_silent_metric_that_the_grades_read_is_missing():
    text = """\
rules:
  - id: smoke
    for_each: smoke sensor with tag kitchen in zone qingxi
    grades:
      yellow: sustained(smoke >= 0.15 dB/m, 60s)
      red: temperature >= 54 degC or smoke >= 1 dB/m
    missing: {raise: blue}
"""
    missing = missing_of(text)
    assert missing.grades == {
        Grade.BLUE: Or(
            tuple(Comparison(Age(metric), ">=", Reports(3)) for metric in ("smoke", "temperature"))
        )
    }
    assert (missing.tag, missing.zone) == ("kitchen", "qingxi")


def test_a_rule_without_raise_has_no_second_warning():
    assert len(rules_of(RAIN + "    missing: {after: 4 reports}\n")) == 1


def test_the_meaning_of_the_second_warning_is_its_own():
    text = RAIN + "    missing: {after: 4 reports, raise: yellow}\n"
    assert missing_of(text).meaning == missing_of(text.replace("50 mm", "60 mm")).meaning
    assert missing_of(text).meaning != missing_of(text.replace("4 reports", "5 reports")).meaning


def test_no_id_can_be_that_of_a_second_warning():
    assert finding_of(RAIN.replace("id: storm", "id: storm/missing")).code == "E112"


def test_confirm_says_how_many_neighbours_agree():
    [rule] = rules_of(RAIN + CONFIRM)
    assert rule.confirm == Confirm(2, Decimal(10_000), Decimal("0.5"), Disposition.REVIEW)
    [rule] = rules_of(RAIN + CONFIRM.replace("50 %}", "50 %, otherwise: auto}"))
    assert rule.confirm is not None
    assert rule.confirm.otherwise is Disposition.AUTO


DRY = RAIN.replace('"sum(rain, 3h) >= 50 mm"', "hours(22:00-06:00)").replace("margin: 20 %, ", "")
RIVER = RAIN.replace("rain sensor", "stage sensor").replace("sum(rain, 3h) >= 50 mm", "stage >= 2 m")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ZONES, "a zone has no neighbours"),
        (RIVER.replace("20 %", "0.1 m"), "no stage sensor has a position"),
        (DRY, "orange compares no value with a threshold"),
    ],
)
def test_confirm_that_could_never_be_is_a_finding(text: str, reason: str):
    finding = finding_of(text + CONFIRM)
    assert finding.code == "E231"
    assert reason in finding.message


def test_a_default_makes_a_site_parameter_known():
    text = RAIN.replace("50 mm", "site.limit") + "    parameters: {limit: 5 cm}\n"
    [rule] = rules_of(text)
    assert rule.parameters == Parameters(defaults={"limit": (Decimal(5), "cm")})


@pytest.mark.parametrize(
    ("written", "code", "message"),
    [
        ("{limit: 5 mA}", "E209", "mA does not convert to mm"),
        ("{limit: 5 mm, limt: 6 mm}", "E209", "no condition of the rule uses site.limt"),
        ("{Limit: 5 mm}", "E112", "Limit"),
    ],
)
def test_a_default_that_does_not_fit_is_a_finding(written: str, code: str, message: str):
    findings = findings_of(RAIN.replace("50 mm", "site.limit") + f"    parameters: {written}\n")
    assert any(f.code == code and message in f.message for f in findings)


def test_what_a_default_is_decides_transitions():
    text = RAIN.replace("50 mm", "site.limit") + "    parameters: {limit: 50 mm}\n"
    [rule], [other] = rules_of(text), rules_of(text.replace("50 mm", "60 mm"))
    assert rule.meaning != other.meaning


HOURS = RAIN + '    only_if: "hours(22:00-06:00)"\n'


def test_hours_are_those_of_the_files_time_zone():
    [rule] = rules_of(HOURS)
    assert rule.only_if == Hours(22 * 60, 6 * 60, "Asia/Shanghai")
    [abroad] = rules_of("time_zone: Europe/Berlin\n" + HOURS)
    assert abroad.only_if == Hours(22 * 60, 6 * 60, "Europe/Berlin")
    assert abroad.meaning != rule.meaning


def test_a_time_zone_means_nothing_to_a_rule_without_hours():
    assert rules_of("time_zone: Europe/Berlin\n" + RAIN)[0].meaning == rules_of(RAIN)[0].meaning


def test_an_unknown_time_zone_is_a_finding():
    finding = finding_of("time_zone: Europe/Berln\n" + HOURS)
    assert (finding.code, finding.suggestion) == ("E226", "did you mean Europe/Berlin?")
    assert (finding.line, finding.column) == (1, 12)


def test_a_rule_of_gauges_most_of_which_it_warns_of_at_once_is_a_finding():
    """Their own levels lie where every reading reaches them."""
    low = {"warning_stage": (Decimal(-20), "m")}
    fine = {"warning_stage": (Decimal(2), "m")}
    text = "rules: [{id: level, for_each: stage sensor, grades: {red: stage >= site.warning_stage}}]"
    codes = []
    for sites in ([low, low, fine], [low, fine]):
        gauges = [sensor(f"g{n}", "stage", site) for n, site in enumerate(sites)]
        _, findings = read_rules({"r.yaml": text}, kinds(), Registry.of(gauges, registry().zones))
        codes.append([finding.code for finding in findings])
    assert codes == [["E232"], []]


def test_the_subjects_of_a_rule_are_those_that_have_sensors():
    zones = {
        name: Zone(id=name, name={"en": name}, parent=parent, code="", polygon=())
        for name, parent in (("county", None), ("town", "county"), ("quay", "town"), ("empty", "town"))
    }
    placed = [
        structs.replace(sensor("a", "smoke", {}, "kitchen"), zone="quay", gateway="g1"),
        structs.replace(sensor("b", "smoke", {}), zone="town", gateway="g2"),
        structs.replace(sensor("c", "rain", {}), zone="", gateway=""),
    ]
    places = Registry.of(placed, zones)

    def named(for_each: str) -> list[str]:
        text = ZONES.replace("for_each: zone", f"for_each: {for_each}")
        text = (
            text.replace("sensors(smoke >= 0.15 dB/m) >= 1", "smoke >= 1 dB/m")
            if "smoke" in for_each
            else text
        )
        [rule], findings = read_rules({"r.yaml": text}, kinds(), places)
        assert findings == []
        return subjects(rule, places)

    assert named("smoke sensor") == ["a", "b"]
    assert named("smoke sensor with tag kitchen") == ["a"]
    assert named("smoke sensor in zone quay") == ["a"]
    assert named("zone") == ["quay", "town"]
    assert named("zone in zone quay") == ["quay"]
    assert named("zone with descendants") == ["quay", "town", "county"]
    assert named("zone with descendants in zone town") == ["quay", "town"]
    assert named("gateway") == ["g1", "g2"]
    assert named("gateway in zone quay") == ["g1"]


def test_ten_minutes_are_the_default_release_of_the_second_warning_too():
    text = RAIN.replace("    release: {margin: 20 %, after: 60min}\n", "    missing: {raise: red}\n")
    assert missing_of(text).release == Release(10 * MINUTE)
