"""One sensor's kept reports of one metric, looked back on: windows that end at any moment."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import compress
from typing import TypeAlias

import numpy as np

from ingest.clock import MINUTE
from ingest.reading import Quality
from rules.engine.amount_ring import IMPLICIT, Amount
from rules.engine.nodes import Term
from rules.engine.report import Report
from rules.engine.ring import Longs
from rules.engine.verdict import UNKNOWN_VALUE, Measured
from rules.engine.window_values import OF_NEWEST, value_of

# Stretches of time in which nothing could arrive, (since, until) in ms.
Blind: TypeAlias = Sequence[tuple[int, int]]
# How long after its end blind time goes on at most: an interval later every sensor has spoken (D31).
LONGEST_ECHO = 15 * MINUTE
# A plain number: `&` with a member of the enumeration makes one, a thousand times for each warning judged.
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
    """Amounts of one sensor; their shares are up to date.

    `kept` are the fields of `Amount` by name, arrays of int64 by ascending stamp.
    """

    def __init__(self, kept: Mapping[str, Longs], heartbeat: int, blind: Blind = ()) -> None:
        self.stamps: list[int] = kept["stamp"].tolist()
        self._kept, self._blind = kept, blind
        self._period, self._share = kept["period"], kept["share"]
        self._suspect = kept["flags"] & SUSPECT > 0
        guessed = kept["flags"] & IMPLICIT > 0
        covers = np.where(guessed, np.minimum(self._period, heartbeat), self._period)
        self._spans = list(zip((kept["stamp"] - covers).tolist(), self.stamps, strict=True))

    @cached_property
    def entries(self) -> Sequence[Amount]:
        """One by one, oldest first."""
        columns = (self._kept[name].tolist() for name in Amount._fields)
        return [Amount(*entry) for entry in zip(*columns, strict=True)]

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
        inside = slice(bisect_right(self.stamps, edge), end)
        sound, share = ~self._suspect[inside], self._share[inside]
        if certain:
            sound &= self._period[inside] <= term.width
            share = share[sound]
        spans = list(compress(self._spans[inside], sound.tolist()))
        return Measured(int(share.sum()), *coverage(spans, edge, self.stamps[end - 1], self._blind))

    def window(self, width: int, moment: int) -> Sequence[Amount]:
        """The entries of the window that ends at the newest one; the newest alone for width 0."""
        return self.entries[_inside(self.stamps, width, moment)]


def _inside(stamps: Sequence[int], width: int, moment: int) -> slice:
    end = bisect_right(stamps, moment)
    if not width:
        return slice(max(end - 1, 0), end)
    return slice(bisect_right(stamps, stamps[end - 1] - width) if end else 0, end)


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
    # Comparisons and no calls: a storm asks this of each of its gauges at every report.
    for start, stamp in reversed(spans):
        begin = start if start > edge else edge
        if begin < reached:
            last = stamp if stamp < reached else reached
            total += last - begin if last > begin else 0
            reached = begin
        if reached == edge:
            break
    return total


def _report_start(entry: Report, before: Report | None, interval: int, heartbeat: int) -> int:
    first = entry.stamp - entry.reach
    if interval:
        return first - interval
    return first - (min(heartbeat, max(first - before.stamp, 0)) if before else 0)
