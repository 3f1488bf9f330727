"""The places of a rule that are not at rest: their subjects, and what its leaves keep of their sensors."""

import numpy as np

from rules.engine.groups.census import PlaceCensus, Tally, judged_singly
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.leaf import Leaf, Part
from rules.engine.ring import NEVER
from rules.engine.subject import Latch, Subject
from rules.grade import Grade


class Watch:
    """A place is watched from the first sensor that says true until nothing of it needs to be kept.

    `awake` counts by slot the watched places of a sensor, `turns` how often a place woke or fell asleep;
    `reasons` are those of release runs that a leaving sensor began.
    """

    def __init__(self, ladder: GroupLadder) -> None:
        self._ladder = ladder
        self._leaves = [leaf for leaf in ladder.leaves if not leaf.is_age]
        self.subjects: dict[int, Subject] = {}
        self.tallies: dict[int, dict[int, Tally]] = {}
        self.reasons: dict[int, dict[Grade, str]] = {}
        self.awake = np.zeros(len(ladder.registry.sensors), np.uint16)
        self.turns = 0

    def wake(self, place: int, subject: Subject | None = None) -> None:
        """Begin to watch a place, with a subject as it is or a quiet one."""
        if place in self.subjects:
            return
        quiet = Subject({grade: Latch() for grade in self._ladder.raising}, {}, NEVER)
        self.subjects[place] = subject or quiet
        self.tallies[place] = {leaf.number: self._tally(leaf, place) for leaf in self._leaves}
        self.awake[self._ladder.places.all(place)] += 1
        self.turns += 1
        for leaf in self._leaves:
            for part, slots in leaf.present(place):
                if part.calm is not None:
                    part.calm[slots] = False

    def sleep(self, place: int) -> None:
        """Forget a place that is at rest."""
        del self.subjects[place], self.tallies[place]
        self.reasons.pop(place, None)
        self.awake[self._ladder.places.all(place)] -= 1
        self.turns += 1

    def is_at_rest(self, place: int) -> bool:
        """Whether nothing of the place needs to be kept."""
        if self._ladder.restless or not self.subjects[place].quiet:
            return False
        return all(tally.empty for tally in self.tallies[place].values())

    def census(self, place: int, time: int, by: int) -> PlaceCensus:
        """What the sensors of a place say."""
        return PlaceCensus(place, self.tallies.get(place, {}), time, by)

    def note(self, leaf: Leaf, part: Part, slot: int, time: int) -> None:
        """Take over what a leaf keeps of a sensor that has been heard."""
        for place in self.watched_places(leaf, slot):
            tally = self.tallies[place][leaf.number]
            _put(tally.standing, slot, slot in leaf.standing)
            _put(tally.ended, slot, slot in leaf.ended)
            _put(tally.running, slot, slot in leaf.runs)
            if part.kind in tally.loud:
                own = slot - part.slots.start
                k = int(np.searchsorted(leaf.places.members(place, part.slots), own))
                tally.loud[part.kind][k], tally.mute[part.kind][k] = judged_singly(leaf, part, own, time)

    def watched_places(self, leaf: Leaf, slot: int) -> list[int]:
        """The watched places whose sensor it is, as far as the leaf is concerned."""
        return [place for place in leaf.places.of_sensor(slot) if place in self.subjects]

    def is_kept(self, slot: int) -> list[int]:
        """The places that must be watched because of a sensor."""
        keeping = [leaf for leaf in self._leaves if _keeps(leaf, slot)]
        return sorted({place for leaf in keeping for place in leaf.places.of_sensor(slot)})

    def purge(self, place: int, time: int) -> None:
        """Count no longer the stands that dropped out of `within`; the leaf keeps them for late readings."""
        for leaf in self._leaves:
            tally = self.tallies[place][leaf.number]
            tally.ended -= {slot for slot in tally.ended if leaf.leaves_at(slot) <= time}

    def _tally(self, leaf: Leaf, place: int) -> Tally:
        members = set(leaf.places.all(place).tolist())
        return Tally(members & leaf.standing.keys(), members & leaf.ended.keys(), members & leaf.runs.keys())


def _keeps(leaf: Leaf, slot: int) -> bool:
    return slot in leaf.standing or slot in leaf.ended or slot in leaf.runs


def _put(slots: set[int], slot: int, inside: bool) -> None:
    if inside:
        slots.add(slot)
    else:
        slots.discard(slot)
