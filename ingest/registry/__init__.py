"""Sensors and zones: who may report, from where, with what.

Sensors are numbered by `slot`, 0..n-1, in the order of (kind, id), so each kind owns one contiguous range of
slots and every array of the engine is indexed by slot or by slot minus the kind's first.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate
from operator import attrgetter

import msgspec

from ingest.kinds import Reporting


class Sensor(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One device. `site` maps a parameter to (value, canonical unit); `heartbeat` in ms.

    A struct and no dataclass: a city's sensors are made in a fraction of the time, and the garbage collector
    passes them by, as none can be part of a cycle.
    """

    id: str
    kind: str
    zone: str
    gateway: str
    lon: float | None
    lat: float | None
    heartbeat: int
    reporting: Reporting
    site: dict[str, tuple[Decimal, str]]
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A place; `polygon` rings are (lon, lat) as in GeoJSON; `evacuation` in minutes."""

    id: str
    name: dict[str, str]
    parent: str | None
    code: str
    polygon: tuple[tuple[tuple[float, float], ...], ...]
    horns: tuple[str, ...] = ()
    evacuation: int | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """The sensors by slot and by id, the slot range of each kind, and the zones by id.

    `gateways` maps each gateway to the nearest zone that holds all its sensors, None if there is none;
    `patience` each kind to the longest interval of its sensors, ms; a heartbeat for lack of one.
    """

    sensors: tuple[Sensor, ...]
    zones: dict[str, Zone]
    slots: dict[str, int] = field(repr=False)
    ranges: dict[str, range] = field(repr=False)
    gateways: dict[str, str | None] = field(repr=False)
    patience: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, sensors: list[Sensor], zones: dict[str, Zone]) -> "Registry":
        """Number the sensors; their ids must be distinct."""
        of_kind: dict[str, list[Sensor]] = defaultdict(list)
        for sensor in sensors:
            of_kind[sensor.kind].append(sensor)
        ordered = [s for kind in sorted(of_kind) for s in sorted(of_kind[kind], key=attrgetter("id"))]
        slots = dict(zip(map(attrgetter("id"), ordered), range(len(ordered)), strict=True))
        counts = [len(of_kind[kind]) for kind in sorted(of_kind)]
        ends = accumulate(counts)
        ranges = {k: range(end - n, end) for k, n, end in zip(sorted(of_kind), counts, ends, strict=True)}
        served: dict[str, set[str]] = defaultdict(set)
        for gateway, zone in set(map(attrgetter("gateway", "zone"), ordered)):
            if gateway:
                served[gateway].add(zone)
        gateways = {gateway: _common(served[gateway], zones) for gateway in sorted(served)}
        patience = {k: max(s.reporting.interval or s.heartbeat for s in of) for k, of in of_kind.items()}
        return cls(tuple(ordered), zones, slots, ranges, gateways, patience)

    def ancestry(self, zone: str) -> list[str]:
        """The zone and all above it, nearest first: village, town, district."""
        return _ancestry(zone, self.zones)

    def place(self, subject: str) -> str | None:
        """The zone of a sensor or gateway, or the zone itself, by id; None for what is not known."""
        slot = self.slots.get(subject)
        if slot is not None:
            return self.sensors[slot].zone
        return subject if subject in self.zones else self.gateways.get(subject)


def _ancestry(zone: str, zones: Mapping[str, Zone]) -> list[str]:
    chain: list[str] = []
    current: str | None = zone
    while current is not None and current in zones and current not in chain:
        chain.append(current)
        current = zones[current].parent
    return chain


def _common(served: set[str], zones: Mapping[str, Zone]) -> str | None:
    chains = [_ancestry(zone, zones) for zone in sorted(served)]
    return next((zone for zone in chains[0] if all(zone in chain for chain in chains)), None)
