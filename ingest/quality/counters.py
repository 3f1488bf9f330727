"""Counters become the amounts they feed (D23): what fell between two reports, and since when."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ingest.clock import DAY, HOUR, MINUTE
from ingest.decode.rows import select
from ingest.kinds import Kinds, Metric
from ingest.quality.places import NEVER, Indices, Ints, Places
from ingest.quality.runs import Flags, Runs, runs
from ingest.reading import Quality, Readings
from ingest.registry import Registry
from ingest.units import UnitError, conversion

# World records of rain: 198 mm in 15 min, 401 mm in 1 h, 1825 mm in 24 h (WMO, as used by RainfallQC);
# between them in proportion to time, beyond a day at the rate of the day.
RECORD_DAY = 1825
RECORD_SPANS = np.array([0, 15 * MINUTE, HOUR, DAY], np.float64)
RECORD_SHARES = np.array([0, 198, 401, RECORD_DAY], np.float64) / RECORD_DAY
# Tips of a bucket and clocks of whole seconds bunch: a shorter time counts as this.
SHORTEST = MINUTE
# Amounts are int32 in the rings of the engine.
LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """What counters came to; one entry a row of the block, `period` in ms."""

    row: Indices
    value: Ints
    period: Ints
    doubtful: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """Readings without feeding counters; how many amounts are suspect, how many reports came out of order."""

    readings: Readings
    doubtful: int
    out_of_order: int


class Counters:
    """The newest report of each counter that feeds an amount.

    The amount of a report is its difference to the report before, over the time between the two; the first
    report gives none. A report that is not newer than the newest gives nothing and changes nothing: what it
    counts is part of the next difference.
    """

    def __init__(self, kinds: Kinds, registry: Registry) -> None:
        self.places = Places(kinds, registry, lambda metric: metric.feeds is not None)
        fed = {
            metric.column: kinds[kind].metrics[metric.feeds]
            for metric, kind in zip(kinds.columns, kinds.column_kind, strict=True)
            if metric.feeds is not None
        }
        self._fed = np.full(len(kinds.columns), -1, np.int16)
        for column, amount in fed.items():
            self._fed[column] = amount.column
        self._range = self.places.each(lambda metric, _: int(metric.scale(metric.rollover or metric.high)))
        self._rolls = self.places.each(lambda metric, _: metric.rollover is not None)
        self._day = self.places.each(lambda metric, _: _record_day(fed[metric.column]))
        self._most = self.places.each(lambda metric, _: int(metric.scale(fed[metric.column].high)))
        self._value = np.zeros(self.places.size, np.int64)
        self._stamp = np.full(self.places.size, NEVER, np.int64)

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"value": self._value, "stamp": self._stamp}

    def derive(self, readings: Readings) -> Derived:
        """Puts amounts in place of what counters show.

        Where a message states the amount of a stamp itself, its counter adds none.
        """
        rows = np.flatnonzero(self.places.has[readings.column])
        amounts, out_of_order = self._amounts(readings, rows)
        fed = self._fed[readings.column[amounts.row]]
        stated = _stated(readings, amounts.row, fed)
        column, value = readings.column.copy(), readings.value.copy()
        period, quality = readings.period.copy(), readings.quality.copy()
        column[amounts.row], value[amounts.row], period[amounts.row] = fed, amounts.value, amounts.period
        quality[amounts.row[amounts.doubtful]] |= np.uint8(Quality.SUSPECT)
        kept = np.ones(len(readings), np.bool_)
        kept[rows] = False
        kept[amounts.row[~stated]] = True
        changed = replace(readings, column=column, value=value, period=period, quality=quality)
        doubtful = int(np.count_nonzero(amounts.doubtful & ~stated))
        return Derived(select(changed, kept), doubtful, out_of_order)

    def _amounts(self, readings: Readings, rows: Indices) -> tuple[Amounts, int]:
        """The amounts of the reports that give one, and how many came behind a newer one."""
        place = self.places.of(readings.column[rows], readings.slot[rows])
        found = runs(place, rows, readings.observed[rows], self._stamp, ascending=True)
        value = found.values(self._value, readings.value)
        at = np.flatnonzero(~found.head & (np.append(NEVER, found.stamp[:-1]) > NEVER))
        amounts = self._differences(found, value, at)
        last = found.last
        self._value[found.place[last]], self._stamp[found.place[last]] = value[last], found.stamp[last]
        return amounts, len(rows) - int(np.count_nonzero(~found.head))

    def _differences(self, found: Runs, value: Ints, at: Indices) -> Amounts:
        place, old, new = found.place[at], value[at - 1], value[at]
        period = found.stamp[at] - found.stamp[at - 1]
        width = self._range[place]
        rolled = (self._rolls[place] > 0) & (10 * old >= 9 * width) & (10 * new <= width)
        reset = (new < old) & ~rolled
        amount = np.where(reset, new, new - old + np.where(rolled & (new < old), width, 0))
        implausible = amount > self._plausible(place, period)
        amount = np.clip(np.where(reset & implausible, 0, amount), 0, LARGEST)
        return Amounts(found.row[at], amount, period, reset | implausible)

    def _plausible(self, place: Indices, period: Ints) -> npt.NDArray[np.float64]:
        """The most that can fall in a time; of what is no rain, the plausible limit of a report."""
        span = np.maximum(period, SHORTEST).astype(np.float64)
        share = np.interp(span, RECORD_SPANS, RECORD_SHARES) * np.maximum(span / DAY, 1)
        return np.where(self._day[place] > 0, self._day[place] * share, self._most[place])


def _record_day(amount: Metric) -> int:
    """The world record of a day in resolutions of an amount; 0 if the amount is no depth."""
    try:
        depth = conversion("mm", amount.unit).scale * RECORD_DAY
    except UnitError:
        return 0
    return int(depth / Fraction(amount.resolution))


def _stated(readings: Readings, rows: Indices, fed: npt.NDArray[np.int16]) -> Flags:
    """For which of the rows the same message states the fed metric of the same sensor and stamp itself."""
    direct = np.flatnonzero(np.isin(readings.column, fed))
    if not len(direct):
        return np.zeros(len(rows), np.bool_)
    both = np.append(rows, direct)
    column = np.append(fed, readings.column[direct]).astype(np.int64)
    keys = np.stack([readings.message[both], readings.slot[both], readings.stamp[both], column])
    _, number = np.unique(keys, axis=1, return_inverse=True)
    found: Flags = np.isin(number[: len(rows)], number[len(rows) :])
    return found
