"""What a sensor's values usually are: hourly means and their lower median, for each rule that asks (D25)."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.clock import HOUR
from ingest.reading import Quality
from rules.engine.ring import FIRST, Flags, Longs, Rows, Slots
from rules.engine.window_values import lower_median

Arrays = Mapping[str, npt.NDArray[np.generic]]
# More reports of one hour are not added up; 18 a second.
MOST_COUNTED = 2**16 - 1


class HourlyMean(NamedTuple):
    """The reports of one hour since the epoch and their sum; `bad` hours say nothing about what is usual."""

    hour: int
    total: int
    reports: int
    bad: int


class HourlyMeans:
    """Ring of `width / 1h` hours and the current one of one metric; only sensors that report have a row.

    Entry k of a row is hour k since the epoch. The median of a row is worked out anew when its hour changes,
    or when an hour that is over does.
    """

    def __init__(self, sensors: int, width: int) -> None:
        self.hours = max(width // HOUR, 1)
        fields = {"total": np.int64, "count": np.uint16, "bad": np.bool_}
        self.rows = Rows(sensors, self.hours + 1, fields)
        self._median = np.zeros(0, np.int64)
        self._known = np.zeros(0, np.bool_)
        self._stale = np.zeros(0, np.bool_)

    def learn(self, slots: Slots, stamp: Longs, value: Longs, flags: Flags) -> None:
        """One report for each of distinct sensors, newest or late; older than the ring is passed over."""
        rows, hour = self._at(slots, stamp)
        kept = hour > self.rows.next[rows] - 1 - self.rows.capacity
        rows, hour, value, flags = rows[kept], hour[kept], value[kept], flags[kept]
        at, field = hour % self.rows.capacity, self.rows.fields
        room = field["count"][rows, at] < MOST_COUNTED
        field["total"][rows, at] += np.where(room, value, 0)
        field["count"][rows, at] += room
        field["bad"][rows, at] |= (flags & Quality.SUSPECT) > 0
        self._past(rows, hour)

    def mark(self, slot: int, stamp: int) -> None:
        """Leave the hour of a stamp out: the rule has a warning open on the sensor."""
        rows, hour = self._at(np.array([slot]), np.array([stamp]))
        if hour[0] > self.rows.next[rows[0]] - 1 - self.rows.capacity:
            self.rows.fields["bad"][rows, hour % self.rows.capacity] = True
            self._past(rows, hour)

    def _at(self, slots: Slots, stamp: Longs) -> tuple[npt.NDArray[np.int32], Longs]:
        """Rows and hours, with room made for hours that are new."""
        ring, hour = self.rows, stamp // HOUR
        rows = ring.claim(slots)
        more = len(ring.first) - len(self._median)
        if more:
            self._median = np.concatenate([self._median, np.zeros(more, np.int64)])
            self._known = np.concatenate([self._known, np.zeros(more, np.bool_)])
            self._stale = np.concatenate([self._stale, np.ones(more, np.bool_)])
        empty = ring.next[rows] == 0
        ring.next[rows[empty]] = hour[empty] + 1
        gap = np.minimum(hour + 1 - ring.next[rows], ring.capacity)
        for step in range(int(gap.max(initial=0))):
            chosen = gap > step
            at = (hour[chosen] - step) % ring.capacity
            for field in ring.fields.values():
                field[rows[chosen], at] = 0
        self._stale[rows[gap > 0]] = True
        ring.next[rows] = np.maximum(ring.next[rows], hour + 1)
        ring.first[rows] = ring.next[rows] - ring.capacity
        return rows, hour

    def _past(self, rows: npt.NDArray[np.int32], hour: Longs) -> None:
        self._stale[rows[hour < self.rows.next[rows] - 1]] = True

    def medians(self, slots: Slots) -> tuple[Longs, npt.NDArray[np.bool_]]:
        """The baselines as of each sensor's newest hour; which are known."""
        rows = self.rows.row[slots]
        known = rows >= 0
        if not self.rows.used:
            return np.zeros(len(slots), np.int64), known
        rows = np.where(known, rows, 0)
        stale = np.unique(rows[self._stale[rows]])
        if len(stale):
            self._refresh(stale)
        return self._median[rows], known & self._known[rows]

    def median(self, slot: int) -> int | None:
        """The baseline of one sensor; None until half of the hours are known."""
        value, known = self.medians(np.array([slot]))
        return int(value[0]) if known[0] else None

    def _refresh(self, rows: npt.NDArray[np.integer]) -> None:
        ring = self.rows
        current = (ring.next[rows] - 1) % ring.capacity
        count = ring.fields["count"][rows].astype(np.int64)
        good = (count > 0) & ~ring.fields["bad"][rows] & (np.arange(ring.capacity) != current[:, None])
        means = half_even(ring.fields["total"][rows], np.maximum(count, 1))
        ordered = np.sort(np.where(good, means, np.iinfo(np.int64).max), axis=1)
        number = good.sum(axis=1)
        self._median[rows] = ordered[np.arange(len(rows)), np.maximum(number - 1, 0) // 2]
        self._known[rows] = 2 * number >= self.hours
        self._stale[rows] = False

    def cells(self, slot: int) -> list[HourlyMean]:
        """The hours of one sensor that hold anything, oldest first."""
        row = int(self.rows.row[slot])
        if row < 0:
            return []
        first = int(self.rows.first[row])
        found = (HourlyMean(first + k, *entry) for k, entry in enumerate(self.rows.entries(slot)))
        return [cell for cell in found if cell.reports or cell.bad]

    @property
    def known(self) -> int:
        """How many hours any sensor has reports of; of those that reported first."""
        counts = self.rows.fields["count"][: min(self.rows.used, FIRST)]
        return int((counts > 0).sum(axis=1).max(initial=0))

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + self._median.nbytes + self._known.nbytes + self._stale.nbytes

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        return self.rows.snapshot()

    def restore(self, state: Arrays) -> None:
        self.rows.restore(state)
        n = len(self.rows.first)
        self._median, self._known = np.zeros(n, np.int64), np.zeros(n, np.bool_)
        self._stale = np.ones(n, np.bool_)

    def take_over(self, source: "HourlyMeans", here: Slots, there: Slots) -> None:
        """What was learnt over the same width of the sensors at `here`; `source` is not used any more."""
        self.rows = source.rows.moved(len(self.rows.row), here, there)
        self._median, self._known, self._stale = source._median, source._known, source._stale


class Baselines:
    """What one rule learns: rings by (column, width)."""

    def __init__(self) -> None:
        self.rings: dict[tuple[int, int], HourlyMeans] = {}

    def mark(self, slot: int, stamp: int) -> None:
        """Leave the hour of a stamp out: the rule has a warning open on the sensor."""
        for ring in self.rings.values():
            ring.mark(slot, stamp)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(ring.nbytes for ring in self.rings.values())

    def learn(self, column: int, slots: Slots, stamp: Longs, values: tuple[Longs, Flags]) -> None:
        """One report of a metric for each of distinct sensors."""
        for (named, _), ring in self.rings.items():
            if named == column:
                ring.learn(slots, stamp, *values)

    def move(self, source: "Baselines", columns: tuple[int, int], moved: tuple[Slots, Slots]) -> None:
        """Take over what another engine learnt of a metric; `columns` and `moved` as (there, here)."""
        there, here = columns
        for (column, width), ring in self.rings.items():
            known = source.rings.get((there, width))
            if column == here and known is not None:
                ring.take_over(known, *moved)


def median_before(cells: Sequence[HourlyMean], hour: int, hours: int) -> int | None:
    """The baseline as of `hour`, from cells of the hours before it; None until half of `hours` are known."""
    good = [c for c in cells if hour - hours <= c.hour < hour and c.reports and not c.bad]
    if 2 * len(good) < hours:
        return None
    means = half_even(np.array([c.total for c in good]), np.array([c.reports for c in good]))
    return lower_median(means.tolist())


def half_even(total: Longs, count: Longs) -> Longs:
    """`total / count` rounded half to even, in integers; counts are positive."""
    below, rest = np.divmod(total, count)
    up = (2 * rest > count) | ((2 * rest == count) & (below % 2 == 1))
    rounded: Longs = below + up
    return rounded
