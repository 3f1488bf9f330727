"""Kills under load: when they come, what is told of a start, and what a run shows."""

import io
import json
from dataclasses import replace

import msgspec
from rich.console import Console

from bench.machine import Machine
from bench.recovery import EARLIEST, LATEST, Kills, told
from bench.recovery_figures import Kept, Recovery, Round, encode, show

KILLED = 1_764_448_000.0
LOG = [
    {
        "event": "serving",
        "seconds": {"program": 0.9, "sensors": 1.5},
        "cpu": 2.4,
        "timestamp": "2025-11-29T20:26:44Z",
    },
    {"event": "recovered", "entries": 40, "timestamp": "2025-11-29T20:26:46Z"},
    {"event": "started", "seconds": {"program": 0.9, "sensors": 1.5, "replay": 2.5}, "cpu": 4.7},
    {"event": "broker connected", "session_present": True, "timestamp": "2025-11-29T20:26:47.500000Z"},
    {"event": "broker connected", "session_present": True, "timestamp": "2025-11-29T20:27:30Z"},
]
KEPT = Kept(published=900, journaled=910, lost=0, again=10, foreign=0, unjudged=0, raising=4, unraised=0)


def round_(ready: float, caught_up: float | None) -> Round:
    phases = {"program": 1.0, "replay": ready / 2}
    return Round(
        ready=ready,
        phases=phases,
        cpu=(2.0, 4.0),
        entries=12,
        connected=ready,
        backlog=3_456,
        caught_up=caught_up,
    )


def recovery(kept: Kept = KEPT) -> Recovery:
    rounds = [round_(6.0, 9.0), round_(7.5, 11.0), round_(9.25, None)]
    machine = Machine("a processor", 2, 8 * 2**30, "6.1", "3.11.7", "ext4", 0.4)
    return Recovery(
        machine=machine, sensors=5_000, rate=500.0, rules="all shipped rules", rounds=rounds, kept=kept
    )


def test_each_round_has_one_kill_that_leaves_time_to_catch_up() -> None:
    kills = Kills(rounds=50, seconds=60, warm=100, seed=3)
    within = [(instant - 100) / 60 % 1 for instant in kills.instants()]

    assert [int((instant - 100) // 60) for instant in kills.instants()] == list(range(50))
    assert EARLIEST <= min(within) < max(within) <= LATEST
    assert len(set(within)) == 50
    assert list(kills.instants()) == list(kills.instants())
    assert list(kills.instants()) != list(Kills(rounds=50, seconds=60, warm=100, seed=4).instants())
    assert kills.length == 3_100


def test_a_start_is_told_by_its_log() -> None:
    log = b"".join(msgspec.json.encode(line) + b"\n" for line in LOG)
    found = told(log, KILLED, 7.0, 120, 9.5)

    assert found.phases == {"program": 0.9, "sensors": 1.5, "replay": 2.5}
    assert found.cpu == (2.4, 4.7)
    # Of two connections the first one counts.
    assert (found.entries, found.connected) == (40, 7.5)
    assert (found.ready, found.backlog, found.caught_up) == (7.0, 120, 9.5)


def test_a_run_shows_median_and_maximum() -> None:
    text = io.StringIO()
    show(recovery(), Console(file=text, width=120))
    rows = {line.split(",")[0].strip(): line.split()[-2:] for line in text.getvalue().splitlines() if line}

    assert rows["ready"] == ["7.50", "9.25"]
    assert rows["replay"] == ["3.75", "4.62"]
    # One of three had not caught up: the others count.
    assert rows["caught up"] == ["9.00", "11.00"]
    assert "not before the next kill" in text.getvalue()


def test_a_run_as_json_reads_back() -> None:
    assert msgspec.json.decode(encode(recovery()), type=Recovery) == recovery()
    assert json.loads(encode(recovery()))["rounds"][2]["caught_up"] is None


def test_a_message_that_came_again_is_no_loss_and_everything_else_is() -> None:
    assert KEPT.complete
    for name in ("lost", "foreign", "unjudged", "unraised"):
        assert not replace(KEPT, **{name: 1}).complete
