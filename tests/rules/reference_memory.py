"""What the reference remembers of sensors: plain lists of reports, each as it arrived."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from ingest.kinds import Form, Kind, Kinds
from ingest.reading import Quality, Readings
from ingest.registry import Registry, Sensor

EVER = 10**18


HOUR = 3_600_000


@dataclass
class Report:
    """One entry of a list of reports; `first` is the oldest stamp that was merged into it."""

    stamp: int
    first: int
    high: int
    low: int
    last: int
    flags: int
    period: int = 0
    guessed: bool = False
    # The values of all reports that were merged into it.
    values: list[int] = field(default_factory=list)


@dataclass
class Memory:
    """What may be remembered of a metric: `limit` entries; in cells if `cell` is not 0."""

    span: int
    step: int
    cell: int
    amounts: bool
    reports: list[Report] = field(default_factory=list)

    @property
    def limit(self) -> int:
        return max(-(-self.span // max(self.step, self.cell, 1)) + 2, 8)

    def add(self, new: Report) -> bool:
        """False if the report is older than what is remembered."""
        reports = self.reports
        if self.amounts and reports and new.stamp <= reports[-1].stamp - self.span:
            return False
        if len(reports) == self.limit and new.stamp < reports[0].stamp:
            return False
        for k, old in enumerate(reports):
            if self.cell and old.stamp // self.cell == new.stamp // self.cell:
                reports[k] = merged(*sorted([old, new], key=lambda report: report.stamp))
                return True
            guessed = old.guessed and new.guessed
            if self.amounts and old.stamp == new.stamp and (guessed or old.period == new.period):
                if new.last > old.last:
                    reports[k] = new
                    new.flags |= Quality.SUSPECT
                    new.period = old.period
                return True
        reports.append(new)
        reports.sort(key=lambda report: report.stamp)
        if len(reports) > self.limit:
            self.forget()
        return True

    def forget(self) -> None:
        reports = self.reports
        if reports[0].stamp <= reports[-1].stamp - self.span:
            reports.pop(0)
            return
        for k in range(len(reports) - 1):
            begin = reports[k].stamp - reports[k].period if self.amounts else reports[k].first
            if reports[k + 1].stamp - begin <= 2 * max(self.step, self.cell):
                break
        else:
            k = 0
        assert not self.amounts, "choose tests in which amounts are not merged"
        reports[k : k + 2] = [merged(reports[k], reports[k + 1])]


def merged(older: Report, newer: Report) -> Report:
    high, low = max(older.high, newer.high), min(older.low, newer.low)
    first = min(older.first, newer.first)
    values = older.values + newer.values
    return Report(newer.stamp, first, high, low, newer.last, older.flags | newer.flags, values=values)


@dataclass
class MetricState:
    """The newest value of a metric, when the metric was last received, and its reports by kind of memory."""

    memories: list[Memory]
    stamp: int = -EVER
    value: int = 0
    flags: int = 0
    heard: int = -EVER
    # Every (value, flags) ever reported, by the hour since the epoch.
    hours: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass
class SensorState:
    sensor: Sensor
    kind: Kind
    metrics: dict[str, MetricState]
    newest: int = -EVER
    arrived: int = -EVER
    # The hours in which each rule had a warning open on the sensor.
    warned: dict[str, set[int]] = field(default_factory=dict)

    @property
    def patience(self) -> int:
        return self.sensor.reporting.interval or self.sensor.heartbeat

    def memory(self, metric: str, width: int) -> Memory | None:
        """The memory that answers a window, or the one of single reports for width 0."""
        memories = self.metrics[metric].memories
        if width == 0:
            return next((m for m in memories if not m.cell), None)
        most = 64 * memories[0].step
        if memories[0].amounts or width <= most:
            return next(m for m in memories if not m.cell)
        return next(m for m in memories if m.cell == cell_width(width))


def cell_width(width: int) -> int:
    steps = sorted(step * 10**power for power in range(12) for step in (1, 2, 5))
    return next(step for step in steps if step * 64 >= width)


def take_in(
    state: SensorState, stamp: int, received: int, values: dict[str, tuple[int, int, int]]
) -> dict[Any, Memory]:
    """Remember a reading; what is older than its memory stands alone."""
    alone: dict[Any, Memory] = {}
    for name, (value, period, flags) in values.items():
        metric = state.metrics[name]
        is_amount = state.kind.metrics[name].form is Form.AMOUNT
        report = Report(stamp, stamp, value, value, value, flags, values=[value])
        if is_amount:
            report = amount(state, metric, stamp, value, period, flags)
        memories = metric.memories or [Memory(0, 1, 0, is_amount)]
        if not any(not memory.cell for memory in metric.memories):
            alone[name, 0] = Memory(EVER, 1, 0, is_amount, [deepcopy(report)])
        for memory in memories if metric.memories else []:
            copy = deepcopy(report)
            if not memory.add(copy):
                alone[name, memory.cell] = Memory(EVER, 1, memory.cell, is_amount, [copy])
        metric.heard = received
        metric.hours.setdefault(stamp // HOUR, []).append((value, flags))
        if stamp >= metric.stamp:
            metric.stamp, metric.value, metric.flags = stamp, value, flags
    return alone


def amount(
    state: SensorState, metric: MetricState, stamp: int, value: int, period: int, flags: int
) -> Report:
    """An amount with its period: the message's, the interval, or the time since the report before (D20)."""
    interval = state.sensor.reporting.interval
    guessed = not period and not interval
    if guessed:
        earlier = [r.stamp for memory in metric.memories for r in memory.reports if r.stamp < stamp]
        period = stamp - max(earlier, default=stamp)
    return Report(stamp, stamp, -EVER, -EVER, value, flags, period or interval, guessed)


def grouped(
    readings: Readings, registry: Registry, kinds: Kinds
) -> Iterator[tuple[int, int, int, dict[str, tuple[int, int, int]]]]:
    """The readings of a block one by one; a second value of a metric at a stamp is one more reading."""
    found: dict[tuple[int, int, int], list[dict[str, tuple[int, int, int]]]] = {}
    for k in range(len(readings)):
        key = (int(readings.message[k]), int(readings.observed[k]), int(readings.slot[k]))
        name = kinds.columns[int(readings.column[k])].name
        row = (int(readings.value[k]), int(readings.period[k]), int(readings.quality[k]))
        turns = found.setdefault(key, [{}])
        turn = next((t for t in turns if name not in t), None)
        if turn is None:
            turn = {}
            turns.append(turn)
        turn[name] = row
    for (message, stamp, slot), turns in sorted(found.items(), key=lambda item: item[0]):
        for values in turns:
            yield message, slot, stamp, values
