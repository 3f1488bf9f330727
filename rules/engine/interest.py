"""Which readings of a wave a rule must look at: one vectorised pass over all, an upper bound of what is true.

Silence, coverage and runs are left to the exact judgement, which sees only what passes here.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rules.engine.amount_ring import AmountRing
from rules.engine.arithmetic import SLACK, Range, ranged
from rules.engine.board import Board
from rules.engine.calendar import inside
from rules.engine.columns import Limits
from rules.engine.glance import window_range
from rules.engine.ladder import Ladder
from rules.engine.nodes import AllOf, AnyOf, Check, Formula, Held, Key, Leaf, Node, Term, Timed, leaves
from rules.engine.report_ring import ReportRing
from rules.engine.ring import NEVER, Longs
from rules.engine.verdict import LEAST_COVERAGE
from rules.engine.waves import Wave
from rules.engine.windows import Windows

Truth: TypeAlias = npt.NDArray[np.bool_]
Bounds: TypeAlias = int | float | Longs | npt.NDArray[np.float64]


class Gathered:
    """The left sides that rules ask for, fetched once for a wave.

    `instant` is the engine time at which it is judged; without it what the clock decides may be true.
    """

    def __init__(self, board: Board, wave: Wave, instant: int | None = None) -> None:
        self._board = board
        self._wave = wave
        self._instant = instant
        self._ranges: dict[Key, Range] = {}
        self._windows: dict[tuple[int, int], Windows] = {}
        # Of each `stuck`, where enough of its window may be known.
        self._covered: dict[Key, Truth] = {}
        self._carriers: dict[frozenset[int], Truth | None] = {}

    def carriers(self, columns: frozenset[int]) -> Truth | None:
        """Which readings carry any of the metrics; None for all."""
        if columns not in self._carriers:
            self._carriers[columns] = self._carrying(columns)
        return self._carriers[columns]

    def _carrying(self, columns: frozenset[int]) -> Truth | None:
        present = [self._wave.columns[c].at for c in columns if c in self._wave.columns]
        if any(len(at) == len(self._wave.slot) for at in present):
            return None
        carrying = np.zeros(len(self._wave.slot), np.bool_)
        for at in present:
            carrying[at] = True
        return carrying

    def everywhere(self) -> Truth:
        """True for each reading of the wave."""
        return np.ones(len(self._wave.slot), np.bool_)

    def range_of(self, left: Term | Formula) -> Range:
        """Between which values the left sides lie, and which of them are known; None for all."""
        found = self._ranges.get(left.key)
        if found is None:
            if isinstance(left, Formula):
                found = ranged(left, self._wave.slot, self.range_of)
            else:
                found = self._fetch(left)
            self._ranges[left.key] = found
        return found

    def _fetch(self, term: Term) -> Range:
        slot = self._wave.slot
        match term.function:
            case "age":
                return self._age(term)
            case "baseline":
                value, known = self._board.baselines[term.rule].rings[term.column, term.width].medians(slot)
                value = np.where(known, value, term.parameter)
                return Range(value, value, None)
            case "" | "flagged":
                state = self._board.columns[term.column]
                everywhere = self.carriers(frozenset([term.column])) is None
                value = state.value[slot]
                if term.function:
                    value = (state.flags[slot] & term.parameter > 0).astype(np.int64)
                return Range(value, value, None if everywhere else state.stamp[slot] > NEVER)
        return self._window(term)

    def _age(self, term: Term) -> Range:
        if self._instant is None:
            anything = np.full(len(self._wave.slot), np.inf)
            return Range(-anything, anything, None)
        heard = self._board.heard(term.column)[self._wave.slot]
        return Range(self._instant - heard, self._instant - heard, heard > NEVER)

    def _window(self, term: Term) -> Range:
        key = self._board.ring_key(term.column, term.width)
        ring, slot = self._board.rings[key], self._wave.slot
        if isinstance(ring, AmountRing):
            total, known = ring.totals(slot, term.width)
            return Range(total, total, known)
        if term.function == "stuck":
            return self._rest_of(ring, term)
        return window_range(term, ring, self._windows_of(ring, term), slot)

    def _rest_of(self, ring: ReportRing, term: Term) -> Range:
        """How far the values of windows are apart: looked for only where none is known to have changed.

        And only where enough of the window may be known: `compared` passes over all others.
        """
        slot = self._wave.slot
        newest = self._board.columns[term.column].stamp[slot]
        moved = ring.have_moved(slot, newest - term.width)
        covered = self._covered[term.key] = self._may_be_covered(ring, newest, term.width)
        low, high = moved.astype(np.int64), np.full(len(slot), -NEVER)
        known, still = self.everywhere(), (covered & ~moved).nonzero()[0]
        if len(still):
            windows = ring.windows(slot[still], term.width)
            low[still] = high[still] = windows.highest - windows.lowest
            known[still] = windows.known
        return Range(low, high, known)

    def _may_be_covered(self, ring: ReportRing, newest: Longs, width: int) -> Truth:
        """Of which sensors enough of a window may be known; blind time is no part of it, and left aside."""
        board, slot = self._board, self._wave.slot
        if board.blind:
            return self.everywhere()
        begin = ring.begins(slot) - board.patience[slot]
        covered: Truth = newest - begin >= -(-LEAST_COVERAGE * width // 100)
        return covered

    def _windows_of(self, ring: ReportRing, term: Term) -> Windows:
        key = (term.column, term.width)
        if key not in self._windows:
            self._windows[key] = ring.windows(self._wave.slot, term.width)
        return self._windows[key]

    def true(self, node: Node) -> Truth:
        """Where the condition may be true; everywhere for a negated `sustained`."""
        match node:
            case Check():
                return self._checked(node)
            case Held(check, _, negated):
                return self.everywhere() if negated else self._checked(check)
            case Timed(condition, negated):
                known = self._instant is not None and inside(condition, self._instant) == negated
                return ~self.everywhere() if known else self.everywhere()
            case AllOf(parts):
                return self._joined(np.logical_and, parts)
            case AnyOf(parts):
                return self._joined(np.logical_or, parts)

    def _joined(self, join: np.ufunc, parts: tuple[Node, ...]) -> Truth:
        joined: Truth = join.reduce([self.true(part) for part in parts])
        return joined

    def _checked(self, check: Check) -> Truth:
        true = self.compared(check.left, check.sense, check.bounds(self._wave.slot))
        # Where nothing could be divided, it must be seen that it can be again.
        return true | np.isin(self._wave.slot, [*check.undefined]) if check.undefined else true

    def newest(self, columns: Longs) -> tuple[Longs, Truth]:
        """Newest values, of shape (columns, readings), and which of them there are."""
        return self._board.columns.newest(columns, self._wave.slot)

    def of_wave(self, bound: Bounds) -> Bounds:
        """The bounds of the wave's sensors out of those of all sensors of the kind."""
        return bound[self._wave.slot] if isinstance(bound, np.ndarray) else bound

    def compared(self, left: Term | Formula, sense: str, bound: Bounds) -> Truth:
        """Where some number between the bounds of the left side stands to `bound` as `sense` says."""
        found = self.range_of(left)
        true = _may_compare(found, sense, bound) if isinstance(left, Term) else _near(found, sense, bound)
        if isinstance(left, Term) and left.function == "stuck":
            # Of a window that is known too little neither is true: that it is stuck, nor that it is not.
            true = true & self._covered[left.key]
        return true if found.known is None else true & found.known


