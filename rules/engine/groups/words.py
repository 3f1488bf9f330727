"""What sensors say of a condition: 1 true, 0 unknown, -1 false.

A comparison of a metric that a sensor never reported is false, not unknown (D12). One sensor is judged by
`verdict`; many at once where newest values decide (`is_plain`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.reading import Quality
from rules.engine.board import Board
from rules.engine.nodes import AllOf, AnyOf, Check, Held, Node, checks
from rules.engine.ring import NEVER, Longs, Slots
from rules.engine.verdict import FALSE, TRUE, UNKNOWN, View, verdict
from rules.engine.waves import Values

Truth: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Newest:
    """The newest values of one metric of some sensors; `silent`: they no longer stand."""

    value: Longs
    known: Truth
    suspect: Truth
    silent: Truth

    def with_values(self, at: Slots, values: Values, chosen: Truth) -> "Newest":
        """After a wave: `at` are the places of its `chosen` values."""
        value, known = self.value.copy(), self.known.copy()
        suspect, silent = self.suspect.copy(), self.silent.copy()
        value[at], known[at], silent[at] = values.value[chosen], True, False
        suspect[at] = (values.flags[chosen] & Quality.SUSPECT) > 0
        return replace(self, value=value, known=known, suspect=suspect, silent=silent)


Look: TypeAlias = Callable[[int], Newest]


def newest(board: Board, column: int, slots: Slots, patience: Longs, instant: int) -> Newest:
    """What the board says; `patience` (ms) and `instant` as in `Now`."""
    state = board.columns[column]
    return Newest(
        state.value[slots],
        state.stamp[slots] > NEVER,
        (state.flags[slots] & Quality.SUSPECT) > 0,
        state.heard[slots] + patience < instant,
    )


def said(node: Node, board: Board, view: View) -> int:
    """The word of one sensor of a board."""
    match node:
        case AllOf(parts):
            return min(said(part, board, view) for part in parts)
        case AnyOf(parts):
            return max(said(part, board, view) for part in parts)
    columns = (column for check in checks(node) for column in check.columns)
    if any(board.heard(column)[view.slot] == NEVER for column in columns):
        return FALSE
    return verdict(node, view)


def is_plain(node: Node) -> bool:
    """Whether only newest values decide, beside runs of `sustained`."""
    match node:
        case Check(function=""):
            return True
        case Held(check, _, negated):
            return not negated and is_plain(check)
        case AllOf(parts) | AnyOf(parts):
            return all(is_plain(part) for part in parts)
    return False


def words(node: Node, slots: Slots, look: Look, *, held: bool) -> Words:
    """The word of each sensor.

    With `held` a `sustained` is judged as what it holds; else as one whose run is not complete.
    """
    match node:
        case Check():
            return _checked(node, slots, look(node.column))
        case Held(check):
            found = _checked(check, slots, look(check.column))
            return found if held else _incomplete(found, look(check.column))
        case AllOf(parts):
            lowest: Words = np.minimum.reduce([words(part, slots, look, held=held) for part in parts])
            return lowest
        case AnyOf(parts):
            highest: Words = np.maximum.reduce([words(part, slots, look, held=held) for part in parts])
            return highest
    raise TypeError(f"{type(node).__name__} is not decided by newest values")


def _checked(check: Check, slots: Slots, seen: Newest) -> Words:
    found = np.where(seen.known, np.int8(UNKNOWN), np.int8(FALSE))
    sure = seen.known & ~seen.suspect & ~seen.silent
    if check.missing is not None:
        sure &= ~check.missing[slots]
    found[sure] = FALSE
    found[seen.known & check.holds(seen.value, slots)] = TRUE
    return found


def _incomplete(found: Words, seen: Newest) -> Words:
    held = (found == TRUE).nonzero()[0]
    found[held] = np.where(seen.suspect[held] | seen.silent[held], UNKNOWN, FALSE)
    return found
