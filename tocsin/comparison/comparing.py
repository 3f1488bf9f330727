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
    """One set of rules, the basis it ended on, its transitions, and what was told of them."""

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
    record: Record, sides: tuple[RuleSet, RuleSet], period: Period, progress: tuple[Progress, Progress]
) -> Comparison:
    """Judge the record by both, one after the other. Raises NothingRecorded."""
    first, last = record.span()
    begin = first if period.begin is None else max(first, period.begin)
    end = last if period.end is None else period.end
    old, new = (_side(record, rules, period, end, tell) for rules, tell in zip(sides, progress, strict=True))
    return Comparison(record, old, new, begin, end)


def seen_by(record: Record, basis: Basis) -> Record:
    """The record as the sensors of a basis would have sent it: a CSV does not say where they are."""
    return record.placed(basis.registry) if isinstance(record, CsvRecord) else record


def _side(record: Record, rules: RuleSet, period: Period, end: int, progress: Progress) -> Side:
    placed = seen_by(record, rules.basis_for(record.bundle(period.begin)))
    rerun = Rerun(placed, rules.basis_for, period)
    transitions: list[Transition] = []
    for found in rerun:
        transitions += found.transitions
        progress(found.received)
    told = Told.of(rehearse(transitions, rules.router, end, Realm.REPLAY), rules)
    return Side(rules, rerun.judge.basis, transitions, told)
