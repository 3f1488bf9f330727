"""Conditions over places, compiled: counts of sensors compared with literals, and the clock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol, TypeAlias

from rules.engine.calendar import inside
from rules.engine.groups.leaf import Leaf
from rules.engine.nodes import COMPARE, Timed
from rules.engine.normal_form import INVERSE
from rules.engine.verdict import FALSE, LEAST_COVERAGE, TRUE, UNKNOWN
from rules.language.tree import And, Comparison, Condition, Hours, Literal, Not, Or, Season, Sensors, Share


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """How many of a leaf's sensors, or which percentage, compared with `bound`.

    `negated`: written under `not`, so that it is true over no members, where every comparison is false (D12).
    """

    leaf: Leaf
    operator: str
    bound: Fraction
    negated: bool = False

    def holds(self, true: int, known: int) -> bool:
        """Whether `true` sensors of `known` compare as demanded."""
        left, whole = (100 * true, known) if self.leaf.is_share else (true, 1)
        return bool(COMPARE[self.operator](left * self.bound.denominator, self.bound.numerator * whole))


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    parts: tuple["GroupNode", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    parts: tuple["GroupNode", ...]


GroupNode: TypeAlias = Count | Timed | Every | Either


class Census(Protocol):
    """What is known of the sensors of one place at one instant."""

    @property
    def time(self) -> int:
        """Engine time, ms."""
        ...

    def number(self, leaf: Leaf) -> int:
        """How many sensors count true."""
        ...

    def speaking(self, leaf: Leaf) -> tuple[int, int]:
        """How many sensors are members, and how many of them are known to be true or false."""
        ...


def judged(node: GroupNode, census: Census) -> int:
    """1, 0 or -1."""
    match node:
        case Count():
            return counted(node, census)
        case Timed(condition, negated):
            return TRUE if inside(condition, census.time) != negated else FALSE
        case Every(parts):
            return min(judged(part, census) for part in parts)
        case Either(parts):
            return max(judged(part, census) for part in parts)


def counted(count: Count, census: Census) -> int:
    """The verdict of one count: what more sensors could not change is known, else when enough speak (D9)."""
    true = census.number(count.leaf)
    if not count.leaf.is_share and _is_settled(count, true):
        return TRUE if count.holds(true, 1) else FALSE
    members, known = census.speaking(count.leaf)
    if not members:
        return TRUE if count.negated else FALSE
    if not known:
        return UNKNOWN
    enough = 100 * known >= LEAST_COVERAGE * members
    found = TRUE if count.holds(true, known) else FALSE
    return found if enough or found == _said_by_few(count.operator) else UNKNOWN


def _is_settled(count: Count, true: int) -> bool:
    """Whether no further sensor could change the result."""
    if not true:
        return False
    match count.operator:
        case ">=" | "<":
            return true >= count.bound
        case _:
            return true > count.bound


def _said_by_few(operator: str) -> int | None:
    """What is known even if few speak: that a share is reached, never that it is not."""
    return {">=": TRUE, ">": TRUE, "<": FALSE, "<=": FALSE}.get(operator)


MakeLeaf: TypeAlias = Callable[[Sensors | Share, int], Leaf]


@dataclass(slots=True)
class GroupCompiler:
    """Compiles the conditions of one rule; `make` compiles a leaf as written (0) or moved (1, -1)."""

    make: MakeLeaf
    has_margin: bool
    leaves: dict[tuple[Sensors | Share, int], Leaf] = field(default_factory=dict)

    def raising(self, condition: Condition) -> GroupNode:
        """The condition as written."""
        return self._node(condition, False, False)

    def clearing(self, condition: Condition) -> GroupNode:
        """The condition with the comparisons inside moved by the margin; counts and times have none (D15)."""
        return self._node(condition, False, self.has_margin)

    def _node(self, condition: Condition, negated: bool, moved: bool) -> GroupNode:
        match condition:
            case Not(part):
                return self._node(part, not negated, moved)
            case And(parts) | Or(parts):
                nodes = tuple(self._node(part, negated, moved) for part in parts)
                return Every(nodes) if isinstance(condition, And) != negated else Either(nodes)
            case Hours() | Season():
                return Timed(condition, negated)
            case Comparison(Sensors() | Share() as form, operator, Literal(value)):
                operator = INVERSE[operator] if negated else operator
                leaf = self._leaf(form, DIRECTION[operator] if moved else 0)
                return Count(leaf, operator, Fraction(value), negated)
        raise TypeError(f"{condition} says nothing about a place")

    def _leaf(self, form: Sensors | Share, moved: int) -> Leaf:
        key = form, moved
        if key not in self.leaves:
            self.leaves[key] = self.make(form, moved)
        return self.leaves[key]


# To hold a count up its condition must be easier to be true, to hold it down harder.
DIRECTION = {">=": 1, ">": 1, "<": -1, "<=": -1, "==": 0, "!=": 0}


def counts(node: GroupNode) -> Iterator[Count]:
    """Every count of a condition."""
    match node:
        case Count():
            yield node
        case Every(parts) | Either(parts):
            for part in parts:
                yield from counts(part)


def clocks(node: GroupNode) -> Iterator[Timed]:
    """Every `hours` and `season` of a condition."""
    match node:
        case Timed():
            yield node
        case Every(parts) | Either(parts):
            for part in parts:
                yield from clocks(part)


def may_be_true_at_rest(node: GroupNode) -> bool:
    """Whether the condition can be true, or a reading can make it so, with no sensor that says true."""
    match node:
        case Timed():
            return True
        case Count():
            return node.negated or _rests_true(node)
        case Every(parts):
            return all(may_be_true_at_rest(part) for part in parts)
        case Either(parts):
            return any(may_be_true_at_rest(part) for part in parts)


def _rests_true(count: Count) -> bool:
    """Readings only make sensors younger, so what asks for old ones waits for a deadline."""
    if not count.leaf.is_age:
        return count.holds(0, 1)
    asks_for_young = count.leaf.asks_for_young
    if count.operator in ("==", "!=") or asks_for_young != (count.operator in ("<", "<=")):
        return True
    return count.holds(1, 1) or not count.leaf.is_share if asks_for_young else count.holds(0, 1)
