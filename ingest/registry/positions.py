"""Whether sensors stand where their zones are."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

import shapely

from ingest.registry import Registry, Sensor, Zone
from ingest.registry.gcj02 import in_china, to_wgs84

Stand: TypeAlias = tuple[Sensor, float, float]
"""A sensor with its coordinates, lon and lat."""


@dataclass(slots=True)
class Misplaced:
    """Of one zone the sensors outside every zone, and those that a map's shift has put outside their own."""

    outside: list[Sensor] = field(default_factory=list)
    shifted: list[Sensor] = field(default_factory=list)


def misplaced(registry: Registry) -> dict[str, Misplaced]:
    """By zone, those of its sensors that have coordinates and stand outside its polygon.

    Not those that stand in another zone and would not come back by the inverse of GCJ-02: a gauge may warn a
    place that it is not in.
    """
    everywhere = shapely.STRtree([_polygon(zone) for zone in registry.zones.values()])
    found: dict[str, Misplaced] = {}
    for zone, stands in _by_zone(registry).items():
        polygon, of_zone = _polygon(registry.zones[zone]), Misplaced()
        for sensor, lon, lat in _strangers(polygon, stands):
            if in_china(lon, lat) and polygon.intersects(shapely.Point(to_wgs84(lon, lat))):
                of_zone.shifted.append(sensor)
            elif not everywhere.query(shapely.Point(lon, lat), "intersects").size:
                of_zone.outside.append(sensor)
        if of_zone.outside or of_zone.shifted:
            found[zone] = of_zone
    return found


def _by_zone(registry: Registry) -> dict[str, list[Stand]]:
    """The sensors that have a zone and coordinates."""
    found: dict[str, list[Stand]] = defaultdict(list)
    for sensor in registry.sensors:
        if sensor.zone and sensor.lon is not None and sensor.lat is not None:
            found[sensor.zone].append((sensor, sensor.lon, sensor.lat))
    return found


def _strangers(polygon: shapely.Polygon, stands: list[Stand]) -> list[Stand]:
    inside = shapely.intersects_xy(polygon, [lon for _, lon, _ in stands], [lat for _, _, lat in stands])
    return [stand for stand, is_inside in zip(stands, inside, strict=True) if not is_inside]


def _polygon(zone: Zone) -> shapely.Polygon:
    return shapely.Polygon(zone.polygon[0], zone.polygon[1:])
