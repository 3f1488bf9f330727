"""Whether one condition holds whenever another does, where that can be proved from the text alone."""

from decimal import Decimal

from ingest.kinds import Kind
from rules.language.tree import (
    And,
    Arithmetic,
    Comparison,
    Condition,
    Counted,
    Literal,
    Operand,
    Or,
    Sensors,
    Sustained,
    Threshold,
    Value,
    Windowed,
)

# What can only grow, or only fall, with a longer window. A sum grows where amounts are not negative.
_GROWING = frozenset({"max", "rise", "fall"})


def implies(one: Condition, other: Condition, kind: Kind | None) -> bool:
    """Whether `other` is true whenever `one` is true; False where that is not provable.

    `kind` is that of the sensors; None for zones and gateways.
    """
    if one == other:
        return True
    match one, other:
        case Or(parts), _:
            return all(implies(part, other, kind) for part in parts)
        case _, And(parts):
            return all(implies(one, part, kind) for part in parts)
        case And(parts), _:
            return any(implies(part, other, kind) for part in parts)
        case _, Or(parts):
            return any(implies(one, part, kind) for part in parts)
        case Sustained(first, duration), Sustained(second, shorter):
            return duration >= shorter and implies(first, second, kind)
        case Sustained(first), _:
            return implies(first, other, kind)
        case Comparison(), Comparison():
            return _compared(one, other, kind)
    return False


def _compared(one: Comparison, other: Comparison, kind: Kind | None) -> bool:
    upwards = one.operator in (">=", ">") and other.operator in (">=", ">")
    downwards = one.operator in ("<=", "<") and other.operator in ("<=", "<")
    if upwards:
        within = _at_most(one.left, other.left, kind)
    else:
        within = downwards and _at_most(other.left, one.left, kind, downwards=True)
    gap = _gap(one.right, other.right)
    if not within or gap is None:
        return False
    slack = gap if upwards else -gap
    # x > 5 follows from x >= 5 only with room to spare.
    return slack > 0 or (slack == 0 and not (len(other.operator) == 1 and len(one.operator) == 2))


def _gap(one: Threshold, other: Threshold) -> Decimal | None:
    """How far the first lies above the second; None where nobody knows."""
    if one == other:
        return Decimal(0)
    if isinstance(one, Literal) and isinstance(other, Literal) and one.unit == other.unit:
        return one.value - other.value
    return None


def _at_most(
    low: Operand | Arithmetic, high: Operand | Arithmetic, kind: Kind | None, *, downwards: bool = False
) -> bool:
    """Whether `low` never exceeds `high`, at the same time and of the same subject.

    A sum compared downwards must be covered, which a longer window says nothing about.
    """
    if low == high:
        return True
    match low, high:
        case Windowed(function, metric, width), Windowed(other, same, longer) if (function, metric) == (
            other,
            same,
        ):
            if function == "min":
                return width >= longer
            grows = function in _GROWING or (function == "sum" and not downwards and _adds_up(metric, kind))
            return grows and width <= longer
        case (Value(metric), Windowed("max", same, _)) | (Windowed("min", metric, _), Value(same)):
            return metric == same
        case Counted(condition, width), Counted(other_condition, longer):
            narrower = implies(condition, other_condition, kind)
            return not downwards and width <= longer and narrower
        case Sensors(), Sensors():
            return not downwards and _fewer(low, high, kind)
    return False


def _adds_up(metric: str, kind: Kind | None) -> bool:
    return kind is not None and metric in kind.metrics and kind.metrics[metric].low >= 0


def _fewer(low: Sensors, high: Sensors, kind: Kind | None) -> bool:
    same = (low.kinds, low.radius) == (high.kinds, high.radius)
    return same and low.within <= high.within and implies(low.condition, high.condition, kind)
