"""What a person raises: a warning that no sensor gives, of a hazard in a zone, in the person's own words.

Judged from journaled actions, so a replay says the same. It goes the way of all others, through outbox and
routes and under the same approvals. Nothing lets it go but another grade by hand, or a person's close.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from ingest.registry import Registry
from notifiers.action import Answer, Close, Raise, Taken
from rules.engine.closing import CLOSED
from rules.grade import Grade
from rules.rule import Release, Rule
from rules.rulebook.meaning import meaning_of
from rules.transition import Disposition, Transition, warning_id
from rules.warning import ZoneWarning


def _rule() -> Rule:
    rule = Rule(
        id="by-hand",
        title={"zh": "人工发布", "en": "Raised by hand"},
        # Each warning has its own: it stands in the evidence.
        hazard="",
        kind="",
        tag=None,
        zone=None,
        grades={},
        only_if=None,
        sustain={},
        release=Release(0),
        silent_after=1,
        max_age=0,
        advice={},
        source="The person who raised it.",
        meaning="",
        file="",
        line=0,
    )
    return replace(rule, meaning=meaning_of(rule))


RULE = _rule()
"""It stands in no file: no configuration can be without it."""


class Raised(msgspec.Struct):
    """One open warning; `ordinal` numbers its next line, instants in ms."""

    id: str
    hazard: str
    zone: str
    grade: Grade
    since: int
    changed: int
    ordinal: int
    by: str
    words: dict[str, str]

    @property
    def text(self) -> str:
        return " / ".join(self.words.values())


class ByHand:
    """The open warnings by hand, one a hazard and zone."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], Raised] = {}
        # The newest instant a warning was named by: two of one millisecond get two names.
        self._newest = 0

    def take(
        self, taken: Taken, action: Raise, registry: Registry, at: int
    ) -> tuple[list[Transition], Answer]:
        """Raise one at `at` (ms), or give the one that is open another grade, upwards or downwards."""
        words = {language: text.strip() for language, text in action.text.items() if text.strip()}
        if action.zone not in registry.zones:
            return [], Answer(False, f"no zone {action.zone}")
        if not words or not action.hazard:
            return [], Answer(False, "say of what hazard, and in words, what is to be told")
        raised = self._open.get((action.hazard, action.zone))
        if raised is not None and raised.grade == action.grade:
            return [], Answer(
                False, f"{raised.id} is {raised.grade} already: give another grade, or close it"
            )
        before = None if raised is None else raised.grade
        if raised is None:
            raised = self._opened(action, at)
        raised.grade, raised.changed, raised.by, raised.words = action.grade, at, taken.user, words
        return [self._line(raised, at, before, action.grade)], Answer(True, _said(raised, before))

    def _opened(self, action: Raise, at: int) -> Raised:
        self._newest = max(at, self._newest + 1)
        identity = warning_id(RULE.id, action.zone, self._newest)
        raised = Raised(identity, action.hazard, action.zone, action.grade, at, at, 0, "", {})
        self._open[action.hazard, action.zone] = raised
        return raised

    def holds(self, hazard: str, zone: str) -> bool:
        """Whether one is open."""
        return (hazard, zone) in self._open

    def close(self, taken: Taken, action: Close, at: int) -> list[Transition]:
        """End it; nothing if it is none of these."""
        raised = next((one for one in self._open.values() if one.id == action.warning), None)
        if raised is None:
            return []
        del self._open[raised.hazard, raised.zone]
        line = self._line(raised, at, raised.grade, None)
        return [replace(line, evidence=line.evidence | {"by": taken.user, "why": action.reason})]

    def _line(self, raised: Raised, at: int, before: Grade | None, after: Grade | None) -> Transition:
        ordinal, raised.ordinal = raised.ordinal, raised.ordinal + 1
        return Transition(
            at=at,
            rule=RULE.id,
            subject=raised.zone,
            warning=raised.id,
            ordinal=ordinal,
            before=before,
            after=after,
            disposition=Disposition.AUTO,
            reason=_reason(before, after),
            evidence={
                "text": raised.text,
                "words": raised.words,
                "hazard": raised.hazard,
                "by": raised.by,
                "rule": RULE.meaning,
                "observed": at,
                "coverage": None,
                "quality": [],
                "late": False,
            },
        )

    def warnings(self) -> list[ZoneWarning]:
        """The open ones, in the order in which they were raised."""
        return [
            ZoneWarning(
                id=raised.id,
                rule=RULE.id,
                subject=raised.zone,
                grade=raised.grade,
                disposition=Disposition.AUTO,
                since=raised.since,
                changed=raised.changed,
                orphaned=False,
                blind=False,
                evidence=raised.text,
                ordinal=raised.ordinal,
            )
            for raised in self._open.values()
        ]

    def snapshot(self) -> dict[str, bytes]:
        return {"open": msgspec.json.encode((self._newest, list(self._open.values())))}

    def restore(self, state: Mapping[str, bytes]) -> None:
        self._newest, raised = msgspec.json.decode(state["open"], type=tuple[int, list[Raised]])
        self._open = {(one.hazard, one.zone): one for one in raised}


def _reason(before: Grade | None, after: Grade | None) -> str:
    if after is None:
        return CLOSED
    if before is None:
        return "raised"
    return "upgraded" if after > before else "downgraded"


def _said(raised: Raised, before: Grade | None) -> str:
    change = "raised as" if before is None else f"changed from {before} to"
    return f"{raised.hazard} in {raised.zone} {change} {raised.grade}: {raised.id}"
