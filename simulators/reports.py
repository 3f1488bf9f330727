"""What a fleet says and when, byte for byte the same for one seed: values, events, and what goes wrong."""

import heapq
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.clock import SECOND
from simulators.device import Device
from simulators.faults import Layer, Stack, stack_of
from simulators.instruments import INSTRUMENTS, Instrument
from simulators.report import Report
from simulators.scenario import NOTHING, Scenario

# A device that feels an event does not wait for its next report.
URGENT_INTERVAL = 10 * SECOND


class Unit:
    """One device at work; `urgent` are the stretches (from, to in ms, by their beginning) of what it sees."""

    __slots__ = ("_device", "_faults", "_urgent", "_values", "seq")

    def __init__(
        self,
        device: Device,
        values: Instrument,
        urgent: Sequence[tuple[int, int]],
        faults: Stack | None,
    ) -> None:
        self.seq = 0
        self._device = device
        self._values = values
        # The next one last.
        self._urgent = list(reversed(urgent))
        self._faults = faults

    def at(self, instant: int) -> Sequence[Report]:
        """What leaves of its report at `instant`, now or later."""
        self.seq += 1
        report = Report(self._device, instant, instant, instant, self.seq, self._values(instant))
        return (report,) if self._faults is None else self._faults(report)

    def next(self, instant: int) -> int:
        """When it measures again: at the latest when it begins to feel an urgent event."""
        urgent, regular = self._urgent, instant + self._device.interval
        while urgent and urgent[-1][1] <= instant:
            urgent.pop()
        if not urgent or regular <= urgent[-1][0]:
            return regular
        onset = urgent[-1][0]
        return instant + URGENT_INTERVAL if onset <= instant else onset


class Reports:
    """The reports of a whole fleet in the order in which they leave, through the layers of `faults`.

    A device's first report lies within one interval of `start` (ms). Devices of kinds that have no instrument
    are left out and counted. `rate` (messages/s) replaces the devices' own intervals and spreads them evenly.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        scenario: Scenario,
        seed: int,
        start: int,
        *,
        faults: Sequence[Layer] = (),
        rate: float | None = None,
    ) -> None:
        able = [device for device in devices if device.kind in INSTRUMENTS]
        self.left_out = Counter(device.kind for device in devices if device.kind not in INSTRUMENTS)
        if rate is not None:
            able = [replace(device, interval=max(int(len(able) / rate * SECOND), 1)) for device in able]
        self._faults = faults
        chance = random.Random(f"{seed}/faults")
        self._units = [
            Unit(
                device,
                _instrument(device, scenario, seed),
                scenario.urgent.get(device.id, ()),
                stack_of(faults, device, chance),
            )
            for device in able
        ]
        phases = _even(able) if rate is not None else _random(able, seed)
        self._due = [(start + phase, number) for number, phase in enumerate(phases)]
        heapq.heapify(self._due)
        # What is on its way, by the instant at which it leaves and the order in which it was measured.
        self._waiting: list[tuple[int, int, Report]] = []
        self._held = 0

    @property
    def measured(self) -> int:
        """Reports of the devices, before anything went wrong with them."""
        return sum(unit.seq for unit in self._units)

    @property
    def waiting(self) -> int:
        """Messages that are still to leave."""
        return len(self._waiting)

    @property
    def happened(self) -> Counter[str]:
        """How many reports each sort of fault met so far, by its name."""
        return sum((Counter({layer.name: layer.happened}) for layer in self._faults), Counter[str]())

    def until(self, instant: int) -> Iterator[Report]:
        """All reports that leave up to `instant` and were not taken before."""
        due, waiting = self._due, self._waiting
        while due and due[0][0] <= instant:
            at, number = due[0]
            yield from self._leaving(at)
            unit = self._units[number]
            said = unit.at(at)
            heapq.heapreplace(due, (unit.next(at), number))
            for report in said:
                if report.leaves > at:
                    self._held += 1
                    heapq.heappush(waiting, (report.leaves, self._held, report))
                else:
                    yield report
        yield from self._leaving(instant)

    def _leaving(self, instant: int) -> Iterator[Report]:
        """What waited until now."""
        while self._waiting and self._waiting[0][0] <= instant:
            yield heapq.heappop(self._waiting)[2]


def _instrument(device: Device, scenario: Scenario, seed: int) -> Instrument:
    chance = random.Random(f"{seed}/{device.id}")
    return INSTRUMENTS[device.kind](device, chance, scenario.effects.get(device.id, NOTHING))


def _even(devices: Sequence[Device]) -> list[int]:
    return [device.interval * number // len(devices) for number, device in enumerate(devices)]


def _random(devices: Sequence[Device], seed: int) -> list[int]:
    chance = random.Random(f"{seed}/phase")
    return [chance.randrange(device.interval) for device in devices]
