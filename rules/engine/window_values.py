"""What functions say of the reports of a window, exactly: integers, rounded half to even (D19, D24)."""

from collections.abc import Sequence
from fractions import Fraction

from ingest.clock import HOUR
from rules.engine.nodes import Term, exact_at
from rules.engine.report import Report
from rules.engine.windows import MOST_READ

# What `eta` says of a level that is not being approached: longer than any threshold.
NEVER_REACHED = 2**61
# The newest reading is part of the value: without it nothing can be said.
OF_NEWEST = frozenset({"rise", "fall", "forecast", "eta"})


def value_of(term: Term, entries: Sequence[Report], slot: int) -> int | None:
    """The value of a window's entries, oldest first and at least one; None where they do not suffice."""
    match term.function:
        case "max":
            return max(entry.high for entry in entries)
        case "min":
            return min(entry.low for entry in entries)
        case "rise":
            return entries[-1].last - min(entry.low for entry in entries)
        case "fall":
            return max(entry.high for entry in entries) - entries[-1].last
        case "stuck":
            return max(entry.high for entry in entries) - min(entry.low for entry in entries)
        case "mean":
            return _mean(entries)
        case "median":
            return lower_median([entry.last for entry in entries[-MOST_READ:]])
        case "count":
            assert term.counted is not None
            return sum(entry.hits_of(term.counted, slot) for entry in entries)
    return _ahead(term, entries, slot)


def _ahead(term: Term, entries: Sequence[Report], slot: int) -> int | None:
    """`rate`, and what follows from it: both go on from the exact slope and are rounded once."""
    slope = rate(entries, term.width)
    newest = entries[-1].last
    match term.function:
        case "rate":
            return None if slope is None else round(slope)
        case "forecast":
            return None if slope is None else round(newest + slope * term.parameter / HOUR)
        case "eta":
            assert term.level is not None
            return _eta(newest, slope, exact_at(term.level, slot))
    raise ValueError(f"no window answers `{term.function}`")


def _eta(newest: int, slope: Fraction | None, level: Fraction | None) -> int | None:
    if level is None:
        return None
    if newest >= level:
        return 0
    if slope is None:
        return None
    return min(round((level - newest) / slope * HOUR), NEVER_REACHED) if slope > 0 else NEVER_REACHED


def _mean(entries: Sequence[Report]) -> int:
    total = sum(entry.last + entry.rest for entry in entries)
    return round(Fraction(total, sum(1 + entry.others for entry in entries)))


def lower_median(values: Sequence[int]) -> int:
    """The middle value; of two the lower, so that it is a value that was read."""
    return sorted(values)[(len(values) - 1) // 2]


def rate(entries: Sequence[Report], width: int) -> Fraction | None:
    """The least-squares slope in counts per hour; None unless the readings span half of `width` (D24)."""
    points = entries[-MOST_READ:]
    if 2 * (points[-1].stamp - points[0].stamp) < width:
        return None
    times = [point.stamp - points[-1].stamp for point in points]
    values = [point.last for point in points]
    n, sum_t, sum_v = len(points), sum(times), sum(values)
    products = sum(t * v for t, v in zip(times, values, strict=True))
    spread = n * sum(t * t for t in times) - sum_t * sum_t
    return Fraction((n * products - sum_t * sum_v) * HOUR, spread)
