"""`tocsin tail`, `sensors status`, `sensors adopt` and `quarantine` over a state directory."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.clock import MINUTE, SystemClock
from ingest.quarantine import Quarantine
from ingest.reading import Reason, Rejected
from tests.tocsin.program import Tocsin, program
from tests.tocsin.recorded import Recorded, recorded
from tests.tocsin.village import SENSORS, bundle, report, write


@pytest.fixture
def now() -> int:
    """When the test begins: commands count back from their own present."""
    return SystemClock().now()


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture
def village(tmp_path: Path, now: int) -> Iterator[Recorded]:
    """The last hours: a river heard half an hour ago and one heard now, behind a snapshot."""
    with recorded(tmp_path / "state", now - 240 * MINUTE) as village:
        village.receive(210, report("river-1", now - 30 * MINUTE, 1.0))
        village.keep()
        village.receive(239, report("river-2", now - MINUTE, 1.25), report("river-9", now, 1.0))
        yield village


def test_tail_tells_of_the_time_that_is_asked_for(tocsin: Tocsin, village: Recorded) -> None:
    ended = tocsin("tail", "--state", village.state, "--since", "10min", "--no-follow")

    value, refused = map(json.loads, ended.out.splitlines())
    assert ended.code == 0
    assert (value["sensor"], value["metric"], value["value"], value["quality"]) == (
        "river-2",
        "stage",
        1.25,
        [],
    )
    assert (refused["sensor"], refused["refused"]) == ("river-9", "unregistered")
    assert ended.err == ""


def test_tail_says_when_it_does_not_begin_at_a_snapshot(tocsin: Tocsin, village: Recorded) -> None:
    ended = tocsin("tail", "--state", village.state, "--since", "45min", "--no-follow", "--sensor", "river-1")

    assert len(ended.out.splitlines()) == 1
    assert "quality control has seen 1h before the first line" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--no-follow"], "say since when"),
        (["--since", "10min", "--no-follow", "--zone", "vilage"], "no zone 'vilage': did you mean village?"),
        (["--since", "soon", "--no-follow"], "soon is neither a time ago nor an instant"),
        (["--quality", "bad"], "'bad' is not one of"),
    ],
)
def test_tail_refuses_what_it_cannot_understand(
    tocsin: Tocsin, village: Recorded, arguments: list[str], said: str
) -> None:
    ended = tocsin("tail", "--state", village.state, *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert said in " ".join(ended.err.replace("│", "").split())


@pytest.mark.parametrize("command", [["tail"], ["sensors", "status"], ["sensors", "adopt"], ["quarantine"]])
def test_where_no_daemon_ever_ran_nothing_can_be_read(
    tocsin: Tocsin, tmp_path: Path, command: list[str], configs: Path
) -> None:
    files = ["--config", configs / "tocsin.yaml"] if "adopt" in command else []

    ended = tocsin(*command, *files, "--state", tmp_path / "none")

    assert ended.code == 3
    assert "no daemon has run with --state" in ended.err
    assert not (tmp_path / "none").exists()


def test_status_counts_who_was_heard_by_kind_and_zone_the_worst_first(
    tocsin: Tocsin, village: Recorded
) -> None:
    found = json.loads(tocsin("sensors", "status", "--state", village.state, "--json", "--silent").out)

    groups = [(g["kind"], g["zone"], g["online"], g["registered"], g["share"]) for g in found["groups"]]
    assert groups == [("rain", "village", 0, 2, 0.0), ("stage", "village", 1, 3, 0.3333)]
    assert found["groups"][0]["last"] is None
    assert [each["sensor"] for each in found["silent"]] == ["rain-1", "rain-2", "river-3", "river-1"]
    assert found["silent"][0]["last"] is None


def test_status_as_a_table_and_the_silent_only_where_asked_for(tocsin: Tocsin, village: Recorded) -> None:
    ended = tocsin("sensors", "status", "--state", village.state)

    assert (ended.code, ended.err) == (0, "")
    assert "0\t2\t0%\train\tvillage\tnever" in ended.out
    assert "1 of 5 online" in ended.out
    assert "river-3" not in ended.out
    assert "rain-1\tnever" in tocsin("sensors", "status", "--state", village.state, "--silent").out


def test_status_without_a_snapshot_says_how_far_back_it_knows(
    tocsin: Tocsin, tmp_path: Path, now: int
) -> None:
    with recorded(tmp_path, now - 240 * MINUTE) as village:
        village.receive(239, report("river-2", now, 1.25))
        whole = tocsin("sensors", "status", "--state", tmp_path)
        ended = tocsin("sensors", "status", "--state", tmp_path, "--since", "1h")

    assert "1 of 5 online" in ended.out
    assert "what was heard before the last 1h is not known" in ended.err
    assert (whole.out, whole.err) == (ended.out, "")


@pytest.fixture
def strangers(tmp_path: Path) -> Path:
    """A state directory with two devices that could be adopted and one that could not."""
    (tmp_path / "state").mkdir()
    with Quarantine.open(tmp_path / "state" / "quarantine.db") as quarantine:
        topics = ("village/stage/river-9", "village/rain/rain-9", "village/rainn/odd-1")
        refused = [
            Rejected(
                n, Reason.UNREGISTERED, "unknown", f"tocsin/v1/{topic}/telemetry", b'{"t":1,"v":{"rain":1}}'
            )
            for n, topic in enumerate(topics)
        ]
        quarantine.add(5, SystemClock().now(), refused)
    return tmp_path / "state"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return write(tmp_path / "files", bundle())


def test_adopt_shows_what_it_would_add_and_writes_nothing(
    tocsin: Tocsin, strangers: Path, settings: Path
) -> None:
    ended = tocsin("sensors", "adopt", "--state", strangers, "--config", settings)

    assert ended.code == 1
    assert "rain-9\tvillage\train\t\train\t1\t" in ended.out
    assert "rain (not of stage)" in ended.out
    assert "no kind 'rainn': did you mean rain?" in ended.out
    assert "nothing written: with --write, 2 sensors would be added to" in ended.out
    assert settings.with_name("sensors.csv").read_text() == SENSORS


def test_adopt_says_in_chinese_what_it_would_add_and_what_keeps_the_others_out(
    tocsin: Tocsin, strangers: Path, settings: Path
) -> None:
    told = ("sensors", "adopt", "--state", strangers, "--config", settings, "--lang", "zh")

    ended, nowhere = tocsin(*told), tocsin(*told, "--into", "other.csv")

    assert "没有种类 'rainn'：是不是想写 rain？" in ended.out
    assert "rain（不属于 stage）" in ended.out
    assert "没有写入：加上 --write 会把 2 个传感器加到 " in ended.out
    assert "other.csv 不是传感器文件：用 --into 指明 " in nowhere.err


def test_what_is_adopted_is_registered_behind_the_others_and_the_file_stays_as_it_was_otherwise(
    tocsin: Tocsin, strangers: Path, settings: Path
) -> None:
    sensors = settings.with_name("sensors.csv")
    sensors.chmod(0o600)
    only = ("*/village/rain/*", "*/village/stage/*")

    ended = tocsin("sensors", "adopt", *only, "--state", strangers, "--config", settings, "--write")
    again = tocsin("sensors", "adopt", *only, "--state", strangers, "--config", settings, "--write")

    assert ended.code == 0
    assert sensors.read_text() == f"{SENSORS}rain-9,rain,village,,,,,\nriver-9,stage,village,,,,,\n"
    assert stat.S_IMODE(sensors.stat().st_mode) == 0o600
    assert "systemctl reload tocsin" in ended.out
    assert "7 sensors" in tocsin("check", settings).out
    assert again.code == 1
    assert again.out.count("stands in the files already: reload the daemon") == 2


def test_a_file_that_the_settings_do_not_name_is_refused(
    tocsin: Tocsin, strangers: Path, settings: Path
) -> None:
    ended = tocsin(
        "sensors", "adopt", "--state", strangers, "--config", settings, "--into", "others.csv", "--write"
    )  # fmt: skip

    assert ended.code == 1
    assert "others.csv is none of the files of sensors: say --into with one of sensors.csv" in ended.err


def test_a_file_that_could_not_be_read_with_the_new_lines_is_left_alone(
    tocsin: Tocsin, strangers: Path, settings: Path
) -> None:
    """Here the document has ended before they come."""
    odd = settings.with_name("sensors.yaml")
    entries = SENSORS.splitlines()[1:]
    lines = ["sensors:"]
    for entry in entries:
        id_, kind, zone, *_, site = entry.split(",")
        lines.append(
            f"- {{id: {id_}, kind: {kind}, zone: {zone}" + (", site: {warning_stage: 2 m}}" if site else "}")
        )
    odd.write_text("\n".join(lines) + "\n...\n")
    settings.write_text(settings.read_text().replace("sensors.csv", "sensors.yaml"))
    before = odd.read_text()

    ended = tocsin("sensors", "adopt", "*/rain/*", "--state", strangers, "--config", settings, "--write")

    assert ended.code == 1
    assert "sensors.yaml" in ended.err
    assert odd.read_text() == before


def test_quarantine_of_one_device_is_what_it_sent_or_what_names_it(tocsin: Tocsin, tmp_path: Path) -> None:
    with Quarantine.open(tmp_path / "quarantine.db") as quarantine:
        topics = (
            "tocsin/v1/a/smoke/s-1/telemetry",
            "tocsin/v1/a/gateway/gw/telemetry",
            "tocsin/v1/a/smoke/s-2/state",
        )
        details = ("no JSON", "'s-1', reported by gateway 'gw', is not in the registry", "no JSON")
        refused = [
            Rejected(n, Reason.MALFORMED, detail, topic, b"{")
            for n, (topic, detail) in enumerate(zip(topics, details, strict=True))
        ]
        quarantine.add(5, SystemClock().now(), refused)

    def shown(device: str) -> list[str]:
        ended = tocsin("quarantine", "--state", tmp_path, "--json", "--device", device)
        return [row["topic"] for row in json.loads(ended.out)["rows"]]

    assert shown("s-1") == [topics[1], topics[0]]
    assert shown("s-?") == list(reversed(topics))
    assert shown("gw") == [topics[1]]
    assert shown("s") == []


def test_quarantine_says_that_there_is_something_to_adopt(tocsin: Tocsin, strangers: Path) -> None:
    assert (
        "3 topics of no registered device: tocsin sensors adopt"
        in tocsin("quarantine", "--state", strangers).out
    )
