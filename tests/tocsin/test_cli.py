"""What an operator types and sees; exit codes 0 fine, 1 findings, 2 usage, 3 environment."""

import gzip
import json
from pathlib import Path

import pytest

from ingest.quarantine import Bounds, Quarantine
from ingest.reading import Reason, Rejected
from tests.tocsin.program import Tocsin, program
from tests.tocsin.village import START, bundle, write

MINUTE = 60_000


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture
def village(tmp_path: Path) -> Path:
    """The village's files."""
    return write(tmp_path / "village", bundle()).parent


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    """A river that rises within its ladder, an empty cell, a stranger, a row that came twice."""
    rows = [
        (0, "river-1", 1.0),
        (5, "river-1", 2.1),
        (10, "river-1", "NA"),
        (10, "river-2", 1.0),
        (10, "river-9", 9.0),
        (15, "river-1", 4.2),
    ]
    path = tmp_path / "readings.csv"
    lines = [
        f"{START + minute * MINUTE},{sensor},stage,{value},{START + minute * MINUTE}"
        for minute, sensor, value in rows
    ]
    again = f"{START},river-1,stage,1.0,{START + 2 * MINUTE}"
    path.write_text("\n".join(["time,sensor,metric,value,received", *lines, again]) + "\n")
    return path


def basis(village: Path) -> list[str | Path]:
    return [
        "--sensors", village / "sensors.csv", "--zones", village / "zones.geojson",
        "--rules", village / "rules", "--kinds", village / "kinds.yaml",
    ]  # fmt: skip


def test_check_says_what_a_fine_configuration_holds(tocsin: Tocsin, configs: Path) -> None:
    ended = tocsin("check", configs / "tocsin.yaml")

    assert ended.code == 0
    assert "fine: 306 sensors, 9 zones" in ended.out


def test_check_shows_every_finding_with_file_line_and_column(tocsin: Tocsin, configs: Path) -> None:
    for name, old, new in (
        ("rules/river.yaml", "stage >= site.warning_stage", "stage >= 2 mA"),
        ("rules/smoke.yaml", "sustained(smoke >= 0.15 dB/m, 60s)", "sustaind(smoke >= 0.15 dB/m, 60s)"),
        ("contacts.yaml", 'phone: "+8610000000002"', "phone: 5"),
    ):
        path = configs / name
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")

    ended = tocsin("check", configs / "tocsin.yaml")

    assert (ended.code, ended.out) == (1, "")
    headings = [each for each in ended.err.splitlines() if not each.startswith(" ")]
    places = [heading.split(": ")[0].split(":") for heading in headings]
    assert {file for file, *_ in places} == {"rules/river.yaml", "rules/smoke.yaml", "contacts.yaml"}
    assert all(int(line_) > 0 and int(column) > 0 for _, line_, column in places)
    assert "stage >= 2 mA" in ended.err
    assert "^" in ended.err
    assert "sustained" in ended.err


def test_check_of_a_file_that_is_not_there_finds_that(tocsin: Tocsin, tmp_path: Path) -> None:
    ended = tocsin("check", tmp_path / "tocsin.yaml")

    assert ended.code == 1
    assert f"{tmp_path}/tocsin.yaml: E001 cannot be read: No such file" in ended.err


def test_replay_prints_a_json_line_for_each_transition(tocsin: Tocsin, village: Path, readings: Path) -> None:
    ended = tocsin("replay", readings, *basis(village))

    found = [json.loads(line_) for line_ in ended.out.splitlines()]
    assert ended.code == 0
    assert [list(each) for each in found] == [
        ["at", "rule", "subject", "warning", "from", "to", "disposition", "reason", "evidence"]
    ] * 2
    assert [(each["from"], each["to"]) for each in found] == [(None, "yellow"), ("yellow", "red")]
    assert found[0] | {"evidence": None, "warning": None} == {
        "at": "2024-06-10T06:05:00.000+00:00",
        "rule": "river",
        "subject": "river-1",
        "warning": None,
        "from": None,
        "to": "yellow",
        "disposition": "auto",
        "reason": "raised",
        "evidence": None,
    }
    assert found[0]["warning"] == found[1]["warning"]
    assert "2.1 m >= " in found[0]["evidence"]["text"]


