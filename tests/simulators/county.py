"""The shipped county's devices, and what the tests of events ask of it."""

from pathlib import Path

from simulators.device import Device, read_devices
from simulators.events import Event
from simulators.signal import Signal

START = 1_528_027_140_000
DEVICES = read_devices(Path(__file__).parents[2] / "configs" / "sensors.csv")


def device(sensor: str) -> Device:
    return next(d for d in DEVICES if d.id == sensor)


def felt(event: Event, metric: str, seed: int = 1) -> dict[str, Signal]:
    """By sensor what the event does to one metric."""
    return {sensor: of[metric] for sensor, of in event.effects(DEVICES, seed).items() if metric in of}


def most(signal: Signal) -> float:
    return max(signal.values)
