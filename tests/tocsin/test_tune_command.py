"""`tocsin tune` as it is typed: what is shown in both languages, what it reads, and the exit codes."""

import json
from pathlib import Path

import pytest

from tests.tocsin.program import Tocsin, program
from tests.tocsin.test_recorded import NEW, OLD, flood, journaled
from tests.tocsin.village import write

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "configs" / "tocsin.yaml"
RIVER = ROOT / "configs" / "demo" / "river.csv"
EVENTS = ROOT / "configs" / "demo" / "events.csv"
TUNED = Path(__file__).parent / "tuned"
RISE = ("river-rise", "--on", RIVER, "--config", CONFIG, "--grade", "yellow")
PAIRED = ("--events", EVENTS, "--lead", "30min")


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def line_of(text: str) -> int:
    """Where it stands in the shipped rules of rivers, from 1."""
    lines = (ROOT / "configs" / "rules" / "river.yaml").read_text(encoding="utf-8").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if line.strip() == text)


@pytest.fixture
def village(tmp_path: Path) -> Path:
    """The settings file of the village under its old rules."""
    return write(tmp_path / "old", OLD)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_on_the_shipped_record_is_as_it_is_written_down(tocsin: Tocsin, language: str) -> None:
    ended = tocsin("tune", *RISE, *PAIRED, "--lang", language)

    assert ended.code == 0
    written_down = (TUNED / f"river-rise.{language}.txt").read_text(encoding="utf-8")
    assert ended.out == written_down.replace("LINE", str(line_of("yellow: rate(stage, 1h) >= 0.5 m/h")))


def test_nothing_is_written(tocsin: Tocsin, village: Path) -> None:
    before = {path: path.read_bytes() for path in village.parent.rglob("*") if path.is_file()}
    csv = village.parent.parent / "river.csv"
    csv.write_text(
        "time,sensor,metric,value\n0,river-1,stage,4.1\n300000,river-1,stage,1\n", encoding="utf-8"
    )

    assert tocsin("tune", "river", "--grade", "red", "--on", csv, "--config", village).code == 0

    assert {path: path.read_bytes() for path in village.parent.rglob("*") if path.is_file()} == before


def test_as_json_it_is_the_same_figures(tocsin: Tocsin) -> None:
    found = json.loads(tocsin("tune", *RISE, *PAIRED, "--json").out)

    assert (found["rule"], found["grade"], found["metric"]) == ("river-rise", "yellow", "rate(stage, 1h)")
    assert (found["in_force"], found["best"]) == ("0.5 m/h", "0.4 m/h")
    assert found["old"].strip() == "yellow: rate(stage, 1h) >= 0.5 m/h"
    assert found["line"] == line_of(found["old"].strip())
    assert found["new"].strip() == "yellow: rate(stage, 1h) >= 0.4 m/h"
    by_value = {each["threshold"]: each for each in found["thresholds"]}
    assert [each["code"] for each in by_value["0.3 m/h"]["refused"]] == ["E227"]
    assert by_value["0.5 m/h"] == {
        "threshold": "0.5 m/h",
        "value": "0.5",
        "warnings": 2,
        "per_month": 30.0,
        "most_of_one_subject": 2,
        "median_duration": 5100.0,
        "share_of_time_open": 0.059028,
        "hits": 1,
        "misses": 1,
        "false_alarms": 1,
        "hit_rate": 0.5,
        "false_alarm_ratio": 0.5,
        "critical_success_index": pytest.approx(1 / 3),
        "median_lead": -300.0,
        "least_lead": -300.0,
    }


def test_without_events_it_says_that_none_is_better_and_where_the_threshold_stands(tocsin: Tocsin) -> None:
    ended = tocsin("tune", *RISE, "--values", "0.5")

    assert ended.code == 0
    assert "without --events none is better than another; stands at rules/river.yaml:" in ended.out


