"""Zones, gateways and neighbourhoods as sets of sensors, by number of the place and by slot."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.registry import Registry, Sensor
from ingest.registry.neighbours import nearest
from rules.engine.ring import Slots
from rules.rule import Rule, Subjects

Ints: TypeAlias = npt.NDArray[np.int32]
# A place by name, and the slot of a sensor in it.
Pair: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Which sensors each place has, by slot of the registry, and the other way round.

    Those of place k are `slots[first[k]:first[k + 1]]`, ascending; the places of a sensor are kept alike.
    """

    names: tuple[str, ...]
    first: Ints
    slots: Ints
    first_of: Ints
    places: Ints

    @classmethod
    def of(cls, names: Iterable[str], pairs: Iterable[Pair], sensors: int) -> "Places":
        """`names` sorted; every pair names one of them."""
        listed = tuple(names)
        number = {name: k for k, name in enumerate(listed)}
        both = np.array([(number[name], slot) for name, slot in pairs], np.int64).reshape(-1, 2)
        place, slot = np.unique(both, axis=0).T
        order = np.argsort(slot, kind="stable")
        return cls(
            listed,
            _starts(place, len(listed)),
            slot.astype(np.int32),
            _starts(slot[order], sensors),
            place[order].astype(np.int32),
        )

    def members(self, place: int, slots: range) -> Slots:
        """The sensors of a place whose slots lie in a range, counted from its first."""
        own = self.slots[self.first[place] : self.first[place + 1]]
        first, last = np.searchsorted(own, (slots.start, slots.stop))
        return own[first:last].astype(np.int64) - slots.start

    def all(self, place: int) -> Ints:
        """The slots of all sensors of a place."""
        return self.slots[self.first[place] : self.first[place + 1]]

    def of_sensor(self, slot: int) -> list[int]:
        """The places that a sensor is in."""
        found: list[int] = self.places[self.first_of[slot] : self.first_of[slot + 1]].tolist()
        return found

    def holds(self, slots: Slots) -> npt.NDArray[np.bool_]:
        """Which sensors are in any place."""
        return self.first_of[slots] < self.first_of[slots + 1]

    @property
    def nbytes(self) -> int:
        arrays = (self.first, self.slots, self.first_of, self.places)
        return sum(array.nbytes for array in arrays)


def _starts(ascending: Slots, count: int) -> Ints:
    return np.searchsorted(ascending, np.arange(count + 1)).astype(np.int32)


def pairs_of(rule: Rule, registry: Registry, kinds: Iterable[str], radius: float | None) -> list[Pair]:
    """The sensors of `kinds` in each place that the rule is for."""
    slots = [slot for kind in sorted(kinds) for slot in registry.ranges.get(kind, range(0))]
    if rule.subjects is Subjects.SENSOR:
        assert radius is not None
        return list(_around(rule, registry, slots, radius))
    return [(name, slot) for slot in slots for name in _holders(rule, registry, registry.sensors[slot])]


def _holders(rule: Rule, registry: Registry, sensor: Sensor) -> list[str]:
    """The places of the rule that hold a sensor."""
    if rule.subjects is Subjects.GATEWAY:
        inside = _is_inside(rule, registry, registry.gateways.get(sensor.gateway))
        return [sensor.gateway] if sensor.gateway and inside else []
    above = registry.ancestry(sensor.zone) if rule.descendants else []
    return [zone for zone in above or [sensor.zone] if _is_inside(rule, registry, zone)]


def _is_inside(rule: Rule, registry: Registry, zone: str | None) -> bool:
    if rule.zone is None or zone == rule.zone:
        return True
    return zone is not None and rule.zone in registry.ancestry(zone)


def _around(rule: Rule, registry: Registry, slots: list[int], radius: float) -> Iterator[Pair]:
    """Each sensor of the rule with itself and its nearest, where these are among `slots`."""
    wanted = set(slots)
    pool = sorted(wanted | set(registry.ranges.get(rule.kind, range(0))))
    sensors = [registry.sensors[slot] for slot in pool]
    for sensor, slot, found in zip(sensors, pool, nearest(sensors, radius), strict=True):
        if sensor.kind != rule.kind or not _is_selected(rule, registry, sensor):
            continue
        near = (slot, *(pool[k] for k in found.tolist()))
        yield from ((sensor.id, other) for other in near if other in wanted)


def _is_selected(rule: Rule, registry: Registry, sensor: Sensor) -> bool:
    return (rule.tag is None or rule.tag in sensor.tags) and _is_inside(rule, registry, sensor.zone)
