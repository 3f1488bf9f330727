"""One sensor's kept reports of one metric, looked back on: windows that end at any moment."""

from collections.abc import Mapping, Sequence
from functools import cached_property
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
        self.stamps = np.array([entry.stamp for entry in entries], np.int64)
        self._slot, self._blind = slot, blind
        starts = (
            _report_start(entry, entries[k - 1] if k else None, interval, heartbeat)
            for k, entry in enumerate(entries)
        )
        self._starts = np.fromiter(starts, np.int64, len(entries))
        self._sound = np.array([not entry.flags & SUSPECT for entry in entries], np.bool_)

    def at(self, moment: int) -> Report | None:
        """The newest entry at a moment."""
        end = int(self.stamps.searchsorted(moment, "right"))
        return self.entries[end - 1] if end else None

    def measure(self, term: Term, moment: int, certain: bool) -> Measured:
        """A function over the window that ends at the newest entry of the moment.

        `certain` leaves suspect entries out. The time of a suspect entry is never covered. For `stuck` all
        count: that a device is suspected of it makes it no less so.
        """
        window = _inside(self.stamps, term.width, moment)
        if window.start == window.stop:
            return UNKNOWN_VALUE
        newest, sound = int(self.stamps[window.stop - 1]), self._sound[window]
        if term.function == "stuck":
            sound = np.ones_like(sound)
        spans = self._starts[window][sound], self.stamps[window][sound]
        covered, width = coverage(spans, newest - term.width, newest, self._blind)
        inside = self.entries[window]
        if certain and not sound.all():
            if not sound.any() or (term.function in OF_NEWEST and not sound[-1]):
                return Measured(None, covered, width)
            inside = [entry for entry, is_sound in zip(inside, sound.tolist(), strict=True) if is_sound]
        return Measured(value_of(term, inside, self._slot), covered, width)

    def window(self, width: int, moment: int) -> Sequence[Report]:
        """The entries of the window that ends at the newest one; the newest alone for width 0."""
        return self.entries[_inside(self.stamps, width, moment)]


class AmountHistory:
    """Amounts of one sensor; their shares are up to date.

    `kept` are the fields of `Amount` by name, arrays of int64 by ascending stamp.
    """

    def __init__(self, kept: Mapping[str, Longs], heartbeat: int, blind: Blind = ()) -> None:
        self.stamps = kept["stamp"]
        self._kept, self._blind = kept, blind
        self._period, self._share = kept["period"], kept["share"]
        self._suspect = kept["flags"] & SUSPECT > 0
        guessed = kept["flags"] & IMPLICIT > 0
        self._starts = self.stamps - np.where(guessed, np.minimum(self._period, heartbeat), self._period)

    @cached_property
    def entries(self) -> Sequence[Amount]:
        """One by one, oldest first."""
        columns = (self._kept[name].tolist() for name in Amount._fields)
        return [Amount(*entry) for entry in zip(*columns, strict=True)]

    def at(self, moment: int) -> Amount | None:
        """The newest entry at a moment."""
        end = int(self.stamps.searchsorted(moment, "right"))
        return self.entries[end - 1] if end else None

    def measure(self, term: Term, moment: int, certain: bool) -> Measured:
        """`sum` over the window that ends at the newest entry of the moment.

        `certain` leaves out suspect amounts, and coarse ones: longer than the window (D20). The period of a
        suspect amount is never covered.
        """
        window = _inside(self.stamps, term.width, moment)
        if window.start == window.stop:
            return UNKNOWN_VALUE
        newest, share = int(self.stamps[window.stop - 1]), self._share[window]
        sound = ~self._suspect[window]
        if certain:
            sound &= self._period[window] <= term.width
            share = share[sound]
        spans = self._starts[window][sound], self.stamps[window][sound]
        return Measured(int(share.sum()), *coverage(spans, newest - term.width, newest, self._blind))

    def window(self, width: int, moment: int) -> Sequence[Amount]:
        """The entries of the window that ends at the newest one; the newest alone for width 0."""
        return self.entries[_inside(self.stamps, width, moment)]


def _inside(stamps: Longs, width: int, moment: int) -> slice:
    """The place of the window that ends at the newest of some ascending stamps that is known at a moment."""
    end = int(stamps.searchsorted(moment, "right"))
    if not width:
        return slice(max(end - 1, 0), end)
    return slice(int(stamps.searchsorted(stamps[end - 1] - width, "right")) if end else 0, end)


def echoing(blind: Blind, interval: int) -> Blind:
    """Blind time as one sensor feels it: it ends when the sensor has had time to report again (D31)."""
    return [(since, until + min(interval, LONGEST_ECHO)) for since, until in blind]


def coverage(spans: tuple[Longs, Longs], edge: int, end: int, blind: Blind) -> tuple[int, int]:
    """The ms of (edge, end] that lie in any of `spans`, and its length; blind time belongs to neither.

    `spans` are starts and stamps, ascending by stamp, of what is known of (start, stamp].
    """
    seen = list(_outside(edge, end, blind))
    known = sum(_covered(*spans, begin, stop) for begin, stop in seen)
    return known, sum(stop - begin for begin, stop in seen)


def _outside(edge: int, end: int, blind: Blind) -> Sequence[tuple[int, int]]:
    """What blind time leaves of (edge, end]."""
    left: list[tuple[int, int]] = []
    for since, until in sorted(blind):
        if since < end and until > edge:
            left += [(edge, since)] if since > edge else []
            edge = max(edge, until)
    return [*left, (edge, end)] if edge < end else left


def _covered(starts: Longs, stamps: Longs, edge: int, end: int) -> int:
    """From the newest span back: each counts up to where a newer one begins."""
    begins = np.maximum(starts, edge)[::-1]
    reached = np.minimum.accumulate(np.concatenate([[end], begins]))[:-1]
    return int(np.maximum(np.minimum(stamps[::-1], reached) - begins, 0).sum())


def _report_start(entry: Report, before: Report | None, interval: int, heartbeat: int) -> int:
    first = entry.stamp - entry.reach
    if interval:
        return first - interval
    return first - (min(heartbeat, max(first - before.stamp, 0)) if before else 0)
