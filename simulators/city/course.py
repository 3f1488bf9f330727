"""How the events of a city's sensors run: what is measured, report by report, from first to last.

Each is one of `simulators.events` at one sensor, over the quiet value of its speech; a course begins and ends
near a quiet day. Values are in the units of the wire.
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from ingest.clock import HOUR, MINUTE
from simulators.city.registry import SITES
from simulators.city.speech import FIRE, SPEECHES, STORM, text
from simulators.device import Device, site_parameters
from simulators.events import Catchment, Event, Fire, HotCable, Leakage, Nuisance, Release, Storm, TankUpset
from simulators.signal import Signal
from simulators.waveforms import Floats, gauge

HERE = "here"
# Reports of an event, at most: of sensors that report so often that these would not do, it runs faster.
LONGEST = 2_000
# Above each stage gauge: the storm that is red at the rain gauges passes the river's guarantee stage.
STREAM = Catchment(concentration=1.5)


def course(kind: str, trouble: str, interval: int, chance: np.random.Generator) -> Mapping[str, Floats]:
    """Metric (two at most) to its value in each report, an `interval` (ms) apart.

    Those of COURSES have one.
    """
    device = _device(kind, interval)
    felt = COURSES[kind, trouble](chance).effects([device], 0)[HERE]
    reports = _reports(max(signal.end for signal in felt.values()) + 1, interval)
    if SPEECHES[kind].period:
        return {metric: _caught(signal, reports) for metric, signal in felt.items()}
    more = {metric: signal.read(reports) for metric, signal in felt.items()}
    if kind == "stage":
        more["flow"] = STREAM.flow(more["stage"], device)
    quiet = {metric: value for metric, value, _ in SPEECHES[kind].metrics}
    return {metric: quiet[metric] + values for metric, values in more.items()}


def texts(kind: str, values: Mapping[str, Floats]) -> dict[str, tuple[str, ...]]:
    """The same as it stands in reports."""
    speech = SPEECHES[kind]
    return {
        metric: tuple(text(value, speech.decimals(metric)) for value in course_.tolist())
        for metric, course_ in values.items()
    }


def _device(kind: str, interval: int) -> Device:
    site = dict(site_parameters(SITES.get(kind, ""), f"the site of every {kind} sensor"))
    return Device(HERE, kind, "", "", interval, site, lon=0, x=0, y=0)


def _reports(over: int, interval: int) -> Floats:
    """When it reports (ms) until nothing is felt any more, which is `over` ms after the beginning."""
    count = min(math.ceil(over / interval), LONGEST)
    return np.arange(1, count + 1, dtype=np.float64) * max(interval, over / count)


def _caught(rate: Signal, reports: Floats) -> Floats:
    """mm that the bucket has tipped since the report before, of `rate` mm/h."""
    fallen = [rate.integral(int(begin), int(end)) / HOUR for begin, end in pairwise((0, *reports.tolist()))]
    tipped, _ = gauge.tips(np.array(fallen))
    return tipped.astype(np.float64) * gauge.TIP


def _fire(chance: np.random.Generator) -> Event:
    return Fire(0, HERE, growth="slow", peak=chance.uniform(150, 300))


def _smoulder(chance: np.random.Generator) -> Event:
    """Fumes as those of a pan, but slower."""
    return Nuisance(0, HERE, "cooking", peak=0.12, lasting=_minutes(chance, 60, 90))


def _hot_cable(chance: np.random.Generator) -> Event:
    """A bad joint, and more than the rated current through it."""
    constant, rise = _minutes(chance, 8, 20), chance.uniform(16, 34)
    return HotCable(0, HERE, rise, overload=0.8, lasting=75 * MINUTE, time_constant=constant)


def _leakage(chance: np.random.Generator) -> Event:
    return Leakage(0, HERE, leak=chance.uniform(450, 600), lasting=30 * MINUTE)


def _storm(chance: np.random.Generator, depth: float, lasting: int) -> Event:
    """`depth` mm in `lasting` min, heaviest early or late."""
    peak = chance.uniform(0.3, 0.6)
    return Storm(0, HERE, depth, lasting * MINUTE, peak, catchment=STREAM)


def _release(chance: np.random.Generator) -> Event:
    return Release(0, HERE, mass=chance.uniform(900, 1200))


def _overfill(chance: np.random.Generator) -> Event:
    """By 38 %, which is beyond its mark, and pumped off again."""
    rate = chance.uniform(48, 60)
    return TankUpset(0, HERE, "overfill", rate, lasting=int(38 / rate * HOUR))


def _minutes(chance: np.random.Generator, least: float, most: float) -> int:
    """ms."""
    return int(chance.uniform(least, most) * MINUTE)


# (kind, trouble of its speech): what happens.
COURSES: Mapping[tuple[str, str], Callable[[np.random.Generator], Event]] = {
    ("smoke", FIRE): _fire,
    ("smoke", "smoulder"): _smoulder,
    ("electrical", "hot"): _hot_cable,
    ("electrical", "leakage"): _leakage,
    ("rain", "shower"): lambda chance: _storm(chance, 25, 60),
    ("rain", STORM): lambda chance: _storm(chance, 110, 120),
    ("stage", "high"): lambda chance: _storm(chance, 85, 120),
    ("stage", STORM): lambda chance: _storm(chance, 110, 120),
    ("gas", "combustible"): _release,
    ("tank", "high"): _overfill,
}