def _may_compare(found: Range, sense: str, bound: Bounds) -> Truth:
    match sense:
        case ">=":
            true = found.high >= bound
        case "<=":
            true = found.low <= bound
        case "==":
            true = (found.low <= bound) & (found.high >= bound)
        case _:
            true = (found.low != bound) | (found.high != bound)
    return np.asarray(true, np.bool_)


def _near(found: Range, sense: str, bound: Bounds) -> Truth:
    """As `_may_compare` for floats: what cannot be told apart may be true, and so may what is no number."""
    exact = np.asarray(bound, np.float64)
    slack = np.abs(exact) * SLACK
    below, above = found.high < exact - slack, found.low > exact + slack
    match sense:
        case ">=" | ">":
            denied = below
        case "<=" | "<":
            denied = above
        case "==":
            denied = below | above
        case _:
            denied = np.zeros(len(found.low), np.bool_)
    return np.asarray(~np.isnan(exact) & ~denied, np.bool_)


class Gate:
    """The loosest bounds of all rules of a kind: what is true for none of them costs nothing more.

    So ten times the rules are not ten times the work while sensors are quiet.
    """

    def __init__(self, ladders: Sequence[Ladder]) -> None:
        self._loosest: dict[tuple[Key, str], tuple[Term | Formula, Bounds]] = {}
        self._checks: list[Leaf] = []
        self._always = any(held.negated for ladder in ladders for held in ladder.held)
        self._sensors = np.arange(max((len(ladder.member) for ladder in ladders), default=0))
        for ladder in ladders:
            nodes = [*ladder.raising.values(), *(held.check for held in ladder.held)]
            for leaf in (leaf for node in nodes for leaf in _deciding(node)):
                self._add(leaf)
        plain = {key: _number(left, bound) for key, (left, bound) in self._loosest.items()}
        limits = {key: number for key, number in plain.items() if number is not None}
        self._limits = Limits((key[1], self._loosest[key][0].terms[0].column, n) for key, n in limits.items())
        for key in limits:
            del self._loosest[key]

    def _add(self, leaf: Leaf) -> None:
        check = leaf.check if isinstance(leaf, Held) else leaf
        if not isinstance(check, Check) or check.sense not in LOOSER or isinstance(check.left, Formula):
            self._checks.append(check)
            return
        key = (check.left.key, check.sense)
        bound = check.bounds(self._sensors)
        if key in self._loosest:
            bound = LOOSER[check.sense](self._loosest[key][1], bound)
        self._loosest[key] = check.left, bound

    def possible(self, gathered: Gathered) -> Truth:
        """The readings of the wave of which some check of some rule is true."""
        if self._always:
            return gathered.everywhere()
        possible = ~gathered.everywhere()
        if self._limits:
            possible |= self._limits.any_holds(gathered.newest)
        for (_, sense), (left, bound) in self._loosest.items():
            possible |= gathered.compared(left, sense, gathered.of_wave(bound))
        for leaf in self._checks:
            possible |= gathered.true(leaf)
        return possible


def _number(left: Term | Formula, bound: Bounds) -> int | None:
    """The number that a newest value is compared with, the same for all sensors."""
    newest = isinstance(left, Term) and not left.function
    return int(bound) if newest and isinstance(bound, int | np.integer) else None


def _deciding(node: Node) -> Iterator[Leaf]:
    """Leaves one of which is true wherever the condition is: of an `and` those of its narrowest part."""
    match node:
        case AllOf(parts):
            yield from _deciding(min(parts, key=_vagueness))
        case AnyOf(parts):
            for part in parts:
                yield from _deciding(part)
        case _:
            yield node


def _vagueness(node: Node) -> int:
    """How many leaves are true for long, as far as can be told without values."""
    return sum(isinstance(leaf, Timed) or (isinstance(leaf, Held) and leaf.negated) for leaf in leaves(node))


LOOSER: dict[str, np.ufunc] = {">=": np.minimum, "<=": np.maximum}
COMPARE = {">=": np.greater_equal, "<=": np.less_equal, "==": np.equal, "!=": np.not_equal}
