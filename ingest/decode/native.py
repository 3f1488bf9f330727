"""Native: `{"t": time, "v": {metric: number}, "u": {metric: unit}, "period": time, "seq": n, "boot": n}`.

`t` is int ms since the epoch or ISO 8601 text with an offset, `period` a duration (`5min`) or int ms; all but
`t` and `v` may be missing. Other members are ignored, for devices of tomorrow; a member given twice is not.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec
from msgspec import UNSET, UnsetType

from ingest.clock import SECOND
from ingest.decode.json import UNREADABLE, examine, fault, is_plain
from ingest.decode.refusal import Fault, Refusal, quoted
from ingest.duration import LONGEST, DurationError, parse_duration
from ingest.reading import Reason

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
# The 61st second of a minute, which `datetime` does not know: to POSIX it is the first of the next.
LEAP_SECOND = re.compile(r"([T ]\d\d:\d\d):60")
LONGEST_PERIOD_TEXT = 32
LARGEST_PAYLOAD = 16 * 1024
NO_VALUES = Fault(Reason.MALFORMED, "no values: `v` is empty")


class Report(msgspec.Struct, gc=False):
    """One message of one device, as it was written."""

    t: int | str
    v: dict[str, float]
    u: dict[str, str] | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    boot: int | UnsetType = UNSET
    period: int | str | UnsetType = UNSET


_decode = msgspec.json.Decoder(Report).decode


def read_native(payload: bytes) -> Report | Fault:
    """The report in `payload`, or why there is none."""
    try:
        report = _decode(payload)
    except UNREADABLE as error:
        return _timed(fault(payload, error))
    # `"t":1,"v":{...}` and a colon for every other member: so none is given twice, and none is unknown.
    members = 2 + len(report.v) + (report.seq is not UNSET) + (report.boot is not UNSET)
    if payload.count(58) != members and not is_plain(payload, report):
        try:
            examine(payload)
        except Refusal as refusal:
            return refusal.fault
    return report if report.v else NO_VALUES


def instant(text: str) -> int:
    """ISO 8601 text as ms since the epoch; raises Refusal (BAD_TIME), also without an offset."""
    plain, leap = LEAP_SECOND.subn(r"\1:59", text, count=1)
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError as error:
        raise Refusal(Reason.BAD_TIME, f"{quoted(text)} is not ISO 8601") from error
    if moment.utcoffset() is None:
        raise Refusal(Reason.BAD_TIME, f"{quoted(text)} has no offset: write Z or +08:00")
    return (moment - EPOCH) // MILLISECOND + leap * SECOND


def period(value: int | str) -> int:
    """A period in ms; raises Refusal."""
    length = _duration(value) if isinstance(value, str) else value
    if not 0 < length <= LONGEST:
        raise Refusal(Reason.MALFORMED, f"period {quoted(str(value))} is not between 1 ms and ten years")
    return length


@lru_cache(maxsize=256)
def _duration(text: str) -> int:
    if len(text) > LONGEST_PERIOD_TEXT:
        raise Refusal(Reason.MALFORMED, f"period {quoted(text)} is not a duration")
    try:
        return parse_duration(text)
    except DurationError as error:
        raise Refusal(Reason.MALFORMED, f"period: {error}; {error.suggestion}") from error


def _timed(found: Fault) -> Fault:
    if found.reason is Reason.MALFORMED and ("`$.t`" in found.detail or "field `t`" in found.detail):
        return Fault(Reason.BAD_TIME, f"t is neither int ms nor ISO 8601 text: {found.detail}")
    return found
