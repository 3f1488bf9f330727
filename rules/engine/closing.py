"""A person ends a warning that cannot end by itself: it is orphaned, or its sensors are silent."""

from typing import NamedTuple

from rules.engine.event import Event
from rules.engine.ledger import Ledger
from rules.engine.lifecycle import forget
from rules.engine.open_warnings import open_warning
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Subject
from rules.transition import Disposition, Transition
from rules.warning import ZoneWarning

CLOSED = "closed"
STILL_JUDGED = "is still judged: cancel it if it is wrong"
TELLS_OF_SILENCE = (
    "would be raised again at once, because its rule tells of the silence itself: shelve the sensor or cancel"
)
CUT_OFF = "cannot be told from one that will clear, because Tocsin itself is blind: wait until it hears again"
BROKE = "is not judged any more, as its rule broke just now: close it again"


class Closing(NamedTuple):
    """Which warning, who ends it, and why."""

    warning: str
    by: str
    why: str


class StaysOpenError(Exception):
    """Why the warning is not closed, as the end of a sentence about it."""


def closing_line(warning: ZoneWarning, at: int, closing: Closing) -> Transition:
    """The line that ends an open warning; the evidence as it was, and who and why."""
    return Transition(
        at=at,
        rule=warning.rule,
        subject=warning.subject,
        warning=warning.id,
        ordinal=warning.ordinal,
        before=warning.grade,
        after=None,
        disposition=Disposition.AUTO,
        reason=CLOSED,
        evidence={"text": warning.evidence, "by": closing.by, "why": closing.why},
    )


def tell_closed(ledger: Ledger, subject: Subject, warning: ZoneWarning, event: Event, why: Closing) -> None:
    """Write that the warning of a subject is closed; nothing of it is left."""
    ledger.write(event, closing_line(warning, event.instant, why))
    forget(subject)
    subject.top = subject.auto = subject.warning = None


def close_sensor(judge: RuleJudge, slot: int, ledger: Ledger, event: Event, closing: Closing) -> None:
    """End the warning of one sensor; raises StaysOpenError. Its next true reading raises another."""
    subject = judge.subjects[slot]
    warning = open_warning(judge, slot, subject, event.instant)
    assert warning is not None
    if not warning.orphaned:
        if judge.ladder.ages:
            raise StaysOpenError(TELLS_OF_SILENCE)
        if not warning.blind:
            raise StaysOpenError(STILL_JUDGED)
    tell_closed(ledger, subject, warning, event, closing)
    judge.drop(slot, subject)
