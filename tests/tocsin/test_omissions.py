"""What the tests leave out, rules without one and grades without one on each side, as the check tells it."""

from pathlib import Path

from ingest.finding import Finding
from tests.tocsin.village import bundle, write
from tocsin.checks import check

NOW = 1_798_000_000_000
RULES = """\
rules:
  - id: river
    title: {zh: 洪水, en: River}
    hazard: flood
    for_each: stage sensor
    grades: {yellow: stage >= site.warning_stage, red: stage >= 4 m}
  - id: rain
    title: {zh: 降雨, en: Rain}
    hazard: rain
    for_each: rain sensor
    grades: {red: "sum(rain, 15min) >= 30 mm"}
"""
STORY = """\
tests:
  - name: the river rises in the rain
    given: {a: {stage: "every 5min: 1, 4"}, b: {rain: "every 5min: 29.99, 0.01"}}
    sensors: {a: {site: {warning_stage: 2 m}}, b: {}}
    expect:
      river: {a: {"5min": none, "10min": red}}
      rain: {b: {"5min": none, "10min": red}}
"""


def warned(directory: Path, **tests: str) -> list[Finding]:
    """The warnings about tests, with test files of these names beside the settings."""
    settings = write(directory, bundle())
    (directory / "rules" / "all.yaml").write_text(RULES, "utf-8")
    (directory / "tests").mkdir()
    for name, text in tests.items():
        (directory / "tests" / f"{name}.yaml").write_text(text, "utf-8")
    checked = check(settings, NOW)
    assert checked.errors == ()
    return [finding for finding in checked.warnings if finding.code in ("E233", "E238")]


def test_a_rule_without_a_test_is_warned_of_where_it_stands(tmp_path: Path) -> None:
    found = warned(tmp_path)

    assert [(f.code, f.file, f.line) for f in found] == [
        ("E233", "rules/all.yaml", 2),
        ("E233", "rules/all.yaml", 7),
    ]


def test_test_files_beside_the_settings_count(tmp_path: Path) -> None:
    [finding] = warned(tmp_path, story=STORY)

    assert (finding.code, finding.line) == ("E238", 6)
    assert finding.message == "no test of rule `river` raises yellow"


def test_a_test_file_that_cannot_be_read_tests_nothing(tmp_path: Path) -> None:
    found = warned(tmp_path, story=STORY.replace("expect:", "expects:"))

    assert [f.code for f in found] == ["E233", "E233"]
