"""Where the sensors and places of one engine are in another: it follows from what both are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingest.registry import Registry
from rules.engine.groups.unchanged import GONE, Unchanged, same_sensors, unchanged
from rules.engine.ring import Slots

if TYPE_CHECKING:
    from rules.engine import Engine


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Where the sensors of one kind went, by slot of the kind: those of `here` are at `there` now.

    `to` has for each slot before the one now, or GONE; with `same` all are where they were, and no other is.
    """

    here: Slots
    there: Slots
    to: Slots
    same: bool

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(before, now)."""
        return list(zip(self.here.tolist(), self.there.tolist(), strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """The sensors by kind, and the places by rule, of rules of which any may be the same.

    `alike` are the kinds with the very same sensors.
    """

    kinds: Mapping[str, Moves]
    places: Mapping[str, Unchanged]
    alike: frozenset[str]


def moved(old: Engine, new: Engine) -> Moved:
    """Reads only what never changes, so any thread may ask while the old one is at work."""
    before, after = ({board.kind.name: board.ids for board in engine.boards} for engine in (old, new))
    same = same_sensors(old.registry, new.registry)
    groups = {group.rule.id: group for group in old.groups}
    comparable = old.of_kinds == new.of_kinds and old.registry.zones == new.registry.zones
    return Moved(
        {kind: moves(before[kind], ids) for kind, ids in after.items() if kind in before},
        {
            group.rule.id: unchanged(groups[group.rule.id].ladder, group.ladder, same)
            for group in new.groups
            if comparable and group.is_as(groups)
        },
        _alike(old.registry, new.registry, same),
    )


def moves(old: Sequence[str], new: Sequence[str]) -> Moves:
    """From the ids of a kind's sensors to others."""
    place = {sensor: slot for slot, sensor in enumerate(new)}
    to = np.array([place.get(sensor, GONE) for sensor in old], np.int64)
    here = np.flatnonzero(to != GONE)
    return Moves(here, to[here], to, old == new)


def _alike(old: Registry, new: Registry, same: Slots) -> frozenset[str]:
    return frozenset(
        kind
        for kind, slots in new.ranges.items()
        if kind in old.ranges and np.array_equal(same[slots.start : slots.stop], old.ranges[kind])
    )
