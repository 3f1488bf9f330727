"""What a change of the rules does to a warning that is open: one fate each, none is forgotten (D30)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from rules.grade import Grade
from rules.transition import Transition
from rules.warning import ZoneWarning


class Outcome(StrEnum):
    """CARRIED goes on as it is, REGRADED at another grade; CLOSED is over; ORPHANED is judged no more."""

    CARRIED = "carried"
    REGRADED = "regraded"
    CLOSED = "closed"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Of one warning: `before` the change, and `after` it, None when it is over; `why` may be ""."""

    warning: str
    rule: str
    subject: str
    outcome: Outcome
    before: Grade
    after: Grade | None
    why: str = ""


def fates(
    before: Iterable[ZoneWarning],
    after: Iterable[ZoneWarning],
    transitions: Iterable[Transition],
    orphan: Callable[[ZoneWarning], str],
) -> list[Fate]:
    """The fate of each warning of `before`, in its order; `transitions` are those of the change.

    `orphan` says why one is judged no more.
    """
    still = {warning.id: warning for warning in after}
    ended = {t.warning: t for t in transitions if t.after is None}
    return [_fate(warning, still.get(warning.id), ended.get(warning.id), orphan) for warning in before]


def _fate(
    was: ZoneWarning,
    now: ZoneWarning | None,
    ended: Transition | None,
    orphan: Callable[[ZoneWarning], str],
) -> Fate:
    if now is None:
        # A warning never ends without a line: what people read of it is why.
        assert ended is not None, f"{was.id} is gone without a transition"
        outcome, why = Outcome.CLOSED, ended.reason
    elif now.orphaned:
        outcome, why = Outcome.ORPHANED, "was orphaned before" if was.orphaned else orphan(now)
    elif now.grade is not was.grade:
        outcome, why = Outcome.REGRADED, now.evidence
    else:
        outcome = Outcome.CARRIED
        why = "" if now.disposition is was.disposition else f"{was.disposition} -> {now.disposition}"
    return Fate(
        warning=was.id,
        rule=was.rule,
        subject=was.subject,
        outcome=outcome,
        before=was.grade,
        after=None if now is None else now.grade,
        why=why,
    )
