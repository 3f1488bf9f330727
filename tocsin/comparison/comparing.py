"""The same record judged by two sets of rules, and what each of them would have told to whom."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property

from notifiers.message import segments
from notifiers.routes import Reach
from rules.realm import Realm
from rules.transition import Transition
from tocsin.comparison.beside import beside
from tocsin.comparison.episodes import Pair, episodes, pairs
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, Period, Record, Rerun
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

    `in_two` processes at once, if the record is a CSV: a journal's files are not for two.
    """
    first, last = record.span()
    begin = first if period.begin is None else max(first, period.begin)
    end = last if period.end is None else period.end
    one, other = (_Pass(record, rules, period, end) for rules in sides)
    if in_two and isinstance(record, CsvRecord):
        with beside(one.judged) as running:

            def both(received: int) -> None:
                progress[1](received)
                progress[0](running.look())

            new, old = other.judged(both), running.result()
    else:
        old, new = one.judged(progress[0]), other.judged(progress[1])
    return Comparison(record, one.side(*old), other.side(*new), begin, end)


@dataclass(frozen=True, slots=True)
class _Pass:
    """One side of the record."""

    record: Record
    rules: RuleSet
    period: Period
    end: int

    def judged(self, progress: Progress) -> tuple[list[Transition], Told]:
        """Its transitions, and what is told of them."""
        rerun = Rerun(self.record, self.rules.basis_for, self.period)
        transitions: list[Transition] = []
        for found in rerun:
            transitions += found.transitions
            progress(found.received)
        messages = rehearse(transitions, self.rules.router, self.end, Realm.REPLAY)
        return transitions, Told.of(messages, self.rules)

    def side(self, transitions: list[Transition], told: Told) -> Side:
        """In the words of the bundle with which the period began."""
        basis = self.rules.basis_for(self.record.bundle(self.period.begin))
        return Side(self.rules, basis, transitions, told)
