"""What a fleet says and when, byte for byte the same for one seed: the values, the events, the mishaps."""

import heapq
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ingest.clock import HOUR, SECOND
from simulators.device import Device
from simulators.instruments import INSTRUMENTS
from simulators.scenario import NOTHING, Scenario

# A device that feels an event does not wait for its next report.
URGENT_INTERVAL = 10 * SECOND
OFFLINE_FOR = HOUR
# No sensor's first metric is a power.
WRONG_UNIT = "kW"


class Mishap(StrEnum):
    """What goes wrong with a device that is otherwise sound; the last one is that it speaks an hour late."""

    GARBAGE = "garbage"
    WRONG_UNIT = "wrong unit"
    STRANGER = "stranger"
    DUPLICATE = "duplicate"
    OFFLINE = "offline"


OFTEN = {
    Mishap.GARBAGE: 25,
    Mishap.WRONG_UNIT: 20,
    Mishap.STRANGER: 20,
    Mishap.DUPLICATE: 30,
    Mishap.OFFLINE: 5,
}


@dataclass(frozen=True, slots=True)
class Report:
    """One message and the gateway that carries it."""

    gateway: str
    kind: str
    topic: str
    payload: bytes


class Unit:
    """One device at work. One that feels an urgent event has no mishaps, so that what must be seen is."""

    def __init__(self, device: Device, scenario: Scenario, seed: int, mishaps: float) -> None:
        self.mishaps: Counter[Mishap] = Counter()
        self._device = device
        self._topic = device.topic
        self._stranger = replace(device, id=f"unlisted-{device.zone}-{device.kind}").topic
        make = INSTRUMENTS[device.kind]
        effects = scenario.effects.get(device.id, NOTHING)
        self._values = make(device, random.Random(f"{seed}/{device.id}"), effects)
        self._urgent = scenario.urgent.get(device.id, ())
        self._chance = random.Random(f"{seed}/{device.id}/mishap")
        self._share = 0.0 if self._urgent else mishaps
        self._seq = 0
        self._back_at = 0
        self._held: list[Report] = []

    def at(self, instant: int) -> list[Report]:
        """What the device sends at `instant`; its reports of an hour offline come all at once."""
        self._seq += 1
        values = ",".join(f'"{metric}":{number}' for metric, number in self._values(instant).items())
        payload = f'{{"t":{instant},"seq":{self._seq},"v":{{{values}}}}}'.encode()
        report = Report(self._device.gateway, self._device.kind, self._topic, payload)
        if instant < self._back_at:
            self._held.append(report)
            return []
        if self._held:
            held, self._held = self._held, []
            return [*held, report]
        if self._share and self._chance.random() < self._share:
            return self._mishap(report, instant)
        return [report]

    def next(self, instant: int) -> int:
        """When it speaks again: at the latest when it begins to feel an urgent event."""
        if any(start <= instant < end for start, end in self._urgent):
            return instant + URGENT_INTERVAL
        onsets = (start for start, _ in self._urgent if start > instant)
        return min(instant + self._device.interval, next(onsets, instant + self._device.interval))

    def _mishap(self, report: Report, instant: int) -> list[Report]:
        [mishap] = self._chance.choices(list(OFTEN), list(OFTEN.values()))
        self.mishaps[mishap] += 1
        payload = report.payload
        match mishap:
            case Mishap.GARBAGE:
                return [replace(report, payload=payload[: len(payload) // 2])]
            case Mishap.WRONG_UNIT:
                metric = payload.split(b'"v":{"', 1)[1].split(b'"', 1)[0].decode()
                unit = f',"u":{{"{metric}":"{WRONG_UNIT}"}}}}'
                return [replace(report, payload=payload[:-1] + unit.encode())]
            case Mishap.STRANGER:
                return [report, replace(report, topic=self._stranger)]
            case Mishap.DUPLICATE:
                return [report, report]
            case Mishap.OFFLINE:
                self._back_at = instant + OFFLINE_FOR
                self._held.append(report)
                return []


class Reports:
    """The reports of a whole fleet in the order of their stamps.

    A device's first report lies within one interval of `start` (ms). Devices of kinds that have no instrument
    are left out and counted. `rate` (messages/s) replaces the devices' own intervals and spreads them evenly.
    `mishaps` is the share of messages that go wrong.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        scenario: Scenario,
        seed: int,
        start: int,
        *,
        mishaps: float = 0.01,
        rate: float | None = None,
    ) -> None:
        able = [device for device in devices if device.kind in INSTRUMENTS]
        self.left_out = Counter(device.kind for device in devices if device.kind not in INSTRUMENTS)
        if rate is not None:
            able = [replace(device, interval=max(int(len(able) / rate * SECOND), 1)) for device in able]
        self._units = [Unit(device, scenario, seed, mishaps) for device in able]
        phases = _even(able) if rate is not None else _random(able, seed)
        self._due = [(start + phase, number) for number, phase in enumerate(phases)]
        heapq.heapify(self._due)

    @property
    def mishaps(self) -> Counter[Mishap]:
        """What has gone wrong so far."""
        return sum((unit.mishaps for unit in self._units), Counter[Mishap]())

    def until(self, instant: int) -> Iterator[Report]:
        """All reports with a stamp up to `instant` that were not taken before."""
        due = self._due
        while due and due[0][0] <= instant:
            stamp, number = due[0]
            unit = self._units[number]
            said = unit.at(stamp)
            heapq.heapreplace(due, (unit.next(stamp), number))
            yield from said


def _even(devices: Sequence[Device]) -> list[int]:
    return [device.interval * number // len(devices) for number, device in enumerate(devices)]


def _random(devices: Sequence[Device], seed: int) -> list[int]:
    chance = random.Random(f"{seed}/phase")
    return [chance.randrange(device.interval) for device in devices]
