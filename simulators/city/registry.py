"""The registry of a city, as the files that its operator would write: sensors and zones."""

import json
from collections.abc import Iterator
from itertools import accumulate

import numpy as np

from simulators.city.plan import KINDS, City, Plan, horn, sensor_id, town

SITES = {
    "stage": "warning_stage=3.20 m;guarantee_stage=3.90 m;record_stage=4.60 m",
    "tank": "pressure_high=250 kPa;pressure_high_high=280 kPa"
    ";temperature_high=60 degC;temperature_high_high=70 degC",
}
# The shipped thresholds of torrents are those of this one.
DISTRICT = "qingxi"
TOWNS_AN_AREA = 50
# Gauges stand some 2 km apart, so many in a row from west to east.
GAUGES_A_ROW = 50


def sensor_rows(city: City) -> Iterator[str]:
    """`sensors.csv`, the header first; every sensor is registered with the interval at which it reports."""
    yield "id,kind,zone,gateway,lon,lat,heartbeat,reporting,site"
    every = f"{city.plan.interval}ms"
    before = dict(zip(KINDS, accumulate(city.plan.by_kind, initial=0), strict=False))
    gateways = np.repeat(np.arange(city.plan.gateways), city.size)
    rows = zip(gateways.tolist(), city.kind.tolist(), city.number.tolist(), strict=True)
    for gateway, index, number in rows:
        kind = KINDS[index]
        place = _gauge(number - before[kind]) if kind == "rain" else ","
        yield (
            f"{sensor_id(kind, number)},{kind},{town(gateway)},gateway-{gateway:04},{place}"
            f",{every},periodic {every},{SITES.get(kind, '')}"
        )


def _gauge(rank: int) -> str:
    """Longitude and latitude: gauges of one town are neighbours, and those of the next follow."""
    row, column = divmod(rank, GAUGES_A_ROW)
    return f"{110 + column * 0.02:.2f},{24 + row * 0.02:.2f}"


def zones(plan: Plan) -> str:
    """`zones.geojson`: a town for each gateway, with a horn, in areas of one district."""
    areas = range(-(-plan.gateways // TOWNS_AN_AREA))
    features = [_zone(DISTRICT, None, 0)]
    features += [_zone(f"area-{n:03}", DISTRICT, n) for n in areas]
    for gateway in range(plan.gateways):
        above = f"area-{gateway // TOWNS_AN_AREA:03}"
        features.append(_zone(town(gateway), above, gateway, horn(gateway)))
    return json.dumps({"type": "FeatureCollection", "features": features})


def _zone(name: str, parent: str | None, number: int, *horns: str) -> dict[str, object]:
    west, south = 100 + number % 100 * 0.1, 20 + number // 100 * 0.1
    east, north = west + 0.1, south + 0.1
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    about = {
        "id": name, "name": {"zh": name, "en": name}, "parent": parent, "code": "361199000000",
        "horns": horns, "evacuation": 30,
    }  # fmt: skip
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": about, "geometry": geometry}
