"""Compiled conditions of one kind: what is measured, what it is compared with, how comparisons are joined."""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rules.engine.ring import Longs, Slots
from rules.language.tree import Comparison, Flagged, Hours, Season, Stuck, Sustained

# What no sensor's metric has as its column: `age()` asks after any of them.
ANY = -1
# Where a value must not be reached: no value is as low.
UNREACHABLE = -(2**62)
# Two left sides with equal keys are the same number.
Key: TypeAlias = tuple[object, ...]

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True, eq=False)
class Exacts:
    """An exact number for each sensor of the kind, None where it has none: the one at `which` of `distinct`.

    `near` has them in floats, NaN for None.
    """

    distinct: tuple[Fraction | None, ...]
    which: Slots
    near: npt.NDArray[np.float64]

    @classmethod
    def of(cls, distinct: Sequence[Fraction | None], which: Slots) -> "Exacts":
        floats = np.array([np.nan if v is None else float(v) for v in distinct], np.float64)
        return cls(tuple(distinct), which, floats[which])

    def at(self, slot: int) -> Fraction | None:
        return self.distinct[int(self.which[slot])]


Exact: TypeAlias = Fraction | Exacts


def exact_at(number: Exact, slot: int) -> Fraction | None:
    """The number of one sensor of the kind."""
    return number.at(slot) if isinstance(number, Exacts) else number


def near(number: Exact, slots: Slots) -> "float | npt.NDArray[np.float64]":
    """The numbers of some sensors in floats; NaN where there is none."""
    return number.near[slots] if isinstance(number, Exacts) else float(number)


def exact_key(number: Exact | None) -> object:
    """What tells two numbers apart."""
    return id(number) if isinstance(number, Exacts) else number


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """What is measured of one metric: an integer that counts `resolution`s.

    `function` is "" for the newest value, else `sum mean min max median rate rise fall count stuck forecast
    eta baseline age flagged`, over `width` ms. `parameter` is the horizon of a forecast (ms), the quality bit
    of `flagged`, or the default of a baseline; `level` of an eta in counts of the metric's resolution;
    `counted` what a `count` looks for; `rule` whose baseline it is.
    """

    column: int
    function: str = ""
    width: int = 0
    resolution: Fraction = Fraction(1)
    parameter: int = 0
    level: Exact | None = None
    counted: "Check | None" = None
    rule: str = ""
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        asked = exact_key(self.level), self.counted.key if self.counted else ()
        key = (self.column, self.function, self.width, self.parameter, self.rule, *asked)
        object.__setattr__(self, "key", key)

    @property
    def terms(self) -> tuple["Term", ...]:
        return (self,)


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A number in a formula that readings do not change."""

    value: Exact

    @property
    def key(self) -> Key:
        return (exact_key(self.value),)

    @property
    def terms(self) -> tuple[Term, ...]:
        return ()


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """`left operator right` with one of `+ - * /`, on the numbers in their units."""

    operator: str
    left: "Part"
    right: "Part"
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.operator, self.left.key, self.right.key))

    @property
    def terms(self) -> tuple[Term, ...]:
        return (*self.left.terms, *self.right.terms)


Part: TypeAlias = Term | Constant | Formula
Bound: TypeAlias = int | Longs | Exact


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One comparison. Of a term in integers of its resolution, of a formula in exact numbers of its unit.

    `sense` is one of `>=  <=  ==  !=`, for formulas also `>  <`; `bound` is one number, or one for each
    sensor; `missing` marks the sensors that have no threshold (None: all have). With `two_ways` a window
    that is known too little says neither true nor false. `undefined` are the sensors for which a formula
    divided by zero when it was last judged.
    """

    left: Term | Formula
    sense: str
    bound: Bound
    missing: npt.NDArray[np.bool_] | None = None
    two_ways: bool = False
    undefined: set[int] = field(default_factory=set)

    @property
    def column(self) -> int:
        """The metric that it reads; of a formula the first."""
        return self.left.terms[0].column

    @property
    def columns(self) -> frozenset[int]:
        """All metrics that it reads."""
        return frozenset(term.column for term in self.left.terms)

    @property
    def function(self) -> str:
        """As in Term, or `arithmetic`."""
        return self.left.function if isinstance(self.left, Term) else "arithmetic"

    @property
    def width(self) -> int:
        """Of its window, ms; 0 for formulas and what has none."""
        return self.left.width if isinstance(self.left, Term) else 0

    @property
    def key(self) -> Key:
        """Equal for checks that are true of the same values."""
        bound = id(self.bound) if isinstance(self.bound, np.ndarray) else self.bound
        return (self.left.key, self.sense, id(bound) if isinstance(bound, Exacts) else bound)

    def bound_at(self, slot: int) -> int | Fraction | None:
        """The threshold of one sensor of the kind; None if it has none."""
        if self.missing is not None and self.missing[slot]:
            return None
        match self.bound:
            case int() | Fraction():
                return self.bound
            case Exacts():
                return self.bound.at(slot)
            case _:
                return int(self.bound[slot])

    def bounds(self, slots: Slots) -> "int | float | Longs | npt.NDArray[np.float64]":
        """The thresholds of some sensors; in floats for a formula, NaN where it has none."""
        match self.bound:
            case int():
                return self.bound
            case Fraction() | Exacts():
                return near(self.bound, slots)
            case _:
                return self.bound[slots]

    def compare(self, value: int | Fraction, bound: int | Fraction) -> bool:
        """Whether `value` stands to `bound` as demanded."""
        return bool(COMPARE[self.sense](value, bound))

    def holds(self, value: Longs, slots: Slots) -> npt.NDArray[np.bool_]:
        """Whether it is true of one value of each of some sensors."""
        true: npt.NDArray[np.bool_] = COMPARE[self.sense](value, self.bounds(slots))
        return true if self.missing is None else true & ~self.missing[slots]


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """`sustained(check, duration)`, or its negation; `key` numbers the runs that a subject keeps."""

    check: Check
    duration: int
    negated: bool
    key: int


@dataclass(frozen=True, slots=True, eq=False)
class Timed:
    """`hours` or `season`, or its negation: what the clock alone decides."""

    condition: Hours | Season
    negated: bool


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    parts: tuple["Node", ...]


Leaf: TypeAlias = Check | Held | Timed
Node: TypeAlias = Leaf | AllOf | AnyOf
# The leaves of conditions as written, to explain them.
Written: TypeAlias = Comparison | Sustained | Stuck | Flagged | Hours | Season
Leaves: TypeAlias = dict[Written, Leaf]


def leaves(node: Node) -> Iterator[Leaf]:
    """Every leaf of a compiled condition."""
    match node:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield node


def checks(node: Node) -> Iterator[Check]:
    """Every check of a compiled condition, those inside `sustained` too."""
    for leaf in leaves(node):
        match leaf:
            case Check():
                yield leaf
            case Held(check):
                yield check
