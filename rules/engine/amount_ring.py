"""Rings of amounts: reports with their periods, and a running total for each window (semantics, part 4).

An amount belongs whole to the end of its period. Where a longer report holds shorter ones, its `share` is
what exceeds them, whatever the order of arrival (D21); totals are sums of shares, in int64, and exact.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.reading import Quality
from rules.engine.ring import NEVER, Flags, Longs, Rows, Slots

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.generic]]

# The period was guessed from the report before: it overlaps nothing by construction.
IMPLICIT = 128
LONGEST_PERIOD = 2**31 - 1


class Amount(NamedTuple):
    """`amount` fell in (stamp - period, stamp]; `share` of it counts."""

    stamp: int
    period: int
    amount: int
    share: int
    flags: int


class AmountRing:
    """Ring of one metric with the totals of `widths` (ms); what is older than `span` may go."""

    def __init__(self, sensors: int, widths: list[int], span: int, step: int) -> None:
        self.widths, self.span, self.step = widths, span, step
        fields = {"stamp": np.int64, "period": np.int32, "amount": np.int32, "share": np.int32}
        self.rows = Rows(sensors, max(-(-span // step) + 2, 8), fields | {"flags": np.uint8})
        self._totals = np.zeros((len(widths), 0), np.int64)
        self._tails = np.zeros((len(widths), 0), np.int64)
        # The latest start of a period in each row: a report that starts after it overlaps nothing.
        self._start = np.zeros(0, np.int64)

    def append(self, slots: Slots, stamp: Longs, amount: Longs, period: Longs, flags: Flags) -> None:
        """One newest report for each of distinct sensors."""
        ring = self.rows
        rows = ring.claim(slots)
        self._grow()
        first, following = ring.first[rows], ring.next[rows]
        empty = following == first
        apart = empty | (stamp - period > self._start[rows])
        newest = ring.fields["stamp"][rows, (following - 1) % ring.capacity]
        full = following - first == ring.capacity
        expired = full & (ring.fields["stamp"][rows, first % ring.capacity] <= stamp - self.span)
        plain = apart & (empty | (stamp > newest)) & (~full | expired)
        for k in np.flatnonzero(~plain).tolist():
            self.insert(int(slots[k]), _whole(stamp[k], period[k], amount[k], flags[k]))
        self._add(rows[plain], stamp[plain], amount[plain], period[plain], flags[plain])

    def _add(
        self, rows: npt.NDArray[np.int32], stamp: Longs, amount: Longs, period: Longs, flags: Flags
    ) -> None:
        ring = self.rows
        # Totals give up what leaves them before a full ring overwrites it.
        self._advance_tails(rows, stamp)
        self._totals[:, rows] += amount
        ring.first[rows] += ring.next[rows] - ring.first[rows] == ring.capacity
        at = ring.next[rows] % ring.capacity
        fields = {"stamp": stamp, "period": period, "amount": amount, "share": amount, "flags": flags}
        for name, values in fields.items():
            ring.fields[name][rows, at] = values
        ring.next[rows] += 1
        self._start[rows] = stamp - period

    def _advance_tails(self, rows: npt.NDArray[np.int32], newest: Longs) -> None:
        """Take out of the totals of all windows what the `newest` stamps of rings leave behind."""
        ring, tails, totals = self.rows, self._tails.reshape(-1), self._totals.reshape(-1)
        windows = np.arange(len(self.widths))[:, None]
        edge = (newest - np.array(self.widths, np.int64)[:, None]).ravel()
        place, row = (windows * len(ring.next) + rows).ravel(), np.tile(rows.astype(np.int64), len(windows))
        while len(place):
            at = row * ring.capacity + tails[place] % ring.capacity
            left = (tails[place] < ring.next[row]) & (ring.flat("stamp")[at] <= edge)
            place, row, edge, at = place[left], row[left], edge[left], at[left]
            totals[place] -= ring.flat("share")[at]
            tails[place] += 1

    def insert(self, slot: int, report: Amount) -> bool:
        """Put one report where it belongs; False if it is older than what is kept.

        A second one of the same stamp and period replaces a smaller one and is suspect (D22).
        """
        entries = self.entries(slot)
        if entries and report.stamp <= entries[-1].stamp - self.span:
            return False
        if len(entries) == self.rows.capacity and report.stamp < entries[0].stamp:
            return False
        twin = next((k for k, entry in enumerate(entries) if _twins(entry, report)), None)
        if twin is None:
            entries.insert(sum(entry.stamp <= report.stamp for entry in entries), report)
        elif report.amount > entries[twin].amount:
            flags = int(report.flags | Quality.SUSPECT)
            entries[twin] = report._replace(period=entries[twin].period, flags=flags)
        if len(entries) > self.rows.capacity:
            self._shrink(entries)
        self._rebuild(slot, shared(entries))
        return True

    def _shrink(self, entries: list[Amount]) -> None:
        """Make one entry less: the oldest goes if no window needs it, else two neighbours become one."""
        if entries[0].stamp <= entries[-1].stamp - self.span:
            del entries[0]
            return
        close = (
            k
            for k in range(len(entries) - 1)
            if entries[k + 1].stamp - entries[k].stamp + entries[k].period <= 2 * self.step
        )
        k = next(close, 0)
        older, newer = entries[k], entries[k + 1]
        period = max(newer.period, newer.stamp - older.stamp + older.period)
        entries[k : k + 2] = [
            Amount(
                newer.stamp,
                min(period, LONGEST_PERIOD),
                older.share + newer.share,
                older.share + newer.share,
                older.flags | newer.flags,
            )
        ]

    def _rebuild(self, slot: int, entries: list[Amount]) -> None:
        row = self.rows.rewrite(slot, list(entries))
        self._grow()
        newest = entries[-1].stamp
        self._start[row] = max(entry.stamp - entry.period for entry in entries)
        for k, width in enumerate(self.widths):
            inside = [entry.share for entry in entries if entry.stamp > newest - width]
            self._totals[k, row] = sum(inside)
            self._tails[k, row] = len(entries) - len(inside)

    def entries(self, slot: int) -> list[Amount]:
        """The entries of one sensor, oldest first."""
        return [Amount(*entry) for entry in self.rows.entries(slot)]

    def before(self, slot: int, stamp: int) -> int:
        """The stamp of the report before `stamp`; `stamp` itself if there is none."""
        return max((e.stamp for e in self.entries(slot) if e.stamp < stamp), default=stamp)

    def totals(self, slots: Slots, width: int) -> tuple[Longs, npt.NDArray[np.bool_]]:
        """The sums over the window that ends at each sensor's newest report; which sensors have any."""
        known = self.rows.row[slots] >= 0
        if not self.rows.used:
            return np.zeros(len(slots), np.int64), known
        return self._totals[self.widths.index(width), self.rows.row[slots]], known

    def _grow(self) -> None:
        more = len(self.rows.first) - len(self._start)
        if more:
            room = np.zeros((len(self.widths), more), np.int64)
            self._totals = np.concatenate([self._totals, room], axis=1)
            self._tails = np.concatenate([self._tails, room], axis=1)
            self._start = np.concatenate([self._start, np.full(more, NEVER)])

    @property
    def shape(self) -> tuple[int, ...]:
        """Rings of one shape keep the same reports."""
        return (self.rows.capacity, self.span, self.step, *self.widths)

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + self._totals.nbytes + self._tails.nbytes + self._start.nbytes

    def take_over(self, source: "AmountRing", here: Slots, there: Slots) -> None:
        """What a ring of the same shape holds of the sensors at `here`; it must not be used any more."""
        self.rows = source.rows.moved(len(self.rows.row), here, there)
        self._totals, self._tails, self._start = source._totals, source._tails, source._start

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        return self.rows.snapshot()

    def restore(self, state: Arrays) -> None:
        """Totals are derived again from the entries."""
        self.rows.restore(state)
        for slot in np.flatnonzero(self.rows.row >= 0).tolist():
            if entries := self.entries(slot):
                self._rebuild(slot, entries)


