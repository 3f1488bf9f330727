"""What goes wrong on a site: with a tank, and with people in a workshop."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ingest.clock import HOUR, MINUTE, SECOND
from simulators.events.place import Devices, Effects, device_at, felt, seconds
from simulators.signal import Signal
from simulators.waveforms import Floats, circuit, tank, workshop

STEP = 10 * SECOND
LEAST_LEVEL, LEAST_WARMTH = 0.05, 0.05  # % and K
REFILLING = 2 * HOUR
# A tank of some hundred cubic metres in a fire next to it; project.
TANK_CONSTANT = 30 * MINUTE
COLD = 7  # time constants
GATHERING = 2 * MINUTE

Cause = Literal["overfill", "leak", "heating"]


@dataclass(frozen=True, slots=True)
class TankUpset:
    """A tank of `place`, for `lasting`.

    `size` is % an hour of an `overfill`, % of a `leak`, and the K that `heating` would give in the end.
    """

    begin: int
    place: str
    cause: Cause = "overfill"
    size: float = 60
    lasting: int = HOUR

    urgent = True

    @property
    def ends(self) -> int:
        after = {"overfill": self.lasting, "leak": REFILLING, "heating": COLD * TANK_CONSTANT}
        return self.begin + self.lasting + after[self.cause]

    def effects(self, devices: Devices, seed: int) -> Effects:
        sensor = device_at(self.place, devices, "tank", seed).id
        return felt((sensor, *effect) for effect in self._of(seconds(self.ends - self.begin, STEP)))

    def _of(self, since: Floats) -> Iterator[tuple[str, Signal | None]]:
        lasting = self.lasting / SECOND
        match self.cause:
            case "overfill":
                level = tank.overfill(since, self.size, lasting)
                yield "level", Signal.sampled(self.begin, STEP, level).kept(LEAST_LEVEL)
            case "leak":
                level = tank.leak(since, self.size, lasting, REFILLING / SECOND)
                yield "level", Signal.sampled(self.begin, STEP, level).kept(LEAST_LEVEL)
            case "heating":
                warmth = circuit.heating(since, self.size, lasting, TANK_CONSTANT / SECOND)
                yield "temperature", Signal.sampled(self.begin, STEP, warmth).kept(LEAST_WARMTH)


@dataclass(frozen=True, slots=True)
class Crowd:
    """`people` too many who come into a workshop of `place` and stay for `lasting`."""

    begin: int
    place: str
    people: int = 3
    lasting: int = 20 * MINUTE

    urgent = True

    @property
    def ends(self) -> int:
        return self.begin + self.lasting + 2 * GATHERING

    def effects(self, devices: Devices, seed: int) -> Effects:
        sensor = device_at(self.place, devices, "workshop", seed).id
        since = seconds(self.ends - self.begin, SECOND)
        people = workshop.crowd(since, self.people, GATHERING / SECOND, self.lasting / SECOND)
        return felt([(sensor, "headcount", Signal.sampled(self.begin, SECOND, people).kept(1))])
