"""Conditions as text: the canonical form, and the form with the values they were judged on.

The canonical form parses back to an equal tree; rules are hashed by it and people read it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from ingest.duration import format_duration
from rules.language.tree import (
    And,
    Comparison,
    Condition,
    Literal,
    Not,
    Operand,
    Or,
    SiteParameter,
    Sustained,
    Threshold,
    Value,
)

_MARKS = {1: "✓", 0: "?", -1: "✗"}


@dataclass(frozen=True, slots=True)
class Judged:
    """What one comparison was judged on.

    `value` of its left side in `unit`, None when unknown; `verdict` 1 true, 0 unknown, -1 false;
    `threshold` is the subject's own when the right side is a site parameter.
    """

    value: Decimal | None
    unit: str
    verdict: int
    threshold: Decimal | None = None


Judge: TypeAlias = Callable[[Comparison | Sustained], Judged]


def printed(condition: Condition) -> str:
    """The canonical form: `sum(rain, 3h) >= 50 mm and not temperature < 0 degC`."""
    return _joined(condition, _plain)


def explained(condition: Condition, judge: Judge) -> str:
    """The condition with values and verdicts: `sum(rain, 3h) = 57.8 mm >= 50 mm ✓`; ✗ false, ? unknown."""
    return _joined(condition, lambda part: _judged(part, judge(part)))


def plain_number(value: Decimal) -> str:
    """`value` without exponent and without trailing zeros: 50, 0.15."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: Decimal, unit: str) -> str:
    """`50 mm`, `25 %LEL`; counts stand alone."""
    return f"{plain_number(value)} {unit}".rstrip()


def operand_text(operand: Operand) -> str:
    """`stage`, `sum(rain, 3h)`."""
    if isinstance(operand, Value):
        return operand.metric
    return f"{operand.function}({operand.metric}, {format_duration(operand.width)})"


def _joined(condition: Condition, leaf: Callable[[Comparison | Sustained], str]) -> str:
    match condition:
        case Or(parts):
            return " or ".join(_joined(part, leaf) for part in parts)
        case And(parts):
            return " and ".join(_enclosed(part, leaf, Or) for part in parts)
        case Not(part):
            return f"not {_enclosed(part, leaf, (And, Or))}"
        case _:
            return leaf(condition)


def _enclosed(
    part: Condition, leaf: Callable[[Comparison | Sustained], str], looser: type | tuple[type, ...]
) -> str:
    text = _joined(part, leaf)
    return f"({text})" if isinstance(part, looser) else text


def _plain(part: Comparison | Sustained) -> str:
    if isinstance(part, Sustained):
        return f"sustained({_plain(part.condition)}, {format_duration(part.duration)})"
    return f"{operand_text(part.left)} {part.operator} {_threshold(part.right, None)}"


def _judged(part: Comparison | Sustained, judged: Judged) -> str:
    mark = _MARKS[judged.verdict]
    if isinstance(part, Sustained):
        inner = _with_value(part.condition, judged)
        return f"sustained({inner}, {format_duration(part.duration)}) {mark}"
    return f"{_with_value(part, judged)} {mark}"


def _with_value(comparison: Comparison, judged: Judged) -> str:
    left = operand_text(comparison.left)
    if judged.value is not None:
        left = f"{left} = {quantity(judged.value, judged.unit)}"
    return f"{left} {comparison.operator} {_threshold(comparison.right, judged.threshold)}"


def _threshold(threshold: Threshold, value: Decimal | None) -> str:
    match threshold:
        case Literal(number, unit):
            return quantity(number, unit)
        case SiteParameter(name, unit):
            return f"site.{name}" if value is None else f"site.{name} ({quantity(value, unit)})"
