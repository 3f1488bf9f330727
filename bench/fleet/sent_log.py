"""What a fleet sent: one row a burst, from which every message follows, since its sensors take turns."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from bench.fleet.city import City, Longs

# A message's sensor and stamp as one number: stamps of milliseconds take 41 bits until 2039.
STAMP_BITS = 41
STAMP_MASK = (1 << STAMP_BITS) - 1

Ints = npt.NDArray[np.int32]


def keys(sensors: Longs, stamps: Longs) -> Longs:
    """(sensor number, stamp) as one number each."""
    return sensors << STAMP_BITS | stamps & STAMP_MASK


@dataclass(slots=True)
class SentLog:
    """Bursts in the order in which they were sent."""

    _first: list[Longs] = field(default_factory=list)
    _count: list[Longs] = field(default_factory=list)
    _stamp: list[int] = field(default_factory=list)

    def add(self, first: Longs, count: Longs, stamp: int) -> None:
        """Bursts measured at one instant: the position each begins with, and its messages."""
        self._first.append(first.astype(np.int32))
        self._count.append(count.astype(np.int32))
        self._stamp.append(stamp)

    def write(self, path: Path) -> None:
        """One file; it ends in .npz."""
        stamp = np.repeat(np.array(self._stamp, np.int64), list(map(len, self._first)))
        np.savez(path, first=_joined(self._first), count=_joined(self._count), stamp=stamp)


def _joined(parts: list[Longs]) -> Ints:
    return np.concatenate(parts) if parts else np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, eq=False)
class Bursts:
    """A sent-log as it was written."""

    first: Ints
    count: Ints
    stamp: Longs

    @classmethod
    def read(cls, path: Path) -> Self:
        with np.load(path) as found:
            return cls(found["first"], found["count"], found["stamp"])

    def __len__(self) -> int:
        """Messages."""
        return int(self.count.sum())

    def keys(self, city: City) -> Longs:
        """The key of every message, in the order in which they were sent."""
        count = self.count.astype(np.int64)
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return keys(city.number[np.repeat(self.first, count) + within], np.repeat(self.stamp, count))
