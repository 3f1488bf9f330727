"""Why a transition happened, in plain JSON values: the condition with what it was judged on."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ingest.kinds import Kind
from ingest.registry import Sensor
from rules.engine.nodes import (
    Check,
    Constant,
    Formula,
    Held,
    Leaf,
    Leaves,
    Node,
    Part,
    Term,
    Written,
    checks,
    exact_at,
)
from rules.engine.verdict import verdict
from rules.engine.view import Now, Then
from rules.language.measures import measure_of
from rules.language.printed import Judged, Quantity, explained
from rules.language.tree import (
    Arithmetic,
    Baseline,
    Comparison,
    Condition,
    Counted,
    Expression,
    Forecast,
    Literal,
    Operand,
    SiteParameter,
    Sustained,
    Value,
    Windowed,
)

# How far the integer bound of a strict comparison stands from its threshold.
STRICT = {">": 1, "<": -1}


def condition_text(condition: Condition, leaves: Leaves, kind: Kind, sensor: Sensor, view: Now | Then) -> str:
    """The condition with its values: `sum(rain, 3h) = 57.8 mm >= 50 mm ✓`."""
    return explained(condition, lambda part: judged_part(part, leaves, kind, view))


def judged_part(part: Written, leaves: Leaves, kind: Kind, view: Now | Then) -> Judged:
    """What one part of a condition was judged on."""
    leaf = leaves[part]
    comparison = part.condition if isinstance(part, Sustained) else part
    check = leaf.check if isinstance(leaf, Held) else leaf
    if not isinstance(comparison, Comparison) or not isinstance(check, Check):
        return Judged(None, "", _verdict(leaf, view))
    bound = check.bound_at(view.slot)
    own = None if isinstance(comparison.right, Literal) or bound is None else bound
    if own is not None and isinstance(check.left, Term):
        own -= STRICT.get(comparison.operator, 0)
    parts = _parts(comparison.left, check.left, kind, view) if isinstance(check.left, Formula) else ()
    return Judged(
        _decimal(view.measure(check).value, check.left),
        measure_of(comparison.left, kind).unit,
        _verdict(leaf, view),
        _decimal(own, check.left),
        dict(parts),
    )


def support(node: Node | None, view: Now | Then) -> dict[str, Any]:
    """What a condition rests on: `coverage`, the least share of its windows, None without; `quality`."""
    leaves = list(checks(node)) if node else []
    found = [view.measure(check) for check in leaves]
    shares = [m.covered / m.width if m.width else 0.0 for m in found if m.covered is not None]
    return {
        "coverage": round(min(shares), 3) if shares else None,
        "quality": sorted(set().union(*(view.doubts(check) for check in leaves))),
    }


def _parts(
    expression: Expression, part: Part, kind: Kind, view: Now | Then
) -> Iterator[tuple[Operand | SiteParameter, Quantity]]:
    """What a formula was calculated from, in the units of the operands."""
    match expression, part:
        case Arithmetic(_, one, other), Formula(_, left, right):
            yield from _parts(one, left, kind, view)
            yield from _parts(other, right, kind, view)
        case SiteParameter(_, unit), Constant(value):
            own = exact_at(value, view.slot)
            yield expression, None if own is None else (_plain(own), unit)
        case ((Value() | Windowed() | Counted() | Baseline() | Forecast()), Term()):
            number = _decimal(view.term(part).value, part)
            yield expression, None if number is None else (number, measure_of(expression, kind).unit)


def _decimal(number: int | Fraction | None, left: Term | Formula) -> Decimal | None:
    """In the unit of the left side: integers count its resolution, formulas are plain."""
    if number is None:
        return None
    return _plain(number * left.resolution if isinstance(left, Term) else Fraction(number))


def _plain(exact: Fraction) -> Decimal:
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def _verdict(leaf: Leaf, view: Now | Then) -> int:
    if isinstance(leaf, Held) and leaf.negated:
        return -verdict(leaf, view)
    return verdict(leaf, view)
