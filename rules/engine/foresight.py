"""What a wave can make true once it is taken in: an upper bound, from the state before it and its values.

Rules across sensors are judged in journal order; a reading that can mean something to them is taken in alone,
so this says which can.
"""

import numpy as np

from rules.engine.board import Board
from rules.engine.interest import Gathered, Truth
from rules.engine.nodes import AllOf, AnyOf, Check, Key, Node
from rules.engine.ring import NEVER, Longs
from rules.engine.waves import Wave


class Foresight:
    """What may be true after a wave; what rules ask of it in common is worked out once."""

    def __init__(self, board: Board, wave: Wave) -> None:
        self.wave = wave
        self._before = Gathered(board, wave)
        self._highest: dict[Key, tuple[Longs, Truth]] = {}

    def may_turn_true(self, node: Node) -> Truth:
        """Where the condition may be true after the wave; everywhere for what is not foreseen cheaply."""
        match node:
            case AllOf(parts):
                return self._joined(np.logical_and, parts)
            case AnyOf(parts):
                return self._joined(np.logical_or, parts)
            case Check() if node.function == "" or (node.function in ("sum", "max") and node.sense == ">="):
                left, known = self._after(node)
                return node.holds(left, self.wave.slot) & known
            case _:
                return np.ones(len(self.wave.slot), np.bool_)

    def newest(self, columns: Longs) -> tuple[Longs, Truth]:
        """Newest values after the wave, of shape (columns, readings), and which there are; columns ascend."""
        value, known = self._before.newest(columns)
        told = self.wave.values
        row = np.searchsorted(columns, told.column)
        asked = columns[np.minimum(row, len(columns) - 1)] == told.column
        place = row[asked], told.at[asked]
        value[place], known[place] = told.value[asked], True
        return value, known

    def _joined(self, join: np.ufunc, parts: tuple[Node, ...]) -> Truth:
        joined: Truth = join.reduce([self.may_turn_true(part) for part in parts])
        return joined

    def _after(self, check: Check) -> tuple[Longs, Truth]:
        """The newest value, the total with the new amount, or the higher of the extreme and the new value."""
        found = self._highest.get(check.left.key)
        if found is None:
            found = self._highest[check.left.key] = self._with_new(check)
        return found

    def _with_new(self, check: Check) -> tuple[Longs, Truth]:
        before = self._before.range_of(check.left)
        known = np.ones(len(self.wave.slot), np.bool_) if before.known is None else before.known.copy()
        absent = 0 if check.function == "sum" else NEVER
        left: Longs = np.where(known, before.high, absent).astype(np.int64)
        new = self.wave.columns.get(check.column)
        if new is not None:
            known[new.at] = True
            match check.function:
                case "sum":
                    left[new.at] += np.maximum(new.value, 0)
                case "max":
                    left[new.at] = np.maximum(left[new.at], new.value)
                case _:
                    left[new.at] = new.value
        return left, known
