"""Stuck sensors: one value for longer than a living one rests (QARTOD's flat line)."""

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds
from ingest.quality.places import NEVER, Indices, Places
from ingest.quality.runs import runs
from ingest.reading import Readings
from ingest.registry import Registry

# Fewer equal reports than this prove nothing, however far apart.
REPORTS = 6


class Stuck:
    """Per place the value, since when (stamp) it has not changed, and in how many reports."""

    def __init__(self, kinds: Kinds, registry: Registry) -> None:
        self.places = Places(kinds, registry, lambda metric: metric.stuck is not None)
        self._limit = self.places.each(lambda metric, _: metric.stuck or 0)
        self._stamp = np.full(self.places.size, NEVER, np.int64)
        self._value = np.zeros(self.places.size, np.int64)
        self._since = np.full(self.places.size, NEVER, np.int64)
        self._reports = np.zeros(self.places.size, np.int64)

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "stamp": self._stamp,
            "value": self._value,
            "since": self._since,
            "reports": self._reports,
        }

    def doubtful(self, readings: Readings, rows: Indices) -> Indices:
        """Which of the rows, all of metrics that can be stuck, are; late ones never are."""
        place = self.places.of(readings.column[rows], readings.slot[rows])
        found = runs(place, rows, readings.observed[rows], self._stamp)
        value = found.values(self._value, readings.value)
        known = self._reports[found.place] > 0
        begins = found.head
        # Behind a head of which nothing is known, the first report begins.
        begins[1:] |= (value[1:] != value[:-1]) | (found.head[:-1] & ~known[1:])
        origin = found.origin(begins)
        remembered = found.head[origin]
        since = np.where(remembered, self._since[found.place], found.stamp[origin])
        reports = np.arange(len(origin)) - origin + np.where(remembered, self._reports[found.place], 1)
        stuck = (found.stamp - since >= self._limit[found.place]) & (reports >= REPORTS) & ~found.head
        last = found.last
        at = found.place[last]
        self._stamp[at], self._value[at] = found.stamp[last], value[last]
        self._since[at], self._reports[at] = since[last], reports[last]
        return found.row[stuck]
