"""How one rule stood on one subject at an instant, or was nearest to it in a span: judged once more."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ingest.clock import DAY
from ingest.registry import Registry
from notifiers.outbox.desk import Desk
from notifiers.outbox.handover import ShelfChange
from rules.engine.explaining import explain, slots_of
from rules.engine.rule_account import GradeAccount, RuleAccount
from rules.grade import Grade
from rules.language.tree import Age, Hours, Season
from rules.rule import Rule
from rules.rulebook.walk import conditions, kinds_looked_at, parts
from rules.transition import Transition, iso
from tocsin.explaining.outside import Apart, apart, rule_named
from tocsin.judge import Basis, Judge
from tocsin.recorded import CsvRecord, NothingRecorded, Period, Record, Rerun

# How far before an instant a journal is judged at most for what was open then.
BEFORE = DAY
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Source:
    """What is judged: a record, what a bundle of it is judged by, and the outbox of its daemon, if any."""

    record: Record
    basis: Callable[[str], Basis]
    outbox: Path | None = None


@dataclass(frozen=True, slots=True)
class Closest:
    """The instant at which a grade was nearest to true, the first of them; `reached`: it was true."""

    at: int
    grade: GradeAccount
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`account` is None where the rule is not for the subject (`apart`).

    `since`: judged from there on (ms). `shelves`: those that hid it at the instant. `told`: the newest line
    of its warning up to then as the daemon recorded it. `closest` by grade, of a span only.
    """

    rule: Rule
    subject: str
    at: int
    since: int
    apart: Apart | None
    account: RuleAccount | None
    shelves: Sequence[ShelfChange] = ()
    told: Transition | None = None
    closest: Sequence[Closest] = ()


def standing(source: Source, rule: str, subject: str, at: int, advance: Advance) -> Standing:
    """At one instant (ms). UnknownName, NothingRecorded."""
    return _stood(source, (rule, subject), (None, at), advance)


def closest(source: Source, rule: str, subject: str, span: tuple[int, int], advance: Advance) -> Standing:
    """At the end of a span (ms), and when in it each grade was nearest to true."""
    return _stood(source, (rule, subject), span, advance)


def _stood(
    source: Source, named: tuple[str, str], span: tuple[int | None, int], advance: Advance
) -> Standing:
    (name, subject), (begin, end) = named, span
    first, last = source.record.span()
    at = end if begin is None else begin
    if at < first:
        raise NothingRecorded(f"{iso(at)} lies before all that is recorded, from {iso(first)} to {iso(last)}")
    in_force = source.basis(source.record.bundle(end))
    rule = rule_named(in_force.rules, name)
    found = apart(rule, in_force.registry, subject)
    since = max(first, _since(source, rule, in_force.registry, subject, at))
    stands = Standing(rule=rule, subject=subject, at=end, since=since, apart=found, account=None)
    if found is not None:
        return stands
    rerun = Rerun(source.record, lambda bundle: _alone(source.basis(bundle), name), Period(since, end))
    nearest = _Nearest(name, subject)
    for judged in rerun:
        advance(judged.received)
        if begin is not None and judged.received >= begin:
            slots = judged.block.readings.slot if judged.block else None
            nearest.look(rerun.judge, None if slots is None else np.unique(slots).tolist())
    account = explain(rerun.judge.engine, name, subject)
    return _recorded(source, in_force.registry, replace(stands, account=account, closest=nearest.found))


def _since(source: Source, rule: Rule, registry: Registry, subject: str, at: int) -> int:
    """From where on to judge, beside what the rule looks back.

    Far enough for the last word of each sensor that still stands, and, as the outbox says, for the beginning
    of what was open; a day where there is no outbox, or the rule asks how old a report is. Readings from
    files are judged from their first on.
    """
    if isinstance(source.record, CsvRecord):
        return source.record.span()[0]
    kinds = {rule.kind}.union(*map(kinds_looked_at, conditions(rule)))
    patience = max((registry.patience.get(kind, 0) for kind in kinds), default=0)
    spoken = at - rule.silent_after * patience
    by_age = any(isinstance(part, Age) for condition in conditions(rule) for part in parts(condition))
    if by_age or source.outbox is None or not source.outbox.exists():
        return min(spoken, at - BEFORE)
    with closing(Desk.reading(source.outbox)) as desk:
        opened = desk.open_since(rule.id, subject, at)
    return min(spoken, at if opened is None else max(opened, at - BEFORE))


def _alone(basis: Basis, rule: str) -> Basis:
    """One rule: no other changes what it says."""
    return replace(basis, rules=tuple(each for each in basis.rules if each.id == rule))


class _Nearest:
    """The nearest moment of each grade so far: asked when a sensor of the subject spoke, or time decides."""

    def __init__(self, rule: str, subject: str) -> None:
        self._rule, self._subject = rule, subject
        self._found: dict[Grade, Closest] = {}
        self._basis: Basis | None = None
        self._slots: frozenset[int] = frozenset()
        self._by_time = False

    @property
    def found(self) -> list[Closest]:
        """The strongest grade first."""
        return [self._found[grade] for grade in sorted(self._found, reverse=True)]

    def look(self, judge: Judge, slots: list[int] | None) -> None:
        """After an entry that holds readings of `slots`; None for one that holds something else."""
        if judge.basis is not self._basis:
            self._take(judge)
        if not self._slots or not (slots is None or self._by_time or self._slots.intersection(slots)):
            return
        account = explain(judge.engine, self._rule, self._subject)
        for grade in account.grades:
            known = self._found.get(grade.grade)
            if known is None or grade.condition.distance < known.grade.condition.distance:
                self._found[grade.grade] = Closest(account.at, grade, grade.true)

    def _take(self, judge: Judge) -> None:
        self._basis = judge.basis
        try:
            self._slots = slots_of(judge.engine, judge.basis.registry, self._rule, self._subject)
        except KeyError:
            # Under an earlier bundle there was no such rule, or it was not for the subject.
            self._slots = frozenset()
            return
        [rule] = judge.basis.rules
        every = (part for condition in conditions(rule) for part in parts(condition))
        self._by_time = any(isinstance(part, Age | Hours | Season) for part in every)


def _recorded(source: Source, registry: Registry, stands: Standing) -> Standing:
    """With what the outbox says: who shelved it, and what its daemon told."""
    if source.outbox is None or not source.outbox.exists():
        return stands
    zones = registry.ancestry(registry.place(stands.subject) or "")
    names = {"rule": [stands.rule.id], "sensor": [stands.subject], "zone": zones}
    with closing(Desk.reading(source.outbox)) as desk:
        return replace(
            stands,
            shelves=desk.shelves_at(stands.at, names),
            told=desk.last_line(stands.rule.id, stands.subject, stands.at),
        )
