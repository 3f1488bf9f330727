"""What each kind of sensor measures: a quiet day of its own, what events add, rounded as the device does it.

An instrument is made once for a device, with that device's own character and all that it will feel, and is
then asked at ascending instants. Values are clipped to what such a device can show.
"""

import math
import random
from collections.abc import Callable, Mapping

import numpy as np

from ingest.clock import DAY, HOUR, SECOND
from simulators.device import Device
from simulators.events.circuit import rated_current
from simulators.events.release import GASES, OXYGEN
from simulators.events.storm import low_water
from simulators.signal import Signal
from simulators.waveforms import Floats, circuit, fire, gauge, tank, weather, workshop

# Instant (ms) -> by metric the number as it stands in the message.
Instrument = Callable[[int], dict[str, str]]
Maker = Callable[[Device, random.Random, Mapping[str, Signal]], Instrument]
Curve = Callable[[float], float]

TEN_YEARS = 3652 * DAY  # what a battery lasts, ms
# The ends of the scales of such devices; project.
SMOKE_SCALE, WARMTH_SCALE, LEAKAGE_SCALE = 10.0, 125.0, 5000.0  # dB/m, degC, mA
OFTEN = 0.05  # share of the reports before which somebody comes or goes; project
LOOKED_UP = 12  # times an hour


def smoke_detector(device: Device, chance: random.Random, effects: Mapping[str, Signal]) -> Instrument:
    sensitivity = chance.uniform(fire.LEAST_SENSITIVE, fire.MOST_SENSITIVE)
    battery = chance.uniform(60, 100)
    drain = 100 * device.interval / TEN_YEARS
    smoke, warmth = _added(effects, "smoke"), _added(effects, "temperature")

    def values(at: int) -> dict[str, str]:
        nonlocal battery
        battery = max(battery - drain, 0)
        density = min((chance.uniform(0, 0.03) + smoke(at)) * sensitivity, SMOKE_SCALE)
        temperature = min(_AIR(_hour(device, at)) + 2 + warmth(at) + chance.gauss(0, 0.2), WARMTH_SCALE)
        return {"smoke": f"{density:.3f}", "temperature": f"{temperature:.1f}", "battery": f"{battery:.0f}"}

    return values


def electrical_monitor(device: Device, chance: random.Random, effects: Mapping[str, Signal]) -> Instrument:
    """Arcs are told by a device that will see some: not every one has a channel for them."""
    low, high = circuit.NATURAL_LEAKAGE
    natural = chance.uniform(low, high - circuit.LEAKAGE_OF_LOAD)
    rated, used = rated_current(device), chance.uniform(0.4, 0.9)
    leak, flow, warmth, volts = (
        _added(effects, metric) for metric in ("leakage", "current", "cable_temperature", "voltage")
    )
    arcs = effects.get("arcs")
    rise: float | None = None
    before = 0

    def values(at: int) -> dict[str, str]:
        nonlocal rise, before
        hour = _hour(device, at)
        load = used * _LOAD(hour)
        steady = circuit.RATED_RISE * load * load
        rise = steady if rise is None else circuit.lagged(rise, steady, (at - before) / SECOND)
        before = at
        leakage = natural + circuit.LEAKAGE_OF_LOAD * load + chance.gauss(0, 1.5) + leak(at)
        temperature = min(_AIR(hour) + rise + warmth(at) + chance.gauss(0, 0.2), WARMTH_SCALE)
        current = rated * load * chance.uniform(0.95, 1.05) + flow(at)
        voltage = min(max(237 - 7 * load + chance.gauss(0, 0.7), 228), 239) + volts(at)
        found = {
            "leakage": f"{min(leakage, LEAKAGE_SCALE):.1f}",
            "cable_temperature": f"{temperature:.1f}",
            "current": f"{current:.2f}",
            "voltage": f"{max(voltage, 0):.1f}",
        }
        if arcs is not None:
            found["arcs"] = f"{arcs.at(at):.0f}"
        return found

    return values


def rain_gauge(device: Device, chance: random.Random, effects: Mapping[str, Signal]) -> Instrument:
    """A tipping bucket: what does not fill it stays in it for the next period.

    With a site parameter `counter` (mm) it tells what its counter shows, from there on, and no amounts.
    """
    catch = chance.uniform(0.95, 1.05)
    rate, restart = effects.get("rain"), effects.get("restart")
    first = device.parameter("counter", "mm", -1)
    shown = round(first / gauge.TIP)
    bucket = 0.0
    before: int | None = None

    def values(at: int) -> dict[str, str]:
        nonlocal bucket, before, shown
        begin = at - device.interval if before is None else before
        before = at
        fallen = 0.0 if rate is None else rate.integral(begin, at) / HOUR
        tips = 0
        if fallen:
            [tips], bucket = gauge.tips(np.array([catch * fallen]), bucket)
        if first < 0:
            return {"rain": f"{tips * gauge.TIP:.1f}"}
        if restart is not None and restart.integral(begin, at) > 0:
            shown = 0
        shown = gauge.advanced(shown, tips)
        return {"rain_total": f"{shown * gauge.TIP:.1f}"}

    return values


