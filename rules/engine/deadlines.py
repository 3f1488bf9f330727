"""What falls due without a reading: one heap, entries that no longer hold are passed over."""

import heapq
from enum import IntEnum
from typing import TypeAlias


class Order(IntEnum):
    """What comes first at one instant (D3)."""

    RAISING = 0
    READING = 1
    SILENCE = 2
    CLEARING = 3


# An instant of engine time (ms) and what happens then.
Due: TypeAlias = tuple[int, Order]


class Deadlines:
    """The next deadline of each subject, named by the number of its rule and its sensor's slot or place."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, Order, int, int]] = []
        self._next: dict[tuple[int, int], Due] = {}

    def set(self, rule: int, slot: int, due: Due | None) -> None:
        """Replace the subject's deadline; None takes it away."""
        if due is None:
            self._next.pop((rule, slot), None)
        elif self._next.get((rule, slot)) != due:
            self._next[rule, slot] = due
            heapq.heappush(self._heap, (*due, rule, slot))

    def drop(self, rule: int) -> None:
        """Take away every deadline of a rule."""
        for key in [key for key in self._next if key[0] == rule]:
            del self._next[key]

    def pop(self, before: Due) -> tuple[Due, int, int] | None:
        """The earliest deadline that comes before `before`, with its rule and slot."""
        first = self._first()
        if first is None or first[:2] >= before:
            return None
        instant, order, rule, slot = heapq.heappop(self._heap)
        del self._next[rule, slot]
        return (instant, order), rule, slot

    @property
    def due(self) -> int | None:
        """The earliest instant at which `pop` gives something: what clears settles only after its instant."""
        first = self._first()
        return None if first is None else first[0] + (first[1] > Order.RAISING)

    def _first(self) -> tuple[int, Order, int, int] | None:
        while self._heap:
            instant, order, rule, slot = self._heap[0]
            if self._next.get((rule, slot)) == (instant, order):
                return self._heap[0]
            heapq.heappop(self._heap)
        return None
