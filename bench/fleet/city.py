"""Who reports: the sensors of a city in their usual shares, each behind the gateway of its town.

Everything follows from a `Plan`, so a sensor, its place and its turn are known from its number alone.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from ingest.clock import SECOND

# Percent of all sensors; in the order of their numbers.
SHARES = {"smoke": 80, "electrical": 12, "gas": 2, "tank": 2, "rain": 2, "stage": 2}
KINDS = tuple(SHARES)
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

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the city is. `interval` in ms between two reports of each sensor; at most 10,000 gateways."""

    sensors: int
    gateways: int
    interval: int
    seed: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.gateways <= min(self.sensors // 2, 10_000):
            raise ValueError(f"{self.gateways} gateways need two sensors each, and are at most 10,000")


def plan_for(sensors: int, gateways: int, rate: float) -> Plan:
    """A city whose sensors report as often as `rate` messages/s make them, ten a gateway at least."""
    interval = max(round(sensors / rate * SECOND), 1)
    return Plan(sensors=sensors, gateways=min(gateways, sensors // 10), interval=interval)


def shares(sensors: int) -> dict[str, int]:
    """How many there are of each kind."""
    others = {kind: sensors * share // 100 for kind, share in SHARES.items() if kind != "smoke"}
    return {"smoke": sensors - sum(others.values()), **others}


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """Sensors in the order of (gateway, turn). A gateway's sensors take turns, and then from the start again.

    number   by position: the sensor, 0 to n - 1, unique over all kinds
    kind     by position: index into KINDS
    first    by gateway: the position of its first sensor; one more entry ends the last one
    """

    plan: Plan
    number: Longs
    kind: Longs
    first: Longs

    @classmethod
    def of(cls, plan: Plan) -> "City":
        counts = np.array(list(shares(plan.sensors).values()))
        kind = np.repeat(np.arange(len(KINDS)), counts)
        begins = np.cumsum(counts) - counts
        rank = np.arange(plan.sensors) - begins[kind]
        gateway = rank * plan.gateways // counts[kind]
        order = np.lexsort((np.random.default_rng(plan.seed).random(plan.sensors), gateway))
        first = np.searchsorted(gateway[order], np.arange(plan.gateways + 1))
        return cls(plan, order, kind[order], first)

    @property
    def size(self) -> Longs:
        """Sensors of each gateway."""
        return np.diff(self.first)

    def sensor(self, position: int) -> str:
        """The id of the sensor at a position."""
        return f"{KINDS[self.kind[position]]}-{self.number[position]:07}"


def town(gateway: int) -> str:
    """The zone of a gateway's sensors."""
    return f"town-{gateway:04}"


def horn(gateway: int) -> str:
    """The loudspeaker of its town."""
    return f"horn-{gateway:04}"


def sensor_rows(city: City) -> Iterator[str]:
    """`sensors.csv`, the header first; every sensor is registered with the interval at which it reports."""
    yield "id,kind,zone,gateway,lon,lat,heartbeat,reporting,site"
    every = f"{city.plan.interval}ms"
    before = dict(zip(KINDS, accumulate(shares(city.plan.sensors).values(), initial=0), strict=False))
    gateways = np.repeat(np.arange(city.plan.gateways), city.size)
    rows = zip(gateways.tolist(), city.kind.tolist(), city.number.tolist(), strict=True)
    for gateway, index, number in rows:
        kind = KINDS[index]
        place = _gauge(number - before[kind]) if kind == "rain" else ","
        yield (
            f"{kind}-{number:07},{kind},{town(gateway)},gateway-{gateway:04},{place}"
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
