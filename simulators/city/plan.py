"""Who reports: the sensors of a city by kind, each behind the gateway of its town.

Everything follows from a `Plan`, so a sensor, its place and its turn are known from its number alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.clock import SECOND

# In the order of their numbers; percent of all sensors where nothing else is said.
SHARES = {"smoke": 80, "electrical": 12, "gas": 2, "tank": 2, "rain": 2, "stage": 2}
KINDS = tuple(SHARES)
MOST_GATEWAYS = 10_000
MOST_SENSORS = 10_000_000

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the city is: `counts` of sensors by kind, `interval` in ms between two reports of each.

    ValueError if that is no city.
    """

    counts: Mapping[str, int]
    gateways: int
    interval: int
    seed: int = 1

    def __post_init__(self) -> None:
        if unknown := self.counts.keys() - set(KINDS):
            raise ValueError(f"no sensors of kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
        if not 1 <= self.sensors <= MOST_SENSORS:
            raise ValueError(f"{self.sensors:,} sensors are no city; give 1 to {MOST_SENSORS:,}")
        if not 1 <= self.gateways <= min(self.sensors, MOST_GATEWAYS):
            most = min(self.sensors, MOST_GATEWAYS)
            raise ValueError(f"{self.gateways:,} gateways for {self.sensors:,} sensors; give 1 to {most:,}")

    @classmethod
    def usual(cls, *, sensors: int, gateways: int, interval: int, seed: int = 1) -> "Plan":
        """So many sensors in their usual shares."""
        return cls(counts=shares(sensors), gateways=gateways, interval=interval, seed=seed)

    @property
    def sensors(self) -> int:
        return sum(self.counts.values())

    @property
    def by_kind(self) -> list[int]:
        """How many there are, in the order of KINDS."""
        return [self.counts.get(kind, 0) for kind in KINDS]


def plan_for(sensors: int, gateways: int, rate: float) -> Plan:
    """A city whose sensors report as often as `rate` messages/s make them, ten a gateway at least."""
    interval = max(round(sensors / rate * SECOND), 1)
    return Plan.usual(sensors=sensors, gateways=min(gateways, sensors // 10), interval=interval)


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
        counts = np.array(plan.by_kind)
        kind = np.repeat(np.arange(len(KINDS)), counts)
        begins = np.cumsum(counts) - counts
        rank = np.arange(plan.sensors) - begins[kind]
        # Every gateway has as many sensors as any other, and of each kind as many as come to it.
        gateway = np.empty(plan.sensors, np.int64)
        spread = np.argsort((rank + 0.5) / counts[kind], kind="stable")
        gateway[spread] = np.arange(plan.sensors) * plan.gateways // plan.sensors
        order = np.lexsort((np.random.default_rng(plan.seed).random(plan.sensors), gateway))
        first = np.searchsorted(gateway[order], np.arange(plan.gateways + 1))
        return cls(plan, order, kind[order], first)

    @property
    def size(self) -> Longs:
        """Sensors of each gateway."""
        return np.diff(self.first)

    def sensor(self, position: int) -> str:
        """The id of the sensor at a position."""
        return sensor_id(KINDS[self.kind[position]], int(self.number[position]))

    def sensors(self) -> list[str]:
        """The ids of all, by position."""
        found = zip(self.kind.tolist(), self.number.tolist(), strict=True)
        return [sensor_id(KINDS[kind], number) for kind, number in found]


def sensor_id(kind: str, number: int) -> str:
    return f"{kind}-{number:07}"


def town(gateway: int) -> str:
    """The zone of a gateway's sensors."""
    return f"town-{gateway:04}"


def horn(gateway: int) -> str:
    """The loudspeaker of its town."""
    return f"horn-{gateway:04}"
