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
import numpy.typing as npt

from ingest.kinds import Kind
from ingest.registry import Sensor
from ingest.units import UnitError
from rules.language.margin import comparisons, margin_of
from rules.language.thresholds import threshold_of
from rules.language.tree import And, Comparison, Condition, Literal, Not, Or, Sustained, Windowed
from rules.rule import Release

INVERSE = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}
Bound: TypeAlias = int | npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One comparison in integers of the metric's resolution.

    `sense` is one of `>=  <=  ==  !=`; `bound` is one integer, or one for each sensor of the kind;
    `missing` marks the sensors that have no threshold (None: all have). `function` is "" for a bare metric.
    """

    column: int
    function: str
    width: int
    sense: str
    bound: Bound
    missing: npt.NDArray[np.bool_] | None

    def bound_at(self, slot: int) -> int | None:
        """The threshold of one sensor of the kind; None if it has none."""
        if self.missing is not None and self.missing[slot]:
            return None
        return self.bound if isinstance(self.bound, int) else int(self.bound[slot])

    def compare(self, value: int, bound: int) -> bool:
        """Whether `value` stands to `bound` as demanded."""
        match self.sense:
            case ">=":
                return value >= bound
            case "<=":
                return value <= bound
            case "==":
                return value == bound
            case _:
                return value != bound


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """`sustained(check, duration)`, or its negation; `key` numbers the runs that a subject keeps."""

    check: Check
    duration: int
    negated: bool
    key: int


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    parts: tuple["Node", ...]


Node: TypeAlias = Check | Held | AllOf | AnyOf
# The leaves of conditions as written, to explain them.
Leaves: TypeAlias = dict[Comparison | Sustained, Check | Held]


@dataclass(frozen=True, slots=True)
class Fault:
    """A condition that cannot be evaluated: of which rule, for which sensor, why."""

    rule: str
    subject: str
    reason: str


class Compiler:
    """Compiles the conditions of one rule; collects the faults and the runs that subjects must keep."""

    def __init__(self, rule: str, kind: Kind, sensors: tuple[Sensor, ...], release: Release) -> None:
        self._rule = rule
        self._kind = kind
        self._sensors = sensors
        self._release = release
        self.held: list[Held] = []
        self.leaves: Leaves = {}
        self.faults: set[Fault] = set()

    def raising(self, condition: Condition) -> Node:
        """The condition as written; its comparisons as written are noted in `leaves`."""
        for comparison in comparisons(condition):
            self.leaves[comparison] = self._check(comparison, _unmoved, _exactly)
        return self._node(condition, False, _unmoved, _exactly)

    def clearing(self, condition: Condition) -> Node:
        """The condition moved by the margin: a latch lets go only while this is false."""
        return self._node(condition, False, self._margin, _towards_holding)

    def _margin(self, comparison: Comparison, threshold: Decimal) -> Decimal:
        return margin_of(comparison, threshold, self._release, self._kind)

    def _node(self, condition: Condition, negated: bool, margin: "Margin", rounded: "Rounding") -> Node:
        match condition:
            case Comparison():
                turned = replace(condition, operator=INVERSE[condition.operator]) if negated else condition
                return self._check(turned, margin, rounded)
            case Sustained(comparison, duration):
                return self._hold(comparison, duration, negated, (margin, rounded))
            case Not(part):
                return self._node(part, not negated, margin, rounded)
            case And(parts) | Or(parts):
                nodes = tuple(self._node(part, negated, margin, rounded) for part in parts)
                return AllOf(nodes) if isinstance(condition, And) != negated else AnyOf(nodes)

    def _hold(
        self, comparison: Comparison, duration: int, negated: bool, moved: "tuple[Margin, Rounding]"
    ) -> Held:
        """Under `not` the run itself must be harder to complete, so the comparison moves the other way."""
        margin, rounded = moved
        if negated:
            margin, rounded = margin if margin is _unmoved else _turned(margin), _exactly
        held = Held(self._check(comparison, margin, rounded), duration, negated, len(self.held))
        self.held.append(held)
        if margin is _unmoved:
            self.leaves[Sustained(comparison, duration)] = held
        return held

    def _check(self, comparison: Comparison, margin: "Margin", rounded: "Rounding") -> Check:
        left = comparison.left
        function, width = (left.function, left.width) if isinstance(left, Windowed) else ("", 0)
        metric = self._kind.metrics[left.metric]

        def scaled(threshold: Decimal) -> int:
            moved = Fraction(threshold) + Fraction(margin(comparison, threshold))
            return rounded(comparison.operator, moved / Fraction(metric.resolution))

        sense = {">": ">=", "<": "<="}.get(comparison.operator, comparison.operator)
        if isinstance(comparison.right, Literal):
            bound: Bound = scaled(comparison.right.value)
            return Check(metric.column, function, width, sense, bound, None)
        thresholds = [self._threshold(comparison, sensor) for sensor in self._sensors]
        absent = _UNREACHABLE if sense == "<=" else -_UNREACHABLE
        bound = np.array([absent if t is None else scaled(t) for t in thresholds], np.int64)
        missing = np.array([t is None for t in thresholds], np.bool_)
        return Check(metric.column, function, width, sense, bound, missing if missing.any() else None)

    def _threshold(self, comparison: Comparison, sensor: Sensor) -> Decimal | None:
        reason = f"the sensor has no site parameter {getattr(comparison.right, 'name', '')}"
        try:
            threshold = threshold_of(comparison, self._kind, sensor.site)
        except UnitError as error:
            threshold, reason = None, str(error)
        if threshold is None:
            self.faults.add(Fault(self._rule, sensor.id, reason))
        return threshold


Margin: TypeAlias = Callable[[Comparison, Decimal], Decimal]
Rounding: TypeAlias = Callable[[str, Fraction], int]


def _unmoved(comparison: Comparison, threshold: Decimal) -> Decimal:
    return Decimal(0)


def _turned(margin: Margin) -> Margin:
    return lambda comparison, threshold: -margin(comparison, threshold)


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
    return floor(threshold) if threshold.denominator == 1 else _UNREACHABLE


def _towards_holding(operator: str, threshold: Fraction) -> int:
    """As `_exactly`, after rounding the threshold to where the comparison is easier to hold."""
    if operator in (">=", ">"):
        return _exactly(operator, Fraction(floor(threshold)))
    if operator in ("<=", "<"):
        return _exactly(operator, Fraction(ceil(threshold)))
    return _exactly(operator, threshold)


# No value is as low, so none equals a threshold between two multiples of the resolution.
_UNREACHABLE = -(2**62)


def checks(node: Node) -> Iterator[Check]:
    """Every check of a compiled condition, those inside `sustained` too."""
    match node:
        case Check():
            yield node
        case Held(check):
            yield check
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from checks(part)
