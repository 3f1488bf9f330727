"""Templates: a rule written once, filled where it is used, and its findings told there."""

from dataclasses import replace

import pytest

from rules.grade import Grade
from rules.language.printed import printed
from rules.rulebook import read_rules
from tests.rules.county import findings_of, kinds, registry, rules_of

TEMPLATE = """\
templates:
  toxic:
    parameters: [gas, limit, wait]
    rule:
      title: {en: "Toxic ${gas}"}
      hazard: gas
      for_each: gas sensor
      grades:
        yellow: ${gas} >= ${limit}
      sustain: ${wait}
      tests:
        - {name: one, given: {"${gas}": "every 1min: 1 x3"}, expect: {"1min": none}}
"""
USE = "  - {use: toxic, id: gas-h2s, with: {gas: h2s, limit: 10 mg/m3, wait: 15s}}\n"
FILE = f"{TEMPLATE}rules:\n{USE}"
WRITTEN = """\
rules:
  - id: gas-h2s
    title: {en: Toxic h2s}
    hazard: gas
    for_each: gas sensor
    grades: {yellow: h2s >= 10 mg/m3}
    sustain: 15s
"""


def test_a_template_in_use_is_the_rule_written_out():
    [used], [written] = rules_of(FILE), rules_of(WRITTEN)
    assert used.line == 14
    assert used.meaning == written.meaning
    assert replace(used, line=written.line) == written


def test_keys_of_the_use_replace_those_of_the_template():
    [rule] = rules_of(FILE.replace("id: gas-h2s,", "id: x, sustain: 1min, hazard: leak,"))
    assert (rule.id, rule.hazard, rule.sustain) == ("x", "leak", {Grade.YELLOW: 60_000})


def test_a_template_is_used_as_often_as_wanted_and_between_other_rules():
    more = USE.replace("gas-h2s", "gas-co").replace("h2s", "co").replace("10 mg", "20 mg")
    other = WRITTEN.removeprefix("rules:\n").replace("gas-h2s", "plain")
    found = rules_of(f"{TEMPLATE}rules:\n{USE}{other}{more}")
    assert [rule.id for rule in found] == ["gas-h2s", "plain", "gas-co"]
    assert printed(found[2].grades[Grade.YELLOW]) == "co >= 20 mg/m3"


def test_a_template_is_known_in_every_file():
    files = {"b.yaml": f"rules:\n{USE}", "z.yaml": TEMPLATE}
    found, findings = read_rules(files, kinds(), registry())
    assert findings == []
    assert [(rule.id, rule.file) for rule in found] == [("gas-h2s", "b.yaml")]


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("use: toxic", "use: toxik", "toxik", "unknown template `toxik`"),
        ("gas: h2s, ", "", "toxic,", "template `toxic` needs the parameter `gas`"),
        ("gas: h2s", "gass: x, gas: h2s", "gass", "template `toxic` has no parameter `gass`"),
        ("gas: h2s", "gas: [h2s]", "[h2s]", "parameter `gas` is no text or number"),
        ("with: {gas: h2s, limit: 10 mg/m3, wait: 15s}", "with: 5", "5", "`with` maps parameters to values"),
        ("[gas, limit, wait]", "[gas, limit, wait, on]", "on]", "does not use its parameter `on`"),
        ("${limit}", "${limt}", "${limt}", "template `toxic` has no parameter `limt`"),
        ("      hazard: gas", "      use: other", "other", "a template does not use another one"),
    ],
)
def test_a_template_that_cannot_be_used_is_found_at_its_place(old: str, new: str, at: str, message: str):
    assert old in FILE
    text = FILE.replace(old, new, 1)
    findings = findings_of(text)
    finding = next(f for f in findings if message in f.message)
    assert finding.code == "E229"
    assert text.splitlines()[finding.line - 1][finding.column - 1 :].startswith(at)


def test_two_templates_of_one_name_are_found():
    _, findings = read_rules({"a.yaml": FILE, "b.yaml": TEMPLATE}, kinds(), registry())
    assert [(f.file, f.code, f.line) for f in findings] == [("b.yaml", "E229", 3)]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("${gas} >= ${limit}", "${gas} >= ${limit} or ${gas} < 5 mA", "E205", 9),
        ("sustain: ${wait}", "sustian: ${wait}", "E110", 10),
        ("hazard: gas", "hazard: Gas", "E112", 6),
        ("gas sensor", "gaz sensor", "E221", 7),
    ],
)
def test_a_finding_in_a_template_stands_at_the_use_and_names_its_line(
    old: str, new: str, code: str, line: int
):
    finding = next(f for f in findings_of(FILE.replace(old, new)) if f.code == code)
    assert (finding.line, finding.column) == (14, 11)
    assert f"(from template `toxic`, rules.yaml:{line})" in finding.message


def test_a_finding_in_what_a_use_gives_itself_stands_there():
    text = FILE.replace("id: gas-h2s,", "id: gas-h2s, max_age: soon,")
    [finding] = findings_of(text)
    assert finding.code == "E150"
    assert text.splitlines()[13][finding.column - 1 :].startswith("soon")
    assert "template" not in finding.message


def test_a_finding_in_a_key_that_replaces_the_templates_stands_where_that_is_written():
    text = FILE.replace("      sustain:", "      release: {after: 5min}\n      sustain:")
    [finding] = findings_of(text.replace("id: gas-h2s,", "id: gas-h2s, release: {after: soon},"))
    assert finding.code == "E150"
    assert finding.excerpt[finding.column - 1 :].startswith("soon")
    assert "template" not in finding.message


def test_a_default_in_a_template_that_no_condition_asks_for_is_found_at_the_use():
    text = FILE.replace("      sustain:", "      parameters: {limit: 5 mg/m3}\n      sustain:")
    [finding] = findings_of(text)
    assert (finding.code, finding.line) == ("E209", 15)
    assert "rules.yaml:10)" in finding.message


def test_what_a_use_fills_in_wrong_is_found_at_the_use():
    [finding] = findings_of(FILE.replace("10 mg/m3", "10 furlongs"))
    assert (finding.code, finding.line) == ("E205", 14)


def test_one_id_used_twice_is_found():
    findings = findings_of(FILE + USE)
    assert [(f.code, f.line) for f in findings] == [("E220", 15)]


def test_a_file_of_templates_alone_is_a_file():
    assert rules_of(TEMPLATE) == ()


def test_a_file_of_neither_rules_nor_templates_is_none():
    [finding] = findings_of("time_zone: Asia/Shanghai\n")
    assert finding.code == "E111"
