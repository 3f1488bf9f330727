"""Ages of the sensors of a place: counted when asked for, so that no reading costs anything."""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from rules.engine.groups.condition import Count
from rules.engine.groups.leaf import Leaf, Part, bound_ms
from rules.engine.groups.words import Truth
from rules.engine.nodes import Check
from rules.engine.ring import NEVER, Longs, Slots


@dataclass(frozen=True, slots=True, eq=False)
class Ages:
    """The sensors of a place that a leaf asks for their age, `present` by kind and one behind the other.

    `heard`: which ever reported the metric. Their result turns `patience` (ms) after they were heard of, at
    `turns`: an age of exactly the bound is old enough, and still young enough.
    """

    young: bool
    present: tuple[tuple[Part, Slots], ...]
    heard: Truth
    patience: Longs
    turns: Longs

    @classmethod
    def of(cls, leaf: Leaf, place: int) -> "Ages":
        """As the board says now."""
        young, present = leaf.asks_for_young, leaf.present(place)
        asked = [(part, age_of(part), own) for part, own in present]
        when = _joined([part.heard(check.column)[own] for part, check, own in asked])
        lasts = _joined([bound_ms(check, own) + young for _, check, own in asked])
        return cls(young, present, when > NEVER, lasts, when + lasts)

    def compares(self, by: int) -> Truth:
        """Which sensors have an age that compares as demanded at the end of `by` (engine time, ms)."""
        true: Truth = self.heard & ((self.turns > by) if self.young else (self.turns <= by))
        return true

    def old_enough(self, by: int) -> list[int]:
        """The sensors whose age compares as demanded, by slot of the registry."""
        true = self.compares(by)
        if not true.any():
            return []
        found: list[int] = _joined([own + part.slots.start for part, own in self.present])[true].tolist()
        return found

    @property
    def members(self) -> int:
        """How many sensors ever reported the metric (D12)."""
        return int(np.count_nonzero(self.heard))

    def next_turn(self, count: Count, by: int) -> int | None:
        """No later than the first instant after `by` at which a count can change without a reading.

        A sensor that never reported might do so at once; of a place without members the first report tells.
        """
        members = self.members
        if not members:
            return None
        ahead = np.where(self.heard, self.turns, by + self.patience)
        ahead = ahead[ahead > by]
        true = int(np.count_nonzero(self.compares(by)))
        needed = _needed(count, true, -1 if self.young else 1, (members, len(ahead)))
        return None if needed is None else int(np.partition(ahead, needed - 1)[needed - 1])


def age_of(part: Part) -> Check:
    """The comparison of an age that the condition of a kind is."""
    assert isinstance(part.node, Check)
    return part.node


def _joined(arrays: list[Longs]) -> Longs:
    """One behind the other; most places have sensors of one kind, and a city's are many to copy."""
    return arrays[0] if len(arrays) == 1 else np.concatenate([np.zeros(0, np.int64), *arrays])


def _needed(count: Count, true: int, step: int, sizes: tuple[int, int]) -> int | None:
    """How many of those ahead must turn before the result changes; None if all do not suffice."""
    members, ahead = sizes
    if not ahead:
        return None
    if count.operator in ("==", "!="):
        return 1
    now = count.holds(true, members)

    def differs(turned: int) -> bool:
        number = max(true + step * turned, 0)
        return count.holds(number, max(number, members)) != now

    needed = 1 + bisect_left(range(1, ahead + 1), True, key=differs)
    return needed if needed <= ahead else None
