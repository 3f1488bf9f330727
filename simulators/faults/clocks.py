"""Wrong stamps: clocks that are ahead, behind or set to and fro, and gateways that stamp in their place."""

from collections.abc import Sequence

from msgspec.structs import replace

from ingest.clock import HOUR, MINUTE, SECOND
from simulators.faults.layer import FOREVER, Episode, Lasting, Momentary, Scope
from simulators.report import Report

# Of a clock that nobody has set; no whole number of any device's intervals.
WRONG = HOUR + 3 * MINUTE + 7 * SECOND


class ClockAhead(Lasting):
    """The device's clock is `by` ms ahead."""

    name = "clock-ahead"

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER, by: int = WRONG) -> None:
        super().__init__(scope, seed, lasts)
        self._by = by

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        return (_moved(report, self._by),)


class ClockBehind(ClockAhead):
    """The device's clock is `by` ms behind."""

    name = "clock-behind"

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER, by: int = WRONG) -> None:
        super().__init__(scope, seed, lasts, -by)


class ClockSteps(Lasting):
    """The device's clock is set `by` ms ahead, and right again, every `every` ms in turn."""

    name = "clock-steps"

    def __init__(
        self,
        scope: Scope,
        seed: int,
        lasts: int = FOREVER,
        by: int = 17 * MINUTE + 13 * SECOND,
        every: int = HOUR,
    ) -> None:
        super().__init__(scope, seed, lasts)
        self._by, self._every = by, every

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        right = (report.at - episode.since) // self._every % 2
        return (report if right else _moved(report, self._by),)


class Restamped(Momentary):
    """The gateway sends every `every` ms what it has, with that instant in place of the devices' stamps."""

    name = "restamped"

    def __init__(self, scope: Scope, seed: int, every: int = 10 * SECOND) -> None:
        super().__init__(scope, seed)
        self._every = every

    def _changed(self, report: Report) -> Sequence[Report]:
        sent = report.leaves + -report.leaves % self._every
        return (replace(report, stamp=sent, leaves=sent),)


def _moved(report: Report, by: int) -> Report:
    return report if report.stamp is None else replace(report, stamp=report.stamp + by)
