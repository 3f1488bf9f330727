"""When the quiet hours that an instant falls into end."""

from datetime import datetime, time, timedelta, tzinfo

from ingest.clock import SECOND
from notifiers.routes import QuietHours

_DAY = 24 * 60


def end_of_quiet(quiet: QuietHours | None, instant: int, zone: tzinfo) -> int:
    """The instant (ms) from which nobody is disturbed: `instant` itself outside the quiet hours.

    They are hours of the local day, so over a change of the clocks they last an hour more or less.
    """
    if quiet is None:
        return instant
    local = datetime.fromtimestamp(instant / SECOND, zone)
    minute = local.hour * 60 + local.minute
    if not _within(quiet, minute):
        return instant
    ends = quiet.end % _DAY
    day = local.date() + timedelta(days=minute >= ends)
    end = datetime.combine(day, time(*divmod(ends, 60)), zone)
    found = int(end.timestamp() * SECOND)
    # An hour that comes twice: its first pass is over already.
    return found if found > instant else int(end.replace(fold=1).timestamp() * SECOND)


def _within(quiet: QuietHours, minute: int) -> bool:
    if quiet.begin <= quiet.end:
        return quiet.begin <= minute < quiet.end
    return minute >= quiet.begin or minute < quiet.end
