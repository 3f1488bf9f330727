"""What goes wrong with a circuit."""

from dataclasses import dataclass

import numpy as np

from ingest.clock import HOUR, MINUTE, SECOND
from simulators.device import Device
from simulators.events.place import Devices, Effects, device_at, devices_at, felt, seconds
from simulators.signal import Signal
from simulators.waveforms import circuit

STEP = 10 * SECOND
# A report each ten seconds sees every burst, and each once.
BURST = 9 * SECOND
LEAST_WARMTH, LEAST_LEAKAGE = 0.1, 0.5  # K and mA
COLD = 7  # time constants
# Share of the rated current that flows anyway while a circuit is overloaded; project.
LOADED = 0.5
# Where the file of sensors has none; that of the rule of overload.
RATED_CURRENT = 63.0  # A


def rated_current(device: Device) -> float:
    """A."""
    return device.parameter("rated_current", "A", RATED_CURRENT)


@dataclass(frozen=True, slots=True)
class HotCable:
    """A bad joint at an electrical sensor of `place` that would heat it by `rise` K in the end.

    `overload` is a share of the rated current that flows in addition; heat goes with the square of all.
    """

    begin: int
    place: str
    rise: float = 60
    overload: float = 0
    lasting: int = HOUR
    time_constant: int = int(circuit.TIME_CONSTANT * SECOND)

    urgent = True

    @property
    def ends(self) -> int:
        return self.begin + self.lasting + COLD * self.time_constant

    def effects(self, devices: Devices, seed: int) -> Effects:
        device = device_at(self.place, devices, "electrical", seed)
        extra = circuit.RATED_RISE * ((LOADED + self.overload) ** 2 - LOADED**2)
        since = seconds(self.ends - self.begin, STEP)
        warmth = circuit.heating(since, self.rise + extra, self.lasting / SECOND, self.time_constant / SECOND)
        amperes = self.overload * rated_current(device)
        flowing = Signal((self.begin, self.begin + self.lasting), (amperes, amperes))
        return felt(
            [
                (device.id, "cable_temperature", Signal.sampled(self.begin, STEP, warmth).kept(LEAST_WARMTH)),
                (device.id, "current", flowing if amperes else None),
            ]
        )


@dataclass(frozen=True, slots=True)
class Leakage:
    """An insulation at an electrical sensor of `place` that fails slowly, up to `leak` mA, then is off."""

    begin: int
    place: str
    leak: float = 550
    growing: int = 20 * MINUTE
    lasting: int = 20 * MINUTE

    urgent = True

    @property
    def ends(self) -> int:
        return self.begin + self.growing + self.lasting

    def effects(self, devices: Devices, seed: int) -> Effects:
        sensor = device_at(self.place, devices, "electrical", seed).id
        since = seconds(self.ends - self.begin, STEP)
        leak = circuit.insulation_failure(since, self.leak, self.growing / SECOND, self.lasting / SECOND)
        return felt([(sensor, "leakage", Signal.sampled(self.begin, STEP, leak).kept(LEAST_LEAKAGE))])


@dataclass(frozen=True, slots=True)
class Arcing:
    """`bursts` of `half_cycles` of arc a second at an electrical sensor of `place`, one each `every`."""

    begin: int
    place: str
    half_cycles: int = 20
    bursts: int = 3
    every: int = 2 * MINUTE

    urgent = True

    @property
    def ends(self) -> int:
        return self.begin + (self.bursts - 1) * self.every + BURST

    def effects(self, devices: Devices, seed: int) -> Effects:
        sensor = device_at(self.place, devices, "electrical", seed).id
        since = seconds(self.ends - self.begin, SECOND)
        arcs = circuit.arcs(since, self.half_cycles, self.bursts, self.every / SECOND, BURST / SECOND)
        return felt([(sensor, "arcs", Signal.sampled(self.begin, SECOND, arcs).kept(1))])


@dataclass(frozen=True, slots=True)
class Sag:
    """`drop` V that all circuits of `place` lack for `lasting`; a negative one is a swell."""

    begin: int
    place: str
    drop: float = 60
    lasting: int = 2 * MINUTE

    urgent = True

    @property
    def ends(self) -> int:
        return self.begin + self.lasting

    def effects(self, devices: Devices, seed: int) -> Effects:
        edge = min(100, self.lasting // 3)
        times = (self.begin, self.begin + edge, self.ends - edge, self.ends)
        volts = circuit.sag(
            (np.array(times) - self.begin) / SECOND, self.drop, self.lasting / SECOND, edge / SECOND
        )
        signal = Signal(times, tuple(volts.tolist()))
        return {device.id: {"voltage": signal} for device in devices_at(self.place, devices, "electrical")}