def test_a_record_without_the_sensors_of_the_rule_is_told_apart_from_a_quiet_one(tocsin: Tocsin) -> None:
    ended = tocsin(
        "tune", "leakage", "--grade", "yellow", "--on", RIVER, "--config", CONFIG, "--values", "300"
    )

    assert "no sensor that the rule looks at reported in this time" in ended.out


def test_a_journal_a_period_of_it_and_an_applied_set_of_rules(
    tocsin: Tocsin, village: Path, tmp_path: Path
) -> None:
    """The bundle that was applied last raises red at 3.5 m: its file is the one that would be changed."""
    state = tmp_path / "state"
    journaled(state, flood())
    asked = (
        "tune",
        "river",
        "--grade",
        "red",
        "--on",
        state,
        "--config",
        village,
        "--values",
        "3.2, 4.1",
        "--json",
    )

    applied = json.loads(tocsin(*asked, "--rules", "applied").out)
    assert (applied["in_force"], applied["old"].strip()) == ("3.5 m", "red: stage >= 3.5 m")
    assert [each["warnings"] for each in applied["thresholds"]] == [1, 1, 1]

    early = json.loads(tocsin(*asked, "--rules", OLD.hash, "--to", "2024-06-10T06:38Z").out)
    assert early["in_force"] == "4 m"
    assert [each["warnings"] for each in early["thresholds"]] == [1, 0, 0]


def test_a_directory_of_rules_is_tuned_with_the_rest_of_the_configuration(
    tocsin: Tocsin, village: Path, tmp_path: Path
) -> None:
    write(tmp_path / "new", NEW)
    directory = tmp_path / "new" / "rules"
    csv = tmp_path / "river.csv"
    csv.write_text(
        "time,sensor,metric,value\n0,river-1,stage,4.1\n300000,river-1,stage,1\n", encoding="utf-8"
    )

    found = json.loads(
        tocsin(
            "tune",
            "river",
            "--metric",
            "red",
            "--on",
            csv,
            "--config",
            village,
            "--rules",
            directory,
            "--json",
        ).out
    )

    assert found["in_force"] == "3.5 m"
    assert found["file"] == str(directory / "all.yaml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rivre-rise"], "no rule 'rivre-rise'; did you mean river-rise?"),
        (["river-stage"], "several thresholds; name one with --grade and --metric:\n  blue: stage >= "),
        (["river-rise", "--grade", "green"], "no grade 'green'; there are: blue, yellow, orange, red"),
        (["river-rise", "--grade", "red", "--values", "x"], "`x` is no value"),
        (["river-rise", "--grade", "red", "--rules", "nowhere"], "nowhere: no such directory or file"),
    ],
)
def test_what_cannot_be_tuned_says_why_and_what_can(tocsin: Tocsin, arguments: list[str], said: str) -> None:
    ended = tocsin("tune", *arguments, "--on", RIVER, "--config", CONFIG)

    assert ended.code == 2
    assert said in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rivre-rise"], "没有规则 'rivre-rise'；是不是想写 river-rise？"),
        (["river-stage"], "river-stage：有多个阈值，用 --grade 和 --metric 指明一个：\n  blue: stage >= "),
        (["river-rise", "--grade", "red", "--values", "x"], "x：`x` 不是数值；写成 "),
    ],
)
def test_what_cannot_be_tuned_is_told_in_chinese(tocsin: Tocsin, arguments: list[str], said: str) -> None:
    ended = tocsin("tune", *arguments, "--on", RIVER, "--config", CONFIG, "--lang", "zh")

    assert ended.code == 2
    assert said in ended.err


def test_what_is_wrong_with_the_events_is_a_finding(tocsin: Tocsin, tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("begin,end,place\n2018-06-03T19:40:00Z,,dead-run\n", encoding="utf-8")

    ended = tocsin("tune", *RISE, "--events", events)

    assert ended.code == 1
    assert f"{events}:2:23: E135 no sensor, gateway or zone `dead-run`" in ended.err
