"""Conditions compiled for one kind: negations pushed to the leaves, thresholds made exact integers.

Silence keeps a true and forgets a false, and a margin makes every comparison harder to clear; both are
decided leaf by leaf, so `not` must be gone before: `not x >= c` is judged as `x < c`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

import numpy as np

from ingest.kinds import Kind
from ingest.registry import Sensor
from rules.engine.left_sides import Site, Source, flagged, for_each, is_lowered, number, stuck
from rules.engine.nodes import (
    UNREACHABLE,
    AllOf,
    AnyOf,
    Check,
    Constant,
    Exact,
    Exacts,
    Formula,
    Held,
    Leaf,
    Leaves,
    Node,
    Term,
    Timed,
    Written,
    checks,
)
from rules.language.margin import margin_of
from rules.language.tree import (
    And,
    Arithmetic,
    Comparison,
    Condition,
    Flagged,
    Hours,
    Not,
    Operand,
    Or,
    Reports,
    Season,
    Stuck,
    Sustained,
)
from rules.rule import Release

__all__ = ["AllOf", "AnyOf", "Check", "Compiler", "Fault", "Held", "Leaves", "Node", "Timed", "checks"]

INVERSE = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}


@dataclass(frozen=True, slots=True)
class Fault:
    """A condition that cannot be evaluated: of which rule, for which sensor, why."""

    rule: str
    subject: str
    reason: str


Margin: TypeAlias = Callable[[Comparison, Decimal], Decimal]
Rounding: TypeAlias = Callable[[str, Fraction], int]


@dataclass(frozen=True, slots=True)
class Moved:
    """How far thresholds are moved, and to which side they are rounded then."""

    margin: Margin
    rounded: Rounding

    def harder(self) -> "Moved":
        """The same distance to where the comparison is harder to be true."""
        margin = self.margin
        if margin is _unmoved:
            return self
        return Moved(lambda comparison, threshold: -margin(comparison, threshold), _exactly)


class Compiler:
    """Compiles the conditions of one rule; collects the faults and the runs that subjects must keep.

    `site` gives the parameters of a sensor; without it, its own.
    """

    def __init__(
        self,
        rule: str,
        kind: Kind,
        sensors: tuple[Sensor, ...],
        release: Release,
        site: Callable[[Sensor], Site] | None = None,
    ) -> None:
        self._rule = rule
        self._kind = kind
        self._sensors = sensors
        self._release = release
        self._site = site or (lambda sensor: sensor.site)
        self.held: list[Held] = []
        self.leaves: Leaves = {}
        self.faults: set[Fault] = set()

    def raising(self, condition: Condition) -> Node:
        """The condition as written; its leaves as written are noted in `leaves`."""
        for leaf in written(condition):
            if leaf not in self.leaves and not isinstance(leaf, Sustained):
                self.leaves[leaf] = self._leaf(leaf, False, AS_WRITTEN)
        return self._node(condition, False, AS_WRITTEN)

    def clearing(self, condition: Condition) -> Node:
        """The condition moved by the margin: a latch lets go only while this is false."""
        return self._node(condition, False, Moved(self._margin, _towards_holding))

    def _margin(self, comparison: Comparison, threshold: Decimal) -> Decimal:
        return margin_of(comparison, threshold, self._release, self._kind)

    def _node(self, condition: Condition, negated: bool, moved: Moved) -> Node:
        match condition:
            case Not(part):
                return self._node(part, not negated, moved)
            case And(parts) | Or(parts):
                nodes = tuple(self._node(part, negated, moved) for part in parts)
                return AllOf(nodes) if isinstance(condition, And) != negated else AnyOf(nodes)
            case _:
                return self._leaf(condition, negated, moved)

    def _leaf(self, leaf: Written, negated: bool, moved: Moved) -> Leaf:
        if moved is AS_WRITTEN and not negated and leaf in self.leaves and not isinstance(leaf, Sustained):
            return self.leaves[leaf]
        match leaf:
            case Comparison():
                turned = replace(leaf, operator=INVERSE[leaf.operator]) if negated else leaf
                return self._check(turned, moved)
            case Sustained(comparison, duration):
                return self._hold(comparison, duration, negated, moved)
            case Stuck(metric, width):
                term = stuck(self._kind, metric, width)
                return Check(term, ">=" if negated else "<=", int(negated), two_ways=True)
            case Flagged(metric, flag):
                term = flagged(self._kind, metric, flag)
                return Check(term, "<=" if negated else ">=", int(not negated))
            case Hours() | Season():
                return Timed(leaf, negated)

    def _hold(self, comparison: Comparison, duration: int, negated: bool, moved: Moved) -> Held:
        """Under `not` the run itself must be harder to complete, so the comparison moves the other way."""
        check = self._check(comparison, moved.harder() if negated else moved)
        held = Held(check, duration, negated, len(self.held))
        self.held.append(held)
        if moved is AS_WRITTEN:
            self.leaves[Sustained(comparison, duration)] = held
        return held

    def _check(self, comparison: Comparison, moved: Moved) -> Check:
        upwards = comparison.operator in (">=", ">")
        left = self._source(comparison.left, _inside(comparison, moved, upwards)).left(comparison.left)
        assert not isinstance(left, Constant)
        either = comparison.operator in ("==", "!=")
        two_ways = is_lowered(left, upwards) or (either and is_lowered(left, not upwards))
        if isinstance(left, Formula):
            bound = self._each(lambda site: self._threshold(comparison, site, moved.margin))
            return Check(left, comparison.operator, bound, two_ways=two_ways)
        return self._integers(comparison, left, moved, two_ways)

    def _integers(self, comparison: Comparison, left: Term, moved: Moved, two_ways: bool) -> Check:
        """A comparison of integers: the threshold is rounded to what compares alike."""
        sense = {">": ">=", "<": "<="}.get(comparison.operator, comparison.operator)
        unit = left.resolution

        def scaled(threshold: Fraction) -> int:
            return moved.rounded(comparison.operator, threshold / unit)

        found = self._bounds(comparison, moved.margin)
        if isinstance(found, Fraction):
            return Check(left, sense, scaled(found), two_ways=two_ways)
        absent = UNREACHABLE if sense == "<=" else -UNREACHABLE
        bounds = np.array([absent if t is None else scaled(t) for t in found.distinct], np.int64)[found.which]
        missing = np.array([t is None for t in found.distinct], np.bool_)[found.which]
        return Check(left, sense, bounds, missing if missing.any() else None, two_ways)

    def _bounds(self, comparison: Comparison, margin: Margin) -> Exact:
        """The thresholds in the unit of the left side; those of `3 reports` in ms."""
        if isinstance(comparison.right, Reports):
            patience = [s.reporting.interval or s.heartbeat for s in self._sensors]
            distinct, which = np.unique(np.array(patience, np.int64), return_inverse=True)
            return Exacts.of([Fraction(comparison.right.count * ms) for ms in distinct.tolist()], which)
        return self._each(lambda site: self._threshold(comparison, site, margin))

    def _threshold(self, comparison: Comparison, site: Site, margin: Margin) -> Fraction:
        exact = number(comparison.right, comparison.left, self._kind, site)
        return exact + Fraction(margin(comparison, Decimal(exact.numerator) / Decimal(exact.denominator)))

    def _source(self, whole: Operand | Arithmetic, moved: Moved) -> Source:
        return Source(self._rule, self._kind, whole, self._each, lambda inner: self._check(inner, moved))

    def _each(self, of: Callable[[Site], Fraction]) -> Exact:
        return for_each(self._sensors, self._site, of, self._note)

    def _note(self, sensor: Sensor, reason: str) -> None:
        self.faults.add(Fault(self._rule, sensor.id, reason))


def _inside(comparison: Comparison, moved: Moved, upwards: bool) -> Moved:
    """How the comparison inside a `count` moves: to where the outer one is easier to hold."""
    if isinstance(comparison.left, Arithmetic) or comparison.operator in ("==", "!="):
        return AS_WRITTEN
    return moved if upwards else moved.harder()


def written(condition: Condition) -> Iterator[Written]:
    """The leaves of a condition in the order of the text."""
    match condition:
        case Not(part):
            yield from written(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from written(part)
        case _:
            yield condition


def _unmoved(comparison: Comparison, threshold: Decimal) -> Decimal:
    return Decimal(0)


def _exactly(operator: str, threshold: Fraction) -> int:
    """The integer bound for which integers compare as with the exact threshold."""
    match operator:
        case ">=":
            return ceil(threshold)
        case ">":
            return floor(threshold) + 1
        case "<=":
            return floor(threshold)
        case "<":
            return ceil(threshold) - 1
    return floor(threshold) if threshold.denominator == 1 else UNREACHABLE


def _towards_holding(operator: str, threshold: Fraction) -> int:
    """As `_exactly`, after rounding the threshold to where the comparison is easier to hold."""
    if operator in (">=", ">"):
        return _exactly(operator, Fraction(floor(threshold)))
    if operator in ("<=", "<"):
        return _exactly(operator, Fraction(ceil(threshold)))
    return _exactly(operator, threshold)


AS_WRITTEN = Moved(_unmoved, _exactly)
