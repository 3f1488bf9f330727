"""What happens in the simulated county: fires, leakages, gas leaks, and storms that pass over it."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.clock import DAY, HOUR, MINUTE
from simulators.device import Device

# Beyond so many standard deviations a storm is over.
STORM_ENDS = 4.0


@dataclass(frozen=True, slots=True)
class Incident:
    """What one sensor sees: from `start` it rises for `rise` ms, stays for `hold`, decays over `fall`."""

    sensor: str
    start: int
    strength: float = 1.0
    rise: int = 5 * MINUTE
    hold: int = 10 * MINUTE
    fall: int = 10 * MINUTE

    @property
    def end(self) -> int:
        return self.start + self.rise + self.hold + self.fall

    def level(self, at: int) -> float:
        """How much of it there is: 0 to `strength`."""
        since, left = at - self.start, self.end - at
        if since <= 0 or left <= 0:
            return 0.0
        part = min(since / self.rise, 1.0, left / self.fall)
        return self.strength * part * part


@dataclass(frozen=True, slots=True)
class Storm:
    """A cell of rain, Gaussian in space and time, that stands over (x, y) km at `peak` and drifts in km/h.

    `radius` in km and `spell` in hours are standard deviations; `depth` mm would fall at its centre.
    """

    peak: int
    x: float
    y: float
    drift: tuple[float, float]
    radius: float
    spell: float
    depth: float

    def rate(self, x: float, y: float, at: int) -> float:
        """Rain at (x, y) in mm/h."""
        hours = (at - self.peak) / HOUR
        if abs(hours) > STORM_ENDS * self.spell:
            return 0.0
        east = x - self.x - self.drift[0] * hours
        north = y - self.y - self.drift[1] * hours
        shape = (hours / self.spell) ** 2 + (east * east + north * north) / self.radius**2
        return self.depth / (self.spell * math.sqrt(2 * math.pi)) * math.exp(-shape / 2)


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that happens to a fleet."""

    incidents: tuple[Incident, ...] = ()
    storms: tuple[Storm, ...] = ()

    def of(self, sensor: str) -> list[Incident]:
        """What this sensor sees."""
        return [incident for incident in self.incidents if incident.sensor == sensor]


def county_days(devices: Sequence[Device], start: int, seed: int, days: int = 7) -> Scenario:
    """Days that each bring, in their first ten hours, fires, leakages, a rainstorm and a gas leak.

    What there are no sensors for does not happen. `start` in ms since the epoch.
    """
    chance = random.Random(f"{seed}/scenario")
    incidents: list[Incident] = []
    storms: list[Storm] = []
    smoke, electrical, gas, rain = (
        [device for device in devices if device.kind == kind]
        for kind in ("smoke", "electrical", "gas", "rain")
    )
    for day in range(days):
        begin = start + day * DAY
        incidents += _spreading(smoke, begin + _about(1, chance), chance, 0.5)
        incidents += _leakage(electrical, begin + _about(2.5, chance), chance)
        storms += _storm(rain, begin + _about(4.5, chance), chance)
        incidents += _spreading(gas, begin + _about(6.5, chance), chance, 0.6)
        incidents += _spreading(smoke, begin + _about(8, chance), chance, 0.4)[1:]
        incidents += _leakage(electrical, begin + _about(9.5, chance), chance)
    return Scenario(tuple(incidents), tuple(storms))


def _about(hours: float, chance: random.Random) -> int:
    return int((hours + chance.uniform(-0.25, 0.25)) * HOUR)


def _spreading(devices: list[Device], start: int, chance: random.Random, share: float) -> list[Incident]:
    """A fire or a gas leak: the nearest sensor of the same zone sees `share` of it three minutes later."""
    if not devices:
        return []
    first = chance.choice(devices)
    others = [device for device in devices if device.zone == first.zone and device is not first]
    near = sorted(others, key=lambda device: _distance(device, first))[:1]
    found = [Incident(first.id, start)]
    return found + [Incident(device.id, start + 3 * MINUTE, share) for device in near]


def _leakage(devices: list[Device], start: int, chance: random.Random) -> list[Incident]:
    if not devices:
        return []
    sensor = chance.choice(devices).id
    return [Incident(sensor, start, rise=20 * MINUTE, hold=20 * MINUTE, fall=30 * MINUTE)]


def _storm(gauges: list[Device], peak: int, chance: random.Random) -> list[Storm]:
    """Heavy enough at its centre for 100 mm in 3 h, wide enough for the three gauges next to it to see 50."""
    if not gauges:
        return []
    centre = chance.choice(gauges)
    distances = sorted(_distance(gauge, centre) for gauge in gauges)
    radius = max(distances[:4][-1], 4.0)
    bearing = chance.uniform(0, 2 * math.pi)
    drift = (radius / 3 * math.cos(bearing), radius / 3 * math.sin(bearing))
    return [Storm(peak, centre.x, centre.y, drift, radius, spell=0.8, depth=140)]


def _distance(one: Device, other: Device) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
