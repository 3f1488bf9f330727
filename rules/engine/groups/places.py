"""Zones, gateways and neighbourhoods as sets of sensors, by number of the place and by slot."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.registry import Registry, Sensor
from ingest.registry.neighbours import nearest
from rules.engine.ring import Slots
from rules.rule import Rule, Subjects

Ints: TypeAlias = npt.NDArray[np.int32]
# The slots of the sensors in each place, by its name.
Members: TypeAlias = Mapping[str, Sequence[int]]


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
    def of(cls, names: Iterable[str], members: Members, sensors: int) -> "Places":
        """`names` sorted; `members` has slots, each once, for some of them."""
        listed = tuple(names)
        slots = [np.sort(np.array(members.get(name, ()), np.int64)) for name in listed]
        place = np.repeat(np.arange(len(listed)), [len(each) for each in slots])
        slot = np.concatenate([*slots, np.zeros(0, np.int64)])
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

    def members_of_all(self, places: Slots) -> tuple[Slots, Slots]:
        """The slots of the sensors of some places, one place behind the other, and how many each has."""
        first = self.first[places].astype(np.int64)
        sizes = self.first[places + 1] - first
        before = np.cumsum(sizes) - sizes
        at = np.arange(sizes.sum()) + np.repeat(first - before, sizes)
        return self.slots[at].astype(np.int64), sizes

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


def members_of(rule: Rule, registry: Registry, kinds: Iterable[str], radius: float | None) -> Members:
    """The sensors of `kinds` in each place that the rule is for."""
    slots = [slot for kind in sorted(kinds) for slot in registry.ranges.get(kind, range(0))]
    if rule.subjects is Subjects.SENSOR:
        assert radius is not None
        return dict(_around(rule, registry, slots, radius))
    by_gateway = rule.subjects is Subjects.GATEWAY
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for slot in slots:
        sensor = registry.sensors[slot]
        alike[sensor.gateway if by_gateway else sensor.zone].append(slot)
    found: defaultdict[str, list[int]] = defaultdict(list)
    for name, together in alike.items():
        for place in _gateway(rule, registry, name) if by_gateway else _zones(rule, registry, name):
            found[place] += together
    return found


def _gateway(rule: Rule, registry: Registry, name: str) -> list[str]:
    """The gateway, if the rule is for it."""
    return [name] if name and _is_inside(rule, registry, registry.gateways.get(name)) else []


def _zones(rule: Rule, registry: Registry, name: str) -> list[str]:
    """The zones of the rule that hold the sensors of one."""
    above = registry.ancestry(name) if rule.descendants else []
    return [zone for zone in above or [name] if _is_inside(rule, registry, zone)]


def _is_inside(rule: Rule, registry: Registry, zone: str | None) -> bool:
    if rule.zone is None or zone == rule.zone:
        return True
    return zone is not None and rule.zone in registry.ancestry(zone)


def _around(
    rule: Rule, registry: Registry, slots: list[int], radius: float
) -> Iterator[tuple[str, list[int]]]:
    """Each sensor of the rule with itself and its nearest, where these are among `slots`."""
    wanted = set(slots)
    pool = sorted(wanted | set(registry.ranges.get(rule.kind, range(0))))
    sensors = [registry.sensors[slot] for slot in pool]
    for sensor, slot, found in zip(sensors, pool, nearest(sensors, radius), strict=True):
        if sensor.kind != rule.kind or not _is_selected(rule, registry, sensor):
            continue
        near = (slot, *(pool[k] for k in found.tolist()))
        yield sensor.id, [other for other in near if other in wanted]


def _is_selected(rule: Rule, registry: Registry, sensor: Sensor) -> bool:
    return (rule.tag is None or rule.tag in sensor.tags) and _is_inside(rule, registry, sensor.zone)
