"""Snapshots: complete, and of the engine's state alone. (That a restart changes nothing is a property
test of its own.)"""

import numpy as np

from ingest.clock import HOUR, MINUTE, SECOND
from rules.engine import Engine
from tests.rules.town import KINDS, Town, at, rule, sensor

STORM = rule("rain", {"orange": "sum(rain, 3h) >= 50 mm"}, margin="20 %", after=HOUR)
FIRE = rule("smoke", {"yellow": "smoke >= 0.15 dB/m", "red": "sustained(smoke >= 0.15 dB/m, 60s)"}, name="f")


def wet_town() -> Town:
    town = Town([STORM, FIRE], sensor("g", "rain", 5 * MINUTE), sensor("s", "smoke", 10 * SECOND))
    town.every(5 * MINUTE, "09:05", [1.4] * 36)
    town.send("12:00:30", "0.2", sensor="s", metric="smoke")
    return town


def test_a_restored_engine_goes_on_with_open_warnings_deadlines_and_totals() -> None:
    town = wet_town()
    engine = Engine(KINDS, town.registry, (STORM, FIRE))
    engine.restore(town.engine.snapshot())

    assert engine.warnings() == town.engine.warnings()
    assert engine.due == town.engine.due == at("12:01:30")
    assert engine.advance_to(at("12:02")) == town.engine.advance_to(at("12:02")) != []
    assert all(
        np.array_equal(a, b)
        for a, b in zip(engine.snapshot().values(), town.engine.snapshot().values(), strict=True)
    )


def test_a_snapshot_holds_plain_arrays_and_bytes() -> None:
    state = wet_town().engine.snapshot()

    assert all(isinstance(value, bytes) or value.dtype.kind in "biu" for value in state.values())


def test_memory_is_reported_by_kind_and_rule() -> None:
    sizes = wet_town().engine.memory()

    assert sizes.keys() == {
        *("rain/newest", "rain/rings", "smoke/newest", "smoke/rings"),
        *("rule r", "rule f"),
    }
    assert all(size > 0 for size in sizes.values())
