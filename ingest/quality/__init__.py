"""Quality before judgement: what a single reading cannot show, in journal order.

Doubtful values are marked, never dropped: what they raise goes to a person, what they deny is not believed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds
from ingest.quality.counters import Counters
from ingest.quality.neighbours import Neighbours
from ingest.quality.places import Indices, Places
from ingest.quality.slow_clock import SlowClocks
from ingest.quality.steps import Steps
from ingest.quality.stuck import Stuck
from ingest.reading import Quality, Readings
from ingest.registry import Registry
from ingest.registry.moves import Moves, is_still, slot_moves

Arrays = dict[str, npt.NDArray[np.generic]]
EVERYWHERE = slice(None), slice(None)
FLAGS = ("clock", "counter", "out_of_order", "step", "stuck", "neighbour")


class Check(Protocol):
    """One check of marked metrics; `arrays` are its memory itself, by place."""

    places: Places

    @property
    def arrays(self) -> Arrays: ...

    def doubtful(self, readings: Readings, rows: Indices) -> Indices:
        """Which of the rows, all of the check's metrics, are doubtful; all of them are remembered."""
        ...


class QualityControl:
    """The checks over all sensors, with what they remember; `flags` counts the values marked, by reason.

    `clock`: received instead of the stamp, `counter`: doubtful amounts, `out_of_order`: counter reports
    behind a newer one, which have no part in anything; `step`, `stuck` and `neighbour` as in `Quality`.
    However a stream is cut into blocks, the same comes out.
    """

    def __init__(self, kinds: Kinds, registry: Registry) -> None:
        self.flags = dict.fromkeys(FLAGS, 0)
        self._registry = registry
        self._clocks = SlowClocks(registry)
        self._counters = Counters(kinds, registry)
        self._checks: dict[str, tuple[Quality, Check]] = {
            "step": (Quality.STEP, Steps(kinds, registry)),
            "stuck": (Quality.STUCK, Stuck(kinds, registry)),
            "neighbour": (Quality.NEIGHBOUR, Neighbours(kinds, registry)),
        }
        self._any = np.logical_or.reduce([check.places.has for _, check in self._checks.values()])

    def check(self, readings: Readings) -> Readings:
        """The readings as they may be judged; blocks are to come in journal order, each once, screened."""
        if not len(readings):
            return readings
        readings = self._clocks.correct(readings)
        self.flags["clock"] += int(np.count_nonzero(readings.quality & np.uint8(Quality.CLOCK)))
        if self._counters.places.has[readings.column].any():
            derived = self._counters.derive(readings)
            self.flags["counter"] += derived.doubtful
            self.flags["out_of_order"] += derived.out_of_order
            readings = derived.readings
        return self._marked(readings) if self._any[readings.column].any() else readings

    def _marked(self, readings: Readings) -> Readings:
        quality = readings.quality.copy()
        for name, (bit, check) in self._checks.items():
            rows = np.flatnonzero(check.places.has[readings.column])
            if len(rows):
                doubtful = check.doubtful(readings, rows)
                quality[doubtful] |= np.uint8(bit | Quality.SUSPECT)
                self.flags[name] += len(doubtful)
        return replace(readings, quality=quality)

    def snapshot(self) -> Arrays:
        """The state itself, to be copied; `restore` takes it under the same kinds and registry."""
        state = self._memory()
        state["flags"] = np.array([self.flags[name] for name in FLAGS], np.int64)
        return state

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Continue from a snapshot; raises ValueError if it is of other kinds or another registry."""
        memory = self._memory()
        for name, array in memory.items():
            if state[name].shape != array.shape:
                raise ValueError(f"snapshot of {state[name].shape} for {array.shape} places in {name!r}")
            array[:] = state[name]
        self.flags = dict(zip(FLAGS, map(int, state["flags"].tolist()), strict=True))

    def carry(self, kinds: Kinds, registry: Registry) -> "QualityControl":
        """The control for other kinds or another registry: a sensor's memory moves along by its id."""
        later = QualityControl(kinds, registry)
        self.hand_over(later, slot_moves(self._registry, registry))
        return later

    def hand_over(self, later: "QualityControl", moved: Moves) -> None:
        """As `carry`, into a fresh one."""
        later.flags = dict(self.flags)
        still = is_still(moved, len(self._registry.sensors), len(later._registry.sensors))
        _move(self._clocks.arrays, later._clocks.arrays, EVERYWHERE if still else moved)
        for old, new in zip(self._parts().values(), later._parts().values(), strict=True):
            whole = still and old.places.is_as(new.places)
            _move(old.arrays, new.arrays, EVERYWHERE if whole else old.places.moves(new.places, moved))

    def _parts(self) -> dict[str, "Counters | Check"]:
        return {"counters": self._counters, **{name: check for name, (_, check) in self._checks.items()}}

    def _memory(self) -> Arrays:
        """What all parts remember: the arrays themselves, by part and name."""
        arrays = {"clocks": self._clocks.arrays} | {n: part.arrays for n, part in self._parts().items()}
        return {f"{part}.{name}": array for part, of in arrays.items() for name, array in of.items()}


def _move(old: Arrays, new: Arrays, moves: Moves | tuple[slice, slice]) -> None:
    before, after = moves
    for name, array in old.items():
        new[name][after] = array[before]
