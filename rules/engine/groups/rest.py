"""Places at rest: by when a sensor of theirs may grow old, worked out for many places at once."""

from collections.abc import Collection

import numpy as np

from ingest.clock import SECOND
from rules.engine.calendar import FOREVER
from rules.engine.deadlines import Due, Order
from rules.engine.groups.ages import age_of
from rules.engine.groups.condition import counts, may_be_true_at_rest
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.leaf import Leaf, bound_ms
from rules.engine.ring import NEVER, Longs, Slots

# In the time in which the first sensor grows old all places are looked at at so many instants.
INSTANTS = 8
# The places of so many sensors are looked at together, those of as many more a little earlier.
TOGETHER = 2**14


class Rest:
    """By when each place must be looked at, by its number; FOREVER for one that is watched.

    No sensor of a place at rest says true, but sensors grow old. Readings only make them younger, so nothing
    changes before the first of their ages turns; to look earlier finds nothing, and is cheap.
    """

    def __init__(self, ladder: GroupLadder, together: int = TOGETHER) -> None:
        self._leaves = [leaf for leaf in ladder.leaves if leaf.is_age]
        self._due = np.full(len(ladder.places.names), FOREVER)
        self._step = max(min((_shortest(leaf) for leaf in self._leaves), default=SECOND) // INSTANTS, 1)
        share = ladder.places.first[:-1].astype(np.int64) // together
        self._ahead = self._step * (share % (INSTANTS // 2))
        raised = (count for node in ladder.raising.values() for count in counts(node))
        # Where a reading can make a part of a condition true, every look must ask for the rest of it.
        self._always = any(may_be_true_at_rest(count) for count in raised)

    @property
    def due(self) -> Due | None:
        """When the first place must be looked at: sensors grow old after the readings of an instant."""
        first = int(self._due.min(initial=FOREVER))
        return None if first == FOREVER else (first, Order.SILENCE)

    def coming(self, instant: int) -> Slots:
        """The places that must be looked at by an instant."""
        return (self._due <= instant).nonzero()[0]

    def leave_out(self, watched: Collection[int]) -> None:
        """Places that have deadlines of their own."""
        self._due[[*watched]] = FOREVER

    def look(self, places: Slots, by: int) -> Slots:
        """Work out when some places must be looked at after `by`; returns those that must be judged before.

        They may change right behind `by` (engine time, ms).
        """
        turns = np.full(len(places), FOREVER)
        for leaf in self._leaves:
            turns = np.minimum(turns, _first_turns(leaf, places, by))
        early = turns - self._ahead[places]
        early -= early % self._step
        self._due[places] = np.where((early > by + 1) & (turns < FOREVER), early, turns)
        return places if self._always else places[turns == by + 1]

    def expect(self, place: int, due: Due | None) -> None:
        """What is known better of one place; None: it never changes by itself."""
        self._due[place] = FOREVER if due is None else due[0]

    def take_over(self, old: "Rest", before: Slots) -> None:
        """What an older version of the rule knew; `before` is the number of each place there, -1 for none."""
        stays = before >= 0
        self._due[stays] = old._due[before[stays]]


def _shortest(leaf: Leaf) -> int:
    """The shortest age that the leaf asks of any sensor, ms."""
    found = (bound_ms(age_of(part), np.arange(len(part.slots))) for part in leaf.parts.values())
    return min((int(bounds.min()) for bounds in found if len(bounds)), default=SECOND)


def _first_turns(leaf: Leaf, places: Slots, by: int) -> Longs:
    """The first instant after `by` at which an age may turn in each place; FOREVER where none can."""
    slots, sizes = leaf.places.members_of_all(places)
    found, some = np.full(len(places), FOREVER), sizes > 0
    if len(slots):
        starts = (np.cumsum(sizes) - sizes)[some]
        found[some] = np.minimum.reduceat(_turns(leaf, slots, by), starts)
    return found


def _turns(leaf: Leaf, slots: Slots, by: int) -> Longs:
    """When the age of each sensor turns after `by`; one that never reported might do so right behind it."""
    turns = np.empty(len(slots), np.int64)
    for part in leaf.parts.values():
        at = np.flatnonzero((slots >= part.slots.start) & (slots < part.slots.stop))
        check, own = age_of(part), slots[at] - part.slots.start
        heard = part.heard(check.column)[own]
        turn = np.where(heard > NEVER, heard, by) + bound_ms(check, own) + leaf.asks_for_young
        turns[at] = np.where(turn > by, turn, FOREVER)
    return turns
