"""Impossible steps: a change from one report to the next beyond what the quantity can do.

The new value is suspect. A second report that agrees with it makes it the truth: a real jump is believed at
its second reading, a spike never.
"""

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds
from ingest.quality.places import NEVER, Indices, Places
from ingest.quality.runs import Flags, Runs, runs
from ingest.reading import Readings
from ingest.registry import Registry

# After a silence of more than so many intervals nothing is known of the change.
NEAR = 3


class Steps:
    """Per place the last value that was believed, and beside it the last one that was not, its `rival`."""

    def __init__(self, kinds: Kinds, registry: Registry) -> None:
        self.places = Places(kinds, registry, lambda metric: metric.step is not None)
        self._limit = self.places.each(lambda metric, _: int((metric.step or 0) // metric.resolution))
        self._stamp = np.full(self.places.size, NEVER, np.int64)
        self._value = np.zeros(self.places.size, np.int64)
        self._rival = np.zeros(self.places.size, np.int64)
        self._rivalled = np.zeros(self.places.size, np.bool_)

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "stamp": self._stamp,
            "value": self._value,
            "rival": self._rival,
            "rivalled": self._rivalled,
        }

    def doubtful(self, readings: Readings, rows: Indices) -> Indices:
        """Which of the rows, all of metrics with a step, leap too far; late ones never do."""
        place = self.places.of(readings.column[rows], readings.slot[rows])
        found = runs(place, rows, readings.observed[rows], self._stamp)
        value = found.values(self._value, readings.value)
        leaps = self._leaps(found, value)
        ends = found.last
        heads = found.head.nonzero()[0]
        doubt = np.logical_or.reduceat(leaps, heads) | self._rivalled[found.place[heads]]
        plain = ends[~doubt]
        self._value[found.place[plain]], self._stamp[found.place[plain]] = value[plain], found.stamp[plain]
        flagged = [
            int(found.row[at])
            for head, end in zip(heads[doubt].tolist(), ends[doubt].tolist(), strict=True)
            for at in self._one_by_one(found, value, range(head, end + 1))
        ]
        return np.array(flagged, np.intp)

    def _leaps(self, found: Runs, value: npt.NDArray[np.int64]) -> Flags:
        """Which reports differ from the one before by too much."""
        place, leaps = found.place[1:], ~found.head
        near = found.stamp[1:] - found.stamp[:-1] <= NEAR * self.places.patience[place]
        leaps[1:] &= near & (np.abs(value[1:] - value[:-1]) > self._limit[place])
        return leaps

    def _one_by_one(self, found: Runs, values: npt.NDArray[np.int64], run: range) -> list[int]:
        """The entries of one run, its head first, that are doubtful."""
        place = int(found.place[run.start])
        limit, near = int(self._limit[place]), NEAR * int(self.places.patience[place])
        believed, stamp = int(self._value[place]), int(self._stamp[place])
        rival = int(self._rival[place]) if self._rivalled[place] else None
        doubtful = []
        for at in run[1:]:
            value, before, stamp = int(values[at]), stamp, int(found.stamp[at])
            agrees = abs(value - believed) <= limit or (rival is not None and abs(value - rival) <= limit)
            if agrees or stamp - before > near:
                believed, rival = value, None
            else:
                rival = value
                doubtful.append(at)
        self._value[place], self._stamp[place] = believed, stamp
        self._rival[place], self._rivalled[place] = rival or 0, rival is not None
        return doubtful
