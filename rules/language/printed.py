"""Conditions as text: the canonical form, and the form with the values they were judged on.

The canonical form parses back to an equal tree; rules are hashed by it and people read it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from ingest.duration import format_duration
from rules.language.quantities import measured
from rules.language.quantities import plain_number as plain_number
from rules.language.quantities import quantity as quantity
from rules.language.tree import (
    Age,
    And,
    Arithmetic,
    Baseline,
    Comparison,
    Condition,
    Counted,
    Eta,
    Expression,
    Flagged,
    Forecast,
    Hours,
    Literal,
    Not,
    Operand,
    Or,
    Reports,
    Season,
    Sensors,
    Share,
    SiteParameter,
    Stuck,
    Sustained,
    Threshold,
    Value,
    Windowed,
)

_MARKS = {1: "✓", 0: "?", -1: "✗"}
# What is judged as a whole.
Leaf: TypeAlias = Comparison | Sustained | Stuck | Flagged | Hours | Season
# A number and its unit; None when it is unknown.
Quantity: TypeAlias = tuple[Decimal, str] | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What one leaf of a condition was judged on.

    `verdict` 1 true, 0 unknown, -1 false. `value` of a comparison's left side in `unit`, None when unknown
    and where there is no comparison; times are in `ms`. `threshold` is the subject's own when the right side
    is not a literal. `parts` holds what an arithmetic left side was calculated from, `members` how many
    sensors a group function looked at.
    """

    value: Decimal | None
    unit: str
    verdict: int
    threshold: Decimal | None = None
    parts: Mapping[Operand | SiteParameter, Quantity] = field(default_factory=dict)
    members: int | None = None


Judge: TypeAlias = Callable[[Leaf], Judged]
# What stands in parentheses behind an operand.
Notes: TypeAlias = Mapping[Operand | SiteParameter, Quantity]


def printed(condition: Condition) -> str:
    """The canonical form: `sum(rain, 3h) >= 50 mm and not temperature < 0 degC`."""
    return _joined(condition, _plain)


def explained(condition: Condition, judge: Judge) -> str:
    """The condition with values and verdicts: `sum(rain, 3h) = 57.8 mm >= 50 mm ✓`; ✗ false, ? unknown.

    Calculated sides show what they are made of: `leakage (480 mA) - 180 mA = 300 mA >= 300 mA ✓`.
    """
    return _joined(condition, lambda part: _judged(part, judge(part)))


def expression_text(expression: Expression, notes: Notes | None = None) -> str:
    """`stage`, `sum(rain, 3h)`, `current / site.rated`; with the values of `notes` behind the operands."""
    match expression:
        case Arithmetic():
            return _arithmetic(expression, notes or {})
        case Literal(number, unit):
            return quantity(number, unit)
        case Reports(count):
            return f"{count} report{'s' if count > 1 else ''}"
    text = f"site.{expression.name}" if isinstance(expression, SiteParameter) else _operand(expression)
    note = (notes or {}).get(expression)
    return text if note is None else f"{text} ({measured(*note)})"


def _joined(condition: Condition, leaf: Callable[[Leaf], str]) -> str:
    match condition:
        case Or(parts):
            return " or ".join(_joined(part, leaf) for part in parts)
        case And(parts):
            return " and ".join(_enclosed(part, leaf, Or) for part in parts)
        case Not(part):
            return f"not {_enclosed(part, leaf, (And, Or))}"
        case _:
            return leaf(condition)


def _enclosed(part: Condition, leaf: Callable[[Leaf], str], looser: type | tuple[type, ...]) -> str:
    text = _joined(part, leaf)
    return f"({text})" if isinstance(part, looser) else text


