"""`hours` and `season`: what the local clock and calendar say of an instant.

An instant is inside if the wall clock of its zone shows so, therefore an hour that a clock runs through twice
is inside twice. Zones' clocks are set by whole minutes, and by quarters of an hour where dates are concerned.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ingest.clock import DAY, MINUTE
from rules.engine.ring import NEVER
from rules.language.tree import Hours, Season

# Later than every instant.
FOREVER = -NEVER
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Dates change at local midnight: no zone is off by less than a quarter of an hour.
_QUARTER = 15 * MINUTE
# A condition that has not changed for so many days never does.
_LONGEST = {Hours: 3, Season: 370}


def inside(condition: Hours | Season, instant: int) -> bool:
    """Whether the condition is true at an instant (ms since the epoch)."""
    return _by_minute(condition, instant // MINUTE)


def next_change(condition: Hours | Season, instant: int) -> int:
    """The first instant after `instant` at which `inside` gives another answer; FOREVER if none does."""
    day = instant // DAY
    for later in range(day, day + _LONGEST[type(condition)]):
        changes = _changes(condition, later)
        at = bisect_right(changes, instant)
        if at < len(changes):
            return changes[at]
    return FOREVER


@lru_cache(maxsize=4096)
def _changes(condition: Hours | Season, day: int) -> tuple[int, ...]:
    """The instants of one day (UTC) at which the condition turns."""
    step = MINUTE if isinstance(condition, Hours) else _QUARTER
    instants = range(day * DAY, (day + 1) * DAY, step)
    before = inside(condition, day * DAY - step)
    found: list[int] = []
    for instant in instants:
        now = inside(condition, instant)
        if now != before:
            found.append(instant)
        before = now
    return tuple(found)


@lru_cache(maxsize=4096)
def _by_minute(condition: Hours | Season, minute: int) -> bool:
    local = (_EPOCH + timedelta(minutes=minute)).astimezone(ZoneInfo(condition.zone))
    if isinstance(condition, Hours):
        return _between(local.hour * 60 + local.minute, condition)
    date, start, end = (local.month, local.day), condition.start, condition.end
    return start <= date <= end if start <= end else date >= start or date <= end


def _between(minute: int, hours: Hours) -> bool:
    if hours.start <= hours.end:
        return hours.start <= minute < hours.end
    return minute >= hours.start or minute < hours.end
