"""Sensors and zones: who may report, from where, with what.

Sensors are numbered by `slot`, 0..n-1, in the order of (kind, id), so each kind owns one contiguous range of
slots and every array of the engine is indexed by slot or by slot minus the kind's first.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate

from ingest.kinds import Reporting


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One device. `site` maps a parameter to (value, canonical unit); `heartbeat` in ms."""

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

    `gateways` maps each gateway to the nearest zone that holds all its sensors, None if there is none.
    """

    sensors: tuple[Sensor, ...]
    zones: dict[str, Zone]
    slots: dict[str, int] = field(repr=False)
    ranges: dict[str, range] = field(repr=False)
    gateways: dict[str, str | None] = field(repr=False)

    @classmethod
    def of(cls, sensors: list[Sensor], zones: dict[str, Zone]) -> "Registry":
        """Number the sensors; their ids must be distinct."""
        ordered = sorted(sensors, key=lambda s: (s.kind, s.id))
        slots = {sensor.id: slot for slot, sensor in enumerate(ordered)}
        counts = Counter(sensor.kind for sensor in ordered)
        ends = accumulate(counts.values())
        ranges = {kind: range(end - counts[kind], end) for kind, end in zip(counts, ends, strict=True)}
        served: dict[str, set[str]] = defaultdict(set)
        for sensor in ordered:
            if sensor.gateway:
                served[sensor.gateway].add(sensor.zone)
        gateways = {gateway: _common(served[gateway], zones) for gateway in sorted(served)}
        return cls(tuple(ordered), zones, slots, ranges, gateways)

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
