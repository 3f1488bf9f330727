"""What a comparison comes to: counts by rule and zone, lead time by grade, and what `--fail-on` asks for."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from statistics import median

from rules.grade import Grade
from tocsin.comparison.comparing import Comparison, Told
from tocsin.comparison.episodes import Episode, Kind, Pair

COUNTED = (Kind.ADDED, Kind.LOST, Kind.EARLIER, Kind.LATER, Kind.STRONGER, Kind.WEAKER)


@dataclass(frozen=True, slots=True)
class Row:
    """The warnings of one rule or zone: how many there were, are, and of each kind of difference."""

    name: str
    old: int
    new: int
    kinds: Counter[Kind]

    @property
    def differs(self) -> bool:
        return self.kinds.keys() != {Kind.SAME}


@dataclass(frozen=True, slots=True)
class Lead:
    """Of one rule and grade: how many warnings reach it at another time, and by how much (ms) in the median.

    Negative is earlier; `most` is the largest shift, either way.
    """

    rule: str
    grade: Grade
    earlier: int
    later: int
    median: int
    most: int


def rows(pairs: Iterable[Pair], name: Callable[[Pair], str]) -> list[Row]:
    """The pairs of each name, by name."""
    of_each: dict[str, list[Pair]] = {}
    for pair in pairs:
        of_each.setdefault(name(pair), []).append(pair)
    return [
        Row(
            each,
            sum(pair.old is not None for pair in found),
            sum(pair.new is not None for pair in found),
            Counter(kind for pair in found for kind in pair.kinds),
        )
        for each, found in sorted(of_each.items())
    ]


def leads(pairs: Iterable[Pair]) -> list[Lead]:
    """Where a grade of a rule is reached at another time, strongest grade first within a rule."""
    shifts: dict[tuple[str, int], list[int]] = {}
    for pair in pairs:
        for grade, shift in pair.shifts.items():
            if shift:
                shifts.setdefault((pair.either.rule, -grade), []).append(shift)
    return [
        Lead(
            rule,
            Grade(-negative),
            sum(shift < 0 for shift in found),
            sum(shift > 0 for shift in found),
            round(median(found)),
            max(found, key=abs),
        )
        for (rule, negative), found in sorted(shifts.items())
    ]


def conditions() -> list[str]:
    """Everything that `--fail-on` can name."""
    kinds = [str(kind) for kind in Kind if kind is not Kind.SAME]
    graded = [f"{kind}-{grade}" for kind in (Kind.LOST, Kind.ADDED) for grade in sorted(Grade, reverse=True)]
    told = [f"{what}-{way}" for what in _TOLD for way in ("more", "fewer")]
    return ["any", *kinds, *graded, *told]


def failures(comparison: Comparison, condition: str) -> list[str]:
    """What makes a condition of `--fail-on` true: the warnings, or the figure; nothing where it is false."""
    what, _, which = condition.partition("-")
    if what in _TOLD:
        old, new = (_TOLD[what](side.told) for side in (comparison.old, comparison.new))
        more = new > old if which == "more" else new < old
        return [f"{what}: {old} before, {new} now"] if more else []
    found = [pair for pair in comparison.pairs if _meets(pair, what, which)]
    told = ["other messages"] if condition == "any" and not found and comparison.differs else []
    return [_named(pair, comparison.time_zone) for pair in found] + told


# Of what was told, by the word in `--fail-on`.
_TOLD: dict[str, Callable[[Told], int]] = {
    "people": lambda told: len(told.people),
    "messages": lambda told: told.channels.total(),
    "sms": lambda told: told.sms_parts,
    "horns": lambda told: told.horns,
}


def _meets(pair: Pair, what: str, which: str) -> bool:
    if what == "any":
        return pair.differs
    if not which:
        return Kind(what) in pair.kinds
    grade, had, has = Grade.named(which), pair.old, pair.new
    reached = had is not None and had.highest >= grade, has is not None and has.highest >= grade
    return reached == ((True, False) if what == Kind.LOST else (False, True))


def _named(pair: Pair, zone: tzinfo) -> str:
    course = [_shortly(episode, zone) for episode in (pair.old, pair.new)]
    return f"{pair.either.rule} {pair.either.subject}: {course[0]} → {course[1]}"


def _shortly(episode: Episode | None, zone: tzinfo) -> str:
    if episode is None:
        return "none"
    return f"{episode.highest} from {datetime.fromtimestamp(episode.begin / 1000, zone):%Y-%m-%d %H:%M %Z}"
