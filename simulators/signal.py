"""What an event adds to one metric of one sensor over time."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from simulators.waveforms import Floats


@dataclass(frozen=True, slots=True)
class Signal:
    """Linear between its `times` (ms since the epoch, ascending), 0 before the first and after the last.

    `values` are in the unit of the metric. ValueError if there is not one value for each time.
    """

    times: tuple[int, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.times or len(self.times) != len(self.values):
            raise ValueError(
                f"{len(self.times)} times and {len(self.values)} values; give one value for each time"
            )
        if any(b <= a for a, b in pairwise(self.times)):
            raise ValueError("the times of a signal ascend; sort them and give each once")

    @classmethod
    def sampled(cls, start: int, step: int, values: Floats | Sequence[float]) -> Self:
        """One value every `step` ms from `start` on."""
        array = np.asarray(values, dtype=np.float64)
        return cls(tuple(range(start, start + step * len(array), step)), tuple(array.tolist()))

    @property
    def start(self) -> int:
        return self.times[0]

    @property
    def end(self) -> int:
        """The last instant at which it can be other than 0."""
        return self.times[-1]

    def at(self, instant: int) -> float:
        times, values = self.times, self.values
        after = bisect_right(times, instant)
        if after == 0 or instant > times[-1]:
            return 0.0
        before = values[after - 1]
        if after == len(times):
            return before
        share = (instant - times[after - 1]) / (times[after] - times[after - 1])
        return before + (values[after] - before) * share

    def read(self, instants: Floats) -> Floats:
        """What it is `at` each of many."""
        return np.interp(instants, self.times, self.values, left=0, right=0)

    def integral(self, begin: int, end: int) -> float:
        """Its area over [begin, end], in the unit of the metric times ms."""
        low, high = max(begin, self.start), min(end, self.end)
        if high <= low:
            return 0.0
        inner = self.times[bisect_right(self.times, low) : bisect_right(self.times, high - 1)]
        edges = (low, *inner, high)
        return sum((self.at(a) + self.at(b)) / 2 * (b - a) for a, b in pairwise(edges))

    def kept(self, least: float) -> Self | None:
        """Without what is smaller than `least` at both ends; None if nothing is left."""
        felt = [number for number, value in enumerate(self.values) if abs(value) >= least]
        if not felt:
            return None
        first, last = max(felt[0] - 1, 0), min(felt[-1] + 2, len(self.times))
        return type(self)(self.times[first:last], self.values[first:last])


def added(signals: Iterable[Signal]) -> Signal:
    """The sum of at least one, exact at each millisecond, jumps at beginnings and ends included."""
    parts = list(signals)
    if len(parts) == 1:
        return parts[0]
    edges = {time for part in parts for time in (part.start - 1, *part.times, part.end + 1)}
    times = sorted(edges)[1:-1]
    return Signal(tuple(times), tuple(sum(part.at(time) for part in parts) for time in times))
