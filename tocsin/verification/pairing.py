"""Which warnings told of which events: the contingency table of forecast verification.

An alarm stands from its begin up to, not including, its end. An event lasts from its begin up to and
including its end. An alarm tells of an event of a place that is related to its own when it

- stands at some instant of the event, or
- begins in the event, or up to `lead` before the event begins, even if it is over by then.

An event that any alarm tells of is one hit, however many do; any other event is a miss. An alarm that tells
of no event is a false alarm; any other alarm is none, however many events it tells of. From these:

- hit rate, or probability of detection: POD = hits / (hits + misses);
- false alarm ratio: FAR = false alarms / alarms;
- critical success index, or threat score: CSI = hits / (hits + misses + false alarms);
- lead time of a hit: from the first begin of the alarms that tell of it to the begin of the event; negative
  when the first of them came too late.

Hits are counted in events and false alarms in alarms, as weather services verify warnings: neither must be
one to one with the other. That nothing happened and nobody warned cannot be counted, so no score here needs
it.

The scores are those of the 2 x 2 contingency table in D. S. Wilks, Statistical Methods in the Atmospheric
Sciences (chapter on forecast verification), and of the WWRP/WGNE Joint Working Group on Forecast
Verification Research; for CSI see J. T. Schaefer, The critical success index as an indicator of warning
skill (1990).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol


class Span(Protocol):
    """Something at a place, from `begin` to `end` (ms)."""

    @property
    def place(self) -> str: ...
    @property
    def begin(self) -> int: ...
    @property
    def end(self) -> int: ...


Related = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class Contingency:
    """The counts: hits and misses are events, false alarms are some of the `alarms`. Shares are 0 to 1."""

    hits: int
    misses: int
    false_alarms: int
    alarms: int

    @property
    def hit_rate(self) -> float | None:
        """POD; None without an event."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def false_alarm_ratio(self) -> float | None:
        """FAR; None without an alarm."""
        return _share(self.false_alarms, self.alarms)

    @property
    def success_index(self) -> float | None:
        """CSI; None with neither event nor false alarm."""
        return _share(self.hits, self.hits + self.misses + self.false_alarms)


@dataclass(frozen=True, slots=True)
class Pairing:
    """`told[i]` are the numbers of the alarms that tell of event i, in the order of their begins.

    `false` are the numbers of those that tell of none; `leads` the lead time (ms) of each event that is hit.
    """

    told: tuple[tuple[int, ...], ...]
    false: tuple[int, ...]
    leads: tuple[int, ...]
    contingency: Contingency

    @property
    def least_lead(self) -> int | None:
        """Ms; None without a hit."""
        return min(self.leads, default=None)


def pair(alarms: Sequence[Span], events: Sequence[Span], lead: int, related: Related) -> Pairing:
    """Pair them; `lead` in ms, `related` says of the place of an alarm and that of an event if they match."""
    told: list[list[int]] = [[] for _ in events]
    false = []
    nearby = _nearby({alarm.place for alarm in alarms}, events, related)
    for number, alarm in sorted(enumerate(alarms), key=lambda each: each[1].begin):
        found = [index for index in nearby[alarm.place] if tells(alarm, events[index], lead)]
        for index in found:
            told[index].append(number)
        if not found:
            false.append(number)
    leads = tuple(event.begin - alarms[of[0]].begin for event, of in zip(events, told, strict=True) if of)
    counts = Contingency(len(leads), len(events) - len(leads), len(false), len(alarms))
    return Pairing(tuple(map(tuple, told)), tuple(sorted(false)), leads, counts)


def tells(alarm: Span, event: Span, lead: int) -> bool:
    """Whether the alarm is timely for the event, wherever the two are."""
    if alarm.begin > event.end:
        return False
    return alarm.end > event.begin or alarm.begin >= event.begin - lead


def _nearby(places: Iterable[str], events: Sequence[Span], related: Related) -> dict[str, list[int]]:
    """The numbers of the events that are related to each place."""
    found: dict[str, list[int]] = defaultdict(list)
    for place in places:
        found[place] = [index for index, event in enumerate(events) if related(place, event.place)]
    return found


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
