"""Rings of instantaneous values: every report, or cells when a window holds many (semantics, part 4)."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from rules.engine.ring import NEVER, Flags, Longs, Rows, Slots

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.generic]]

WIDEST_REACH = 2**31 - 1


class Report(NamedTuple):
    """One report, or several as one: the newest at `stamp`, the oldest `reach` ms before it.

    `last` is the value at `stamp`, `high` and `low` the extremes; values are counts of the resolution.
    """

    stamp: int
    reach: int
    high: int
    low: int
    last: int
    flags: int


class ReportRing:
    """Ring of one metric. `cell` is the width of a cell in ms, 0 to keep every report.

    What is older than `span` before the newest may go; when nothing is, neighbours closer than two `step`
    become one entry, so that a device faster than registered is counted longer, never lost.
    """

    def __init__(self, sensors: int, span: int, step: int, cell: int, wide: bool) -> None:
        number = np.int64 if wide else np.int32
        self.span, self.step, self.cell = span, step, cell
        capacity = max(-(-span // max(step, cell, 1)) + 2, 8)
        fields = {"stamp": np.int64, "reach": np.int32, "high": number, "low": number, "last": number}
        self.rows = Rows(sensors, capacity, fields | {"flags": np.uint8})

    def append(self, slots: Slots, stamp: Longs, value: Longs, flags: Flags) -> None:
        """One newest report for each of distinct sensors."""
        ring = self.rows
        rows = ring.claim(slots)
        first, following = ring.first[rows], ring.next[rows]
        merged = self._into_cell(rows, stamp, value, flags) if self.cell else np.zeros(len(slots), np.bool_)
        full = (following - first == ring.capacity) & ~merged
        if full.any():
            expired = ring.fields["stamp"][rows, first % ring.capacity] <= stamp - self.span
            ring.first[rows[full & expired]] += 1
            for k in np.flatnonzero(full & ~expired).tolist():
                self.insert(int(slots[k]), _single(stamp[k], value[k], flags[k]))
                merged[k] = True
        plain = ~merged
        rows, at = rows[plain], following[plain] % ring.capacity
        ring.fields["stamp"][rows, at] = stamp[plain]
        ring.fields["reach"][rows, at] = 0
        for name in ("high", "low", "last"):
            ring.fields[name][rows, at] = value[plain]
        ring.fields["flags"][rows, at] = flags[plain]
        ring.next[rows] += 1

    def _into_cell(
        self, rows: npt.NDArray[np.int32], stamp: Longs, value: Longs, flags: Flags
    ) -> npt.NDArray[np.bool_]:
        """Add the reports whose cell is that of the newest entry to it; which ones they were."""
        ring, field = self.rows, self.rows.fields
        last = (ring.next[rows] - 1) % ring.capacity
        newest = field["stamp"][rows, last]
        same: npt.NDArray[np.bool_] = (ring.next[rows] > ring.first[rows]) & (
            newest // self.cell == stamp // self.cell
        )
        rows, last, value = rows[same], last[same], value[same]
        field["reach"][rows, last] += (stamp - newest)[same].astype(np.int32)
        field["stamp"][rows, last] = stamp[same]
        field["high"][rows, last] = np.maximum(field["high"][rows, last], value)
        field["low"][rows, last] = np.minimum(field["low"][rows, last], value)
        field["last"][rows, last] = value
        field["flags"][rows, last] |= flags[same]
        return same

    def insert(self, slot: int, report: Report) -> bool:
        """Put one report where it belongs; False if it is older than a full ring."""
        entries = self.entries(slot)
        full = len(entries) == self.rows.capacity
        if full and report.stamp < entries[0].stamp:
            return False
        if not self._joined(entries, report):
            place = sum(entry.stamp <= report.stamp for entry in entries)
            entries.insert(place, report)
        if len(entries) > self.rows.capacity:
            self._shrink(entries)
        self.rows.rewrite(slot, list(entries))
        return True

    def _joined(self, entries: list[Report], report: Report) -> bool:
        for k, entry in enumerate(entries if self.cell else []):
            if entry.stamp // self.cell == report.stamp // self.cell:
                pair = (entry, report) if entry.stamp <= report.stamp else (report, entry)
                entries[k] = _as_one(*pair)
                return True
        return False

    def _shrink(self, entries: list[Report]) -> None:
        """Make one entry less: the oldest goes if no window needs it, else two neighbours become one."""
        if entries[0].stamp <= entries[-1].stamp - self.span:
            del entries[0]
            return
        close = (
            k
            for k in range(len(entries) - 1)
            if entries[k + 1].stamp - entries[k].stamp + entries[k].reach <= 2 * max(self.step, self.cell)
        )
        k = next(close, 0)
        entries[k : k + 2] = [_as_one(entries[k], entries[k + 1])]

    def entries(self, slot: int) -> list[Report]:
        """The entries of one sensor, oldest first."""
        return [Report(*entry) for entry in self.rows.entries(slot)]

    def extremes(self, slots: Slots, width: int) -> tuple[Longs, Longs, npt.NDArray[np.bool_]]:
        """Highest and lowest in the window that ends at each sensor's newest report; which have any."""
        ring = self.rows
        known = ring.row[slots] >= 0
        rows = np.where(known, ring.row[slots], 0)
        if not ring.used:
            return np.zeros(len(slots), np.int64), np.zeros(len(slots), np.int64), known
        at = np.arange(ring.capacity)
        age = (ring.next[rows, None] - 1 - at) % ring.capacity
        kept = age < (ring.next[rows] - ring.first[rows])[:, None]
        stamps = ring.fields["stamp"][rows]
        newest = np.where(kept, stamps, NEVER).max(axis=1)
        inside = kept & (stamps > newest[:, None] - width)
        high = np.where(inside, ring.fields["high"][rows], np.int64(NEVER)).max(axis=1)
        low = np.where(inside, ring.fields["low"][rows], np.int64(-NEVER)).min(axis=1)
        return high, low, known & inside.any(axis=1)

    @property
    def shape(self) -> tuple[int, ...]:
        """Rings of one shape keep the same reports."""
        return (self.rows.capacity, self.span, self.step, self.cell)

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        return self.rows.snapshot()

    def restore(self, state: Arrays) -> None:
        self.rows.restore(state)


def _single(stamp: int, value: int, flags: int) -> Report:
    return Report(int(stamp), 0, int(value), int(value), int(value), int(flags))


def _as_one(older: Report, newer: Report) -> Report:
    reach = max(newer.reach, newer.stamp - older.stamp + older.reach)
    return Report(
        newer.stamp,
        min(reach, WIDEST_REACH),
        max(older.high, newer.high),
        min(older.low, newer.low),
        newer.last,
        older.flags | newer.flags,
    )
