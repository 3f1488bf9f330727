"""Gauges against the gauges around them: faulty zeros and high influx.

After the PWSQC filters of de Vos and others (2019), on what neighbours reported before: the reports of one
instant say nothing about each other, so it does not matter how they are cut into blocks.
"""

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from ingest.clock import HOUR, MINUTE
from ingest.kinds import Kinds
from ingest.quality.places import NEVER, Indices, Ints, Places
from ingest.quality.runs import Runs, runs
from ingest.reading import Readings
from ingest.registry import Registry
from ingest.registry.neighbours import MOST, nearest
from ingest.units import convert

Floats = npt.NDArray[np.float64]

# Amounts are compared per so much time; what covers more than an hour says too little about it.
UNIT = 5 * MINUTE
LONGEST = HOUR
# So many neighbours must have been heard, each within so many of its intervals.
FEWEST = 5
FRESH = 3
# More consecutive zeros than this while it rains around are faulty.
ZEROS = 6
# mm in 5 min: where the median around is below LIGHT, more than HIGH is too much, else HIGH/LIGHT medians.
LIGHT, HIGH = 0.4, 10.0


class Neighbours:
    """Per place the newest amount and the one before its instant of receipt; zeros while it rains around.

    Rates are resolutions in 5 min. Only amounts of the last three intervals count, by their stamps: a backlog
    says nothing about the present. `heard` is when the newest was received.
    """

    def __init__(self, kinds: Kinds, registry: Registry) -> None:
        self.places = Places(kinds, registry, lambda metric: metric.neighbours is not None)
        size = self.places.size
        self._interval = self.places.each(
            lambda _, slots: np.array([registry.sensors[slot].reporting.interval for slot in slots], np.int64)
        )
        self._per_mm, self._around = _surroundings(self.places, registry)
        self._rate, self._rate_before = np.zeros(size), np.zeros(size)
        self._stamp, self._stamp_before = np.full(size, NEVER, np.int64), np.full(size, NEVER, np.int64)
        self._heard = np.full(size, NEVER, np.int64)
        self._zeros = np.zeros(size, np.int64)

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "rate": self._rate,
            "rate_before": self._rate_before,
            "stamp": self._stamp,
            "stamp_before": self._stamp_before,
            "heard": self._heard,
            "zeros": self._zeros,
        }

    def doubtful(self, readings: Readings, rows: Indices) -> Indices:
        """Which of the rows, all of metrics compared with neighbours, do not fit what these reported."""
        received = readings.received
        place = self.places.of(readings.column[rows], readings.slot[rows])
        period = np.where(readings.period[rows] > 0, readings.period[rows], self._interval[place])
        fresh = readings.observed[rows] >= received - FRESH * self.places.patience[place]
        usable = fresh & (period > 0) & (period <= LONGEST)
        if not usable.any():
            return rows[:0]
        rows, place = rows[usable], place[usable]
        rate = np.zeros(len(readings))
        rate[rows] = readings.value[rows] * (UNIT / period[usable])
        found = runs(place, rows, readings.observed[rows], self._stamp)
        told = np.where(found.head, self._rate[found.place], rate[found.row])
        median = self._medians(found, told, received)
        zeros = self._parched(found, told, median)
        light = median < LIGHT * self._per_mm[found.place]
        most = np.where(light, HIGH * self._per_mm[found.place], HIGH / LIGHT * median)
        self._remember(found, told, zeros, received)
        return found.row[~found.head & ((told > most) | (zeros > ZEROS))]

    def _parched(self, found: Runs, told: Floats, median: Floats) -> Ints:
        """How many zeros in a row each entry ends, all while it rains around."""
        parched = ~found.head & (told == 0) & (median > 0)
        origin = found.origin(~parched)
        before = np.where(found.head[origin], self._zeros[found.place], 0)
        return np.arange(len(origin)) - origin + before

    def _medians(self, found: Runs, told: Floats, received: int) -> Floats:
        """The median around each entry, NaN where too few are heard; looked up only where it can matter."""
        high = told > HIGH * self._per_mm[found.place]
        wet = self._rate.any() or self._rate_before.any()
        asking = ~found.head & (high | (wet & (told == 0)))
        median = np.full(len(told), np.nan)
        if asking.any():
            places, which = np.unique(found.place[asking], return_inverse=True)
            median[asking] = self._median_around(places, received)[which]
        return median

    def _median_around(self, places: Indices, received: int) -> Floats:
        earlier = self._heard < received
        stamp = np.where(earlier, self._stamp, self._stamp_before)
        rate = np.where(earlier, self._rate, self._rate_before)
        # Whoever was not heard ranks behind all others, and so does the place -1, which nobody has.
        heard = np.where(stamp >= received - FRESH * self.places.patience, rate, np.inf)
        ranked = np.sort(np.append(heard, np.inf)[self._around[places]], axis=1)
        count = np.count_nonzero(ranked < np.inf, axis=1)
        row, enough = np.arange(len(places)), count >= FEWEST
        low, high = np.where(enough, (count - 1) // 2, 0), np.where(enough, count // 2, 0)
        return np.where(enough, (ranked[row, low] + ranked[row, high]) / 2, np.nan)

    def _remember(self, found: Runs, told: Floats, zeros: Ints, received: int) -> None:
        last = found.last[~found.head[found.last]]
        at = found.place[last]
        new = at[self._heard[at] < received]
        self._rate_before[new], self._stamp_before[new] = self._rate[new], self._stamp[new]
        self._rate[at], self._stamp[at] = told[last], found.stamp[last]
        self._heard[at], self._zeros[at] = received, zeros[last]


def _surroundings(places: Places, registry: Registry) -> tuple[Floats, npt.NDArray[np.int32]]:
    """Resolutions in a mm by place, and the places around each, -1 behind the last."""
    per_mm = np.zeros(places.size)
    around = np.full((places.size, MOST), -1, np.int32)
    for metric, slots, first in places.parts:
        per_mm[first : first + len(slots)] = float(convert(Decimal(1), "mm", metric.unit) / metric.resolution)
        sensors = registry.sensors[slots.start : slots.stop]
        for place, found in enumerate(nearest(sensors, float(metric.neighbours or 0)), start=first):
            around[place, : len(found)] = found + first
    return per_mm, around
