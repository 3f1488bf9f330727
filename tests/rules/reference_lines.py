"""What the reference keeps of a subject, and the lines it tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.grade import Grade
from rules.rule import Rule
from rules.transition import warning_id
from tests.rules.reference_memory import EVER
from tests.rules.reference_verdict import Seen, coverage


@dataclass
class LatchState:
    run: int | None = None
    release: int | None = None
    raised: int | None = None
    auto: bool = False


@dataclass
class SubjectState:
    latches: dict[Grade, LatchState]
    runs: dict[Any, int] = field(default_factory=dict)
    clock: int = -EVER
    top: Grade | None = None
    auto: Grade | None = None
    warning: str = ""
    ordinal: int = 0


def lines_of(
    rule: Rule, subject: SubjectState, instant: int, rests: Mapping[Grade, Seen], present: Seen, late: bool
) -> list[dict[str, Any]]:
    """The lines that the latches call for; doubt never holds back what is certain (D7)."""
    on = [grade for grade, latch in subject.latches.items() if latch.raised is not None]
    top = max(on, default=None)
    sure = max((grade for grade in on if subject.latches[grade].auto), default=None)
    for grade in on:
        subject.latches[grade].auto |= sure is not None and grade <= sure
    shown, steps = subject.top, []
    if sure is not None and sure > (subject.auto or 0):
        stays = shown is not None and top is not None and sure <= shown <= top
        steps.append((shown, sure, "auto", "confirmed by newer data" if stays else why(shown, sure)))
        shown = sure
    if shown != top:
        steps.append((shown, top, "auto" if top in (None, sure) else "review", why(shown, top)))
    lines = []
    sensor, newest = present.state.sensor.id, present.state.newest
    for old, new, disposition, reason in steps:
        subject.warning = subject.warning or warning_id(rule.id, sensor, instant)
        grade = new or old
        assert grade is not None
        seen = rests.get(grade, present)
        lines.append(
            {
                "at": instant,
                "rule": rule.id,
                "subject": sensor,
                "warning": subject.warning,
                "ordinal": subject.ordinal,
                "before": old,
                "after": new,
                "disposition": disposition,
                "reason": f"{reason}, late" if late else reason,
                "observed": newest if seen.moment is None else seen.moment,
                "coverage": coverage(rule.grades[grade], seen),
                "late": late,
            }
        )
        subject.ordinal += 1
    subject.top, subject.auto = top, sure
    if top is None:
        subject.warning, subject.ordinal = "", 0
    return lines


def why(old: Grade | None, new: Grade | None) -> str:
    if new is None:
        return "cleared"
    if old is None:
        return "raised"
    return "upgraded" if new > old else "downgraded"
