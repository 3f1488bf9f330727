"""Bounds of what functions say of windows, for many sensors at once: exact, or a little wider than exact."""

import numpy as np
import numpy.typing as npt

from ingest.clock import HOUR
from rules.engine.arithmetic import Range
from rules.engine.baseline import half_even
from rules.engine.nodes import Term, near
from rules.engine.report_ring import ReportRing, Windows
from rules.engine.ring import Longs, Slots
from rules.engine.window_values import NEVER_REACHED

Floats = npt.NDArray[np.float64]
# A slope in floats is off by less than this share of it, and by less than one count after rounding.
SLACK = 1e-9


def window_range(term: Term, ring: ReportRing, windows: Windows, slots: Slots) -> Range:
    """Between which values a function of a window lies; each for one sensor of `slots`."""
    match term.function:
        case "max":
            return _exactly(windows.highest, windows)
        case "min":
            return _exactly(windows.lowest, windows)
        case "rise":
            return _exactly(windows.newest("last") - windows.lowest, windows)
        case "fall":
            return _exactly(windows.highest - windows.newest("last"), windows)
        case "stuck":
            return _exactly(windows.highest - windows.lowest, windows)
        case "mean":
            return _exactly(_means(windows), windows)
        case "median":
            last, read = windows.field("last"), windows.read
            high = np.where(read, last, np.int64(-NEVER_REACHED)).max(axis=1)
            return Range(np.where(read, last, np.int64(NEVER_REACHED)).min(axis=1), high, windows.known)
        case "count":
            assert term.counted is not None
            key = term.counted.key
            number = next(k for k, check in enumerate(ring.counted) if check.key == key)
            return _exactly(windows.total(f"hits {number}"), windows)
    return _ahead(term, windows, slots)


def _exactly(values: Longs, windows: Windows) -> Range:
    return Range(values, values, windows.known)


def _means(windows: Windows) -> Longs:
    total = windows.total("last") + windows.total("rest")
    return half_even(total, np.maximum(windows.total("others") + windows.inside.sum(axis=1), 1))


def _ahead(term: Term, windows: Windows, slots: Slots) -> Range:
    low, high, known = _slopes(windows, term.width)
    if term.function == "rate":
        return Range(low, high, known)
    newest = windows.newest("last").astype(np.float64)
    if term.function == "forecast":
        hours = term.parameter / HOUR
        return Range(newest + low * hours - 1, newest + high * hours + 1, known)
    assert term.level is not None
    gap = near(term.level, slots) - newest
    reached = gap <= 0
    with np.errstate(divide="ignore", invalid="ignore"):
        soon = np.where(high > 0, gap / high, np.inf) * HOUR * (1 - SLACK) - 1
        late = np.where(low > 0, gap / low, np.inf) * HOUR * (1 + SLACK) + 1
    soon, late = np.minimum(soon, NEVER_REACHED), np.minimum(late, NEVER_REACHED)
    known = (known | (reached & windows.known)) & ~np.isnan(gap)
    return Range(np.where(reached, 0, soon), np.where(reached, 0, late), known)


def _slopes(windows: Windows, width: int) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Bounds of the slope in counts per hour; known where the entries span half of the window."""
    read, stamps, newest = windows.read, windows.field("stamp"), windows.newest("stamp")
    number = np.maximum(read.sum(axis=1), 1)
    oldest = np.where(read, stamps, newest[:, None]).min(axis=1)
    hours = np.where(read, (stamps - newest[:, None]) / HOUR, 0.0)
    values = np.where(read, windows.field("last") - windows.newest("last")[:, None], 0).astype(np.float64)
    apart = np.where(read, hours - (hours.sum(axis=1) / number)[:, None], 0.0)
    spread = (apart * apart).sum(axis=1)
    slope = (apart * values).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    slack = np.abs(slope) * SLACK + 1
    known = windows.known & (2 * (newest - oldest) >= width) & (spread > 0)
    return slope - slack, slope + slack, known
