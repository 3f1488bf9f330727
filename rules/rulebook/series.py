"""Series of test values in one line: `every 5min: 1.4 x36, 0 x128`, or `at 10:00 310, 10:07 305`."""

import re
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import normalize

from ingest.clock import DAY, SECOND
from ingest.duration import DurationError, parse_duration
from ingest.finding import words, words_of
from rules.rulebook.phrases import UnreadableError

MOST_REPORTS = 100_000
_EVERY = re.compile(r"(?:from (?P<first>\S+) )?every (?P<step>[^:]+?) ?: ?(?P<values>.+)")
_AT = re.compile(r"at (?P<reports>.+)")
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_REPEATED = re.compile(rf"(?P<value>_|{_NUMBER})(?: ?x ?(?P<times>\d+))?")
_RAMP = re.compile(rf"(?P<first>{_NUMBER}) to (?P<last>{_NUMBER}) in (?P<steps>\d+)")
_REPORT = re.compile(rf"(?P<time>\S+) (?P<value>{_NUMBER})")
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?")
_ADVICE = words(
    "write `every 5min: 1.4 x36, 0 x128`, `1 to 5 in 9` for a ramp, `_ x6` for nothing, or `at 10:00 310`"
)


@dataclass(frozen=True, slots=True)
class Series:
    """Reports as (ms, value), ascending; `step` is the pace in ms, 0 for exact times.

    Times are ms after the start of the test, or with `of_day` ms after a midnight.
    """

    reports: tuple[tuple[int, Decimal], ...]
    step: int = 0
    of_day: bool = False

    def after(self, time_of_day: int) -> tuple[tuple[int, Decimal], ...]:
        """The reports in ms after a start at `time_of_day` (ms); clock times go to the next day after it."""
        if not self.of_day:
            return self.reports
        found: list[tuple[int, Decimal]] = []
        earliest = 0
        for clock, value in self.reports:
            earliest += (clock - time_of_day - earliest) % DAY
            found.append((earliest, value))
        return tuple(found)


def parse_series(text: str) -> Series:
    """Raises UnreadableError, E234."""
    line = " ".join(normalize("NFKC", text).split())
    if match := _EVERY.fullmatch(line):
        step = _duration(match["step"])
        first = _duration(match["first"]) if match["first"] else 0
        if step == 0:
            raise _unreadable(words("the pace of a series is longer than 0s"))
        return Series(_paced(first, step, match["values"]), step)
    if match := _AT.fullmatch(line):
        return _exact(match["reports"])
    raise _unreadable(words("`{text}` is no series", text=line))


def _paced(first: int, step: int, text: str) -> tuple[tuple[int, Decimal], ...]:
    """The first report of `every 5min` stands at 5min (D32)."""
    reports: list[tuple[int, Decimal]] = []
    at = first
    for term in text.split(","):
        for value in _values(term.strip()):
            at += step
            if value is not None:
                reports.append((at, value))
        if len(reports) > MOST_REPORTS:
            raise _unreadable(words("more than {most} reports", most=MOST_REPORTS))
    return tuple(reports)


def _values(term: str) -> list[Decimal | None]:
    if match := _RAMP.fullmatch(term):
        return [*_ramp(Decimal(match["first"]), Decimal(match["last"]), _count(match["steps"]))]
    if match := _REPEATED.fullmatch(term):
        value = None if match["value"] == "_" else Decimal(match["value"])
        return [value] * _count(match["times"] or "1")
    raise _unreadable(words("`{term}` is no value", term=term))


def _ramp(first: Decimal, last: Decimal, steps: int) -> list[Decimal]:
    if steps < 2:
        raise _unreadable(words("a ramp has at least 2 values, its first and its last"))
    return [first + (last - first) * k / (steps - 1) for k in range(steps)]


def _count(text: str) -> int:
    count = int(text[:9])
    if not 0 < count <= MOST_REPORTS:
        raise _unreadable(words("a value stands 1 to {most} times", most=MOST_REPORTS))
    return count


def _exact(text: str) -> Series:
    times: list[int] = []
    values: list[Decimal] = []
    clocks: list[bool] = []
    for term in text.split(","):
        match = _REPORT.fullmatch(term.strip())
        if match is None:
            raise _unreadable(words("`{term}` is no time and value", term=term.strip()))
        clock = _CLOCK.fullmatch(match["time"])
        clocks.append(clock is not None)
        times.append(_of_day(clock) if clock else _duration(match["time"]))
        values.append(Decimal(match["value"]))
    if len(set(clocks)) > 1:
        raise _unreadable(words("times of day and times after the start do not mix in one series"))
    if not clocks[0] and times != sorted(times):
        raise _unreadable(words("the times of a series ascend"))
    return Series(tuple(zip(times, values, strict=True)), of_day=clocks[0])


def _of_day(clock: re.Match[str]) -> int:
    minutes = int(clock["hour"]) * 60 + int(clock["minute"])
    return (minutes * 60 + int(clock["second"] or 0)) * SECOND


def _duration(text: str) -> int:
    try:
        return parse_duration(text)
    except DurationError as error:
        raise _unreadable(words_of(error), error.suggestion) from None


def _unreadable(message: str, advice: str = _ADVICE) -> UnreadableError:
    return UnreadableError("E234", message, advice)
