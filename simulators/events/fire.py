"""A fire, and what is taken for one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ingest.clock import DAY, MINUTE, SECOND
from simulators.events.place import Devices, Effects, device_at, felt, neighbours, seconds
from simulators.signal import Signal
from simulators.waveforms import Floats, fire, nuisance

STEP = 5 * SECOND
# Time constant of a fire that dies, and how many of them until nobody smells it; project.
DECAY = 3 * MINUTE
GONE = 12
# From the axis of the plume to the first detector, m; project.
FIRST_RADIUS = 1.5
LEAST_SMOKE, LEAST_WARMTH = 0.001, 0.1  # what a detector can tell, dB/m and K

Growth = Literal["slow", "medium", "fast", "ultra-fast"]
Fuel = Literal["wood", "plastic", "foam"]
Cause = Literal["cooking", "steam", "dust"]


@dataclass(frozen=True, slots=True)
class Fire:
    """A fire below a smoke sensor of `place` that grows to `peak` kW, burns for `burning` and dies.

    The ceiling is `ceiling` m high. The `neighbours` nearest sensors of the zone feel it, too. Positions in a
    registry are those of addresses, so each next one counts as hanging `spacing` m further along the ceiling.
    """

    begin: int
    place: str
    growth: Growth = "medium"
    peak: float = 300
    burning: int = 10 * MINUTE
    fuel: Fuel = "wood"
    ceiling: float = 3
    neighbours: int = 1
    spacing: float = 7.5

    urgent = True

    @property
    def ends(self) -> int:
        grown = fire.seconds_to(self.peak, fire.GROWTH[self.growth]) * SECOND
        return self.begin + int(grown) + self.burning + GONE * DECAY

    def effects(self, devices: Devices, seed: int) -> Effects:
        first = device_at(self.place, devices, "smoke", seed)
        near = neighbours(first, devices)[: self.neighbours]
        return felt(
            (device.id, metric, signal)
            for number, device in enumerate([first, *near])
            for metric, signal in self._at(FIRST_RADIUS + number * self.spacing)
        )

    def _at(self, radius: float) -> Iterator[tuple[str, Signal | None]]:
        """What a detector feels `radius` m from the axis."""
        since = seconds(self.ends - self.begin, STEP)
        warmth = fire.temperature_rise(self._arriving(since, radius), radius, self.ceiling)
        smoke = fire.absorbance(warmth, self.fuel)
        yield "smoke", Signal.sampled(self.begin, STEP, smoke).kept(LEAST_SMOKE)
        yield "temperature", Signal.sampled(self.begin, STEP, warmth).kept(LEAST_WARMTH)

    def _arriving(self, since: Floats, radius: float) -> Floats:
        growth = fire.GROWTH[self.growth]
        power = fire.heat_release(since, growth, self.peak, self.burning / SECOND, DECAY / SECOND)
        return fire.arriving(since, power, radius, self.ceiling)


@dataclass(frozen=True, slots=True)
class Nuisance:
    """Cooking, steam or dust at a smoke sensor of `place`, up to `peak` dB/m within `lasting`.

    Cooking warms the detector by 3 K. Dust gathers over all of `lasting` until somebody cleans the chamber.
    """

    begin: int
    place: str
    cause: Cause = "cooking"
    peak: float = 0.12
    lasting: int = 15 * MINUTE

    @property
    def urgent(self) -> bool:
        """A device does not take slow dust for an alarm."""
        return self.cause != "dust"

    @property
    def ends(self) -> int:
        return self.begin + (self.lasting if self.cause == "dust" else 4 * self.lasting)

    def effects(self, devices: Devices, seed: int) -> Effects:
        sensor = device_at(self.place, devices, "smoke", seed).id
        step = max(STEP, self.lasting // 500)
        since = seconds(self.ends - self.begin, step)
        smoke = self._smoke(since)
        warmth = 3 * smoke / self.peak if self.cause == "cooking" else np.zeros_like(smoke)
        return felt(
            [
                (sensor, "smoke", Signal.sampled(self.begin, step, smoke).kept(LEAST_SMOKE)),
                (sensor, "temperature", Signal.sampled(self.begin, step, warmth).kept(LEAST_WARMTH)),
            ]
        )

    def _smoke(self, since: Floats) -> Floats:
        lasting = self.lasting / SECOND
        match self.cause:
            case "cooking":
                return nuisance.cooking(since, self.peak, lasting / 3)
            case "steam":
                return nuisance.steam(since, self.peak, lasting, airing=lasting / 3)
            case "dust":
                days = self.lasting / DAY
                return nuisance.dust(since * SECOND / DAY, self.peak / days, cleaned=days)