def test_replay_sums_up_in_one_line_beside_its_output(tocsin: Tocsin, village: Path, readings: Path) -> None:
    ended = tocsin("replay", readings, *basis(village))

    [summary] = ended.err.splitlines()
    assert summary.startswith("4 readings in ")
    assert " s, " in summary
    assert "readings/s; 1 duplicates, 1 quarantined, 2 transitions" in summary


def test_replay_gives_the_same_every_time_and_from_a_compressed_file(
    tocsin: Tocsin, village: Path, readings: Path
) -> None:
    packed = readings.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(readings.read_bytes()))

    first, second, third = (tocsin("replay", each, *basis(village)) for each in (readings, readings, packed))

    assert first.out == second.out == third.out != ""


@pytest.mark.parametrize("name", ["kinds.yaml", "zones.geojson", "sensors.csv", "rules/all.yaml"])
def test_replay_names_a_file_that_is_not_utf_8(
    tocsin: Tocsin, village: Path, readings: Path, name: str
) -> None:
    path = village / name
    path.write_bytes(path.read_bytes() + "# 县".encode("gbk"))

    ended = tocsin("replay", readings, *basis(village))

    assert ended.code == 1
    assert f"{path}: E001 cannot be read: not UTF-8" in ended.err


def test_replay_settles_deadlines_up_to_the_given_instant(tocsin: Tocsin, village: Path) -> None:
    """20 mm of rain have to stand for 5 minutes; the record ends before."""
    rain = village / "rain.csv"
    rain.write_text(f"time,sensor,metric,value\n{START},rain-1,rain,25\n")

    without = tocsin("replay", rain, *basis(village))
    with_end = tocsin("replay", rain, *basis(village), "--to", "2024-06-10T08:00:00Z")

    assert (without.code, without.out) == (0, "")
    assert json.loads(with_end.out.splitlines()[0])["at"] == "2024-06-10T06:05:00.000+00:00"
    assert "0 transitions" in without.err


@pytest.mark.parametrize(
    ("end", "reason"),
    [("2024-06-10T08:00:00", "has no offset"), ("tomorrow", "is neither a time ago nor an instant")],
)
def test_an_instant_that_cannot_be_used_is_a_mistake_of_usage(
    tocsin: Tocsin, village: Path, readings: Path, end: str, reason: str
) -> None:
    ended = tocsin("replay", readings, *basis(village), "--to", end)

    assert ended.code == 2
    assert reason in " ".join(ended.err.replace("│", " ").split())


def test_replay_ends_where_it_is_told_to(tocsin: Tocsin, village: Path, readings: Path) -> None:
    ended = tocsin("replay", readings, *basis(village), "--to", "2024-06-10T06:10:00Z")

    assert [json.loads(line_)["to"] for line_ in ended.out.splitlines()] == ["yellow"]
    assert ended.err.startswith("3 readings in ")


def test_replay_finds_what_is_wrong_in_readings_and_rules(
    tocsin: Tocsin, village: Path, readings: Path
) -> None:
    bad = readings.with_name("bad.csv")
    bad.write_text("time,sensor,metric,value\n2024-06-10T06:05:00,river-1,stage,1\n")
    (village / "rules" / "bad.yaml").write_text("rules: [{id: x}]\n")

    rules = tocsin("replay", readings, *basis(village))
    (village / "rules" / "bad.yaml").unlink()
    times = tocsin("replay", bad, *basis(village))

    assert (rules.code, rules.out) == (1, "")
    assert f"{village}/rules/bad.yaml:1:" in rules.err
    assert times.code == 1
    assert f"{bad}:2" in times.err


