"""What all layers of faults have in common: for whom, when and how often one acts, and that it is counted."""

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from simulators.device import Device
from simulators.report import Report

FOREVER = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """For whom a layer acts, and when.

    The devices with their ids among `sensors` or behind one of `gateways`; with neither, all of them; in any
    case without those in `spared`. What is measured from `begin` to before `end` (ms), and of that a `share`.
    """

    sensors: frozenset[str] = frozenset()
    gateways: frozenset[str] = frozenset()
    spared: frozenset[str] = frozenset()
    begin: int = 0
    end: int = FOREVER
    share: float = 1.0

    def covers(self, device: Device) -> bool:
        """Whether it acts for this device at all."""
        if device.id in self.spared:
            return False
        everybody = not self.sensors and not self.gateways
        return everybody or device.id in self.sensors or device.gateway in self.gateways


class Layer(ABC):
    """What happens to reports on their way, one after another in the order of their measurement.

    A layer belongs to one fleet: it has a generator of its own and counts. `happened` is the number of
    reports that it acted on, and each time the fleet had `adds` messages more. `name` says what it does,
    `lasts` whether it has episodes: by who shares them, the newest.
    """

    name: ClassVar[str]
    adds: ClassVar[int] = 0
    lasts: ClassVar[bool] = False

    def __init__(self, scope: Scope, seed: int) -> None:
        self.scope = scope
        self.happened = 0
        self.share = scope.share
        self.episodes: dict[str, Episode] = {}
        self._chance = random.Random(f"{seed}/{self.name}")

    def __call__(self, report: Report) -> Sequence[Report]:
        """What becomes of a report of a device that the scope covers; nothing leaves earlier for it."""
        return self.meet(report, self._chance.random() < self.share)

    @abstractmethod
    def meet(self, report: Report, chosen: bool) -> Sequence[Report]:
        """As a call, with what chance has `chosen`; without it, a call is needed only during `episodes`."""

    def whose(self, device: Device) -> str:
        """Who shares the device's episodes."""
        return device.id


class Momentary(Layer):
    """What happens to a report by itself."""

    def meet(self, report: Report, chosen: bool) -> Sequence[Report]:
        if not chosen or not self.scope.begin <= report.at < self.scope.end:
            return (report,)
        self.happened += 1
        return self._changed(report)

    @abstractmethod
    def _changed(self, report: Report) -> Sequence[Report]:
        """What leaves in place of this report."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A fault that lasts, from `since` to before `until` (ms), and the first report that it met."""

    since: int
    until: int
    first: Report


class Lasting(Layer):
    """What, once it has begun for a device, goes on for `lasts` ms, at most to the end of the scope.

    The scope's share is that of the reports with which it begins.
    """

    lasts = True

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER) -> None:
        super().__init__(scope, seed)
        self._lasts = lasts

    def meet(self, report: Report, chosen: bool) -> Sequence[Report]:
        instant, whose = self._instant(report), self.whose(report.device)
        episode = self.episodes.get(whose)
        if episode is None or not episode.since <= instant < episode.until:
            if not chosen or not self.scope.begin <= instant < self.scope.end:
                return (report,)
            episode = Episode(instant, min(instant + self._lasts, self.scope.end), report)
            self.episodes[whose] = episode
        self.happened += 1
        return self._during(report, episode)

    @abstractmethod
    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        """What leaves in place of this report, while the episode is on."""

    def _instant(self, report: Report) -> int:
        """The instant that decides whether a report falls into an episode."""
        return report.at


class OfGateway(Lasting):
    """What lasts for all behind a gateway, and for what would leave it meanwhile."""

    def _instant(self, report: Report) -> int:
        return report.leaves

    def whose(self, device: Device) -> str:
        return device.gateway or device.id
