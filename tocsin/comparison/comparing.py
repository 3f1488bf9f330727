"""The same record judged by two sets of rules, and what each of them would have told to whom."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property
from typing import TypeAlias

from notifiers.message import segments
from notifiers.routes import Reach
from rules.realm import Realm
from rules.transition import Transition
from tocsin.comparison.beside import beside
from tocsin.comparison.episodes import Pair, episodes, pairs
from tocsin.comparison.joint import Joint, joined
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, Period, Record, Rerun, reach
from tocsin.rehearsal import Message, rehearse
from tocsin.rule_sets import RuleSet

# Is told how far a pass has come: the instant (ms) of receipt.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Told:
    """What went out: messages by recipient and by channel, parts of SMS, and how often a horn sounded."""

    people: Counter[str]
    channels: Counter[str]
    sms_parts: int
    horns: int

    @classmethod
    def of(cls, messages: Sequence[Message], rules: RuleSet) -> "Told":
        router = rules.router
        people = Counter(m.recipient for m in messages if router.reaches_people(m.channel))
        sms = [rules.sms[m.channel] + m.text for m in messages if m.channel in rules.sms]
        return cls(
            people,
            Counter(message.channel for message in messages),
            sum(segments(text).count for text in sms),
            sum(router.reach(message.channel) is Reach.HORN for message in messages),
        )


@dataclass(frozen=True, slots=True)
class Side:
    """One set of rules, the basis it began with, its transitions, and what was told of them."""

    rules: RuleSet
    basis: Basis
    transitions: list[Transition]
    told: Told


# The transitions of one side, and what is told of them.
Found: TypeAlias = tuple[list[Transition], Told]


@dataclass(frozen=True)
class Comparison:
    """Both sides of one record, from `begin` to `end` (ms of receipt)."""

    record: Record
    old: Side
    new: Side
    begin: int
    end: int

    @cached_property
    def pairs(self) -> list[Pair]:
        """Every warning of either side, in order of time."""
        return pairs(episodes(self.old.transitions), episodes(self.new.transitions))

    @property
    def time_zone(self) -> tzinfo:
        """Of the local times that people read."""
        return self.new.rules.settings.zone_info

    @property
    def differs(self) -> bool:
        return self.old.told != self.new.told or any(pair.differs for pair in self.pairs)

    def zone(self, pair: Pair) -> str:
        """Where its subject lies; "" where neither side knows it."""
        subject = pair.either.subject
        return self.new.basis.registry.place(subject) or self.old.basis.registry.place(subject) or ""


def compare(
    record: Record,
    sides: tuple[RuleSet, RuleSet],
    period: Period,
    progress: tuple[Progress, Progress],
    *,
    in_two: bool = False,
) -> Comparison:
    """Judge the record by both. Raises NothingRecorded.

    A CSV is judged by both on one engine where that says the same; or, with `in_two` and where the sets have
    little in common, in two processes at once. A journal is judged twice: its files are not for two.
    """
    first, last = record.span()
    begin = first if period.begin is None else max(first, period.begin)
    end = last if period.end is None else period.end
    one, other = (_Pass(record, rules, period, end) for rules in sides)
    joint = _joint(record, sides, period)
    if joint is not None and (joint.is_mostly_common or not in_two):
        lines = _judged(record, lambda _: joint.basis, period, _both(progress))
        old, new = (side.told(found) for side, found in zip((one, other), joint.split(lines), strict=True))
    elif in_two and isinstance(record, CsvRecord):
        old, new = _at_once(one, other, progress)
    else:
        old, new = one.judged(progress[0]), other.judged(progress[1])
    return Comparison(record, one.side(*old), other.side(*new), begin, end)


def _joint(record: Record, sides: tuple[RuleSet, RuleSet], period: Period) -> Joint | None:
    """Both sets on one basis, if that says what each of them says by itself."""
    if not isinstance(record, CsvRecord):
        return None
    old, new = (rules.basis_for(record.bundle(period.begin)) for rules in sides)
    # Where they look back from decides what is known at the beginning.
    if period.begin is not None and reach(old.rules) != reach(new.rules):
        return None
    return joined(old, new)


def _both(progress: tuple[Progress, Progress]) -> Progress:
    def tell(received: int) -> None:
        for each in progress:
            each(received)

    return tell


def _at_once(one: "_Pass", other: "_Pass", progress: tuple[Progress, Progress]) -> tuple[Found, Found]:
    with beside(one.judged) as running:

        def both(received: int) -> None:
            progress[1](received)
            progress[0](running.look())

        new = other.judged(both)
        return running.result(), new


def _judged(
    record: Record, basis: Callable[[str], Basis], period: Period, progress: Progress
) -> list[Transition]:
    transitions: list[Transition] = []
    for found in Rerun(record, basis, period):
        transitions += found.transitions
        progress(found.received)
    return transitions


@dataclass(frozen=True, slots=True)
class _Pass:
    """One side of the record."""

    record: Record
    rules: RuleSet
    period: Period
    end: int

    def judged(self, progress: Progress) -> Found:
        """Its transitions, and what is told of them."""
        return self.told(_judged(self.record, self.rules.basis_for, self.period, progress))

    def told(self, transitions: list[Transition]) -> Found:
        """Transitions, and what is told of them."""
        messages = rehearse(transitions, self.rules.router, self.end, Realm.REPLAY)
        return transitions, Told.of(messages, self.rules)

    def side(self, transitions: list[Transition], told: Told) -> Side:
        """In the words of the bundle with which the period began."""
        basis = self.rules.basis_for(self.record.bundle(self.period.begin))
        return Side(self.rules, basis, transitions, told)
