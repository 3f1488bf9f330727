"""How many alarms there were, how long they stood."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ingest.clock import DAY
from tocsin.verification.alarms import Alarm

MONTH = 30 * DAY


@dataclass(frozen=True, slots=True)
class Figures:
    """`per_month` in alarms a month of 30 days; `most` are those of the subject that had the most.

    `lasted` is the median duration, ms, of those that stood at the end up to there; `open_share` (0 to 1) the
    part of the period in which at least one stood.
    """

    alarms: int
    per_month: float
    most: int
    lasted: float | None
    open_share: float


def figures(alarms: Sequence[Alarm], begin: int, end: int) -> Figures:
    """Of the alarms of a period from `begin` to `end` (ms), in the order of their begins."""
    length = max(end - begin, 1)
    most = max(Counter(alarm.place for alarm in alarms).values(), default=0)
    lasted = median(alarm.end - alarm.begin for alarm in alarms) if alarms else None
    return Figures(len(alarms), len(alarms) * MONTH / length, most, lasted, _covered(alarms) / length)


def _covered(alarms: Sequence[Alarm]) -> int:
    """The time (ms) in which at least one of them stood."""
    covered, reached = 0, None
    for alarm in alarms:
        begin = alarm.begin if reached is None else max(alarm.begin, reached)
        covered += max(alarm.end - begin, 0)
        reached = alarm.end if reached is None else max(alarm.end, reached)
    return covered