def _plain(part: Leaf) -> str:
    match part:
        case Comparison(left, operator, right):
            return f"{expression_text(left)} {operator} {expression_text(right)}"
        case Sustained(comparison, duration):
            return f"sustained({_plain(comparison)}, {format_duration(duration)})"
        case Stuck(metric, width):
            return f"stuck({metric}, {format_duration(width)})"
        case Flagged(metric, flag):
            return f"flagged({metric}, {flag})"
        case Hours(start, end):
            return f"hours({start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02})"
        case Season((month, day), (last_month, last_day)):
            return f"season({month:02}-{day:02}..{last_month:02}-{last_day:02})"


def _judged(part: Leaf, judged: Judged) -> str:
    mark = _MARKS[judged.verdict]
    match part:
        case Comparison():
            return f"{_with_value(part, judged)} {mark}"
        case Sustained(comparison, duration):
            return f"sustained({_with_value(comparison, judged)}, {format_duration(duration)}) {mark}"
    return f"{_plain(part)} {mark}"


def _with_value(comparison: Comparison, judged: Judged) -> str:
    left = expression_text(comparison.left, judged.parts)
    if judged.value is not None:
        left = f"{left} = {measured(judged.value, judged.unit)}"
        left += "" if judged.members is None else f" of {judged.members}"
    return f"{left} {comparison.operator} {_threshold(comparison.right, judged)}"


def _threshold(threshold: Threshold, judged: Judged) -> str:
    text = expression_text(threshold, judged.parts)
    if judged.threshold is None or isinstance(threshold, Literal):
        return text
    value = quantity(judged.threshold, judged.unit)
    return f"{text} = {value}" if isinstance(threshold, Arithmetic) else f"{text} ({value})"


def _arithmetic(expression: Arithmetic, notes: Notes) -> str:
    operator, left, right = expression.operator, expression.left, expression.right
    tight = operator in "*/"
    if _is_negation(expression):
        return f"-{_operand_text(right, notes, isinstance(right, Arithmetic) and not _is_negation(right))}"
    loose_left = tight and isinstance(left, Arithmetic) and left.operator in "+-" and not _is_negation(left)
    loose_right = (
        isinstance(right, Arithmetic) and (tight or right.operator in "+-") and not _is_negation(right)
    )
    return f"{_operand_text(left, notes, loose_left)} {operator} {_operand_text(right, notes, loose_right)}"


def _operand_text(operand: Expression, notes: Notes, enclosed: bool) -> str:
    text = expression_text(operand, notes)
    return f"({text})" if enclosed else text


def _is_negation(expression: Expression) -> bool:
    """`-x` is `0 - x` in the tree; `0 mm - 5 mm` is not the literal -5 mm."""
    match expression:
        case Arithmetic("-", Literal(zero), right):
            return not zero and not isinstance(right, Literal)
    return False


def _operand(operand: Operand) -> str:
    match operand:
        case Value(metric):
            return metric
        case Windowed(function, metric, width):
            return f"{function}({metric}, {format_duration(width)})"
        case Counted(condition, width):
            return f"count({_plain(condition)}, {format_duration(width)})"
        case Baseline(metric, width, default, unit):
            return f"baseline({metric}, {format_duration(width)}, default={quantity(default, unit)})"
        case Forecast(metric, horizon):
            return f"forecast({metric}, {format_duration(horizon)})"
        case Eta(metric, level):
            return f"eta({metric}, {expression_text(level)})"
        case Age(metric):
            return f"age({metric or ''})"
        case Sensors() | Share():
            return _group(operand)


def _group(group: Sensors | Share) -> str:
    arguments = [printed(group.condition)]
    if isinstance(group, Sensors) and group.within:
        arguments.append(f"within={format_duration(group.within)}")
    if group.radius is not None:
        kilometres = group.radius % 1000 == 0
        distance = quantity(group.radius / 1000, "km") if kilometres else quantity(group.radius, "m")
        arguments.append(f"radius={distance}")
    if group.of is not None:
        arguments.append(f"of={group.of}")
    return f"{'sensors' if isinstance(group, Sensors) else 'share'}({', '.join(arguments)})"
