"""Blind time (D31, S22): Tocsin was down or cut off, and does not take that for silence of the sensors."""

import numpy as np
import pytest

from ingest.clock import MINUTE, SECOND
from rules.engine import Engine
from tests.rules.town import KINDS, Town, at, rule, sensor

LEAK = rule("electrical", {"yellow": "leakage >= 300 mA"}, sustain=60 * SECOND)
FAST = sensor("e", "electrical", 10 * SECOND)


def killed_at(instant: str, town: Town) -> None:
    """The engine is gone; another takes over its state."""
    state = town.engine.snapshot()
    town.engine = Engine(KINDS, town.registry, (LEAK,))
    town.engine.restore({k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in state.items()})


def blind(town: Town, since: str, until: str) -> None:
    town.transitions += town.engine.blind(at(since), at(until))
    town.transitions += town.engine.sighted(at(until))


@pytest.fixture
def sustaining() -> Town:
    """True from 10:00:00, killed at 10:00:25."""
    town = Town([LEAK], FAST)
    town.every(10 * SECOND, "10:00", [310, 310, 310])
    killed_at("10:00:25", town)
    return town


def test_s22a_queued_readings_complete_a_sustain_as_without_the_crash(sustaining: Town) -> None:
    blind(sustaining, "10:00:25", "10:00:50")
    for stamp in ("10:00:30", "10:00:40", "10:00:50"):
        sustaining.send(stamp, 310, received="10:00:51")

    sustaining.send("10:01:00", 310)

    assert sustaining.lines == ["10:01 none>yellow"]


def test_s22b_a_queued_reading_breaks_a_sustain_that_fell_due_in_blind_time(sustaining: Town) -> None:
    blind(sustaining, "10:00:25", "10:05")
    for stamp in ("10:00:30", "10:00:40", "10:05"):
        sustaining.send(stamp, 20, received="10:05:01")

    sustaining.until("10:30")

    assert sustaining.lines == []


def test_s22c_a_sustain_that_fell_due_fires_30_seconds_after_blind_time(sustaining: Town) -> None:
    blind(sustaining, "10:00:25", "10:05")

    sustaining.until("10:30")

    assert sustaining.lines == ["10:05:30 none>yellow"]


def test_nothing_falls_due_while_blind(sustaining: Town) -> None:
    sustaining.transitions += sustaining.engine.blind(at("10:00:25"), at("10:00:40"))

    sustaining.until("11:00")

    assert sustaining.engine.due is None
    assert sustaining.lines == []


def test_the_first_reading_ends_blind_time(sustaining: Town) -> None:
    sustaining.transitions += sustaining.engine.blind(at("10:00:25"), at("10:00:40"))

    sustaining.send("10:05", 310)

    assert sustaining.lines == ["10:05 none>yellow"]


def test_of_successive_beginnings_the_first_counts(sustaining: Town) -> None:
    sustaining.engine.blind(at("10:00:25"), at("10:00:40"))
    sustaining.engine.blind(at("10:03"), at("10:04"))

    sustaining.transitions += sustaining.engine.sighted(at("10:05"))
    sustaining.until("10:30")

    assert sustaining.lines == ["10:05:30 none>yellow"]


RELEASING = rule("electrical", {"yellow": "leakage >= 300 mA"}, after=10 * MINUTE)


def test_a_release_run_stands_still_and_goes_on_one_interval_later() -> None:
    town = Town([RELEASING], sensor("e", "electrical", MINUTE))
    town.every(MINUTE, "10:00", [320, 100, 100])
    blind(town, "10:02:30", "10:32:30")

    town.every(MINUTE, "10:33", [100] * 30)

    assert town.lines == ["10:00 none>yellow", "10:42 yellow>none"]


def test_blind_time_is_no_silence() -> None:
    town = Town([RELEASING], sensor("e", "electrical", MINUTE))
    town.every(MINUTE, "10:00", [320, 100])
    town.transitions += town.engine.blind(at("10:01:30"), at("12:00"))
    town.transitions += town.engine.sighted(at("12:00"))

    town.until("12:00:30")
    [warning] = town.engine.warnings()

    assert not warning.blind


def test_an_open_blind_time_survives_a_snapshot(sustaining: Town) -> None:
    sustaining.transitions += sustaining.engine.blind(at("10:00:25"), at("10:00:40"))
    killed_at("10:03", sustaining)

    sustaining.transitions += sustaining.engine.sighted(at("10:05"))
    sustaining.until("11:00")

    assert sustaining.lines == ["10:05:30 none>yellow"]
