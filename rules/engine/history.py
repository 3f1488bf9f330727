"""One sensor's kept reports of one metric, looked back on: windows that end at any moment."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from ingest.reading import Quality
from rules.engine.amount_ring import IMPLICIT, Amount
from rules.engine.normal_form import Check
from rules.engine.report_ring import Report
from rules.engine.verdict import Measured

UNKNOWN_VALUE = Measured(None, None)


class ReportHistory:
    """Instantaneous values; `interval` and `heartbeat` in ms say what a report covers (D11)."""

    def __init__(self, entries: Sequence[Report], interval: int, heartbeat: int) -> None:
        self.entries = entries
        self.stamps = [entry.stamp for entry in entries]
        self._starts = [
            _report_start(entry, entries[k - 1] if k else None, interval, heartbeat)
            for k, entry in enumerate(entries)
        ]

    def at(self, moment: int) -> Report | None:
        """The newest entry at a moment."""
        end = bisect_right(self.stamps, moment)
        return self.entries[end - 1] if end else None

    def measure(self, check: Check, moment: int, certain: bool) -> Measured:
        """`max` or `rise` over the window that ends at the newest entry.

        `certain` leaves suspect entries out.
        """
        end = bisect_right(self.stamps, moment)
        edge = self.stamps[end - 1] - check.width if end else 0
        begin = bisect_right(self.stamps, edge) if end else 0
        inside = [k for k in range(begin, end) if not (certain and self.entries[k].flags & Quality.SUSPECT)]
        if not inside or (check.function == "rise" and inside[-1] != end - 1):
            return UNKNOWN_VALUE
        if check.function == "max":
            value = max(self.entries[k].high for k in inside)
        else:
            value = self.entries[end - 1].last - min(self.entries[k].low for k in inside)
        stamps, starts = [self.stamps[k] for k in inside], [self._starts[k] for k in inside]
        return Measured(value, covered(stamps, starts, edge))

    def window(self, check: Check, moment: int) -> Sequence[Report]:
        """The entries that a check looks at: those of its window, or the newest."""
        end = bisect_right(self.stamps, moment)
        begin = bisect_right(self.stamps, self.stamps[end - 1] - check.width) if end else 0
        return self.entries[begin if check.function else max(end - 1, 0) : end]


class AmountHistory:
    """Amounts; their shares are up to date."""

    def __init__(self, entries: Sequence[Amount], heartbeat: int) -> None:
        self.entries = entries
        self.stamps = [entry.stamp for entry in entries]
        self._sums = [0, *accumulate(entry.share for entry in entries)]
        self._starts = [entry.stamp - _counted_period(entry, heartbeat) for entry in entries]

    def at(self, moment: int) -> Amount | None:
        """The newest entry at a moment."""
        end = bisect_right(self.stamps, moment)
        return self.entries[end - 1] if end else None

    def measure(self, check: Check, moment: int, certain: bool) -> Measured:
        """`sum` over the window that ends at the newest entry.

        `certain` leaves out suspect amounts, and coarse ones: longer than the window (D20).
        """
        end = bisect_right(self.stamps, moment)
        if not end:
            return UNKNOWN_VALUE
        edge = self.stamps[end - 1] - check.width
        begin = bisect_right(self.stamps, edge)
        if not certain:
            total = self._sums[end] - self._sums[begin]
            return Measured(total, covered(self.stamps[begin:end], self._starts[begin:end], edge))
        inside = [k for k in range(begin, end) if not is_doubtful(self.entries[k], check.width)]
        stamps, starts = [self.stamps[k] for k in inside], [self._starts[k] for k in inside]
        return Measured(sum(self.entries[k].share for k in inside), covered(stamps, starts, edge))

    def window(self, check: Check, moment: int) -> Sequence[Amount]:
        """The entries that a check looks at: those of its window, or the newest."""
        end = bisect_right(self.stamps, moment)
        begin = bisect_right(self.stamps, self.stamps[end - 1] - check.width) if end else 0
        return self.entries[begin if check.function else max(end - 1, 0) : end]


def is_doubtful(entry: Amount, width: int) -> bool:
    """Whether nobody knows that the amount fell inside a window of `width` ms that holds its stamp."""
    return entry.period > width or bool(entry.flags & Quality.SUSPECT)


def covered(stamps: Sequence[int], starts: Sequence[int], edge: int) -> int:
    """The ms after `edge` that lie in any (start, stamp]; stamps ascend."""
    total = 0
    reached = stamps[-1] if stamps else edge
    for stamp, start in zip(reversed(stamps), reversed(starts), strict=True):
        begin = max(start, edge)
        if begin < reached:
            total += max(min(stamp, reached) - begin, 0)
            reached = begin
    return total


def _report_start(entry: Report, before: Report | None, interval: int, heartbeat: int) -> int:
    first = entry.stamp - entry.reach
    if interval:
        return first - interval
    return first - (min(heartbeat, max(first - before.stamp, 0)) if before else 0)


def _counted_period(entry: Amount, heartbeat: int) -> int:
    return min(entry.period, heartbeat) if entry.flags & IMPLICIT else entry.period
