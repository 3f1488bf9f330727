"""Bounds of what functions say of windows, for many sensors at once: exact, or a little wider than exact."""

import numpy as np

from ingest.clock import HOUR
from rules.engine.arithmetic import Range
from rules.engine.baseline import half_even
from rules.engine.nodes import Term, near
from rules.engine.report_ring import ReportRing
from rules.engine.ring import Longs, Slots
from rules.engine.window_values import NEVER_REACHED
from rules.engine.windows import SLACK, Floats, Windows


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
    low, high, known = windows.slopes
    if term.function == "rate":
        return Range(low, high, known)
    newest = windows.newest("last").astype(np.float64)
    if term.function == "forecast":
        hours = term.parameter / HOUR
        return Range(newest + low * hours - 1, newest + high * hours + 1, known)
    assert term.level is not None
    gap = near(term.level, slots) - newest
    reached = gap <= 0
    soon = _time_to(gap, high) * (1 - SLACK) - 1
    late = _time_to(gap, low) * (1 + SLACK) + 1
    known = (known | (reached & windows.known)) & ~np.isnan(gap)
    return Range(np.where(reached, 0, soon), np.where(reached, 0, late), known)


def _time_to(gap: Floats, slope: Floats) -> Floats:
    """The ms in which what rises by `slope` an hour rises by `gap`; NEVER_REACHED where it does not rise."""
    hours = np.full(len(gap), NEVER_REACHED / HOUR)
    np.divide(gap, slope, out=hours, where=slope > 0)
    found: Floats = np.minimum(hours * HOUR, NEVER_REACHED)
    return found
