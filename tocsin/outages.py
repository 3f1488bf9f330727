"""What Tocsin itself missed: it was down, cut off from the broker, or the broker forgot what it kept for us.

Judged from what `tocsin/sight.py` journals, so a replay says the same. Blind time raises a warning of its own
that goes the way of all others, through outbox and routes; a message, or a link that is back, clears it.

No person closes it: a warning is closed by hand where nothing can show any more that it is over, and here the
next message shows it. Until then it is true, whoever would like it to end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from ingest.clock import HOUR, SECOND
from ingest.snapshots import Array
from rules.grade import Grade
from rules.language.tree import Age, Comparison, Literal
from rules.rule import Release, Rule
from rules.rulebook.meaning import meaning_of
from rules.transition import Disposition, Transition, iso, warning_id
from rules.warning import ZoneWarning
from tocsin.sight import SHORTEST, Blind

SUBJECT = "tocsin"
GRADE = Grade.ORANGE
# A dead link goes unnoticed for one and a half keep-alives of 15 s: so much earlier it may have begun.
UNNOTICED = 23 * SECOND
# How long a lost session is shown.
SHOWN = HOUR
NEVER = np.iinfo(np.int64).min
ENDS_BY_ITSELF = (
    "is still so, and ends with the next message or when the broker is back: cancel it if it is wrong"
)


def _rule() -> Rule:
    rule = Rule(
        id="ingest-blind",
        title={"zh": "接收中断（系统失明）", "en": "Ingest blind"},
        hazard="system",
        kind="",
        tag=None,
        zone=None,
        grades={GRADE: Comparison(Age(None), ">=", Literal(Decimal(SHORTEST), "ms"))},
        only_if=None,
        sustain={GRADE: 0},
        release=Release(0),
        silent_after=1,
        max_age=0,
        advice={
            "zh": "恢复之前收不到任何监测数据，请检查消息服务器和网络，并电话核实各地情况。",
            "en": "Nothing is heard of any sensor: see to broker and network, ask by telephone meanwhile.",
        },
        source="Within 30 s of the loss of the broker; this project's own.",
        meaning="",
        file="",
        line=0,
    )
    return replace(rule, meaning=meaning_of(rule))


RULE = _rule()
"""It stands in no file: no configuration can be without it."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The broker lost its session: messages it took in (since, until] (ms) may be lost."""

    since: int
    until: int


class Outages:
    """`loss` is the newest lost session, `losses` counts them."""

    def __init__(self) -> None:
        self.losses = 0
        self.loss: Loss | None = None
        self._since = NEVER
        self._raised = NEVER

    def take(self, blind: Blind, at: int) -> list[Transition]:
        """A journaled note of blind time, received `at` (ms)."""
        if blind.lost:
            self.losses += 1
            self.loss = Loss(blind.since - UNNOTICED, at)
        if blind.ended:
            return self.heard(at)
        if self._raised != NEVER:
            return []
        self._since, self._raised = blind.since, at
        return [self._transition(at, 0, None, GRADE)]

    def heard(self, at: int) -> list[Transition]:
        """Something arrived `at` (ms), or can again."""
        if self._raised == NEVER:
            return []
        cleared = self._transition(at, 1, GRADE, None)
        self._since = self._raised = NEVER
        return [cleared]

    def warnings(self) -> list[ZoneWarning]:
        """The open warning, if there is one."""
        if self._raised == NEVER:
            return []
        return [
            ZoneWarning(
                id=warning_id(RULE.id, SUBJECT, self._raised),
                rule=RULE.id,
                subject=SUBJECT,
                grade=GRADE,
                disposition=Disposition.AUTO,
                since=self._raised,
                changed=self._raised,
                orphaned=False,
                blind=True,
                evidence=self._text(),
                ordinal=1,
            )
        ]

    def shown(self, now: int) -> Loss | None:
        """The lost session that people are still to see at `now` (ms)."""
        return self.loss if self.loss is not None and now < self.loss.until + SHOWN else None

    def snapshot(self) -> dict[str, Array]:
        since, until = (NEVER, NEVER) if self.loss is None else (self.loss.since, self.loss.until)
        return {"state": np.array([self._since, self._raised, since, until, self.losses], np.int64)}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._since, self._raised, since, until, self.losses = map(int, state["state"].tolist())
        self.loss = None if until == NEVER else Loss(since, until)

    def _text(self) -> str:
        return f"nothing received since {iso(self._since)}"

    def _transition(self, at: int, ordinal: int, before: Grade | None, after: Grade | None) -> Transition:
        return Transition(
            at=at,
            rule=RULE.id,
            subject=SUBJECT,
            warning=warning_id(RULE.id, SUBJECT, self._raised),
            ordinal=ordinal,
            before=before,
            after=after,
            disposition=Disposition.AUTO,
            reason="raised" if before is None else "cleared",
            evidence={
                "text": self._text(),
                "rule": RULE.meaning,
                "observed": self._since,
                "coverage": None,
                "quality": [],
                "late": False,
            },
        )
