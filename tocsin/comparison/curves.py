"""What a rule measured around a warning that differs: the left sides of its ladder over time, and the gaps.

The record is judged once more around the warnings, by their rules alone, and asked after each entry. Warnings
of one time are measured together.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ingest.clock import HOUR
from ingest.registry import Registry
from rules.engine import Engine
from rules.engine.left_values import left_values
from rules.grade import Grade
from tocsin.comparison.comparing import Comparison, Side
from tocsin.comparison.episodes import Pair
from tocsin.judge import Basis, Judged
from tocsin.recorded import CsvRecord, Period, Record, Rerun, reach

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


def measured(comparison: Comparison, pairs: Sequence[Pair]) -> list[tuple[Measured, Measured]]:
    """What the old and the new rules measured of the subject of each pair, in the order of the pairs.

    No curve where a side has no such rule.
    """
    sides = {"old": comparison.old, "new": comparison.new}
    watches = {
        name: [_Watch.of(comparison, (name, side), pair) for pair in pairs] for name, side in sides.items()
    }
    if _are_alike(comparison):
        _look_around(comparison.record, sides, [*watches["old"], *watches["new"]])
    else:
        for name, side in sides.items():
            _look_around(comparison.record, {name: side}, watches[name])
    return [(old.measured, new.measured) for old, new in zip(watches["old"], watches["new"], strict=True)]


def _are_alike(comparison: Comparison) -> bool:
    """Whether one engine can measure for both sides: the same sensors, whenever that is."""
    old, new = comparison.old.basis, comparison.new.basis
    return isinstance(comparison.record, CsvRecord) and (old.kinds, old.registry) == (new.kinds, new.registry)


def _look_around(record: Record, sides: Mapping[str, Side], watches: Sequence["_Watch"]) -> None:
    """Judge once more what was received around some pairs."""
    back = max((watch.back for watch in watches), default=0)
    for group in _overlapping(watches, back):
        _look(record, partial(_watched, sides, frozenset(watch.rule for watch in group)), group)


def _look(record: Record, basis_for: Callable[[str], Basis], watches: Sequence["_Watch"]) -> None:
    end = max(watch.end for watch in watches)
    part = record.until(end) if isinstance(record, CsvRecord) else record
    rerun = Rerun(part, basis_for, Period(min(watch.begin for watch in watches), end))
    for found in rerun:
        for watch in watches:
            watch.look(found, rerun.judge.engine)


def _watched(sides: Mapping[str, Side], wanted: Collection[str], bundle: str) -> Basis:
    """The rules that are watched, by names of their own; what neighbours say of them is no left side."""
    bases = {name: side.rules.basis_for(bundle) for name, side in sides.items()}
    named = (
        replace(rule, id=_named(name, rule.id), confirm=None)
        for name, basis in bases.items()
        for rule in basis.rules
    )
    any_of_them = next(iter(bases.values()))
    return replace(any_of_them, rules=tuple(rule for rule in named if rule.id in wanted))


def _named(side: str, rule: str) -> str:
    return f"{side} {rule}"


def _overlapping(watches: Sequence["_Watch"], back: int) -> Iterator[list["_Watch"]]:
    """Those that would look back (ms) into the time of another, together with it."""
    group: list[_Watch] = []
    for watch in sorted(watches, key=lambda watch: watch.begin):
        if group and watch.begin - back > max(each.end for each in group):
            yield group
            group = []
        group.append(watch)
    if group:
        yield group


@dataclass(frozen=True, slots=True)
class _Watch:
    """What one side measures around one pair; `heard` is when (ms) the subject's sensors were.

    `back` is how far (ms) its rule looks back.
    """

    rule: str
    subject: str
    begin: int
    end: int
    back: int
    slots: npt.NDArray[np.int64]
    interval: int
    heard: list[int] = field(default_factory=list)
    curves: dict[str, Curve] = field(default_factory=dict)

    @classmethod
    def of(cls, comparison: Comparison, side: tuple[str, Side], pair: Pair) -> "_Watch":
        (begin, end), (name, judged_by) = window(comparison, pair), side
        basis, subject = judged_by.rules.basis_for(comparison.record.bundle(begin)), pair.either.subject
        registry, sensors = basis.registry, _sensors(subject, basis.registry)
        slots = np.array([registry.slots[sensor] for sensor in sorted(sensors)], np.int64)
        back = reach(rule for rule in basis.rules if rule.id == pair.either.rule)
        rule, interval = _named(name, pair.either.rule), _interval(sensors, registry)
        return cls(rule, subject, begin, end, back, slots, interval)

    def look(self, found: Judged, engine: Engine) -> None:
        """After an entry was judged."""
        if found.block is None or not self.begin <= found.received <= self.end:
            return
        if not np.isin(found.block.readings.slot, self.slots).any():
            return
        self.heard.append(found.received)
        for left in left_values(engine, self.rule, self.subject):
            curve = self.curves.setdefault(left.text, Curve(left.text, left.unit))
            curve.thresholds |= {grade: float(value) for grade, value in left.thresholds.items()}
            if left.value is not None:
                curve.points.append((found.received, float(left.value)))

    @property
    def measured(self) -> Measured:
        return Measured(self.curves, [*_gaps(self.heard, self.begin, self.end, self.interval)])


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
