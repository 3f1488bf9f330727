"""The one place that knows how far a release margin moves a comparison (D15).

A warning clears when its condition, moved so that it is harder to clear, has been false for `release.after`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from ingest.finding import words
from ingest.kinds import Kind, Kinds
from ingest.units import UnitError, conversion
from rules.language.measures import measure_of
from rules.language.thresholds import literal_value
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
    Forecast,
    Literal,
    Not,
    Or,
    Sensors,
    Share,
    SiteParameter,
    Sustained,
    Threshold,
    Value,
    Windowed,
)
from rules.rule import Release

Group: TypeAlias = Sensors | Share
# Units of levels and temperatures: their zero is a convention, a percentage of them says nothing.
_FREE_ZERO = frozenset({"degC", "degF", "m", "cm"})
_SPANS = frozenset({"rise", "fall", "rate", "sum"})
_DIRECTION = {">=": -1, ">": -1, "<=": 1, "<": 1}


def released(condition: Condition, release: Release, kind: Kind | None, kinds: Kinds) -> Condition:
    """`condition` with every threshold that is a number moved so that it is harder to be false.

    Those of site parameters stay as they are: their value differs by subject, so the engine adds `margin_of`
    itself, with the sign turned under an odd number of `not`. Thresholds stay exact. What group functions and
    `count` look for moves so that more fulfil it beside `>=`, and fewer beside `<=`.
    """
    return _Mover(release, kind, kinds).condition(condition)


def margin_of(comparison: Comparison, threshold: Decimal, release: Release, kind: Kind | None) -> Decimal:
    """The signed shift to add to `threshold` (in the unit of the left side) when judging a release.

    For a comparison that must turn false to clear. Under an odd number of `not` it must turn true: subtract
    the shift there, or ask for the comparison with the inverse operator. 0 for `==` and `!=`, which have no
    harder side, for counts, numbers of sensors and times, and for an amount in another dimension.
    """
    direction = _DIRECTION.get(comparison.operator, 0)
    if not direction or not _has_margin(comparison, kind):
        return Decimal(0)
    if release.share:
        return direction * release.share * abs(threshold)
    measure = measure_of(comparison.left, kind)
    return direction * _amount(release, measure.unit, measure.mass)


def margin_defects(condition: Condition, release: Release, kind: Kind | None, kinds: Kinds) -> Iterator[str]:
    """Why a percentage cannot be used with comparisons of `condition`; nothing for an amount."""
    for comparison, group in all_comparisons(condition) if release.share else ():
        its_kind = _kind_in(group, kind, kinds)
        if not _has_margin(comparison, its_kind):
            continue
        unit = measure_of(comparison.left, its_kind).unit
        if unit in _FREE_ZERO and _is_level(comparison.left):
            yield words("a percentage of a value in {unit} depends on where its scale starts", unit=unit)
        elif literal_value(comparison.right) == 0:
            yield words("a percentage of a threshold of 0 moves nothing")


def is_moved(condition: Condition, release: Release, kind: Kind | None, kinds: Kinds) -> bool:
    """Whether the margin moves any comparison of `condition`."""
    return any(
        margin_of(comparison, _sample(comparison.right), release, _kind_in(group, kind, kinds))
        for comparison, group in all_comparisons(condition)
    )


def comparisons(condition: Condition) -> Iterator[Comparison]:
    """The comparisons of the subject's own sensor, those inside `sustained` too, in the order of the text."""
    for leaf in _leaves(condition):
        if not isinstance(leaf.left, Sensors | Share):
            yield leaf


def all_comparisons(
    condition: Condition, group: Group | None = None
) -> Iterator[tuple[Comparison, Group | None]]:
    """Every comparison with the group function it stands in; also what is counted, and groups themselves."""
    for leaf in _leaves(condition):
        yield leaf, group
        if isinstance(leaf.left, Sensors | Share):
            yield from all_comparisons(leaf.left.condition, leaf.left)
        for counted in _counted(leaf.left):
            yield counted.condition, group


def _leaves(condition: Condition) -> Iterator[Comparison]:
    match condition:
        case Comparison():
            yield condition
        case Sustained(comparison):
            yield comparison
        case Not(part):
            yield from _leaves(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part)


def _counted(left: Expression) -> Iterator[Counted]:
    match left:
        case Counted():
            yield left
        case Arithmetic(_, one, other):
            yield from _counted(one)
            yield from _counted(other)


def _has_margin(comparison: Comparison, kind: Kind | None) -> bool:
    """Whether the left side is a quantity: no count, no number or share of sensors, no time."""
    match comparison.left:
        case Arithmetic():
            return True
        case Counted() | Sensors() | Share() | Eta() | Age():
            return False
    return bool(measure_of(comparison.left, kind).unit)


def _is_level(left: Expression) -> bool:
    """Whether a left side moves with the zero of its scale."""
    match left:
        case Arithmetic("+", one, other):
            return _is_level(one) or _is_level(other)
        case Arithmetic("-", one, other):
            return _is_level(one) and not _is_level(other)
        case Windowed(function):
            return function not in _SPANS
    return isinstance(left, Value | Baseline | Forecast | SiteParameter)


def _sample(threshold: Threshold) -> Decimal:
    value = literal_value(threshold)
    return Decimal(1) if value is None else value


def _amount(release: Release, unit: str, mass: Decimal | None) -> Decimal:
    if not release.amount:
        return Decimal(0)
    try:
        return conversion(release.unit, unit, mass, difference=True)(release.amount)
    except UnitError:
        return Decimal(0)


def _kind_in(group: Group | None, kind: Kind | None, kinds: Kinds) -> Kind | None:
    """The kind whose metrics are compared inside `group`; ages of several kinds need none."""
    if group is None:
        return kind
    return kinds[group.kinds[0]] if len(group.kinds) == 1 else None


@dataclass(frozen=True, slots=True)
class _Mover:
    """Moves conditions over the metrics of `kind`; -1 turns a move around, 0 stops it."""

    release: Release
    kind: Kind | None
    kinds: Kinds
    polarity: int = 1

    def condition(self, condition: Condition) -> Condition:
        match condition:
            case Comparison():
                return self.comparison(condition)
            case Sustained(comparison, duration):
                return Sustained(self.comparison(comparison), duration)
            case Not(part):
                return Not(replace(self, polarity=-self.polarity).condition(part))
            case And(parts):
                return And(tuple(map(self.condition, parts)))
            case Or(parts):
                return Or(tuple(map(self.condition, parts)))
        return condition

    def comparison(self, comparison: Comparison) -> Comparison:
        """With its threshold moved; of what counts others by a condition, that condition instead."""
        direction = -_DIRECTION.get(comparison.operator, 0)
        match comparison.left:
            case Sensors() | Share() as group:
                kind = _kind_in(group, self.kind, self.kinds)
                inside = replace(self, kind=kind, polarity=self.polarity * direction)
                return replace(comparison, left=replace(group, condition=inside.condition(group.condition)))
            case Counted(counted) as count:
                inside = replace(self, polarity=self.polarity * direction)
                return replace(comparison, left=replace(count, condition=inside.comparison(counted)))
        value = literal_value(comparison.right)
        if value is None:
            return comparison
        shift = self.polarity * margin_of(comparison, value, self.release, self.kind)
        unit = measure_of(comparison.left, self.kind).unit
        return replace(comparison, right=Literal(value + shift, unit)) if shift else comparison
