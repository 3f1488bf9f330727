"""Rule files: what makes a rule, and every finding at its character."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from rules.finding_codes import CODES
from rules.grade import Grade
from rules.language.printed import printed
from rules.rule import Release
from rules.rulebook import read_rules
from tests.rules.county import CONFIGS, finding_of, findings_of, kinds, registry, rules_of

RAINSTORM = """\
rules:
  - id: rainstorm
    title: {zh: 暴雨监测预警, en: Rainstorm}
    hazard: rain
    for_each: rain sensor in zone qingxi
    grades:
      blue: sum(rain, 12h) >= 50 mm
      orange: sum(rain, 3h) >= 50 mm
    only_if: sum(rain, 30min) > 0 mm
    sustain: {orange: 30s}
    release: {margin: 20 %, after: 60min}
    missing: {after: 4 reports}
    max_age: 20min
    advice: {zh: 请立即转移低洼地带人员。, en: Move people out of low ground now.}
    source: {text: CMA order 16, status: verified}
"""
LEVEL = """\
rules:
  - id: level
    for_each: stage sensor
    grades: {yellow: stage >= site.warning_stage}
"""


def test_a_rule_is_what_its_file_says():
    [rule] = rules_of(RAINSTORM)
    assert (rule.id, rule.kind, rule.tag, rule.zone) == ("rainstorm", "rain", None, "qingxi")
    assert {grade: printed(c) for grade, c in rule.grades.items()} == {
        Grade.BLUE: "sum(rain, 12h) >= 50 mm",
        Grade.ORANGE: "sum(rain, 3h) >= 50 mm",
    }
    assert rule.only_if is not None
    assert printed(rule.only_if) == "sum(rain, 30min) > 0 mm"
    assert rule.sustain == {Grade.BLUE: 0, Grade.ORANGE: 30 * SECOND}
    assert rule.release == Release(HOUR, share=Decimal("0.2"))
    assert (rule.silent_after, rule.max_age) == (4, 20 * MINUTE)
    assert rule.title["zh"] == "暴雨监测预警"
    assert rule.source == "CMA order 16 (verified)"
    assert (rule.file, rule.line) == ("rules.yaml", 2)


def test_what_is_left_out_has_its_default():
    [rule] = rules_of(LEVEL)
    assert rule.sustain == {Grade.YELLOW: 0}
    assert rule.release == Release(10 * MINUTE)
    assert (rule.silent_after, rule.max_age) == (3, 10 * MINUTE)
    assert (rule.title, rule.hazard) == ({"en": "level"}, "stage")


def test_one_sustain_is_that_of_every_grade():
    [rule] = rules_of(LEVEL + "    sustain: 90s\n")
    assert rule.sustain == {Grade.YELLOW: 90 * SECOND}


def test_an_amount_as_margin_keeps_its_unit():
    [rule] = rules_of(LEVEL + "    release: {margin: 10 厘米, after: 30min}\n")
    assert rule.release == Release(30 * MINUTE, amount=Decimal(10), unit="cm")


def test_a_tag_selects_sensors():
    [rule] = rules_of(LEVEL.replace("stage sensor", "smoke sensor with tag kitchen in zone qingxi").replace(
        "stage >= site.warning_stage", "smoke >= 0.15 dB/m"
    ))  # fmt: skip
    assert (rule.kind, rule.tag, rule.zone) == ("smoke", "kitchen", "qingxi")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sum(rain, 3h) >= 50 mm", "sum(rain, 3h) >= 51 mm"),
        ("> 0 mm", "> 1 mm"),
        ("{orange: 30s}", "{orange: 31s}"),
        ("20 %", "21 %"),
        ("after: 60min", "after: 61min"),
        ("4 reports", "5 reports"),
        ("max_age: 20min", "max_age: 21min"),
        (" in zone qingxi", ""),
    ],
)
def test_meaning_changes_with_what_decides_transitions(old: str, new: str):
    assert old in RAINSTORM
    assert rules_of(RAINSTORM.replace(old, new))[0].meaning != rules_of(RAINSTORM)[0].meaning


def test_meaning_is_blind_to_words_and_to_how_a_condition_is_written():
    [rule] = rules_of(RAINSTORM)
    other = RAINSTORM.replace("Rainstorm", "Heavy rain").replace("now.", "at once.").replace("order 16", "16")
    other = other.replace("sum(rain, 3h) >= 50 mm", "sum（rain，180分钟）≥ 5 cm").replace("60min", "1h")
    [same] = rules_of(other)
    assert same.meaning == rule.meaning
    assert replace(same, title=rule.title, advice=rule.advice, source=rule.source) == rule


@pytest.mark.parametrize(
    ("old", "new", "code", "at"),
    [
        ("50 mm\n    only_if", "50\n    only_if", "E205", "50"),
        ("sum(rain, 3h)", "sum(rian, 3h)", "E203", "rian"),
        ("sum(rain, 3h) >= 50 mm", '"sum(rain, 30m) >= 50 mm"', "E206", "30m"),
        ("sum(rain, 30min) > 0 mm", "sum（rain，30min） > 0 mA", "E205", "0 mA"),
        ("zone qingxi", "zone qingix", "E222", "rain sensor"),
        ("rain sensor in", "rian sensor in", "E221", "rian sensor"),
        ("rain sensor in zone qingxi", "every gauge", "E221", "every gauge"),
        ("margin: 20 %", "margin: 120 %", "E226", "120 %"),
        ("margin: 20 %", "margin: 0.1 m3/s", "E224", "0.1 m3/s"),
        ("4 reports", "soon", "E226", "soon"),
        ("{after: 4 reports}", "{after: 4 reports, raise: green}", "E112", "green"),
        ("max_age: 20min", "confirm: {neighbours: 0, radius: 1 km, share_of_threshold: 5 %}", "E112", "0"),
        ("max_age: 20min", "confirm: {neighbours: 2, radius: 1 h, share_of_threshold: 5 %}", "E226", "1 h"),
        (
            "max_age: 20min",
            "confirm: {neighbours: 2, radius: 1 km, share_of_threshold: 2 mm}",
            "E226",
            "2 mm",
        ),
        ("max_age: 20min", "parameters: {limit: 5 furlongs}", "E226", "5 furlongs"),
        ("max_age: 20min", "table: ../thresholds.csv", "E112", "../thresholds.csv"),
        ("max_age: 20min", "table: thresholds.csv", "E230", "thresholds.csv"),
        ("{orange: 30s}", "{orange: 30m}", "E150", "30m"),
        ("{orange: 30s}", "{red: 30s}", "E226", "30s"),
        ("sustain:", "sustian:", "E110", "sustian:"),
        ("orange:", "green:", "E110", "green:"),
        ("id: rainstorm", "id: Rain Storm", "E112", "Rain Storm"),
    ],
)
def test_a_finding_stands_at_its_character(old: str, new: str, code: str, at: str):
    assert old in RAINSTORM
    text = RAINSTORM.replace(old, new, 1)
    finding = next(f for f in findings_of(text) if f.code == code)
    assert text.splitlines()[finding.line - 1][finding.column - 1 :].startswith(at)
    assert finding.excerpt == text.splitlines()[finding.line - 1]


def test_a_condition_in_a_block_is_found_at_the_block():
    text = LEVEL.replace(
        "{yellow: stage >= site.warning_stage}", "\n      yellow: >-\n        stage\n        >= 3"
    )
    finding = finding_of(text)
    assert (finding.code, finding.line) == ("E205", 5)


def test_a_site_parameter_that_no_sensor_has_is_a_finding():
    finding = finding_of(LEVEL.replace("warning_stage", "waning_stage"))
    assert (finding.code, finding.suggestion) == ("E209", "did you mean warning_stage?")


def test_a_tag_that_no_sensor_has_is_a_finding():
    finding = finding_of(LEVEL.replace("stage sensor", "stage sensor with tag bank"))
    assert finding.code == "E222"


def test_without_a_registry_zones_tags_and_site_parameters_are_taken_as_written():
    text = LEVEL.replace("stage sensor", "stage sensor with tag a in zone b").replace("warning_stage", "any")
    found, findings = read_rules({"rules.yaml": text}, kinds(), None)
    assert findings == []
    assert len(found) == 1


def test_a_rule_without_a_grade_is_a_finding():
    assert finding_of(LEVEL.replace("{yellow: stage >= site.warning_stage}", "{}")).code == "E223"


@pytest.mark.parametrize(
    ("of", "condition", "message"),
    [
        ("smoke", "temperature >= 54 degC", "a percentage of a value in degC"),
        ("stage", "stage >= 3 m", "a percentage of a value in m"),
        ("stage", "stage >= site.warning_stage", "a percentage of a value in m"),
        ("electrical", "leakage > 0 mA", "a percentage of a threshold of 0"),
        ("workshop", "headcount > 2", "the margin moves no comparison"),
    ],
)
def test_a_percentage_that_means_nothing_is_refused(of: str, condition: str, message: str):
    text = f"rules:\n  - id: r\n    for_each: {of} sensor\n    grades: {{red: {condition}}}\n"
    finding = finding_of(f"{text}    release: {{margin: 10 %}}\n")
    assert finding.code == "E224"
    assert message in finding.message


def test_a_percentage_of_a_rise_is_a_margin():
    text = LEVEL.replace("stage >= site.warning_stage", "'rise(stage, 1h) >= 0.3 m'")
    [rule] = rules_of(text + "    release: {margin: 10 %}\n")
    assert rule.release.share == Decimal("0.1")


def test_findings_of_all_rules_of_all_files_come_at_once():
    """A wrong key in one rule hides no wrong condition of another, one file no other file."""
    a = RAINSTORM.replace("sustain:", "sustian:").replace("> 0 mm", "> 0")
    b = RAINSTORM.replace("sum(rain, 3h)", "mean(rain, 3h)")
    found, findings = read_rules({"a.yaml": a, "b.yaml": b, "c.yaml": LEVEL}, kinds(), registry())
    assert [(f.file, f.code) for f in findings] == [
        ("a.yaml", "E205"),
        ("a.yaml", "E110"),
        ("b.yaml", "E220"),
        ("b.yaml", "E204"),
    ]
    assert [rule.id for rule in found] == ["level"]


def test_a_file_that_is_no_yaml_is_a_finding_and_no_crash():
    for text in ("rules: [", "", "rules:", "- a", "rules: {a: 1}", "rules: [1, null]", "\t"):
        assert findings_of(text)


def test_every_code_has_a_meaning():
    sources = [path for path in (CONFIGS.parent / "rules").rglob("*.py") if path.name != "finding_codes.py"]
    used = {code for path in sources for code in re.findall(r'"(E2\d\d)"', path.read_text())}
    assert used == set(CODES)