def test_replay_without_a_rule_is_a_finding(tocsin: Tocsin, village: Path, readings: Path) -> None:
    (village / "rules" / "all.yaml").unlink()

    ended = tocsin("replay", readings, *basis(village))

    assert ended.code == 1
    assert "no rule file" in ended.err


def test_a_record_that_is_not_there_is_the_environments_fault(tocsin: Tocsin, village: Path) -> None:
    ended = tocsin("replay", village / "none.csv", *basis(village))

    assert ended.code == 3
    assert "none.csv" in ended.err


@pytest.mark.parametrize("arguments", [["replay"], ["no-such-command"], ["check", "--no-such-option"]])
def test_what_cannot_be_understood_is_a_mistake_of_usage(tocsin: Tocsin, arguments: list[str]) -> None:
    assert tocsin(*arguments).code == 2


@pytest.fixture
def quarantined(tmp_path: Path) -> Path:
    """A state directory with refused messages, one of them with square brackets in its topic."""
    with Quarantine.open(tmp_path / "quarantine.db") as quarantine:
        refused = [
            Rejected(0, Reason.MALFORMED, "no JSON", "tocsin/v1/[/]", b"{"),
            Rejected(1, Reason.UNREGISTERED, "unknown", "tocsin/v1/a/smoke/s-9/telemetry", b"{}"),
            Rejected(2, Reason.UNREGISTERED, "unknown", "tocsin/v1/a/smoke/s-9/telemetry", b"{}"),
        ]
        quarantine.add(5, START, refused)
    return tmp_path


def test_quarantine_lists_counts_and_the_newest(tocsin: Tocsin, quarantined: Path) -> None:
    ended = tocsin("quarantine", "--state", quarantined)

    assert ended.code == 0
    for shown in ("malformed", "unregistered", "tocsin/v1/[/]", "no JSON"):
        assert shown in ended.out


def test_quarantine_as_json(tocsin: Tocsin, quarantined: Path) -> None:
    ended = tocsin("quarantine", "--state", quarantined, "--json", "--limit", "1")

    found = json.loads(ended.out)
    assert found["counts"] == {"malformed": 1, "unregistered": 2}
    assert [(row["reason"], row["topic"]) for row in found["rows"]] == [
        ("unregistered", "tocsin/v1/a/smoke/s-9/telemetry")
    ]
    assert found["rows"][0]["received"] == "2024-06-10T06:00:00.000+00:00"


def test_quarantine_of_one_reason(tocsin: Tocsin, quarantined: Path) -> None:
    ended = tocsin("quarantine", "--state", quarantined, "--json", "--reason", "malformed")

    assert [row["reason"] for row in json.loads(ended.out)["rows"]] == ["malformed"]
    assert tocsin("quarantine", "--state", quarantined, "--reason", "odd").code == 2


def test_quarantine_says_how_many_more_were_like_a_message(tocsin: Tocsin, tmp_path: Path) -> None:
    with Quarantine.open(tmp_path / "quarantine.db", Bounds(alike=1)) as quarantine:
        refused = [Rejected(n, Reason.MALFORMED, "no JSON", "t", b"{") for n in range(1235)]
        quarantine.add(5, START, refused)

    [row] = json.loads(tocsin("quarantine", "--state", tmp_path, "--json").out)["rows"]
    assert row["more"] == 1234
    shown = "".join(tocsin("quarantine", "--state", tmp_path).out.split())
    assert "1,234more" in shown.replace("│", "")


def test_quarantine_where_no_daemon_ever_ran(tocsin: Tocsin, tmp_path: Path) -> None:
    ended = tocsin("quarantine", "--state", tmp_path / "none")

    assert ended.code == 3
    assert "no daemon has run with --state" in ended.err


def test_a_quarantine_that_is_damaged_is_the_environments_fault(tocsin: Tocsin, tmp_path: Path) -> None:
    (tmp_path / "quarantine.db").write_bytes(b"not a database" * 100)

    assert tocsin("quarantine", "--state", tmp_path).code == 3
