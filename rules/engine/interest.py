"""Which readings of a wave a rule must look at: one vectorised pass over all, an upper bound of what is true.

Silence, coverage and runs are left to the exact judgement, which sees only what passes here.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rules.engine.amount_ring import AmountRing
from rules.engine.board import Board
from rules.engine.ladder import Ladder
from rules.engine.normal_form import AllOf, AnyOf, Check, Held, Node, checks
from rules.engine.ring import NEVER, Longs
from rules.engine.waves import Wave

Truth: TypeAlias = npt.NDArray[np.bool_]


class Gathered:
    """The left sides that rules ask for, fetched once for a wave."""

    def __init__(self, board: Board, wave: Wave) -> None:
        self._board = board
        self._wave = wave
        self._fetched: dict[tuple[int, str, int], tuple[Longs, Truth | None]] = {}
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

    def left(self, check: Check) -> tuple[Longs, Truth | None]:
        """The left sides, and which of them are known; None for all."""
        key = (check.column, check.function, check.width)
        if key not in self._fetched:
            self._fetched[key] = self._fetch(check)
        return self._fetched[key]

    def _fetch(self, check: Check) -> tuple[Longs, Truth | None]:
        slot, state = self._wave.slot, self._board.columns[check.column]
        if not check.function:
            everywhere = self.carriers(frozenset([check.column])) is None
            return state.value[slot], None if everywhere else state.stamp[slot] > NEVER
        ring = self._board.rings[self._board.ring_key(check.column, check.width)]
        if isinstance(ring, AmountRing):
            return ring.totals(slot, check.width)
        high, low, known = ring.extremes(slot, check.width)
        return high if check.function == "max" else state.value[slot] - low, known

    def true(self, node: Node) -> Truth:
        """Where the condition may be true; everywhere for a negated `sustained`."""
        match node:
            case Check():
                return self._compared(node)
            case Held(check, _, negated):
                return self.everywhere() if negated else self._compared(check)
            case AllOf(parts):
                return self._joined(np.logical_and, parts)
            case AnyOf(parts):
                return self._joined(np.logical_or, parts)

    def _joined(self, join: np.ufunc, parts: tuple[Node, ...]) -> Truth:
        joined: Truth = join.reduce([self.true(part) for part in parts])
        return joined

    def _compared(self, check: Check) -> Truth:
        value, known = self.left(check)
        bound = check.bound if isinstance(check.bound, int) else check.bound[self._wave.slot]
        true: Truth = COMPARE[check.sense](value, bound)
        if known is not None:
            true &= known
        return true


class Gate:
    """The loosest bounds of all rules of a kind: what is true for none of them costs nothing more.

    So ten times the rules are not ten times the work while sensors are quiet.
    """

    def __init__(self, ladders: Sequence[Ladder]) -> None:
        found: dict[tuple[int, str, int, str], Check] = {}
        self._always = False
        for ladder in ladders:
            self._always = self._always or any(held.negated for held in ladder.held)
            nodes = [*ladder.raising.values(), *(held.check for held in ladder.held)]
            for check in (check for node in nodes for check in checks(node)):
                key = (check.column, check.function, check.width, check.sense)
                if check.sense in LOOSER:
                    found[key] = _looser(found.get(key, check), check)
                else:
                    found[(*key[:3], f"{check.sense} {len(found)}")] = check
        self._checks = list(found.values())

    def possible(self, gathered: Gathered) -> Truth:
        """The readings of the wave of which some check of some rule is true."""
        if self._always:
            return gathered.everywhere()
        return gathered.true(AnyOf(tuple(self._checks))) if self._checks else ~gathered.everywhere()


def _looser(one: Check, other: Check) -> Check:
    """A check that is true wherever one of two of the same sense is."""
    bound = LOOSER[one.sense](one.bound, other.bound)
    return replace(one, bound=bound if isinstance(bound, np.ndarray) else int(bound), missing=None)


LOOSER = {">=": np.minimum, "<=": np.maximum}
COMPARE = {">=": np.greater_equal, "<=": np.less_equal, "==": np.equal, "!=": np.not_equal}