def shared(entries: list[Amount]) -> list[Amount]:
    """The entries with their shares: a longer report counts for what exceeds the shorter ones in it."""
    if not any(_overlap(a, b) for a, b in pairwise(entries)):
        return [entry._replace(share=entry.amount) for entry in entries]
    by_period = sorted(range(len(entries)), key=lambda k: entries[k].period)
    result = list(entries)
    for rank, k in enumerate(by_period):
        inside = sum(result[j].share for j in by_period[:rank] if _holds(entries[k], entries[j]))
        result[k] = entries[k]._replace(share=max(entries[k].amount - inside, 0))
    return result


def _twins(entry: Amount, report: Amount) -> bool:
    """Whether both speak of the same time; of guessed periods the first guess stands."""
    guessed = bool(entry.flags & report.flags & IMPLICIT)
    return entry.stamp == report.stamp and (guessed or entry.period == report.period)


def _overlap(older: Amount, newer: Amount) -> bool:
    return newer.stamp - newer.period < older.stamp


def _holds(longer: Amount, shorter: Amount) -> bool:
    """Whether the whole period of one report lies inside a longer one."""
    if (longer.flags | shorter.flags) & IMPLICIT or shorter.period >= longer.period:
        return False
    start = longer.stamp - longer.period
    return start <= shorter.stamp - shorter.period and start < shorter.stamp <= longer.stamp


def _whole(stamp: int, period: int, amount: int, flags: int) -> Amount:
    return Amount(int(stamp), int(period), int(amount), int(amount), int(flags))
