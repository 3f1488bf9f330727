"""Rings of instantaneous values: every report, or cells when a window holds many (semantics, part 4)."""

from collections.abc import Mapping, Set
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rules.engine.nodes import Check
from rules.engine.report import Report, as_one, single
from rules.engine.ring import NEVER, Flags, Longs, Rows, Slots
from rules.engine.windows import Windows

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.generic]]

# Extremes and sums are kept where a rule asks for these functions.
OF_EXTREMES = frozenset({"max", "min", "rise", "fall", "stuck"})
OF_SUMS = frozenset({"mean"})


class ReportRing:
    """Ring of one metric. `cell` is the width of a cell in ms, 0 to keep every report.

    What is older than `span` before the newest may go; when nothing is, neighbours closer than two `step`
    become one entry, so that a device faster than registered is counted longer, never lost. `functions` are
    those that rules ask of it; with `wide` values need 64 bits.
    """

    def __init__(
        self,
        sensors: int,
        span: int,
        step: int,
        cell: int,
        functions: Set[str] = frozenset(),
        *,
        wide: bool = False,
    ) -> None:
        self.span, self.step, self.cell = span, step, cell
        self.extreme, self.summed = bool(OF_EXTREMES & functions), bool(OF_SUMS & functions)
        # Each sensor's last report that another value followed, where somebody asks what is stuck: its stamp,
        # which a restart learns again.
        self._moved = np.full(sensors, NEVER) if "stuck" in functions else None
        self.counted: list[Check] = []
        capacity = max(-(-span // max(step, cell, 1)) + 2, 8)
        number = np.int64 if wide else np.int32
        fields: dict[str, npt.DTypeLike] = {"stamp": np.int64, "reach": np.int32, "last": number}
        fields["flags"] = np.uint8
        if self.extreme:
            fields |= {"high": number, "low": number}
        if self.summed:
            fields |= {"others": np.int32, "rest": np.int64}
        self.rows = Rows(sensors, capacity, fields)

    def watch(self, counted: Check) -> None:
        """Count from now on of how many reports a comparison is true; before the first report."""
        if counted.key not in [check.key for check in self.counted]:
            assert not self.rows.used, "a comparison must be known before reports are counted"
            name = f"hits {len(self.counted)}"
            self.rows.fields[name] = np.zeros((0, self.rows.capacity), np.int32)
            self.counted.append(counted)

    def append(self, slots: Slots, stamp: Longs, value: Longs, flags: Flags) -> None:
        """One newest report for each of distinct sensors."""
        ring = self.rows
        rows = ring.claim(slots)
        values: dict[str, npt.NDArray[Any]] = {"stamp": stamp, "last": value, "flags": flags}
        values |= {"high": value, "low": value}
        values |= {f"hits {k}": check.holds(value, slots) for k, check in enumerate(self.counted)}
        first, following = ring.first[rows], ring.next[rows]
        begin = rows.astype(np.int64) * ring.capacity
        newest, empty = begin + (following - 1) % ring.capacity, following == first
        if self._moved is not None:
            other = (ring.flat("last")[newest] != value) & ~empty
            self._moved[slots[other]] = ring.flat("stamp")[newest[other]]
        merged = np.zeros(len(slots), np.bool_)
        if self.cell:
            merged = (ring.flat("stamp")[newest] // self.cell == stamp // self.cell) & ~empty
            self._into_cell(newest[merged], {name: array[merged] for name, array in values.items()})
        full = (following - first == ring.capacity) & ~merged
        if full.any():
            oldest = ring.flat("stamp")[begin + first % ring.capacity]
            self._make_room(rows, full, oldest <= stamp - self.span, (slots, values), merged)
        at = begin + following % ring.capacity
        if merged.any():
            plain = ~merged
            rows, following, at = rows[plain], following[plain], at[plain]
            values = {name: array[plain] for name, array in values.items()}
        for name in ring.fields:
            ring.flat(name)[at] = values.get(name, 0)
        ring.next[rows] = following + 1

    def have_moved(self, slots: Slots, edge: Longs) -> npt.NDArray[np.bool_]:
        """Of which sensors two reports later than `edge` are known to differ; where `stuck` is asked for."""
        assert self._moved is not None, "nobody asked what is stuck"
        moved: npt.NDArray[np.bool_] = self._moved[slots] > edge
        return moved

    def _make_room(
        self,
        rows: npt.NDArray[np.int32],
        full: npt.NDArray[np.bool_],
        expired: npt.NDArray[np.bool_],
        reports: tuple[Slots, Mapping[str, npt.NDArray[Any]]],
        merged: npt.NDArray[np.bool_],
    ) -> None:
        """Full rings let their oldest go where no window needs it; else they merge the report, marked so."""
        slots, values = reports
        self.rows.first[rows[full & expired]] += 1
        for k in (full & ~expired).nonzero()[0].tolist():
            self.insert(int(slots[k]), single(values["stamp"][k], values["last"][k], values["flags"][k]))
            merged[k] = True

    def _into_cell(self, at: Longs, values: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add reports to the newest entries, `at` these places, whose cells are theirs."""
        flat, value = self.rows.flat, values["last"]
        flat("reach")[at] += (values["stamp"] - flat("stamp")[at]).astype(np.int32)
        flat("stamp")[at] = values["stamp"]
        if self.extreme:
            flat("high")[at] = np.maximum(flat("high")[at], value)
            flat("low")[at] = np.minimum(flat("low")[at], value)
        if self.summed:
            flat("rest")[at] += flat("last")[at]
            flat("others")[at] += 1
        for k in range(len(self.counted)):
            flat(f"hits {k}")[at] += values[f"hits {k}"]
        flat("last")[at] = value
        flat("flags")[at] |= values["flags"]

    def insert(self, slot: int, report: Report) -> bool:
        """Put one report where it belongs; False if it is older than a full ring."""
        entries = self.entries(slot)
        full = len(entries) == self.rows.capacity
        if full and report.stamp < entries[0].stamp:
            return False
        if not self._joined(slot, entries, report):
            place = sum(entry.stamp <= report.stamp for entry in entries)
            entries.insert(place, report)
        if len(entries) > self.rows.capacity:
            self._shrink(slot, entries)
        self.rows.rewrite(slot, [self._fields_of(slot, entry) for entry in entries])
        return True

    def _joined(self, slot: int, entries: list[Report], report: Report) -> bool:
        for k, entry in enumerate(entries if self.cell else []):
            if entry.stamp // self.cell == report.stamp // self.cell:
                pair = (entry, report) if entry.stamp <= report.stamp else (report, entry)
                entries[k] = self._as_one(slot, *pair)
                return True
        return False

    def _as_one(self, slot: int, older: Report, newer: Report) -> Report:
        """Two entries as one, of which every report is counted."""
        hits = [(c.key, older.hits_of(c, slot) + newer.hits_of(c, slot)) for c in self.counted]
        return as_one(older, newer, tuple(hits))

    def _shrink(self, slot: int, entries: list[Report]) -> None:
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
        entries[k : k + 2] = [self._as_one(slot, entries[k], entries[k + 1])]

    def entries(self, slot: int) -> list[Report]:
        """The entries of one sensor, oldest first."""
        return [self._report(entry) for entry in self.rows.entries(slot)]

    def _report(self, entry: tuple[int, ...]) -> Report:
        stamp, reach, last, flags, *more = entry
        high, low, *more = more if self.extreme else (last, last, *more)
        others, rest, *more = more if self.summed else (0, 0, *more)
        hits = tuple((check.key, hits) for check, hits in zip(self.counted, more, strict=True))
        return Report(stamp, reach, high, low, last, flags, others, rest, hits)

    def _fields_of(self, slot: int, entry: Report) -> tuple[int, ...]:
        found = [entry.stamp, entry.reach, entry.last, entry.flags]
        found += [entry.high, entry.low] if self.extreme else []
        found += [entry.others, entry.rest] if self.summed else []
        return (*found, *(entry.hits_of(check, slot) for check in self.counted))

    def windows(self, slots: Slots, width: int) -> Windows:
        """The windows that end at each sensor's newest report."""
        ring = self.rows
        if not ring.used:
            # One row of nothing stands for sensors of which there is none.
            nothing = {name: np.zeros((1, 1), field.dtype) for name, field in ring.fields.items()}
            nowhere = np.zeros(len(slots), np.int64)
            return Windows(nothing, nowhere, nowhere, nowhere, width)
        own = ring.row[slots]
        rows = np.maximum(own, 0)
        kept = np.where(own >= 0, ring.next[rows] - ring.first[rows], 0)
        return Windows(ring.fields, rows, (ring.next[rows] - 1) % ring.capacity, kept, width)

    def begins(self, slots: Slots) -> Longs:
        """The stamp of the oldest report of each sensor that is kept; NEVER where there is none."""
        ring = self.rows
        begin, own = np.full(len(slots), NEVER), ring.row[slots]
        at = (own >= 0).nonzero()[0]
        oldest = own[at], ring.first[own[at]] % ring.capacity
        begin[at] = ring.fields["stamp"][oldest] - ring.fields["reach"][oldest]
        return begin

    def extremes(self, slots: Slots, width: int) -> tuple[Longs, Longs, npt.NDArray[np.bool_]]:
        """Highest and lowest in the window that ends at each sensor's newest report; which have any."""
        windows = self.windows(slots, width)
        return windows.highest, windows.lowest, windows.known

    @property
    def shape(self) -> tuple[object, ...]:
        """Rings of one shape keep the same of the same reports."""
        kept = tuple((name, field.dtype.str) for name, field in self.rows.fields.items())
        counted = tuple(check.key for check in self.counted)
        return (self.rows.capacity, self.span, self.step, self.cell, kept, counted)

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + (0 if self._moved is None else self._moved.nbytes)

    def take_over(self, source: "ReportRing", here: Slots, there: Slots) -> None:
        """What a ring of the same shape holds of the sensors at `here`; it must not be used any more."""
        self.rows = source.rows.moved(len(self.rows.row), here, there)
        if self._moved is not None and source._moved is not None:
            self._moved[there] = source._moved[here]

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        return self.rows.snapshot()

    def restore(self, state: Arrays) -> None:
        self.rows.restore(state)
