"""What the left sides of a rule's comparisons measure at one subject now, beside its thresholds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from rules.engine import Engine
from rules.engine.deadlines import Order
from rules.engine.event import Event
from rules.engine.evidence import judged_part
from rules.engine.groups.account import counted_part
from rules.engine.groups.judge import GroupJudge
from rules.engine.ring import NEVER
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Subject
from rules.grade import Grade
from rules.language.printed import Judged, expression_text
from rules.language.tree import Comparison, Literal, Sustained
from rules.rule import Rule
from rules.rulebook.walk import parts


@dataclass(frozen=True, slots=True)
class LeftValue:
    """One left side: its text, its value in `unit` (None: not known), and where each grade compares it.

    `thresholds` are in `unit` too; of several in one grade the last. Times are in ms.
    """

    text: str
    unit: str
    value: Decimal | None
    thresholds: dict[Grade, Decimal]


def left_values(engine: Engine, rule: str, subject: str) -> list[LeftValue]:
    """Each left side of the rule's grades once; nothing where the engine does not judge the subject by it."""
    for judge in engine.judges:
        if judge.rule.id == rule and subject in judge.board.ids:
            return _merged(judge.rule, _of_sensor(judge, judge.board.ids.index(subject), engine.now))
    for group in engine.groups:
        if group.rule.id == rule and subject in group.names:
            return _merged(group.rule, _of_place(group, group.names.index(subject), engine.now))
    return []


def _of_sensor(judge: RuleJudge, slot: int, now: int) -> Callable[[Comparison | Sustained], Judged | None]:
    ladder, subject = judge.ladder, judge.subjects.get(slot) or Subject({}, {}, NEVER)
    view = judge.view(slot, subject, Event(now, Order.READING), now)
    return lambda part: judged_part(part, ladder.leaves, ladder.kind, view) if part in ladder.leaves else None


def _of_place(group: GroupJudge, place: int, now: int) -> Callable[[Comparison | Sustained], Judged | None]:
    census, known = group.watch.census(place, now, now), group.ladder.as_written
    return lambda part: counted_part(part, known[part], group.ladder, census) if part in known else None


def _merged(rule: Rule, judge: Callable[[Comparison | Sustained], Judged | None]) -> list[LeftValue]:
    found: dict[str, LeftValue] = {}
    for grade, comparison, judged in _judged(rule, judge):
        text = expression_text(comparison.left)
        left = found.setdefault(text, LeftValue(text, judged.unit, judged.value, {}))
        literal = comparison.right.value if isinstance(comparison.right, Literal) else None
        if (threshold := judged.threshold if literal is None else literal) is not None:
            left.thresholds[grade] = threshold
    return [*found.values()]


def _judged(
    rule: Rule, judge: Callable[[Comparison | Sustained], Judged | None]
) -> Iterator[tuple[Grade, Comparison, Judged]]:
    for grade in sorted(rule.grades):
        for part in parts(rule.grades[grade], inside_groups=False):
            if isinstance(part, Comparison | Sustained) and (judged := judge(part)) is not None:
                yield grade, part.condition if isinstance(part, Sustained) else part, judged
