"""What was found, as Markdown and as an exit code."""

from pathlib import Path

import pytest

from bench.evidence.__main__ import main
from bench.evidence.page import Section, markdown, moment, table
from bench.evidence.recordings import kinds_with
from bench.shipped import shipped_kinds, written_rules
from ingest.finding import ConfigurationError

NOISE = """datetime;Current;Voltage;Thermocouple
2020-02-08 13:30:47;2.1;230.1;26.8
2020-02-08 13:30:48;2.2;229.4;26.9
"""
OVERHEATED = NOISE + "".join(f"2020-02-08 13:3{m}:00;2.1;230.0;99.0\n" for m in range(1, 10))


def test_numbers_stand_to_the_right_and_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(("name", "mm"), [("a", "1,706.0"), ("longer", 3)]).splitlines() == [
        "| name   |      mm |",
        "|--------|--------:|",
        "| a      | 1,706.0 |",
        "| longer |       3 |",
    ]


def test_a_claim_that_does_not_hold_stands_out() -> None:
    section = Section("Here")
    section.claim("no red", "3", False)
    section.say("and more")

    text = markdown(section)

    assert text.startswith("## Here\n\n| claim")
    assert "| no red |     3 | **no** |" in text
    assert text.endswith("\nand more\n")


def test_a_moment_is_utc_to_the_minute() -> None:
    assert moment(1_462_061_100_000) == "2016-05-01 00:05"


def directory(tmp_path: Path, anomalies: str) -> Path:
    folder = tmp_path / "electrical"
    folder.mkdir()
    (folder / "skab_anomaly_free.csv").write_text(anomalies)
    (folder / "skab_valve1_0.csv").write_text(NOISE)
    return tmp_path


def test_the_page_is_written_when_all_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "evidence.md"
    main(directory(tmp_path, NOISE), page, ["circuit"])

    assert capsys.readouterr().out.startswith("## A pump's circuit")
    assert page.read_text().startswith("# Evidence")
    assert "| no warning in the file without anomalies |     0 | yes   |" in page.read_text()


def test_a_claim_that_fails_is_the_exit_code_and_is_written_all_the_same(tmp_path: Path) -> None:
    page = tmp_path / "evidence.md"

    with pytest.raises(SystemExit, match="no warning in the file"):
        main(directory(tmp_path, OVERHEATED), page, ["circuit"])

    assert "**no**" in page.read_text()


def test_rules_of_a_faster_kind_may_have_shorter_windows() -> None:
    rule = """
rules:
  - id: r
    title: {zh: r, en: r}
    hazard: h
    for_each: electrical sensor
    grades: {yellow: "max(current, 1min) >= 5 A"}
    advice: {zh: r, en: r}
    source: {text: none, status: project}
"""
    assert len(written_rules(rule, kinds_with("electrical", "1s"))) == 1
    with pytest.raises(ConfigurationError, match="E214"):
        written_rules(rule, shipped_kinds())
