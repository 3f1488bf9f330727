"""Warnings as the times in which they stood at a grade or above it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from rules.grade import Grade
from rules.transition import Transition
from rules.warning import ZoneWarning
from tocsin.recorded import Period, Record, Rerun


@dataclass(frozen=True, slots=True)
class Alarm:
    """A warning of a rule on a subject, from `begin` up to `end` (ms); `highest` is its strongest grade.

    `end` is that of the period where it still stood then, and `is_open` says so.
    """

    rule: str
    place: str
    begin: int
    end: int
    highest: Grade
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """One warning: from each instant (ms) on, its grade; None when it is over."""

    rule: str
    subject: str
    steps: tuple[tuple[int, Grade | None], ...]

    def alarms(self, grade: Grade, end: int) -> Iterator[Alarm]:
        """Each time in which it stood at `grade` or above, up to the end of the period."""
        begin, highest = 0, None
        for at, reached in self.steps:
            stands = reached is not None and reached >= grade
            if highest is not None and not stands:
                yield Alarm(self.rule, self.subject, begin, at, highest)
                highest = None
            elif reached is not None and stands:
                begin, highest = (at, reached) if highest is None else (begin, max(highest, reached))
        if highest is not None:
            yield Alarm(self.rule, self.subject, begin, end, highest, is_open=True)


def alarms(courses: Iterable[Course], grade: Grade, end: int) -> list[Alarm]:
    """Those of all the warnings, in the order of their begins."""
    found = [alarm for course in courses for alarm in course.alarms(grade, end)]
    return sorted(found, key=lambda alarm: (alarm.begin, alarm.rule, alarm.place))


@dataclass(frozen=True, slots=True)
class Judgement:
    """The warnings of a period, and the sensors that reported in it."""

    courses: tuple[Course, ...]
    sensors: frozenset[str]


def judged(rerun: Rerun, begin: int, advance: Callable[[int], None] = lambda _: None) -> Judgement:
    """What comes of a record that is judged from `begin` (ms) on; `advance` is told how far it is."""
    lines: dict[str, list[Transition]] = defaultdict(list)
    sensors: set[str] = set()
    for found in rerun:
        advance(found.received)
        for transition in found.transitions:
            lines[transition.warning].append(transition)
        if found.block is not None and found.received >= begin:
            slots = np.unique(found.block.readings.slot)
            sensors.update(found.block.registry.sensors[slot].id for slot in slots)
    still = [_unchanged(w, begin) for w in rerun.judge.warnings() if w.id not in lines]
    changed = [_course(of, begin) for of in lines.values()]
    return Judgement((*changed, *still), frozenset(sensors))


def _course(lines: list[Transition], begin: int) -> Course:
    """A warning that changed in the period: what it was before the first change is true from `begin`."""
    first = lines[0]
    before = [] if first.before is None else [(begin, first.before)]
    return Course(first.rule, first.subject, (*before, *((t.at, t.after) for t in lines)))


def _unchanged(warning: ZoneWarning, begin: int) -> Course:
    """An open warning that the whole period left as it was."""
    return Course(warning.rule, warning.subject, ((max(begin, warning.since), warning.grade),))


def whole(record: Record, period: Period) -> tuple[int, int]:
    """Begin and end (ms) of the period, where it names none those of the record. Raises NothingRecorded."""
    first, last = record.span()
    begin = first if period.begin is None else period.begin
    return begin, last if period.end is None else period.end
