"""Who reports, and what: the sensors of a city in their usual shares, and what they send when all is well."""

import random
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import msgspec

from ingest.clock import DAY
from simulators.device import Device
from simulators.instruments import INSTRUMENTS

# Percent of all sensors.
SHARES = {"smoke": 80, "electrical": 12, "gas": 4, "rain": 2, "stage": 2}
SITES = {"stage": "warning_stage=3.20 m;guarantee_stage=3.90 m;record_stage=4.60 m"}
GATEWAYS = 50
# Payloads made beforehand for each sensor, so that the publisher's cost is MQTT and not random numbers.
VALUES = 4
# Over the 0.15 dB/m of the shipped rule: raises yellow at once.
SMOKE = b'"smoke":0.210,"temperature":24.0,"battery":90'


def zones(path: Path) -> list[str]:
    """The zones of a GeoJSON file that lie below another one."""
    features = msgspec.json.decode(path.read_bytes())["features"]
    return [f["properties"]["id"] for f in features if f["properties"]["parent"] is not None]


def sensor_rows(count: int, places: Sequence[str]) -> Iterator[str]:
    """`sensors.csv` for `count` (>= 50) sensors spread over `places`, the header first."""
    yield "id,kind,zone,gateway,lon,lat,site"
    place = cycle(places)
    others = {kind: count * share // 100 for kind, share in SHARES.items() if kind != "smoke"}
    for kind, number in {"smoke": count - sum(others.values()), **others}.items():
        for n in range(number):
            position = _position(n) if kind == "rain" else ","
            yield f"{kind}-{n:06},{kind},{next(place)},gw-{n % GATEWAYS:03},{position},{SITES.get(kind, '')}"


def _position(number: int) -> str:
    """Longitude and latitude on a grid of some 2 km, as gauges that are to confirm each other stand."""
    row, column = divmod(number, 50)
    return f"{116 + column * 0.02:.2f},{30 + row * 0.02:.2f}"


class Voices:
    """The sensors take turns, in an order and with values that follow from `seed`; no stamp comes twice."""

    def __init__(self, devices: Sequence[Device], seed: int) -> None:
        chance = random.Random(seed)
        self._topics = {device.id: device.topic for device in devices}
        self._stamps = dict.fromkeys(self._topics, 0)
        turns = [(device.id, _values(device, chance)) for device in devices]
        chance.shuffle(turns)
        self._turns = cycle((sensor, values[n]) for n in range(VALUES) for sensor, values in turns)

    def next(self, instant: int) -> tuple[str, bytes]:
        """Topic and payload of whose turn it is, measured at `instant` (ms)."""
        sensor, values = next(self._turns)
        return self._message(sensor, instant, values)

    def smoke(self, sensor: str, instant: int) -> tuple[str, bytes]:
        """Topic and payload of a smoke sensor that smells a fire at `instant` (ms)."""
        return self._message(sensor, instant, SMOKE)

    def _message(self, sensor: str, instant: int, values: bytes) -> tuple[str, bytes]:
        self._stamps[sensor] = stamp = max(instant, self._stamps[sensor] + 1)
        return self._topics[sensor], b'{"t":%d,"v":{%b}}' % (stamp, values)


def _values(device: Device, chance: random.Random) -> list[bytes]:
    measure = INSTRUMENTS[device.kind](device, chance, ())
    instants = sorted(chance.randrange(DAY) for _ in range(VALUES))
    return [measure(instant, 0.0).encode() for instant in instants]
