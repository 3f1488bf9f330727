"""What is in force when."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Generic, TypeVar

In = TypeVar("In")


class Timetable(Generic[In]):
    """`usual` until the first of `changes`, each (instant in ms, what) in force until the next."""

    def __init__(self, usual: In, changes: Iterable[tuple[int, In]] = ()) -> None:
        ordered = sorted(changes, key=lambda change: change[0])
        self._instants = [instant for instant, _ in ordered]
        self._in_force = [usual, *(what for _, what in ordered)]

    def at(self, instant: int) -> In:
        return self._in_force[bisect_right(self._instants, instant)]
