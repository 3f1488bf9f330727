"""What a wave can make true once it is taken in: an upper bound, from the state before it and its values.

Rules across sensors are judged in journal order; a reading that can mean something to them is taken in alone,
so this says which can.
"""

import numpy as np

from rules.engine.board import Board
from rules.engine.interest import Gathered, Truth
from rules.engine.nodes import AllOf, AnyOf, Check, Node
from rules.engine.ring import NEVER, Longs
from rules.engine.waves import Wave


def may_turn_true(node: Node, board: Board, wave: Wave) -> Truth:
    """Where the condition may be true after the wave; everywhere for what is not foreseen cheaply."""
    match node:
        case AllOf(parts):
            return _joined(np.logical_and, parts, board, wave)
        case AnyOf(parts):
            return _joined(np.logical_or, parts, board, wave)
        case Check() if node.function == "" or (node.function in ("sum", "max") and node.sense == ">="):
            return _compared(node, board, wave)
        case _:
            return np.ones(len(wave.slot), np.bool_)


def _joined(join: np.ufunc, parts: tuple[Node, ...], board: Board, wave: Wave) -> Truth:
    joined: Truth = join.reduce([may_turn_true(part, board, wave) for part in parts])
    return joined


def _compared(check: Check, board: Board, wave: Wave) -> Truth:
    """The newest value, the total with the new amount, or the higher of the extreme and the new value."""
    before = Gathered(board, wave).range_of(check.left)
    known = np.ones(len(wave.slot), np.bool_) if before.known is None else before.known.copy()
    absent = 0 if check.function == "sum" else NEVER
    left: Longs = np.where(known, before.high, absent).astype(np.int64)
    new = wave.columns.get(check.column)
    if new is not None:
        known[new.at] = True
        match check.function:
            case "sum":
                left[new.at] += np.maximum(new.value, 0)
            case "max":
                left[new.at] = np.maximum(left[new.at], new.value)
            case _:
                left[new.at] = new.value
    return check.holds(left, wave.slot) & known
