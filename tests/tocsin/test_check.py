"""What `tocsin check` tells, of a whole configuration and of single files, as text, JSON and SARIF."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from ingest.finding import ConfigurationError, Finding
from tests.tocsin.program import Tocsin, program
from tests.tocsin.village import bundle, write
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.finding_codes import MEANINGS


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def spoil(configs: Path, name: str, old: str, new: str) -> None:
    path = configs / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.fixture
def broken(configs: Path) -> Path:
    """Two files with a mistake each."""
    spoil(configs, "rules/river.yaml", "stage >= site.warning_stage", "stage >= 2 mA")
    spoil(configs, "routes.yaml", "to: [duty]", "to: [dutty]")
    return configs


def test_of_single_files_only_their_own_findings_are_told(tocsin: Tocsin, broken: Path) -> None:
    ended = tocsin("check", broken / "rules" / "river.yaml")

    assert ended.code == 1
    assert "rules/river.yaml:" in ended.err
    assert "dutty" not in ended.err
    assert "1 errors in other files: tocsin check " in ended.err


def test_a_sound_file_among_broken_ones_ends_with_0_and_is_not_called_fine(
    tocsin: Tocsin, broken: Path
) -> None:
    ended = tocsin("check", broken / "sensors.csv", broken / "rules" / "smoke.yaml")

    assert (ended.code, ended.out) == (0, "")
    assert "2 errors in other files" in ended.err


def test_a_directory_of_rules_stands_for_its_files(tocsin: Tocsin, broken: Path) -> None:
    ended = tocsin("check", broken / "rules")

    assert ended.code == 1
    assert "E211" in ended.err
    assert "E311" not in ended.err


def test_a_sound_file_of_a_sound_configuration_is_fine(tocsin: Tocsin, configs: Path) -> None:
    ended = tocsin("check", configs / "routes.yaml")

    assert (ended.code, ended.out) == (0, "routes.yaml: fine\n")


def test_the_settings_of_single_files_can_be_named(tocsin: Tocsin, configs: Path) -> None:
    (configs / "tocsin.yaml").rename(configs / "county.yaml")

    ended = tocsin("check", configs / "routes.yaml", "--config", configs / "county.yaml")

    assert (ended.code, ended.out) == (0, "routes.yaml: fine\n")


@pytest.mark.parametrize("name", ["rules/none.yaml", "mosquitto.conf", "demo"])
def test_a_file_that_no_configuration_names_is_a_mistake_of_usage(
    tocsin: Tocsin, configs: Path, name: str
) -> None:
    ended = tocsin("check", configs / name)

    assert ended.code == 2
    assert "no files matched" in ended.err
    assert "--config" in ended.err


def test_a_file_that_is_not_there_is_a_mistake_of_usage(
    tocsin: Tocsin, configs: Path, tmp_path: Path
) -> None:
    for path in (configs / "rotes.yaml", tmp_path / "rotes.yaml"):
        ended = tocsin("check", path)

        assert ended.code == 2
        assert "no files matched" in ended.err


def test_a_file_that_is_named_and_not_there_is_a_finding(tocsin: Tocsin, configs: Path) -> None:
    (configs / "sensors.csv").unlink()

    ended = tocsin("check", configs / "sensors.csv")

    assert ended.code == 1
    assert "sensors.csv: E001 cannot be read" in ended.err


def test_settings_that_cannot_be_read_are_told_whatever_is_asked_about(tocsin: Tocsin, configs: Path) -> None:
    (configs / "tocsin.yaml").write_text("realm: [", "utf-8")

    ended = tocsin("check", configs / "routes.yaml")

    assert ended.code == 1
    assert "tocsin.yaml:1:" in ended.err


def test_json_is_a_list_of_findings_and_goes_to_standard_output(tocsin: Tocsin, broken: Path) -> None:
    ended = tocsin("check", broken, "--format", "json")

    found = json.loads(ended.out)
    assert (ended.code, ended.err) == (1, "")
    assert [(Path(each["file"]).name, each["code"], each["severity"]) for each in found] == [
        ("routes.yaml", "E311", "error"),
        ("river.yaml", "E211", "error"),
    ]
    assert all(Path(each["file"]).is_file() for each in found)
    assert {*found[0]} == {"file", "line", "column", "code", "severity", "message", "suggestion"}
    assert found[0]["suggestion"] == "did you mean duty?"


def test_warnings_alone_end_with_0_and_are_told_with_their_severity(tocsin: Tocsin, configs: Path) -> None:
    spoil(configs, "routes.yaml", 'hazard: "*", grades: [blue,', 'hazard: "*", grades: [')

    ended = tocsin("check", configs, "--format", "json")

    assert ended.code == 0
    assert {(each["code"], each["severity"]) for each in json.loads(ended.out)} == {("E320", "warning")}


def test_warnings_have_their_level_in_sarif(tocsin: Tocsin, configs: Path) -> None:
    spoil(configs, "routes.yaml", 'hazard: "*", grades: [blue,', 'hazard: "*", grades: [')

    report = json.loads(tocsin("check", configs, "--format", "sarif").out)

    assert_sarif(report)
    assert {result["level"] for result in report["runs"][0]["results"]} == {"warning"}


def test_nothing_found_is_an_empty_list(tocsin: Tocsin, configs: Path) -> None:
    ended = tocsin("check", configs, "--format", "json")

    assert (ended.code, json.loads(ended.out)) == (0, [])


def assert_sarif(report: Any) -> None:
    """What the schema of SARIF 2.1.0 demands of the parts that are used here."""
    assert report["version"] == "2.1.0"
    assert report["$schema"].endswith("sarif-schema-2.1.0.json")
    [run] = report["runs"]
    assert {*report} == {"$schema", "version", "runs"}
    assert {*run} == {"tool", "columnKind", "results"}
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    driver = run["tool"]["driver"]
    assert driver["name"] == "tocsin"
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(ids) == len(set(ids))
    for rule in driver["rules"]:
        assert isinstance(rule["shortDescription"]["text"], str)
        assert rule["help"]["text"]
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert ids[result["ruleIndex"]] == result["ruleId"]
        [location] = result["locations"]
        assert_location(location["physicalLocation"])


def assert_location(physical: Any) -> None:
    uri = physical["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9._~!$&'()*+,;=:@/%-]+", uri)
    if "region" in physical:
        assert physical["region"]["startLine"] >= 1
        assert physical["region"]["startColumn"] >= 1


def test_sarif_is_as_its_schema_demands_and_holds_every_code(tocsin: Tocsin, broken: Path) -> None:
    ended = tocsin("check", broken, "--format", "sarif")

    report = json.loads(ended.out)
    assert ended.code == 1
    assert_sarif(report)
    [run] = report["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [*MEANINGS]
    first, _ = run["results"]
    assert (first["ruleId"], first["level"]) == ("E311", "error")
    region = first["locations"][0]["physicalLocation"]["region"]
    line = (broken / "routes.yaml").read_text("utf-8").splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 :].startswith("dutty")


def test_sarif_of_a_file_as_a_whole_has_no_region(tocsin: Tocsin, configs: Path) -> None:
    (configs / "contacts.yaml").unlink()

    ended = tocsin("check", configs, "--format", "sarif")

    report = json.loads(ended.out)
    assert_sarif(report)
    [result] = report["runs"][0]["results"]
    assert result["ruleId"] == "E001"
    [location] = result["locations"]
    assert {*location["physicalLocation"]} == {"artifactLocation"}
    assert location["physicalLocation"]["artifactLocation"]["uri"].endswith("/contacts.yaml")


WIDE = '"features": [' + " " * 300 + '{"type": "Feature",'


@pytest.mark.parametrize(
    ("name", "old", "new", "shown"),
    [
        ("sensors.csv", "river-1,stage", "river-1,stge", "stge"),
        ("zones.geojson", '"code": "110101001001"', '"code": "x"', "{"),
        ("zones.geojson", '"features": [{"type": "Feature",', WIDE.replace("Feature", "Featur"), "{"),
        ("zones.geojson", "]}", "]", ""),
        ("kinds.yaml", "unit: mm", "unit: mmm", "mmm"),
        ("contacts.yaml", "phone:", "phne:", "phne"),
        ("routes.yaml", 'hazard: "*"', "hazard: floood", "  - {hazard"),
        ("tocsin.yaml", "realm: live\n", "realm: life\n", "life"),
        ("rules/all.yaml", "stage >= 4 m", "stage >= 4 mm/s", "4 mm/s"),
    ],
)
def test_every_finding_with_a_line_shows_it_with_a_caret(name: str, old: str, new: str, shown: str) -> None:
    found = findings(name, old, new)

    assert found
    for finding in found:
        assert finding.line
        assert finding.excerpt[finding.caret - 1 :].startswith(shown)
        _, line, caret, *_ = str(finding).splitlines()
        assert cell_len(line[: 4 + finding.caret - 1]) == caret.index("^")


def findings(name: str, old: str, new: str) -> list[Finding]:
    """What is found in a file of the village with something else in it."""
    texts = dict(bundle().texts)
    assert old in texts[name]
    with pytest.raises(ConfigurationError) as refused:
        configure(Bundle("tocsin.yaml", texts | {name: texts[name].replace(old, new, 1)}))
    return [finding for finding in refused.value.findings if finding.file == name]


def test_the_caret_stands_below_its_character_behind_chinese_ones() -> None:
    finding = Finding("f", 1, 4, "E112", "m", excerpt="暴雨: x", caret=5)

    assert str(finding).splitlines()[2] == "    " + " " * 6 + "^"


def test_what_a_sound_configuration_lacks_is_shown_with_its_line(tocsin: Tocsin, tmp_path: Path) -> None:
    """A gauge without the level that a rule compares with."""
    settings = write(tmp_path, bundle())
    spoil(tmp_path, "sensors.csv", "warning_stage=2 m", "")

    ended = tocsin("check", settings)

    assert ended.code == 0
    shown = ended.err[ended.err.index("warning: rules/all.yaml:2:1: E007 rule river, sensor river-1: ") :]
    assert shown.splitlines()[1] == "      - id: river"
