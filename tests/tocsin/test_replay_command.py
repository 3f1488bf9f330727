"""`tocsin replay` of a state directory: what the daemon said, by the rules in force or by others."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.outbox.reader import OutboxReader
from rules.transition import iso, line
from tests.tocsin.program import Tocsin, program
from tests.tocsin.test_daemon_process import THRESHOLD, station, stop, until
from tests.tocsin.test_duty_process import man
from tests.tocsin.test_duty_process import tocsin as beside
from tests.tocsin.test_recorded import NEW, STAGES, flood, journaled, load_from
from tests.tocsin.village import RULES, START, write
from tocsin.recorded import JournalRecord, Rerun


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A flood through a change of the rules."""
    journaled(tmp_path / "state", flood())
    return tmp_path / "state"


def told(state: Path) -> list[bytes]:
    """What the outbox of a daemon holds."""
    outbox = OutboxReader.reading(state / "outbox.db")
    found = [line(transition) for _, transition in outbox.transitions()]
    outbox.close()
    return found


def grades(out: str) -> list[str]:
    return [str(json.loads(each)["to"]) for each in out.splitlines()]


def files(state: Path) -> dict[str, bytes]:
    """What is kept there, but for what SQLite has beside a database that is read, and columns."""
    left_out = {".db-shm", ".db-wal", ".columns"}
    kept = (path for path in state.rglob("*") if path.is_file() and path.suffix not in left_out)
    return {str(path.relative_to(state)): path.read_bytes() for path in kept}


async def test_the_journal_of_a_daemon_that_was_reloaded_killed_and_talked_to_says_what_it_said(
    tmp_path: Path,
) -> None:
    async with station(tmp_path) as at:
        man(at)
        await at.daemon.start()
        await at.daemon.ready()
        await at.report("s-1", 0.02, 0.21)
        await until(lambda: len(told(at.daemon.state)) == 1)
        raised = await beside(at, "raise", "--zone", "old-town", "--hazard", "fire", "--grade", "yellow",
                              "--zh", "浓烟", "--en", "Smoke seen")  # fmt: skip
        rules = at.rules.read_text("utf-8")
        at.rules.write_text(rules.replace(THRESHOLD, "yellow: smoke >= 0.05 dB/m"), "utf-8")
        await at.daemon.signal(signal.SIGHUP)
        await at.report("s-2", 0.1)
        await until(lambda: any(b'"s-2"' in each for each in told(at.daemon.state)))
        await at.daemon.signal(signal.SIGKILL)
        await at.daemon.start()
        await at.daemon.ready()
        await at.report("s-3", 0.5)
        await until(lambda: any(b'"s-3"' in each for each in told(at.daemon.state)))
        running = await replayed(at.daemon.state)
        assert await stop(at) == 0

    assert raised.code == 0, raised.err
    assert running == told(at.daemon.state)


async def replayed(state: Path) -> list[bytes]:
    """The lines of `tocsin replay` of a state directory whose daemon runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin", "replay", str(state), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out.splitlines()


def test_it_says_what_a_rerun_says_the_same_every_time_and_leaves_the_journal_as_it_was(
    tocsin: Tocsin, state: Path
) -> None:
    rerun = Rerun(JournalRecord(state), load_from(state))
    expected = [line(t).decode() for found in rerun for t in found.transitions]
    before = files(state)

    first, second = tocsin("replay", state), tocsin("replay", state)

    assert (first.code, first.out.splitlines()) == (0, expected)
    assert first.out == second.out != ""
    assert files(state) == before
    assert f"{len(STAGES)} readings in " in first.err


def test_other_rules_stand_in_the_place_of_those_of_every_bundle(
    tocsin: Tocsin, state: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "river.yaml").write_text(RULES.replace("stage >= 4 m", "stage >= 100 m"), "utf-8")

    assert "red" in grades(tocsin("replay", state).out)
    assert "red" not in grades(tocsin("replay", state, "--rules", rules).out)


def test_a_period_is_judged_as_if_all_before_it_had_been(tocsin: Tocsin, state: Path) -> None:
    begin, end = iso(START + 35 * MINUTE), iso(START + HOUR)
    whole = tocsin("replay", state).out.splitlines()

    part = tocsin("replay", state, "--from", begin, "--to", end)

    assert part.out.splitlines() == [each for each in whole if begin <= json.loads(each)["at"] <= end] != []


def test_without_a_warm_up_what_stood_before_is_not_known(tocsin: Tocsin, state: Path) -> None:
    """At the beginning the river stands above blue already; with what lies before it was raised earlier."""
    begin = iso(START + 25 * MINUTE)

    cold = tocsin("replay", state, "--from", begin, "--warm-up", "1ms")
    warm = tocsin("replay", state, "--from", begin, "--warm-up", "1h")

    assert json.loads(cold.out.splitlines()[0])["from"] is None
    assert json.loads(warm.out.splitlines()[0])["from"] is not None


def test_readings_are_judged_by_the_settings_file_or_by_what_was_applied_last(
    tocsin: Tocsin, state: Path, tmp_path: Path
) -> None:
    """What was applied last is red from 3.5 m on."""
    csv = tmp_path / "river.csv"
    rows = [f"{START + n * 5 * MINUTE},river-1,stage,{stage}\n" for n, stage in enumerate(STAGES[:8])]
    csv.write_text("time,sensor,metric,value\n" + "".join(rows))
    strict = write(tmp_path / "strict", NEW)

    applied = tocsin("replay", csv, "--state", state)
    by_file = tocsin("replay", csv, "--config", strict)

    assert applied.out == by_file.out
    assert grades(applied.out)[-1] == "red"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (lambda state: [state, state], "one state directory, or CSV files"),
        (lambda state: [state, "--sensors", "sensors.csv"], "go with CSV"),
        (lambda state: [state.parent], "is no state directory"),
        (lambda _: ["a.csv", "--sensors", "sensors.csv"], "--sensors goes with --rules"),
        (lambda _: ["a.csv", "--zones", "zones.geojson"], "go with --sensors"),
        (lambda state: [state, "--warm-up", "1h"], "give that, too"),
        (lambda state: [state, "--from", "2h", "--warm-up", "long"], "is no duration"),
    ],
)
def test_what_does_not_go_together_is_a_mistake_of_usage(
    tocsin: Tocsin, state: Path, arguments: Callable[[Path], list[str | Path]], reason: str
) -> None:
    ended = tocsin("replay", *arguments(state))

    assert ended.code == 2
    assert reason in " ".join(ended.err.replace("│", " ").split())


def test_an_empty_journal_is_a_finding(tocsin: Tocsin, tmp_path: Path) -> None:
    journaled(tmp_path, [])
    (tmp_path / "bundles" / "applied").write_text("")

    ended = tocsin("replay", tmp_path)

    assert ended.code == 1
    assert "its journal is empty" in ended.err
