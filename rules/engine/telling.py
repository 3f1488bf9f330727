"""Turns what latches did into the lines of a warning."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from rules.engine.event import Event
from rules.engine.ledger import Ledger
from rules.engine.subject import CONFIRMED, Change, Opened, Subject, changes
from rules.engine.verdict import TRUE
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import Transition, warning_id

Evidence: TypeAlias = dict[str, Any]
# A compiled condition, of sensors or of places.
Node = TypeVar("Node")


def tell(
    ledger: Ledger,
    rule: Rule,
    name: str,
    subject: Subject,
    event: Event,
    evidence: Callable[[Grade], Evidence],
) -> None:
    """Write the lines from what was last told of a subject to what its latches say.

    `evidence` gives what a grade was judged on.
    """
    after = subject.due_standing()
    # All evidence first: if that breaks, nothing has been told, not half of it.
    told = [(change, evidence(_named(change))) for change in changes(subject.standing, after)]
    for change, found in told:
        if subject.warning is None:
            identity = warning_id(rule.id, name, event.instant)
            subject.warning = Opened(identity, 0, event.instant, event.instant, "")
        ledger.write(event, _transition(rule, name, subject, event, (change, found)))
        subject.warning.ordinal += 1
        subject.warning.changed = event.instant
        subject.warning.text = found["text"]
    subject.top, subject.auto = after
    if after.top is None:
        subject.warning = None


def speaks_for(grade: Grade, nodes: Mapping[Grade, Node], judge: Callable[[Node], int]) -> Grade:
    """The grade whose condition is true: its own, else the weakest stronger one that makes it true (D13)."""
    if grade not in nodes or judge(nodes[grade]) == TRUE:
        return grade
    carrying = (g for g in sorted(nodes) if g > grade and judge(nodes[g]) == TRUE)
    return next(carrying, grade)


def _named(change: Change) -> Grade:
    grade = change.after or change.before
    assert grade is not None
    return grade


def _transition(
    rule: Rule, name: str, subject: Subject, event: Event, told: tuple[Change, Evidence]
) -> Transition:
    change, evidence = told
    assert subject.warning is not None
    return Transition(
        at=event.instant,
        rule=rule.id,
        subject=name,
        warning=subject.warning.id,
        ordinal=subject.warning.ordinal,
        before=change.before,
        after=change.after,
        disposition=change.disposition,
        reason=_reason(subject, event, change),
        evidence=evidence,
    )


def _reason(subject: Subject, event: Event, change: Change) -> str:
    falling = change.before is not None and (change.after or 0) < change.before
    moved = subject.latches.get(change.before if falling else change.after)  # type: ignore[arg-type]
    reason = "rule changed" if event.reload or (moved and moved.reloaded) else change.reason
    if event.note:
        reason = event.note if reason == CONFIRMED else f"{reason}, {event.note}"
    return f"{reason}, late" if event.late else reason
