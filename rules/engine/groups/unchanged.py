"""Which places of a rule are the same behind a reload: to the last sensor, and all that is said of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.registry import Registry
from rules.engine.groups.ladder import GroupLadder
from rules.engine.groups.places import Places
from rules.engine.ring import Slots

# In the place of a number of a place, or of a slot.
GONE = -1
Numbers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Unchanged:
    """For each place now its number before, if it is the same, or GONE.

    `whole`: all of them are, under the numbers they had, and every sensor has the slot it had.
    """

    before: Numbers
    whole: bool


def same_sensors(old: Registry, new: Registry) -> Slots:
    """For each slot of `new` the one that the very same sensor had, or GONE; another interval is another."""

    if old is new:
        return np.arange(len(new.sensors))

    def found() -> Iterator[int]:
        for sensor in new.sensors:
            slot = old.slots.get(sensor.id, GONE)
            yield slot if slot != GONE and old.sensors[slot] == sensor else GONE

    return np.fromiter(found(), np.int64, len(new.sensors))


def unchanged(old: GroupLadder, new: GroupLadder, same: Slots) -> Unchanged:
    """Of two ladders of one meaning, over the same kinds and zones; `same` as `same_sensors` has it."""
    numbers = {name: place for place, name in enumerate(old.places.names)}
    before = np.array([numbers.get(name, GONE) for name in new.places.names], np.int64)
    if [sorted(leaf.parts) for leaf in old.leaves] != [sorted(leaf.parts) for leaf in new.leaves]:
        return Unchanged(np.full(len(before), GONE), whole=False)
    pairs = [(a.places, b.places) for a, b in zip(old.leaves, new.leaves, strict=True)]
    # Rules share what is the same, so most of these are one.
    for one, other in {(id(a), id(b)): (a, b) for a, b in [*pairs, (old.places, new.places)]}.values():
        before[~_same_members(one, other, before, same)] = GONE
    still = np.array_equal(same, np.arange(len(old.registry.sensors)))
    return Unchanged(before, still and np.array_equal(before, np.arange(len(old.places.names))))


def _same_members(old: Places, new: Places, before: Numbers, same: Slots) -> npt.NDArray[np.bool_]:
    """Which places have the same sensors as the one that they were before.

    Slots ascend by kind and id on both sides, so the same sensors come in the same order.
    """
    sizes = np.diff(new.first)
    found: npt.NDArray[np.bool_] = before != GONE
    found[found] = np.diff(old.first)[before[found]] == sizes[found]
    place = np.repeat(np.arange(len(sizes)), sizes)
    at = np.flatnonzero(found[place])
    place = place[at]
    there = old.first[before[place]] + at - new.first[place]
    found[place[old.slots[there] != same[new.slots[at]]]] = False
    return found
