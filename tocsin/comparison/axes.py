"""Where instants and values stand in a picture, and the ticks that people read them by."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from ingest.clock import DAY, HOUR, MINUTE

_STEPS = (
    5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
    DAY, 2 * DAY, 7 * DAY, 30 * DAY,
)  # fmt: skip
# Of a curve: beyond that many, what lies between the highest and the lowest of a stretch is not seen.
STRETCHES = 400


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low`..`high` to the pixels `start`..`stop`."""

    low: float
    high: float
    start: float
    stop: float

    def at(self, value: float) -> float:
        """The pixel; what lies outside stands at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / ((self.high - self.low) or 1)
        return round(self.start + share * (self.stop - self.start), 1)


def times(begin: int, end: int, zone: tzinfo, most: int) -> Iterator[tuple[int, str]]:
    """At most so many round local times (ms, text) between two instants; at midnight the date."""
    step = next((step for step in _STEPS if (end - begin) / step <= most), _STEPS[-1])
    local = datetime.fromtimestamp(begin / 1000, zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    first = -(-int((local - midnight).total_seconds() * 1000) // step)
    for number in range(first, first + most + 2):
        moment = midnight + timedelta(milliseconds=number * step)
        instant = int(moment.timestamp() * 1000)
        if begin <= instant <= end:
            is_day = step >= DAY or moment.hour == moment.minute == 0
            yield instant, f"{moment:%m-%d}" if is_day else f"{moment:%H:%M}"


def values(low: float, high: float, most: int) -> list[float]:
    """Round numbers between two values, both included, `most` steps at most."""
    if high <= low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 10) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Of many points the lowest and the highest of each stretch."""
    if len(points) <= 2 * STRETCHES:
        return list(points)
    size = -(-len(points) // STRETCHES)
    found: list[tuple[int, float]] = []
    for start in range(0, len(points), size):
        stretch = points[start : start + size]
        found += sorted({min(stretch, key=lambda p: p[1]), max(stretch, key=lambda p: p[1])})
    return found
