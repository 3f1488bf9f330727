"""The newest values of the metrics of one kind, a row for each metric and a place in it for each sensor."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rules.engine.nodes import COMPARE
from rules.engine.ring import NEVER, Flags, Longs, Slots

# Of some columns the newest values, of shape (columns, sensors), and which of them there are.
Look: TypeAlias = Callable[[Longs], tuple[Longs, npt.NDArray[np.bool_]]]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The newest value of one metric: its stamp, when the metric was last received, its quality."""

    value: Longs
    stamp: Longs
    heard: Longs
    flags: Flags

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"value": self.value, "stamp": self.stamp, "heard": self.heard, "flags": self.flags}


class Columns(Mapping[int, Column]):
    """Columns by number, as far as they are kept: parts of arrays over all metrics of the kind.

    So that a wave is taken in by one assignment, whatever metrics it has. What is not kept is memory that the
    system never hands out.
    """

    def __init__(self, numbers: Iterable[int], sensors: int) -> None:
        numbers = sorted(numbers)
        self._first, self._sensors = min(numbers, default=0), sensors
        shape = len(numbers), sensors
        self._value, self._stamp = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        self._heard, self._flags = np.zeros(shape, np.int64), np.zeros(shape, np.uint8)
        self._kept: dict[int, Column] = {}

    def __getitem__(self, number: int) -> Column:
        return self._kept[number]

    def __iter__(self) -> Iterator[int]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, number: int) -> Column:
        """The column, kept from now on."""
        if number not in self._kept:
            row = number - self._first
            self._stamp[row] = self._heard[row] = NEVER
            arrays = self._value[row], self._stamp[row], self._heard[row], self._flags[row]
            self._kept[number] = Column(*arrays)
        return self._kept[number]

    def put(self, number: Longs, slot: Slots, newest: tuple[Longs, Longs, Flags], received: int) -> None:
        """Take in `newest` (value, stamp, flags) of distinct pairs of a kept column and a sensor."""
        place = (number - self._first) * self._sensors + slot
        value, stamp, flags = newest
        self._value.reshape(-1)[place] = value
        self._stamp.reshape(-1)[place] = stamp
        self._flags.reshape(-1)[place] = flags
        heard = self._heard.reshape(-1)
        heard[place] = np.maximum(heard[place], received)

    def newest(self, numbers: Longs, slots: Slots) -> tuple[Longs, npt.NDArray[np.bool_]]:
        """Of kept columns the newest values, of shape (columns, slots), and which of them there are."""
        place = ((numbers - self._first) * self._sensors)[:, None] + slots
        return self._value.reshape(-1)[place], self._stamp.reshape(-1)[place] > NEVER


class Limits:
    """Newest values that are compared with one number each, by sense: asked of many metrics at once."""

    def __init__(self, limits: Iterable[tuple[str, int, int]]) -> None:
        """Each a sense, a column, a number; of one sense each column once."""
        by_sense: dict[str, list[tuple[int, int]]] = {}
        for sense, column, number in limits:
            by_sense.setdefault(sense, []).append((column, number))
        self._by_sense = {sense: np.array(sorted(pairs)).T for sense, pairs in by_sense.items()}

    def __bool__(self) -> bool:
        return bool(self._by_sense)

    def any_holds(self, look: Look) -> npt.NDArray[np.bool_]:
        """Of which sensors any value stands to its number as demanded; there must be limits."""
        found = []
        for sense, (columns, numbers) in self._by_sense.items():
            value, known = look(columns)
            found.append((COMPARE[sense](value, numbers[:, None]) & known).any(axis=0))
        held: npt.NDArray[np.bool_] = np.logical_or.reduce(found)
        return held
