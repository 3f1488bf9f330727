"""Gas that is let go and drifts over the detectors."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ingest.clock import MINUTE, SECOND
from simulators.device import Device
from simulators.events.place import Devices, Effects, NobodyThere, felt, position
from simulators.signal import Signal
from simulators.waveforms import Floats, release

STEP = 5 * SECOND
REACH = 10_000.0  # m, as far as the spreads hold
EDGE = 4.0  # sigmas of a puff
ASIDE = 7.0  # sigmas beside the axis at which there is nothing of any release
WIDEST = 0.22  # sigma for a metre of way, stability A
MOLAR_VOLUME = 24.45  # l/mol at 25 degC and 101.325 kPa
OXYGEN = 20.9  # % by volume


@dataclass(frozen=True, slots=True)
class Gas:
    """`molar_mass` g/mol; lower explosive limit, % by volume; `scale`, the most that a detector shows, mg/m3.

    Without a scale no detector knows it by its formula, only as something that burns.
    """

    molar_mass: float
    explosive: float | None
    scale: float = 0

    def share(self, concentration: Floats) -> Floats:
        """% by volume of so many mg/m3."""
        return concentration / (self.molar_mass * 1e6 / MOLAR_VOLUME) * 100


# Molar masses from the standard atomic weights; explosive limits from memory. Scales: about twice the
# concentration immediately dangerous (IDLH) of GB/T 50493-2019; project.
GASES: Mapping[str, Gas] = {
    "ch4": Gas(16.043, 5.0),
    "h2": Gas(2.016, 4.0),
    "c3h8": Gas(44.097, 2.1),
    "c2h4": Gas(28.054, 2.7),
    "nh3": Gas(17.031, 15.0, scale=720),
    "h2s": Gas(34.08, 4.0, scale=860),
    "co": Gas(28.010, 12.5, scale=3400),
    "hcn": Gas(27.026, 5.6, scale=110),
    "ch3oh": Gas(32.042, 6.0, scale=50_000),
    "c6h6": Gas(78.114, 1.2, scale=5000),
    "c7h8": Gas(92.141, 1.1, scale=15_000),
    "cl2": Gas(70.90, None, scale=180),
    "so2": Gas(64.06, None, scale=540),
    "no2": Gas(46.006, None, scale=190),
    "hf": Gas(20.006, None, scale=1000),
    "hcl": Gas(36.46, None, scale=300),
    "cocl2": Gas(98.91, None, scale=16),
    "o3": Gas(47.997, None, scale=40),
}


@dataclass(frozen=True, slots=True)
class Release:
    """`mass` kg of `gas` that flow out evenly in `lasting`; at once if that is 0.

    `wind` in m/s comes from `wind_from` degrees (0 north, 90 east); `stability` is A to F. The source stands
    at `place`, `height` m above the detectors; where that is a gas sensor, `upwind` m before it.
    """

    begin: int
    place: str
    gas: str = "ch4"
    mass: float = 1200
    lasting: int = 10 * MINUTE
    wind: float = 2
    wind_from: float = 270
    stability: str = "D"
    upwind: float = 50
    height: float = 0

    urgent = True

    def __post_init__(self) -> None:
        if self.gas not in GASES:
            raise ValueError(f"'{self.gas}' is no gas that can be released; known are {', '.join(GASES)}")

    @property
    def ends(self) -> int:
        return self.begin + self.lasting + int((1 + EDGE * WIDEST) * REACH / self.wind) * SECOND + STEP

    def effects(self, devices: Devices, seed: int) -> Effects:
        detectors = [device for device in devices if device.kind == "gas"]
        if not detectors:
            raise NobodyThere("no gas sensor can feel a release; list one in the file of sensors")
        x, y = position(self.place, devices)
        before = self.upwind if any(device.id == self.place for device in detectors) else 0.0
        return felt(
            (device.id, *effect) for device in detectors for effect in self._at(device, (x, y), before)
        )

    def _at(
        self, device: Device, source: tuple[float, float], before: float
    ) -> Iterator[tuple[str, Signal | None]]:
        x, y = 1000 * (device.x - source[0]), 1000 * (device.y - source[1])
        along, across = release.downwind(x, y, self.wind_from)
        along += before
        if 0 < along <= REACH and abs(across) <= ASIDE * WIDEST * along:
            first, since = self._window(along)
            yield from self._felt(self.begin + first, self._concentration(since, along, across))

    def _window(self, along: float) -> tuple[int, Floats]:
        """When there can be gas so far downwind: ms after the beginning, and the seconds to look at."""
        sigma, _ = release.spreads(np.array(along), self.stability)
        first = max(int((along - EDGE * sigma) / self.wind * SECOND) // STEP * STEP, 0)
        last = self.lasting + int((along + EDGE * sigma) / self.wind * SECOND)
        return first, np.arange(first, last + 1, STEP) / SECOND

    def _concentration(self, since: Floats, along: float, across: float) -> Floats:
        air, place = release.Air(self.wind, self.stability), (along, across)
        if self.lasting == 0:
            return release.puff(since, self.mass, air, place, height=self.height)
        lasting = self.lasting / SECOND
        return release.spell(since, self.mass / lasting, lasting, air, place, height=self.height)

    def _felt(self, start: int, concentration: Floats) -> Iterator[tuple[str, Signal | None]]:
        gas = GASES[self.gas]
        share = gas.share(concentration)
        if gas.scale:
            yield self.gas, Signal.sampled(start, STEP, concentration).kept(0.01)
        if gas.explosive is not None:
            yield "combustible", Signal.sampled(start, STEP, 100 * share / gas.explosive).kept(0.1)
        yield "oxygen", Signal.sampled(start, STEP, -OXYGEN * share / 100).kept(0.05)
