"""What the sensors of one place say at one instant, leaf by leaf."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rules.engine.groups.ages import Ages
from rules.engine.groups.leaf import Leaf, Part
from rules.engine.groups.words import Truth, Words, newest, said, words
from rules.engine.ring import Longs, Slots
from rules.engine.verdict import UNKNOWN

# A patience that no silence outlasts.
ENDLESS = 2**60


@dataclass(slots=True, eq=False)
class Tally:
    """Which sensors of one place a leaf keeps something of; `loud` and `mute` are words judged one by one.

    Both by kind, in the order of the place's sensors: as if no metric were silent, and as if all were.
    """

    standing: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    running: set[int] = field(default_factory=set)
    loud: dict[str, Words] = field(default_factory=dict)
    mute: dict[str, Words] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return not (self.standing or self.ended or self.running)


@dataclass(slots=True, eq=False)
class PlaceCensus:
    """A place at engine time `time`; what happened up to and including `by` has been heard of.

    `late` are the sensors that count at the stamp of a late reading, by number of the leaf, and whether each
    is beyond doubt. With `certain` only those count that are.
    """

    place: int
    tallies: Mapping[int, Tally]
    time: int
    by: int
    late: Mapping[int, Mapping[int, bool]] = field(default_factory=dict)
    certain: bool = False
    _true: dict[int, set[int]] = field(default_factory=dict)
    _speaking: dict[int, tuple[int, int]] = field(default_factory=dict)
    _ages: dict[int, Ages] = field(default_factory=dict)

    def ages(self, leaf: Leaf) -> Ages:
        """Of a leaf that asks for nothing else."""
        if leaf.number not in self._ages:
            self._ages[leaf.number] = Ages.of(leaf, self.place)
        return self._ages[leaf.number]

    def number(self, leaf: Leaf) -> int:
        """How many sensors count true."""
        true, late = self.true(leaf), self.late.get(leaf.number, {})
        if not self.certain or leaf.is_age:
            return max(len(true), len(late))
        return max(sum(leaf.is_sure(slot, self.time) for slot in true), sum(late.values()))

    def true(self, leaf: Leaf) -> set[int]:
        """The sensors for which the condition stands, or stood within `within`."""
        if leaf.number not in self._true:
            self._true[leaf.number] = self._count(leaf)
        return self._true[leaf.number]

    def _count(self, leaf: Leaf) -> set[int]:
        if leaf.is_age:
            return set(self.ages(leaf).old_enough(self.by))
        tally = self.tallies.get(leaf.number)
        if tally is None:
            return set()
        return tally.standing | {slot for slot in tally.ended if leaf.leaves_at(slot) > self.time}

    def speaking(self, leaf: Leaf) -> tuple[int, int]:
        """How many sensors are members (D12), and how many of them are known to be true or false (D9)."""
        if leaf.number not in self._speaking:
            self._speaking[leaf.number] = self._count_speaking(leaf)
        return self._speaking[leaf.number]

    def _count_speaking(self, leaf: Leaf) -> tuple[int, int]:
        if leaf.is_age:
            members = self.ages(leaf).members
            return members, members
        found = [self._heard(leaf, part) for part in leaf.parts.values()]
        return sum(m for m, _ in found), sum(k for _, k in found)

    def _heard(self, leaf: Leaf, part: Part) -> tuple[int, int]:
        slots = leaf.places.members(self.place, part.slots)
        members = part.has_spoken(slots)
        true = [slot - part.slots.start for slot in self.true(leaf) if slot in part.slots]
        at = np.searchsorted(slots, true)
        known = self._known(leaf, part, slots)
        members[at] = known[at] = True
        return int(members.sum()), int((known & members).sum())

    def _known(self, leaf: Leaf, part: Part, slots: Slots) -> Truth:
        patience = part.patience[slots]
        if part.plain:
            found = words(
                part.node,
                slots,
                lambda column: newest(part.board, column, slots, patience, self.by + 1),
                held=False,
            )
            told: Truth = found != UNKNOWN
            return told
        return self._judged_singly(leaf, part, slots, patience)

    def _judged_singly(self, leaf: Leaf, part: Part, slots: Slots, patience: Longs) -> Truth:
        tally = self.tallies.get(leaf.number)
        if tally is None:
            return np.zeros(len(slots), np.bool_)
        if part.kind not in tally.loud:
            pairs = [judged_singly(leaf, part, slot, self.time) for slot in slots.tolist()]
            tally.loud[part.kind], tally.mute[part.kind] = np.array(pairs, np.int8).reshape(-1, 2).T.copy()
        heard = [part.heard(column)[slots] for column in sorted(part.columns)]
        silent = (np.array(heard) + patience <= self.by).reshape(-1, len(slots))
        found = np.where(silent.all(axis=0), tally.mute[part.kind], tally.loud[part.kind])
        for k in np.flatnonzero(silent.any(axis=0) & ~silent.all(axis=0)).tolist():
            found[k] = said(part.node, part.board, leaf.view(part, int(slots[k]), self.time, self.by))
        known: Truth = found != UNKNOWN
        return known


def judged_singly(leaf: Leaf, part: Part, slot: int, time: int) -> tuple[int, int]:
    """The word of a sensor (by place in its kind) if none of its metrics were silent, and if all were."""
    view = leaf.view(part, slot, time, time)
    found = []
    for patience in (ENDLESS, -ENDLESS):
        view.patience = patience
        found.append(said(part.node, part.board, view))
    return found[0], found[1]
