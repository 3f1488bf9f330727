"""The one place that knows how far a release margin moves a comparison (D15).

A warning clears when its condition, moved so that it is harder to clear, has been false for `release.after`.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from ingest.kinds import Kind
from ingest.units import UnitError, conversion
from rules.language.thresholds import is_difference
from rules.language.tree import And, Comparison, Condition, Literal, Not, Or, Sustained
from rules.rule import Release

# Units of levels and temperatures: their zero is a convention, a percentage of them says nothing.
_FREE_ZERO = frozenset({"degC", "degF", "m", "cm"})
_DIRECTION = {">=": -1, ">": -1, "<=": 1, "<": 1}


def released(condition: Condition, release: Release, kind: Kind) -> Condition:
    """`condition` with every literal threshold moved so that it is harder to be false.

    Site parameters stay as they are: their value differs by subject, so the engine adds `margin_of` itself,
    with the sign turned under an odd number of `not`. Thresholds stay exact.
    """
    return _moved(condition, release, kind, 1)


def margin_of(comparison: Comparison, threshold: Decimal, release: Release, kind: Kind) -> Decimal:
    """The signed shift to add to `threshold` (in the metric's unit) when judging a release.

    For a comparison that must turn false to clear. Under an odd number of `not` it must turn true: subtract
    the shift there, or ask for the comparison with the inverse operator. 0 for `==` and `!=`, which have no
    harder side, for counts (metrics without a unit), and for an amount in another dimension.
    """
    metric = kind.metrics[comparison.left.metric]
    direction = _DIRECTION.get(comparison.operator, 0)
    if not direction or not metric.unit:
        return Decimal(0)
    if release.share:
        return direction * release.share * abs(threshold)
    return direction * _amount(release, metric.unit, metric.molar_mass)


def margin_defects(condition: Condition, release: Release, kind: Kind) -> Iterator[str]:
    """Why a percentage cannot be used with comparisons of `condition`; nothing for an amount."""
    for comparison in comparisons(condition) if release.share else ():
        metric = kind.metrics[comparison.left.metric]
        if metric.unit in _FREE_ZERO and not is_difference(comparison.left):
            yield f"a percentage of a value in {metric.unit} depends on where its scale starts"
        elif metric.unit and isinstance(comparison.right, Literal) and not comparison.right.value:
            yield "a percentage of a threshold of 0 moves nothing"


def is_moved(condition: Condition, release: Release, kind: Kind) -> bool:
    """Whether the margin moves any comparison of `condition`."""
    return any(margin_of(c, _sample(c), release, kind) for c in comparisons(condition))


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """Every comparison of a condition, those inside `sustained` too, in the order of the text."""
    match condition:
        case Comparison():
            yield condition
        case Sustained(comparison):
            yield comparison
        case Not(part):
            yield from comparisons(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from comparisons(part)


def _sample(comparison: Comparison) -> Decimal:
    return comparison.right.value if isinstance(comparison.right, Literal) else Decimal(1)


def _amount(release: Release, unit: str, molar_mass: Decimal | None) -> Decimal:
    if not release.amount:
        return Decimal(0)
    try:
        return conversion(release.unit, unit, molar_mass, difference=True)(release.amount)
    except UnitError:
        return Decimal(0)


def _moved(condition: Condition, release: Release, kind: Kind, polarity: int) -> Condition:
    match condition:
        case Comparison(_, _, Literal(value, unit)):
            shift = polarity * margin_of(condition, value, release, kind)
            return replace(condition, right=Literal(value + shift, unit))
        case Comparison():
            return condition
        case Sustained(comparison, duration):
            moved = _moved(comparison, release, kind, polarity)
            return Sustained(moved, duration) if isinstance(moved, Comparison) else condition
        case Not(part):
            return Not(_moved(part, release, kind, -polarity))
        case And(parts):
            return And(tuple(_moved(part, release, kind, polarity) for part in parts))
        case Or(parts):
            return Or(tuple(_moved(part, release, kind, polarity) for part in parts))
