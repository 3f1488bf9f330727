"""Windows of many sensors at once, as their rings keep them."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.clock import HOUR
from rules.engine.ring import NEVER, Longs

Floats: TypeAlias = npt.NDArray[np.float64]
Truth: TypeAlias = npt.NDArray[np.bool_]

# What trends and medians read of a window at most (semantics, part 3).
MOST_READ = 64
# A slope in floats is off by less than this share of it, and by less than one count after rounding.
SLACK = 1e-9


class Windows:
    """The windows of some sensors: arrays of shape (sensors, capacity), `inside` marks what counts.

    `fields` are those of the rings and `rows` the sensors' own. `last` is the place of each newest entry,
    where a window of `width` ms ends; it and those before it are kept, `kept` of them.
    """

    def __init__(
        self,
        fields: Mapping[str, npt.NDArray[Any]],
        rows: npt.NDArray[np.integer],
        last: Longs,
        kept: Longs,
        width: int,
    ) -> None:
        self._fields, self._rows, self._last, self._width = fields, rows, last, width
        self._fetched: dict[str, npt.NDArray[Any]] = {}
        stamps = self.field("stamp")
        capacity = stamps.shape[1]
        # Entries by age, the newest 0: they stand in a circle.
        age = last[:, None] - np.arange(capacity)
        age += (age < 0) * capacity
        newest = self.newest("stamp")
        self.inside: Truth = (age < kept[:, None]) & (stamps > (newest - width)[:, None])
        self.known: Truth = kept > 0
        self.read: Truth = self.inside if capacity <= MOST_READ else self.inside & (age < MOST_READ)

    def field(self, name: str) -> npt.NDArray[Any]:
        """One field of the entries, as it is kept."""
        if name not in self._fetched:
            self._fetched[name] = self._fields[name][self._rows]
        return self._fetched[name]

    def newest(self, name: str) -> Longs:
        """One field of the newest entry of each sensor."""
        newest: Longs = self._fields[name][self._rows, self._last].astype(np.int64)
        return newest

    @property
    def highest(self) -> Longs:
        """The highest value of each window, far below all values where there is none."""
        name = "high" if "high" in self._fields else "last"
        highest: Longs = np.where(self.inside, self.field(name), np.int64(NEVER)).max(axis=1)
        return highest

    @property
    def lowest(self) -> Longs:
        """The lowest value of each window, far above all values where there is none."""
        name = "low" if "low" in self._fields else "last"
        lowest: Longs = np.where(self.inside, self.field(name), np.int64(-NEVER)).min(axis=1)
        return lowest

    def total(self, name: str) -> Longs:
        """The sum of a field over each window."""
        total: Longs = np.where(self.inside, self.field(name), np.int64(0)).sum(axis=1)
        return total

    @cached_property
    def slopes(self) -> tuple[Floats, Floats, Truth]:
        """Bounds of the slopes in counts per hour; known where the entries span half of the window."""
        number = np.maximum(np.count_nonzero(self.read, axis=1), 1)
        since = (self.field("stamp") - self.newest("stamp")[:, None]) * self.read
        values = ((self.field("last") - self.newest("last")[:, None]) * self.read).astype(np.float64)
        hours = since / HOUR
        apart = (hours - (hours.sum(axis=1) / number)[:, None]) * self.read
        spread = np.einsum("ij,ij->i", apart, apart)
        slope = np.einsum("ij,ij->i", apart, values) / np.where(spread > 0, spread, 1.0)
        slack = np.abs(slope) * SLACK + 1
        known = self.known & (-2 * since.min(axis=1) >= self._width) & (spread > 0)
        return slope - slack, slope + slack, known
