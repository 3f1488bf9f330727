"""Warnings as episodes, and which of two sets of rules' belong together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rules.grade import Grade
from rules.transition import Disposition, Transition


class Step(NamedTuple):
    """From `at` (ms) on the warning has the grade; None when it is over."""

    at: int
    grade: Grade | None
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class Episode:
    """One warning from its first line to its last; `text` is the condition as it was first met."""

    rule: str
    subject: str
    course: tuple[Step, ...]
    text: str = ""

    @property
    def begin(self) -> int:
        return self.course[0].at

    @property
    def end(self) -> int | None:
        """None while it is open at the end of the record."""
        last = self.course[-1]
        return last.at if last.grade is None else None

    @property
    def highest(self) -> Grade:
        return max((step.grade for step in self.course if step.grade is not None), default=Grade.BLUE)

    def first(self, grade: Grade) -> int | None:
        """When (ms) it was first of this grade or a stronger one."""
        return next((step.at for step in self.course if (step.grade or 0) >= grade), None)


class Kind(StrEnum):
    """How a pair differs. EARLIER and LATER: any grade of both is first reached at another instant.

    DISPOSITION: a grade goes out by itself under one set and waits for a person under the other. COURSE:
    nothing of all that, and yet not the same grades at the same instants.
    """

    SAME = "same"
    ADDED = "added"
    LOST = "lost"
    EARLIER = "earlier"
    LATER = "later"
    STRONGER = "stronger"
    WEAKER = "weaker"
    LONGER = "longer"
    SHORTER = "shorter"
    DISPOSITION = "disposition"
    COURSE = "course"


@dataclass(frozen=True, slots=True)
class Pair:
    """A warning of the old rules and the one of the new that it has become; one of them may be None."""

    old: Episode | None
    new: Episode | None

    @property
    def either(self) -> Episode:
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def begin(self) -> int:
        return min(episode.begin for episode in (self.old, self.new) if episode)

    @property
    def highest(self) -> Grade:
        return max(episode.highest for episode in (self.old, self.new) if episode)

    @property
    def shifts(self) -> dict[Grade, int]:
        """How much later (ms) each grade that both reached comes under the new rules; negative: earlier."""
        if self.old is None or self.new is None:
            return {}
        both = [(g, self.old.first(g), self.new.first(g)) for g in Grade]
        return {g: new - old for g, old, new in both if old is not None and new is not None}

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """How the two differ; SAME alone if they do not."""
        if self.old is None or self.new is None:
            return (Kind.ADDED if self.old is None else Kind.LOST,)
        if self.old.course == self.new.course:
            return (Kind.SAME,)
        return tuple(_kinds(self.old, self.new, self.shifts)) or (Kind.COURSE,)

    @property
    def differs(self) -> bool:
        return self.kinds != (Kind.SAME,)


def episodes(transitions: Iterable[Transition]) -> list[Episode]:
    """The warnings of some transitions, in the order of their beginnings."""
    lines: dict[str, list[Transition]] = defaultdict(list)
    for transition in transitions:
        lines[transition.warning].append(transition)
    return [_episode(of_one) for of_one in lines.values()]


def pairs(old: Iterable[Episode], new: Iterable[Episode]) -> list[Pair]:
    """Each warning with the first of the other side that is open at the same time, in order of time.

    Of one rule and one subject; what finds none has been added or is lost.
    """
    sides: dict[tuple[str, str], tuple[list[Episode], list[Episode]]] = defaultdict(lambda: ([], []))
    for number, side in enumerate((old, new)):
        for episode in side:
            sides[episode.rule, episode.subject][number].append(episode)
    found = [pair for key in sorted(sides) for pair in _paired(*sides[key])]
    return sorted(found, key=lambda pair: (pair.begin, pair.either.rule, pair.either.subject))


def gravest_first(pairs: Iterable[Pair]) -> list[Pair]:
    """Those that differ: the strongest grade first, of equals what was lost, then by time."""
    order = [Kind.LOST, Kind.WEAKER, Kind.LATER, Kind.ADDED]

    def rank(pair: Pair) -> tuple[int, int, int]:
        of_kind = min((order.index(kind) for kind in pair.kinds if kind in order), default=len(order))
        return -pair.highest, of_kind, pair.begin

    return sorted((pair for pair in pairs if pair.differs), key=rank)


def _episode(lines: Sequence[Transition]) -> Episode:
    course = tuple(Step(line.at, line.after, line.disposition) for line in lines)
    return Episode(lines[0].rule, lines[0].subject, course, str(lines[0].evidence.get("text", "")))


def _paired(old: list[Episode], new: list[Episode]) -> Iterator[Pair]:
    left = [*new]
    for episode in old:
        match = next((other for other in left if _overlap(episode, other)), None)
        if match is not None:
            left.remove(match)
        yield Pair(episode, match)
    yield from (Pair(None, episode) for episode in left)


def _overlap(one: Episode, other: Episode) -> bool:
    if one.begin == other.begin:
        return True
    first, second = sorted((one, other), key=lambda episode: episode.begin)
    return first.end is None or first.end > second.begin


def _kinds(old: Episode, new: Episode, shifts: dict[Grade, int]) -> Iterator[Kind]:
    if any(shift < 0 for shift in shifts.values()):
        yield Kind.EARLIER
    if any(shift > 0 for shift in shifts.values()):
        yield Kind.LATER
    if old.highest != new.highest:
        yield Kind.STRONGER if new.highest > old.highest else Kind.WEAKER
    if old.end != new.end:
        lasts = new.end is None or (old.end is not None and new.end > old.end)
        yield Kind.LONGER if lasts else Kind.SHORTER
    both = _graded(old) & _graded(new)
    if _alone(old) & both != _alone(new) & both:
        yield Kind.DISPOSITION


def _graded(episode: Episode) -> set[Grade]:
    return {step.grade for step in episode.course if step.grade is not None}


def _alone(episode: Episode) -> set[Grade]:
    """The grades that go out without a person's release."""
    return {s.grade for s in episode.course if s.grade is not None and s.disposition is Disposition.AUTO}
