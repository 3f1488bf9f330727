"""One sensor's kept reports of one metric, looked back on: windows that end at any moment."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeAlias

from ingest.clock import MINUTE
from ingest.reading import Quality
from rules.engine.amount_ring import IMPLICIT, Amount
from rules.engine.nodes import Term
from rules.engine.report import Report
from rules.engine.verdict import UNKNOWN_VALUE, Measured
from rules.engine.window_values import OF_NEWEST, value_of

# Stretches of time in which nothing could arrive, (since, until) in ms.
Blind: TypeAlias = Sequence[tuple[int, int]]
# How long after its end blind time goes on at most: an interval later every sensor has spoken (D31).
LONGEST_ECHO = 15 * MINUTE
# A plain number: `&` with a member of an enumeration costs ten times as much.
SUSPECT = int(Quality.SUSPECT)


class ReportHistory:
    """Instantaneous values of one sensor; `interval` and `heartbeat` in ms say what a report covers (D11)."""

    def __init__(
        self, entries: Sequence[Report], interval: int, heartbeat: int, slot: int = 0, blind: Blind = ()
    ) -> None:
        self.entries = entries
        self.stamps = [entry.stamp for entry in entries]
        self._slot, self._blind = slot, blind
        self._starts = [
            _report_start(entry, entries[k - 1] if k else None, interval, heartbeat)
            for k, entry in enumerate(entries)
        ]

    def at(self, moment: int) -> Report | None:
        """The newest entry at a moment."""
        end = bisect_right(self.stamps, moment)
        return self.entries[end - 1] if end else None

    def measure(self, term: Term, moment: int, certain: bool) -> Measured:
        """A function over the window that ends at the newest entry of the moment.

        `certain` leaves suspect entries out. The time of a suspect entry is never covered. For `stuck` all
        count: that a device is suspected of it makes it no less so.
        """
        end = bisect_right(self.stamps, moment)
        if not end:
            return UNKNOWN_VALUE
        edge = self.stamps[end - 1] - term.width
        begin = bisect_right(self.stamps, edge)
        every = range(begin, end)
        sound: Sequence[int] = [k for k in every if not self.entries[k].flags & SUSPECT]
        sound = every if term.function == "stuck" else sound
        inside = sound if certain else every
        spans = [(self._starts[k], self.stamps[k]) for k in sound]
        covered, width = coverage(spans, edge, self.stamps[end - 1], self._blind)
        if not inside or (term.function in OF_NEWEST and inside[-1] != end - 1):
            return Measured(None, covered, width)
        return Measured(value_of(term, [self.entries[k] for k in inside], self._slot), covered, width)

    def window(self, width: int, moment: int) -> Sequence[Report]:
        """The entries of the window that ends at the newest one; the newest alone for width 0."""
        return self.entries[_inside(self.stamps, width, moment)]


class AmountHistory:
    """Amounts of one sensor; their shares are up to date."""

    def __init__(self, entries: Sequence[Amount], heartbeat: int, blind: Blind = ()) -> None:
        self.entries = entries
        self.stamps = [entry.stamp for entry in entries]
        self._blind = blind
        self._sums = [0, *accumulate(entry.share for entry in entries)]
        self._starts = [entry.stamp - _counted_period(entry, heartbeat) for entry in entries]

    def at(self, moment: int) -> Amount | None:
        """The newest entry at a moment."""
        end = bisect_right(self.stamps, moment)
        return self.entries[end - 1] if end else None

    def measure(self, term: Term, moment: int, certain: bool) -> Measured:
        """`sum` over the window that ends at the newest entry of the moment.

        `certain` leaves out suspect amounts, and coarse ones: longer than the window (D20). The period of a
        suspect amount is never covered.
        """
        end = bisect_right(self.stamps, moment)
        if not end:
            return UNKNOWN_VALUE
        edge = self.stamps[end - 1] - term.width
        begin = bisect_right(self.stamps, edge)
        if certain:
            inside = [k for k in range(begin, end) if not is_doubtful(self.entries[k], term.width)]
            total = sum(self.entries[k].share for k in inside)
        else:
            inside = [k for k in range(begin, end) if not self.entries[k].flags & SUSPECT]
            total = self._sums[end] - self._sums[begin]
        spans = [(self._starts[k], self.stamps[k]) for k in inside]
        return Measured(total, *coverage(spans, edge, self.stamps[end - 1], self._blind))

    def window(self, width: int, moment: int) -> Sequence[Amount]:
        """The entries of the window that ends at the newest one; the newest alone for width 0."""
        return self.entries[_inside(self.stamps, width, moment)]


def _inside(stamps: Sequence[int], width: int, moment: int) -> slice:
    end = bisect_right(stamps, moment)
    if not width:
        return slice(max(end - 1, 0), end)
    return slice(bisect_right(stamps, stamps[end - 1] - width) if end else 0, end)


def is_doubtful(entry: Amount, width: int) -> bool:
    """Whether nobody knows that the amount fell inside a window of `width` ms that holds its stamp."""
    return entry.period > width or bool(entry.flags & SUSPECT)


def echoing(blind: Blind, interval: int) -> Blind:
    """Blind time as one sensor feels it: it ends when the sensor has had time to report again (D31)."""
    return [(since, until + min(interval, LONGEST_ECHO)) for since, until in blind]


def coverage(spans: Sequence[tuple[int, int]], edge: int, end: int, blind: Blind) -> tuple[int, int]:
    """The ms of (edge, end] that lie in any of `spans`, (start, stamp] by ascending stamps, and its length.

    Blind time belongs to neither.
    """
    seen = list(_outside(edge, end, blind))
    return sum(_covered(spans, begin, stop) for begin, stop in seen), sum(
        stop - begin for begin, stop in seen
    )


def _outside(edge: int, end: int, blind: Blind) -> Sequence[tuple[int, int]]:
    """What blind time leaves of (edge, end]."""
    left: list[tuple[int, int]] = []
    for since, until in sorted(blind):
        if since < end and until > edge:
            left += [(edge, since)] if since > edge else []
            edge = max(edge, until)
    return [*left, (edge, end)] if edge < end else left


def _covered(spans: Sequence[tuple[int, int]], edge: int, end: int) -> int:
    total = 0
    reached = end
    for start, stamp in reversed(spans):
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
