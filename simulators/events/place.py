"""Where an event happens: the `place` of an event is the id of a sensor or of a zone."""

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

import numpy as np

from ingest.clock import SECOND
from simulators.device import Device
from simulators.signal import Signal
from simulators.waveforms import Floats

Devices = Sequence[Device]
Effects = Mapping[str, Mapping[str, Signal]]


class NobodyThere(LookupError):
    """No device that could feel an event is at its place."""


def devices_at(place: str, devices: Devices, kind: str) -> list[Device]:
    """The sensor of that name, or all of the zone; NobodyThere if none is of the kind."""
    found = [device for device in devices if device.kind == kind and place in (device.id, device.zone)]
    if not found:
        raise NobodyThere(
            f"'{place}' is no {kind} sensor and no zone that has one; write an id from the file of sensors"
        )
    return found


def device_at(place: str, devices: Devices, kind: str, seed: int) -> Device:
    """The sensor of that name, or by chance one of the zone."""
    found = devices_at(place, devices, kind)
    return random.Random(f"{seed}/{place}/{kind}").choice(found)


def position(place: str, devices: Devices) -> tuple[float, float]:
    """Where the sensor stands, or the middle of the zone's sensors (km east and north)."""
    found = [device for device in devices if place in (device.id, device.zone)]
    if not found:
        raise NobodyThere(
            f"'{place}' is no sensor and no zone with sensors; write an id from the file of sensors"
        )
    return fmean(device.x for device in found), fmean(device.y for device in found)


def neighbours(device: Device, devices: Devices) -> list[Device]:
    """The other devices of its kind and zone, nearest first."""
    others = [d for d in devices if d.kind == device.kind and d.zone == device.zone and d is not device]
    return sorted(others, key=lambda other: (distance(device, other), other.id))


def distance(one: Device, other: Device) -> float:
    """km."""
    return math.hypot(one.x - other.x, one.y - other.y)


def seconds(lasting: int, step: int) -> Floats:
    """0 to `lasting` ms every `step` ms, in seconds."""
    return np.arange(0, lasting + 1, step) / SECOND


def felt(of: Iterable[tuple[str, str, Signal | None]]) -> Effects:
    """Effects by sensor and metric, without those that nobody feels."""
    found: dict[str, dict[str, Signal]] = {}
    for sensor, metric, signal in of:
        if signal is not None:
            found.setdefault(sensor, {})[metric] = signal
    return found
