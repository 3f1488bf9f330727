"""Fixed memory for the reports of one metric: a ring for each sensor that has reported."""

from collections.abc import Mapping
from mmap import mmap
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Slots: TypeAlias = npt.NDArray[np.int64]
Longs: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.uint8]

# Bytes of an array for which numpy asks for no huge pages.
SMALL = 1 << 22

# Rows are given out in the order of first reports: so many of them know how far back a city is known.
FIRST = 1024

# Earlier than any stamp, and still far from overflow when a duration is taken from it.
NEVER = -(2**61)


class Rows:
    """Rings by row; a sensor gets its row with its first report.

    Entry k of a row, counted from the first ever, stands at `k % capacity`; those from `first` up to `next`
    are kept, oldest first. `fields` are arrays of shape (rows, capacity).
    """

    def __init__(self, sensors: int, capacity: int, fields: Mapping[str, npt.DTypeLike]) -> None:
        self.capacity = capacity
        self.row = np.full(sensors, -1, np.int32)
        self.used = 0
        self.first = np.zeros(0, np.int64)
        self.next = np.zeros(0, np.int64)
        self.fields = {name: np.zeros((0, capacity), dtype) for name, dtype in fields.items()}

    def moved(self, sensors: int, here: Slots, there: Slots) -> "Rows":
        """The same entries for other sensors: what was kept of those at `here` is of those at `there`.

        The arrays are shared, so these must not be used any more. Rows of sensors that are gone stay unused.
        """
        rows = Rows(sensors, self.capacity, {})
        rows.row[there] = self.row[here]
        rows.used, rows.first, rows.next, rows.fields = self.used, self.first, self.next, self.fields
        return rows

    def claim(self, slots: Slots) -> npt.NDArray[np.int32]:
        """The rows of distinct slots; new ones are added for those that have none."""
        rows = self.row[slots]
        lacking = slots[rows < 0]
        if len(lacking):
            self._reserve(self.used + len(lacking))
            self.row[lacking] = np.arange(self.used, self.used + len(lacking), dtype=np.int32)
            self.used += len(lacking)
            rows = self.row[slots]
        return rows

    def flat(self, name: str) -> npt.NDArray[Any]:
        """A field with the rows one behind the other: entry k of a row is `row * capacity + k % capacity`."""
        return self.fields[name].reshape(-1)

    def kept(self, slot: int) -> dict[str, Longs]:
        """The fields of the entries of one sensor, oldest first."""
        row = int(self.row[slot])
        if row < 0:
            return {name: np.zeros(0, np.int64) for name in self.fields}
        at = np.arange(self.first[row], self.next[row]) % self.capacity
        return {name: field[row, at].astype(np.int64) for name, field in self.fields.items()}

    def entries(self, slot: int) -> list[tuple[int, ...]]:
        """The entries of one sensor, oldest first, one tuple of the fields each."""
        columns = [column.tolist() for column in self.kept(slot).values()]
        return list(zip(*columns, strict=True))

    def rewrite(self, slot: int, entries: list[tuple[int, ...]]) -> int:
        """Replace the entries of one sensor; at most `capacity`. Returns the row."""
        row = int(self.claim(np.array([slot]))[0])
        self.first[row] = 0
        self.next[row] = len(entries)
        for field, column in zip(self.fields.values(), zip(*entries, strict=True), strict=False):
            field[row, : len(entries)] = column
        return row

    @property
    def reach(self) -> int:
        """How far (ms) back the entries of any sensor go from its newest; of those that reported first."""
        rows = np.arange(min(self.used, FIRST))
        stamp, kept = self.fields["stamp"], self.next[rows] > self.first[rows]
        newest = stamp[rows, (self.next[rows] - 1) % self.capacity]
        return int((newest - stamp[rows, self.first[rows] % self.capacity])[kept].max(initial=0))

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, spare rows too."""
        own = self.row.nbytes + self.first.nbytes + self.next.nbytes
        return own + sum(field.nbytes for field in self.fields.values())

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        """What is in use of the arrays themselves; `restore` takes it."""
        state: dict[str, npt.NDArray[np.generic]] = {
            "row": self.row,
            "first": self.first[: self.used],
            "next": self.next[: self.used],
        }
        return state | {name: field[: self.used, : self._filled] for name, field in self.fields.items()}

    @property
    def _filled(self) -> int:
        """How far any row has been written, rounded up to a power of two, so that it seldom changes."""
        most = int(self.next[: self.used].max(initial=0))
        return min(1 << most.bit_length(), self.capacity)

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        self.row[:] = state["row"]
        self.used = len(state["first"])
        self._reserve(self.used)
        self.first[: self.used] = state["first"]
        self.next[: self.used] = state["next"]
        for name, field in self.fields.items():
            field[: self.used, : state[name].shape[1]] = state[name]

    def _reserve(self, rows: int) -> None:
        """Room for `rows` rows: doubled, so that sensors that appear one by one cost little.

        What has not been written is not copied: the system gives out memory page by page as it is touched.
        """
        have = len(self.first)
        if rows <= have:
            return
        more = min(max(rows, 2 * have, 16), max(rows, len(self.row))) - have
        self.first = np.concatenate([self.first, np.zeros(more, np.int64)])
        self.next = np.concatenate([self.next, np.zeros(more, np.int64)])
        for name, field in self.fields.items():
            grown = _untouched(have + more, self.capacity, field.dtype)
            grown[:have, : self._filled] = field[:, : self._filled]
            self.fields[name] = grown


def _untouched(rows: int, columns: int, dtype: "np.dtype[Any]") -> npt.NDArray[Any]:
    """Zeros that take no memory until they are written.

    For more than SMALL bytes numpy asks the system for huge pages, which it gives out 2 MiB at a touch.
    """
    size = rows * columns * dtype.itemsize
    if size < SMALL:
        return np.zeros((rows, columns), dtype)
    return np.frombuffer(mmap(-1, size), dtype).reshape(rows, columns)
