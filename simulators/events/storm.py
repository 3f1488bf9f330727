"""A storm that passes over rain gauges, and the rivers that it fills."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ingest.clock import HOUR, MINUTE
from simulators.device import Device
from simulators.events.place import Devices, Effects, device_at, felt, position
from simulators.signal import Signal
from simulators.waveforms import Floats, catchment, storm

STEP = MINUTE
STEP_HOURS = STEP / HOUR
LEAST_RAIN, LEAST_STAGE = 0.01, 0.001  # mm/h and m
# So many sigmas from the centre less than that falls of any storm on earth.
EDGE = 5.0
# Low water as a share of the warning stage; project.
LOW_WATER = 0.4


def low_water(device: Device) -> float:
    """m."""
    return LOW_WATER * device.parameter("warning_stage", "m", 2.0)


@dataclass(frozen=True, slots=True)
class Catchment:
    """What lies above each stage gauge: `area` km2, unless the site has a `catchment_area`.

    `concentration` h is how long the farthest water is on its way. `initial` mm are lost, then `constant`
    mm/h. `record_flow` m3/s and km2 is what filled the river to its record stage. Rain is that at the gauge.
    The defaults are this project's own, of a small mountain stream.
    """

    area: float = 20
    concentration: float = 2
    initial: float = 30
    constant: float = 10
    record_flow: float = 16

    def stage(self, rain: Floats, device: Device) -> Floats:
        """m that the river rises above low water by `rain` in mm/h, one a minute, and by what follows."""
        runoff = catchment.effective(rain, STEP_HOURS, self.initial, self.constant)
        flow = catchment.discharge(runoff, STEP_HOURS, self._area(device), self.concentration)
        return catchment.depth(flow, *self._record(device))

    def flow(self, rise: Floats, device: Device) -> Floats:
        """m3/s beyond low water of a river that stands so many m above it."""
        return catchment.flow(rise, *self._record(device))

    def _area(self, device: Device) -> float:
        return device.parameter("catchment_area", "km2", self.area)

    def _record(self, device: Device) -> tuple[float, float]:
        """m3/s and m above low water of its record."""
        height = device.parameter("record_stage", "m", 4.0) - low_water(device)
        return self.record_flow * self._area(device), height


@dataclass(frozen=True, slots=True)
class Storm:
    """A design storm: `depth` mm would fall in `duration` at its centre, heaviest after the share `peak`.

    Then the centre is over `place`; it drifts by `drift` km/h east and north. `radius` km is one sigma.
    `intensity` is the local formula that shapes it.
    """

    begin: int
    place: str
    depth: float = 120
    duration: int = 3 * HOUR
    peak: float = 0.4
    radius: float = 6
    drift: tuple[float, float] = (0, 0)
    intensity: storm.Intensity = field(default_factory=storm.Intensity)
    catchment: Catchment = field(default_factory=Catchment)

    urgent = False

    @property
    def ends(self) -> int:
        """When the last water has passed."""
        return self.begin + self.duration + int(catchment.PASSED * self.catchment.concentration * HOUR) + STEP

    def effects(self, devices: Devices, seed: int) -> Effects:
        centre = position(self.place, devices)
        return felt(
            (device.id, *effect)
            for device in devices
            if device.kind in ("rain", "stage")
            and self._nearest(device.x - centre[0], device.y - centre[1]) <= EDGE * self.radius
            for effect in self._at(device, centre)
        )

    def _at(self, device: Device, centre: tuple[float, float]) -> Iterator[tuple[str, Signal | None]]:
        rain = self._rate(device.x - centre[0], device.y - centre[1])
        if device.kind == "rain":
            yield "rain", Signal.sampled(self.begin, STEP, rain).kept(LEAST_RAIN)
        else:
            rise = self.catchment.stage(rain, device)
            yield "stage", Signal.sampled(self.begin, STEP, rise).kept(LEAST_STAGE)

    def _nearest(self, x: float, y: float) -> float:
        """km that the centre on its way passes at, `x` and `y` km from its place."""
        east, north = self.drift
        first, last = -self.peak * self.duration / HOUR, (1 - self.peak) * self.duration / HOUR
        speed = east * east + north * north
        hours = min(max((x * east + y * north) / speed, first), last) if speed else 0.0
        return math.hypot(x - east * hours, y - north * hours)

    def _rate(self, x: float, y: float) -> Floats:
        """mm/h each minute, `x` and `y` km from the place of the centre."""
        minutes = np.arange(self.duration // STEP + 1, dtype=np.float64)
        duration = self.duration / MINUTE
        hours = (minutes - self.peak * duration) / 60
        east, north = self.drift
        rate = storm.chicago(minutes, duration, self.depth, self.peak, self.intensity)
        return rate * storm.footprint(x - east * hours, y - north * hours, self.radius)


@dataclass(frozen=True, slots=True)
class Restart:
    """A rain gauge of `place` that counts loses its power for a moment: its counter starts again from 0."""

    begin: int
    place: str

    urgent = False

    @property
    def ends(self) -> int:
        return self.begin + 1

    def effects(self, devices: Devices, seed: int) -> Effects:
        sensor = device_at(self.place, devices, "rain", seed).id
        return {sensor: {"restart": Signal((self.begin, self.ends), (1.0, 1.0))}}