def stage_gauge(device: Device, chance: random.Random, effects: Mapping[str, Signal]) -> Instrument:
    """Low water that breathes with the day, and floods; `simulators.playback` plays recorded ones."""
    low = low_water(device) * chance.uniform(0.95, 1.05)
    phase = chance.uniform(0, 2 * math.pi)
    flood = _added(effects, "stage")

    def values(at: int) -> dict[str, str]:
        height = low + 0.02 * math.sin(2 * math.pi * at / DAY + phase) + chance.gauss(0, 0.002) + flood(at)
        return {"stage": f"{height:.3f}"}

    return values


def gas_detector(_: Device, chance: random.Random, effects: Mapping[str, Signal]) -> Instrument:
    """It measures what burns and oxygen, and each toxic gas that it will meet."""
    zero = chance.gauss(0, 0.3)
    burning, displaced = _added(effects, "combustible"), _added(effects, "oxygen")
    toxic = {metric: signal for metric, signal in effects.items() if metric not in ("combustible", "oxygen")}

    def values(at: int) -> dict[str, str]:
        combustible = min(zero + chance.gauss(0, 0.2) + burning(at), 100)
        oxygen = max(OXYGEN + chance.gauss(0, 0.03) + displaced(at), 0)
        found = {"combustible": f"{combustible:.1f}", "oxygen": f"{oxygen:.1f}"}
        for metric, signal in toxic.items():
            found[metric] = f"{min(signal.at(at), GASES[metric].scale):.2f}"
        return found

    return values


def tank_gauges(device: Device, chance: random.Random, effects: Mapping[str, Signal]) -> Instrument:
    """Liquefied gas under its own vapour, filled up in the morning and drawn off in the afternoon."""
    base, filled = chance.uniform(40, 50), chance.uniform(8, 16)
    pressure = device.parameter("pressure_high", "kPa", 300) * chance.uniform(0.3, 0.4)
    more, warmth = _added(effects, "level"), _added(effects, "temperature")

    def values(at: int) -> dict[str, str]:
        hour = _hour(device, at)
        level = base + filled * _FILLED(hour) + chance.gauss(0, 0.05) + more(at)
        temperature = _LIQUID(hour) + warmth(at)
        vapour = float(tank.vapour(pressure, np.array(temperature - weather.MEAN)))
        return {
            "level": f"{min(max(level, 0), 100):.1f}",
            "pressure": f"{vapour + chance.gauss(0, 0.5):.1f}",
            "temperature": f"{temperature + chance.gauss(0, 0.1):.1f}",
        }

    return values


def workshop_counter(device: Device, chance: random.Random, effects: Mapping[str, Signal]) -> Instrument:
    """Of the quota some are at work; now and then one comes or goes."""
    quota = int(device.parameter("quota", "", 1))
    shift = chance.randint(0, quota)
    crowd = _added(effects, "headcount")

    def values(at: int) -> dict[str, str]:
        nonlocal shift
        hour = _hour(device, at)
        if chance.random() < OFTEN:
            shift = chance.randint(0, quota)
        return {
            "headcount": f"{int(shift * _OCCUPIED(hour) + 1e-9) + int(crowd(at))}",
            "temperature": f"{_AIR(hour) + 1:.1f}",
            "humidity": f"{_HUMIDITY(hour):.1f}",
        }

    return values


INSTRUMENTS: Mapping[str, Maker] = {
    "smoke": smoke_detector,
    "electrical": electrical_monitor,
    "rain": rain_gauge,
    "stage": stage_gauge,
    "gas": gas_detector,
    "tank": tank_gauges,
    "workshop": workshop_counter,
}


def _added(effects: Mapping[str, Signal], metric: str) -> Callable[[int], float]:
    signal = effects.get(metric)
    return _nothing if signal is None else signal.at


def _nothing(_: int) -> float:
    return 0.0


def _daily(curve: Callable[[Floats], Floats]) -> Curve:
    """A curve by local hour, looked up in a table: one value at a time is slow in numpy."""
    table = curve(np.arange(24 * LOOKED_UP + 2) / LOOKED_UP).tolist()

    def at(hour: float) -> float:
        place = hour * LOOKED_UP
        number = int(place)
        return float(table[number] + (table[number + 1] - table[number]) * (place - number))

    return at


_AIR = _daily(weather.air)
_HUMIDITY = _daily(lambda hours: weather.humidity(weather.air(hours)))
# Hundreds of cubic metres follow the air late and little.
_LIQUID = _daily(lambda hours: weather.air(hours, swing=2.0, warmest=18.0))
_LOAD = _daily(circuit.daily_load)
_FILLED = _daily(tank.operations)
_OCCUPIED = _daily(workshop.occupancy)


def _hour(device: Device, at: int) -> float:
    """Local solar time, 0 to 24."""
    return (at / HOUR + device.lon / 15) % 24
