"""What is open, as people see it."""

from rules.engine.isolation import last_told
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Subject
from rules.transition import Disposition
from rules.warning import ZoneWarning


def open_warning(judge: RuleJudge, slot: int, subject: Subject, now: int) -> ZoneWarning | None:
    """The warning of one sensor; None if it has none."""
    if subject.warning is None or subject.top is None:
        return None
    if judge.off:
        return last_told(judge.rule.id, judge.board.ids[slot], subject)
    columns = (judge.board.columns[column].heard for column in judge.ladder.columns)
    heard = max((int(column[slot]) for column in columns), default=int(judge.board.alive[slot]))
    return ZoneWarning(
        id=subject.warning.id,
        rule=judge.ladder.rule.id,
        subject=judge.board.ids[slot],
        grade=subject.top,
        disposition=Disposition.AUTO if subject.top == subject.auto else Disposition.REVIEW,
        since=subject.warning.since,
        changed=subject.warning.changed,
        orphaned=False,
        blind=heard + judge.patience(slot) < now,
        evidence=subject.warning.text,
        ordinal=subject.warning.ordinal,
    )
