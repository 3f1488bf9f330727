"""What happens in the simulated county: what each sensor feels of all events."""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from simulators.device import Device
from simulators.events import Event, Fire, Leakage, Release, Storm
from simulators.events.place import distance, neighbours
from simulators.signal import Signal, added

NOTHING: Mapping[str, Signal] = {}


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that happens to a fleet, by sensor.

    `effects` are by metric. Within the spans `urgent`, [start, end) in ms, ascending, a sensor does not wait
    for its next report.
    """

    effects: Mapping[str, Mapping[str, Signal]] = field(default_factory=dict)
    urgent: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[Event], devices: Sequence[Device], seed: int) -> Self:
        """What several events do to one metric adds up; NobodyThere if nobody can be at the place of one."""
        signals: dict[str, dict[str, list[Signal]]] = defaultdict(lambda: defaultdict(list))
        urgent: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for event in events:
            for sensor, metrics in event.effects(devices, seed).items():
                for metric, signal in metrics.items():
                    signals[sensor][metric].append(signal)
                if event.urgent:
                    urgent[sensor].append(_span(metrics))
        effects = {sensor: {m: added(parts) for m, parts in of.items()} for sensor, of in signals.items()}
        return cls(effects, {sensor: tuple(sorted(spans)) for sensor, spans in urgent.items()})


def _span(metrics: Mapping[str, Signal]) -> tuple[int, int]:
    return min(signal.start for signal in metrics.values()), max(signal.end for signal in metrics.values())


def county_days(devices: Sequence[Device], start: int, seed: int, days: int = 7) -> Scenario:
    """Days that each bring, in their first ten hours, fires, leakages, a rainstorm and a gas leak.

    What there are no sensors for does not happen. `start` in ms since the epoch.
    """
    chance = random.Random(f"{seed}/scenario")
    events = [event for day in range(days) for event in _day(devices, start + day * DAY, chance)]
    return Scenario.of(events, devices, seed)


def _day(devices: Sequence[Device], start: int, chance: random.Random) -> Iterator[Event]:
    """One large and one small fire, two leakages, a storm and a leak of gas."""
    smoke, electrical, gas, rain = (
        [device for device in devices if device.kind == kind]
        for kind in ("smoke", "electrical", "gas", "rain")
    )
    if smoke:
        yield Fire(start + _about(1, chance), chance.choice(smoke).id, burning=15 * MINUTE)
        small = Fire(start + _about(8, chance), chance.choice(smoke).id, growth="slow", peak=8, neighbours=0)
        yield small
    if electrical:
        yield Leakage(start + _about(2.5, chance), chance.choice(electrical).id)
        yield Leakage(start + _about(9.5, chance), chance.choice(electrical).id)
    if rain:
        yield _storm(rain, start + _about(4.5, chance), chance)
    if gas:
        yield _leak(gas, start + _about(6.5, chance), chance)


def _about(hours: float, chance: random.Random) -> int:
    return int((hours + chance.uniform(-0.25, 0.25)) * HOUR) // SECOND * SECOND


def _storm(gauges: list[Device], peak: int, chance: random.Random) -> Storm:
    """Heavy enough at its centre for 100 mm in 3 h, wide enough for the three gauges next to it to see 50."""
    centre = chance.choice(gauges)
    distances = sorted(distance(gauge, centre) for gauge in gauges)
    radius = max(distances[:4][-1], 4.0)
    bearing = chance.uniform(0, 2 * math.pi)
    drift = (radius / 3 * math.cos(bearing), radius / 3 * math.sin(bearing))
    storm = Storm(peak, centre.id, depth=140, radius=radius, drift=drift)
    return replace(storm, begin=peak - int(storm.peak * storm.duration))


def _leak(detectors: list[Device], begin: int, chance: random.Random) -> Release:
    """The wind carries it on to the nearest detector of the zone."""
    first = chance.choice(detectors)
    near = neighbours(first, detectors)[:1]
    towards = [math.degrees(math.atan2(other.x - first.x, other.y - first.y)) for other in near]
    return Release(begin, first.id, wind_from=(sum(towards) + 180) % 360)
