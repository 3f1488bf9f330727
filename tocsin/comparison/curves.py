"""What a rule measured around a warning that differs: the left sides of its ladder over time, and the gaps.

The record is judged once more, only what the subject's sensors said, and asked after each entry.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ingest.clock import HOUR
from ingest.registry import Registry
from rules.engine.left_values import left_values
from rules.grade import Grade
from rules.language.tree import Sensors, Share
from rules.rulebook.walk import conditions, parts
from tocsin.comparison.comparing import Comparison, Side
from tocsin.comparison.episodes import Pair
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, Period, Record, Rerun

# A report later than so many intervals leaves a gap.
LATE = 1.5


@dataclass(slots=True)
class Curve:
    """One left side: (instant in ms, value) in order of time, and the thresholds of its grades."""

    text: str
    unit: str
    points: list[tuple[int, float]] = field(default_factory=list)
    thresholds: dict[Grade, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one side measured from `begin` to `end` (ms), and the (since, until) without any report."""

    curves: dict[str, Curve]
    gaps: list[tuple[int, int]]


def window(comparison: Comparison, pair: Pair) -> tuple[int, int]:
    """The stretch of the record (ms) around a pair that shows how it came and went."""
    ends = [episode.end or comparison.end for episode in (pair.old, pair.new) if episode]
    margin = max(HOUR, (max(ends) - pair.begin) // 5)
    return max(pair.begin - margin, comparison.begin), min(max(ends) + margin, comparison.end)


def measured(comparison: Comparison, side: Side, pair: Pair) -> Measured:
    """What the side's rule measured of the pair's subject; no curve where it has no such rule."""
    rule, subject = pair.either.rule, pair.either.subject
    begin, end = window(comparison, pair)
    basis = side.rules.basis_for(comparison.record.bundle(begin))
    record, heard = _narrowed(comparison.record, basis, rule, subject), list[int]()
    rerun, curves = Rerun(record, side.rules.basis_for, Period(begin, end)), dict[str, Curve]()
    sensors = _sensors(subject, basis.registry)
    slots = np.array([basis.registry.slots[sensor] for sensor in sorted(sensors)], np.int64)
    for found in rerun:
        if found.block is None or found.received < begin:
            continue
        if not np.isin(found.block.readings.slot, slots).any():
            continue
        heard.append(found.received)
        for left in left_values(rerun.judge.engine, rule, subject):
            curve = curves.setdefault(left.text, Curve(left.text, left.unit))
            curve.thresholds |= {grade: float(value) for grade, value in left.thresholds.items()}
            if left.value is not None:
                curve.points.append((found.received, float(left.value)))
    return Measured(curves, [*_gaps(heard, begin, end, _interval(sensors, basis.registry))])


def _narrowed(record: Record, basis: Basis, rule: str, subject: str) -> Record:
    """Of a CSV only what can matter; a journal is read as it is."""
    looks_around = any(
        isinstance(part, Sensors | Share)
        for each in basis.rules
        if each.id == rule
        for condition in conditions(each)
        for part in parts(condition)
    )
    if not isinstance(record, CsvRecord) or (looks_around and subject in basis.registry.slots):
        return record
    return record.of(_sensors(subject, basis.registry))


def _sensors(subject: str, registry: Registry) -> set[str]:
    """The subject itself, or the sensors of a zone and those below it, or of a gateway."""
    if subject in registry.slots:
        return {subject}
    return {s.id for s in registry.sensors if s.gateway == subject or subject in registry.ancestry(s.zone)}


def _interval(sensors: set[str], registry: Registry) -> int:
    found = [registry.sensors[registry.slots[sensor]] for sensor in sensors]
    return max((sensor.reporting.interval or sensor.heartbeat for sensor in found), default=HOUR)


def _gaps(heard: list[int], begin: int, end: int, interval: int) -> Iterator[tuple[int, int]]:
    known = [begin, *heard, end]
    for since, until in pairwise(known):
        if until - since > LATE * interval:
            yield since, until
