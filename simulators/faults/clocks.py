"""Wrong stamps: clocks that are ahead, behind or set to and fro, and gateways that stamp in their place."""

from collections.abc import Sequence

from msgspec.structs import replace

from ingest.clock import HOUR, MINUTE
from simulators.faults.layer import FOREVER, Episode, Lasting, Momentary, Scope
from simulators.report import Report


class ClockAhead(Lasting):
    """The device's clock is `by` ms ahead."""

    name = "clock-ahead"

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER, by: int = HOUR) -> None:
        super().__init__(scope, seed, lasts)
        self._by = by

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        return (_moved(report, self._by),)


class ClockBehind(ClockAhead):
    """The device's clock is `by` ms behind."""

    name = "clock-behind"

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER, by: int = HOUR) -> None:
        super().__init__(scope, seed, lasts, -by)


class ClockSteps(Lasting):
    """The device's clock is set `by` ms ahead, and right again, every `every` ms in turn."""

    name = "clock-steps"

    def __init__(
        self,
        scope: Scope,
        seed: int,
        lasts: int = FOREVER,
        by: int = 20 * MINUTE,
        every: int = HOUR,
    ) -> None:
        super().__init__(scope, seed, lasts)
        self._by, self._every = by, every

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        right = (report.at - episode.since) // self._every % 2
        return (report if right else _moved(report, self._by),)


class Restamped(Momentary):
    """The gateway puts the instant at which the report leaves in the place of the device's stamp."""

    name = "restamped"

    def _changed(self, report: Report) -> Sequence[Report]:
        return (replace(report, stamp=report.leaves),)


def _moved(report: Report, by: int) -> Report:
    return report if report.stamp is None else replace(report, stamp=report.stamp + by)
