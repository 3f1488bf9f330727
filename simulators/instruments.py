"""What each kind of sensor measures, written as the members of a report: `"smoke":0.012,"battery":87`.

An instrument is made once for a device, with that device's own character, and is then asked at ascending
instants; `level` (0 to 1) is how much of an incident it sees. Ranges are those of devices in the field:
natural leakage 100 to 200 mA, detectors that differ by 1.33 and 1.5 from their mean (GB 4715-2024, 5.7).
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence

from ingest.clock import DAY, HOUR
from simulators.device import Device
from simulators.scenario import Storm

TEN_YEARS = 3652 * DAY  # what a battery lasts, ms

Instrument = Callable[[int, float], str]
Maker = Callable[[Device, random.Random, Sequence[Storm]], Instrument]


def smoke(device: Device, chance: random.Random, _: Sequence[Storm]) -> Instrument:
    sensitivity = chance.uniform(1 / 1.5, 1.33)
    battery = chance.uniform(60, 100)
    drain = 100 * device.interval / TEN_YEARS

    def values(at: int, level: float) -> str:
        nonlocal battery
        battery = max(battery - drain, 0)
        density = (chance.uniform(0, 0.03) + 0.7 * level) * sensitivity
        temperature = _air(device, at) + 2 + 45 * level + chance.gauss(0, 0.2)
        return f'"smoke":{density:.3f},"temperature":{temperature:.1f},"battery":{battery:.0f}'

    return values


def electrical(device: Device, chance: random.Random, _: Sequence[Storm]) -> Instrument:
    natural, rated = chance.uniform(100, 170), chance.uniform(10, 60)

    def values(at: int, level: float) -> str:
        load = _load(device, at)
        leakage = natural + 25 * load + chance.gauss(0, 1.5) + 550 * level
        cable = _air(device, at) + 12 * load + 30 * level + chance.gauss(0, 0.2)
        current = rated * load * chance.uniform(0.95, 1.05)
        voltage = min(max(237 - 7 * load + chance.gauss(0, 0.7), 228), 239)
        return (
            f'"leakage":{leakage:.1f},"cable_temperature":{cable:.1f}'
            f',"current":{current:.2f},"voltage":{voltage:.1f}'
        )

    return values


def rain(device: Device, chance: random.Random, storms: Sequence[Storm]) -> Instrument:
    """A tipping bucket of 0.1 mm; what does not fill it stays in it for the next period."""
    catch = chance.uniform(0.95, 1.05)
    bucket = 0.0

    def values(at: int, _: float) -> str:
        nonlocal bucket
        middle = at - device.interval // 2
        rate = sum(storm.rate(device.x, device.y, middle) for storm in storms)
        bucket += 10 * catch * rate * device.interval / HOUR
        tips = int(bucket)
        bucket -= tips
        return f'"rain":{tips / 10:.1f}'

    return values


def stage(device: Device, chance: random.Random, _: Sequence[Storm]) -> Instrument:
    """A river at low water: recorded floods are played by `simulators.playback`."""
    low = device.parameter("warning_stage", "m", 2.0) * chance.uniform(0.3, 0.5)
    phase = chance.uniform(0, 2 * math.pi)

    def values(at: int, _: float) -> str:
        height = low + 0.02 * math.sin(2 * math.pi * at / DAY + phase) + chance.gauss(0, 0.002)
        return f'"stage":{height:.3f}'

    return values


def gas(_: Device, chance: random.Random, __: Sequence[Storm]) -> Instrument:
    zero = chance.gauss(0, 0.3)

    def values(_: int, level: float) -> str:
        combustible = zero + chance.gauss(0, 0.2) + 60 * level
        oxygen = 20.9 + chance.gauss(0, 0.03) - 0.6 * level
        return f'"combustible":{combustible:.1f},"oxygen":{oxygen:.1f}'

    return values


def tank(device: Device, chance: random.Random, _: Sequence[Storm]) -> Instrument:
    filled, phase, pressure = chance.uniform(45, 65), chance.uniform(0, 2 * math.pi), chance.uniform(80, 150)

    def values(at: int, _: float) -> str:
        level = filled + 8 * math.sin(2 * math.pi * at / (2 * DAY) + phase) + chance.gauss(0, 0.05)
        return (
            f'"level":{level:.1f},"pressure":{pressure + chance.gauss(0, 0.5):.1f}'
            f',"temperature":{_air(device, at) + chance.gauss(0, 0.1):.1f}'
        )

    return values


def workshop(device: Device, chance: random.Random, _: Sequence[Storm]) -> Instrument:
    quota = int(device.parameter("quota", "", 1))

    def values(at: int, _: float) -> str:
        at_work = 8 <= _hour(device, at) < 17
        people = chance.randint(0, quota) if at_work else 0
        air = _air(device, at)
        return f'"headcount":{people},"temperature":{air + 1:.1f},"humidity":{110 - 2 * air:.1f}'

    return values


INSTRUMENTS: Mapping[str, Maker] = {
    made.__name__: made for made in (smoke, electrical, rain, stage, gas, tank, workshop)
}


def _hour(device: Device, at: int) -> float:
    """Local solar time, 0 to 24."""
    return (at / HOUR + device.lon / 15) % 24


def _air(device: Device, at: int) -> float:
    """A summer's day in degC: 19 before sunrise, 29 in the afternoon."""
    return 24 + 5 * math.cos((_hour(device, at) - 15) / 24 * 2 * math.pi)


def _load(device: Device, at: int) -> float:
    """Share of the rated current: a little at night, more in the morning, most in the evening."""
    hour = _hour(device, at)
    return 0.3 + 0.2 * math.exp(-(((hour - 8) / 2) ** 2)) + 0.5 * math.exp(-(((hour - 19.5) / 2.5) ** 2))
