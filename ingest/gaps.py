"""Gaps: messages that a device numbered and that never arrived, counted in journal order.

Devices may number their messages (`seq`, and `boot`, which is another after a restart). The first number of a
device, of a boot, and after a leap of more than LEAP or a fall of 64 or more begins a new count: nothing is
known of what came before. A number among the newest 64 that was counted as missing and comes late is taken
back; one that came before is a repetition and counts for nothing. A device that starts again from 0 without
another `boot`, less than 64 numbers after the last time, looks like a repetition until it has passed that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.reading import Numbered
from ingest.registry import Registry
from ingest.registry.moves import Moves, is_still, slot_moves

# More than a device numbers in the longest outage anybody would ask about.
LEAP = 1_000_000
REMEMBERED = 64
LISTED = 20
NEVER = np.iinfo(np.int64).min

Longs = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]
Bits = npt.NDArray[np.uint64]
ONE = np.uint64(1)
ALL = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True)
class Gap:
    """How many messages of one sensor are missing."""

    sensor: str
    missing: int


@dataclass(frozen=True, slots=True)
class Missing:
    """So many `messages` of so many `sensors`; `worst` are the LISTED of which most is missing."""

    messages: int
    sensors: int
    worst: tuple[Gap, ...]


class Gaps:
    """`missing` by slot, and `marked`, what it was when `mark` was last called.

    `noticed` counts missing numbers over all sensors, `found` those of them that came late.
    """

    def __init__(self, registry: Registry) -> None:
        sensors = len(registry.sensors)
        self.noticed = 0
        self.found = 0
        self.missing = np.zeros(sensors, np.int64)
        self.marked = np.zeros(sensors, np.int64)
        self._registry = registry
        self._boot = np.zeros(sensors, np.int64)
        self._newest = np.full(sensors, NEVER, np.int64)
        # Bit n: newest - n has arrived, or lies before the count began.
        self._seen = np.full(sensors, ALL, np.uint64)

    def take(self, block: Numbered) -> None:
        """Count one block; blocks are to come in journal order, each once."""
        if not len(block.slot):
            return
        order = np.argsort(block.slot, kind="stable")
        slot, seq, boot = block.slot[order], block.seq[order], block.boot[order]
        first = np.diff(slot, prepend=-1) != 0
        self._step(slot[first], seq[first], boot[first])
        if not first.all():
            self._rest(slot, seq, boot, first)

    def mark(self) -> None:
        """From now on `since_mark` says what is missing beyond this."""
        self.marked = self.missing.copy()

    def all(self) -> Missing:
        """What is missing since the counts began."""
        return self._listed(self.missing)

    def since_mark(self) -> Missing:
        """What is missing since `mark`."""
        return self._listed(self.missing - self.marked)

    def _listed(self, missing: Longs) -> Missing:
        slots = np.flatnonzero(missing > 0)
        worst = slots[np.argsort(-missing[slots], kind="stable")[:LISTED]]
        named = (Gap(self._registry.sensors[slot].id, int(missing[slot])) for slot in worst)
        return Missing(int(missing[slots].sum()), len(slots), tuple(named))

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        """A copy of the state; `restore` takes it under the same registry."""
        return {
            "missing": self.missing.copy(),
            "marked": self.marked.copy(),
            "boot": self._boot.copy(),
            "newest": self._newest.copy(),
            "seen": self._seen.copy(),
            "totals": np.array([self.noticed, self.found], np.int64),
        }

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Continue from a snapshot; raises ValueError if it is of a registry of another size."""
        if state["missing"].shape != self.missing.shape:
            raise ValueError(f"gaps of {state['missing'].shape} sensors for {self.missing.shape}")
        self.missing = state["missing"].astype(np.int64)
        self.marked = state["marked"].astype(np.int64)
        self._boot = state["boot"].astype(np.int64)
        self._newest = state["newest"].astype(np.int64)
        self._seen = state["seen"].astype(np.uint64)
        self.noticed, self.found = map(int, state["totals"].tolist())

    def carry(self, registry: Registry) -> "Gaps":
        """The gaps under another registry: each sensor's count moves along by its id, the totals stay."""
        gaps = Gaps(registry)
        self.hand_over(gaps, slot_moves(self._registry, registry))
        return gaps

    def hand_over(self, gaps: "Gaps", moved: Moves) -> None:
        """As `carry`, into fresh ones; these must not be used any more."""
        gaps.noticed, gaps.found = self.noticed, self.found
        if is_still(moved, len(self.missing), len(gaps.missing)):
            gaps.missing, gaps.marked = self.missing, self.marked
            gaps._boot, gaps._newest, gaps._seen = self._boot, self._newest, self._seen
            return
        old, new = moved
        gaps.missing[new], gaps.marked[new] = self.missing[old], self.marked[old]
        gaps._boot[new], gaps._newest[new], gaps._seen[new] = (
            self._boot[old], self._newest[old], self._seen[old],
        )  # fmt: skip

    def _rest(self, slot: Longs, seq: Longs, boot: Longs, first: npt.NDArray[np.bool_]) -> None:
        """What follows a sensor's first message of a block; who only goes forward is done at once."""
        starts = np.flatnonzero(first)
        sizes = np.diff(starts, append=len(slot))
        before = np.roll(seq, 1)
        onward = (seq > before) & (seq - before <= LEAP) & (boot == self._boot[slot])
        # The first may have been a late one: then the second is no step from it.
        onward &= ~np.roll(first, 1) | (before == self._newest[slot])
        ascending = np.repeat(np.logical_and.reduceat(onward | first, starts), sizes)
        self._run(slot[ascending & ~first], seq[ascending & ~first])
        rank = np.arange(len(slot)) - np.repeat(starts, sizes)
        for turn in _turns(np.flatnonzero(~ascending & ~first), rank):
            self._step(slot[turn], seq[turn], boot[turn])

    def _step(self, slot: Longs, seq: Longs, boot: Longs) -> None:
        """One message each of distinct sensors."""
        newest = self._newest[slot]
        begins = (newest == NEVER) | (boot != self._boot[slot])
        # Who begins is ahead of nothing; NEVER is too far from everything for a difference.
        ahead = seq - np.where(begins, seq, newest)
        begins |= (ahead > LEAP) | (ahead <= -REMEMBERED)
        self._begin(slot[begins], seq[begins], boot[begins])
        onward = ~begins & (ahead > 0)
        self._go_on(slot[onward], seq[onward], ahead[onward], np.ones(int(onward.sum()), np.int64))
        late = ~begins & (ahead <= 0)
        self._fill(slot[late], -ahead[late])

    def _begin(self, slot: Longs, seq: Longs, boot: Longs) -> None:
        self._newest[slot], self._boot[slot], self._seen[slot] = seq, boot, ALL

    def _go_on(self, slot: Longs, newest: Longs, ahead: Longs, arrived: Longs) -> None:
        """Distinct sensors are `ahead` of where they were, and `arrived` of these numbers are there."""
        lost = ahead - arrived
        self.missing[slot] += lost
        self.noticed += int(lost.sum())
        self._newest[slot] = newest
        self._seen[slot] = np.where(ahead < REMEMBERED, _shifted(self._seen[slot], ahead), 0) | ONE

    def _fill(self, slot: Longs, behind: Longs) -> None:
        mark = ONE << behind.astype(np.uint64)
        hole = self._seen[slot] & mark == 0
        self._seen[slot] |= mark
        self.missing[slot[hole]] -= 1
        self.found += int(np.count_nonzero(hole))

    def _run(self, slot: Longs, seq: Longs) -> None:
        """Messages of sensors, each sensor's in a row and going forward from where it is."""
        if not len(slot):
            return
        starts = np.flatnonzero(np.diff(slot, prepend=-1))
        sizes = np.diff(starts, append=len(slot))
        sensor, last = slot[starts], seq[starts + sizes - 1]
        self._go_on(sensor, last, last - self._newest[sensor], sizes)
        behind = np.repeat(last, sizes) - seq
        marks = np.where(behind < REMEMBERED, _shifted(np.full(len(slot), ONE), behind), 0)
        self._seen[sensor] |= np.bitwise_or.reduceat(marks, starts)


def _shifted(bits: Bits, by: Longs) -> Bits:
    """`bits << by`; for 64 and more the result means nothing."""
    shifted: Bits = bits << (by % REMEMBERED).astype(np.uint64)
    return shifted


def _turns(rows: Indices, rank: Indices) -> list[Indices]:
    """`rows` by rank: one message of each sensor at a time, each after all that came before it."""
    ordered = rows[np.argsort(rank[rows], kind="stable")]
    return np.split(ordered, np.cumsum(np.bincount(rank[rows]))[:-1])
