"""Wrong values: sensors that are stuck, drift, or say a number by which they mean that they have none."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ingest.clock import HOUR
from simulators.faults.layer import FOREVER, Episode, Lasting, Momentary, Scope
from simulators.report import Report

# A read that failed (0xFFFF, also in tenths), no value, and what saturates a byte (0xFE).
SENTINELS = ("65535", "6553.5", "999.9", "-9999", "254")
# No sensor's first metric is a power.
WRONG_UNIT = "kW"


class Stuck(Lasting):
    """The device says what it said first, whatever it measures."""

    name = "stuck"

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        return (replace(report, values=episode.first.values),)


class Drift(Lasting):
    """The first metric drifts by `an_hour` of its wire's unit in each hour."""

    name = "drift"

    def __init__(self, scope: Scope, seed: int, lasts: int = FOREVER, an_hour: float = 0.1) -> None:
        super().__init__(scope, seed, lasts)
        self._an_hour = an_hour

    def _during(self, report: Report, episode: Episode) -> Sequence[Report]:
        drifted = self._an_hour * (report.at - episode.since) / HOUR
        metric, value = next(iter(report.values.items()))
        decimals = len(value.partition(".")[2])
        return (_saying(report, metric, f"{float(value) + drifted:.{decimals}f}"),)


class Sentinels(Momentary):
    """One of the metrics has one of these values."""

    name = "sentinel"

    def __init__(self, scope: Scope, seed: int, values: Sequence[str] = SENTINELS) -> None:
        super().__init__(scope, seed)
        self._values = values

    def _changed(self, report: Report) -> Sequence[Report]:
        metric = self._chance.choice(list(report.values))
        return (_saying(report, metric, self._chance.choice(self._values)),)


class WrongUnit(Momentary):
    """The first metric comes in a unit of another dimension."""

    name = "wrong-unit"

    def _changed(self, report: Report) -> Sequence[Report]:
        units: Mapping[str, str] = {**report.units, next(iter(report.values)): WRONG_UNIT}
        return (replace(report, units=units),)


def _saying(report: Report, metric: str, value: str) -> Report:
    return replace(report, values={**report.values, metric: value})
