"""Which readings of a wave can change anything for a rule over places: asked before they are taken in."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ingest.clock import DAY
from rules.engine.blindness import LONGEST_GRACE
from rules.engine.board import Board
from rules.engine.columns import Limits
from rules.engine.foresight import Foresight
from rules.engine.groups.leaf import Leaf, Part, bound_ms, is_age, loosened
from rules.engine.groups.words import Newest, Truth, newest, words
from rules.engine.nodes import ANY, AnyOf, Check, Node
from rules.engine.ring import NEVER, Slots
from rules.engine.verdict import TRUE
from rules.engine.waves import Wave


class Gate:
    """What readings of one kind may make true somewhere in a place where no sensor says true."""

    def __init__(self, board: Board, leaves: Iterable[Leaf]) -> None:
        self._board = board
        self._parts = [
            (leaf.parts[board.kind.name], leaf.is_share) for leaf in leaves if board.kind.name in leaf.parts
        ]
        told = [part for part, _ in self._parts if not is_age(part.node)]
        self.columns = frozenset(column for part, _ in self._parts for column in part.columns)
        nodes = [loosened(part.node) for part in told]
        # Without a value that must come first, every reading may.
        self.always = None in nodes
        # Where only ages are asked for, no value makes a sensor say true.
        self.ever_wakes = bool(told)
        loosest = _loosest([node for node in nodes if node is not None])
        limits = {node: _limit(node) for node in loosest}
        self._limits = Limits(limit for limit in limits.values() if limit is not None)
        self._possible = AnyOf(tuple(node for node, limit in limits.items() if limit is None))

    @property
    def nbytes(self) -> int:
        """Bytes of the thresholds that differ by sensor."""
        return sum(part.patience.nbytes for part, _ in self._parts)

    def carries(self, wave: Wave) -> bool:
        """Whether any reading of the wave has a metric of the rule."""
        return ANY in self.columns or bool(self.columns & wave.columns.keys())

    def may_wake(self, ahead: Foresight) -> Truth:
        """Which readings may make a sensor say true."""
        found = np.zeros(len(ahead.wave.slot), np.bool_)
        if self._limits:
            found |= self._limits.any_holds(ahead.newest)
        if self._possible.parts:
            found |= ahead.may_turn_true(self._possible)
        return found

    def changes(self, wave: Wave, at: Slots, received: int, max_age: int) -> tuple[Truth, Truth]:
        """Which of the readings `at` may change what their sensors say, or cast doubt on it.

        And which only join: they are the first of their sensors, and say false to what counts sensors.
        """
        found, joining = np.zeros((2, len(at)), np.bool_)
        stale = received - wave.observed[at] > max_age
        for part, is_share in self._parts:
            if ANY in part.columns or part.columns & wave.columns.keys():
                changed, joins = _changes(part, wave, at, (received, stale))
                found |= changed | joins if is_share else changed
                joining |= joins
        return found, joining & ~found


def _loosest(nodes: list[Node]) -> list[Node]:
    """Of checks that differ in their bounds the loosest, so that margins and grades cost nothing more."""
    found: dict[object, Node] = {}
    for node in nodes:
        key = _kind_of(node)
        other = found.get(key)
        if isinstance(node, Check) and isinstance(other, Check):
            assert isinstance(node.bound, int)
            assert isinstance(other.bound, int)
            loosest = min if node.sense == ">=" else max
            found[key] = replace(node, bound=loosest(node.bound, other.bound))
        else:
            found[key] = node
    return list(found.values())


def _kind_of(node: Node) -> object:
    if isinstance(node, Check) and isinstance(node.bound, int) and node.sense in (">=", "<="):
        return (node.left.key, node.sense)
    return id(node)


def _limit(node: Node) -> tuple[str, int, int] | None:
    """As a newest value that is compared with one number, if it is no more than that."""
    if not isinstance(node, Check) or not isinstance(node.bound, int):
        return None
    limits = not node.function and node.missing is None and node.sense in (">=", "<=")
    return (node.sense, node.column, node.bound) if limits else None


def _changes(part: Part, wave: Wave, at: Slots, now: tuple[int, Truth]) -> tuple[Truth, Truth]:
    """Which readings change a word or its certainty, and which make their sensors known."""
    received, stale = now
    nobody = np.zeros(len(at), np.bool_)
    if isinstance(part.node, Check) and is_age(part.node):
        return _rejuvenates(part, part.node, wave.slot[at], received), nobody
    carrying = np.ones(len(wave.slot), np.bool_) if ANY in part.columns else _carrying(part, wave)
    if part.calm is not None:
        return carrying[at] & ~_stays_calm(part, part.calm, wave, at, received), nobody
    if not part.plain:
        return carrying[at], nobody
    slots, patience = wave.slot[at], part.patience[wave.slot[at]]
    before = {c: newest(part.board, c, slots, patience, received) for c in part.columns}
    after = {c: _after(seen, c, wave, at) for c, seen in before.items()}
    old = words(part.node, slots, before.__getitem__, held=True)
    new = words(part.node, slots, after.__getitem__, held=True)
    joins = np.logical_or.reduce([after[c].known & ~before[c].known for c in part.columns])
    doubt = np.logical_or.reduce([after[c].suspect != before[c].suspect for c in part.columns])
    changed: npt.NDArray[np.bool_] = (old != new) | ((new == TRUE) & (doubt | stale))
    return changed, joins


def _stays_calm(part: Part, calm: Truth, wave: Wave, at: Slots, received: int) -> Truth:
    """Which sensors go on to say false, their windows known as far as before.

    Their new report is on the quiet side and beyond doubt, it follows the last one without a gap, and their
    windows (which end at stamps, late by a day at most) cover no blind time.
    """
    assert isinstance(part.node, Check)
    board, slots, check = part.board, wave.slot[at], part.node
    state, allowed = board.columns[check.column], board.patience[slots]
    if any(until + LONGEST_GRACE + check.width > received - DAY for _, until in board.blind):
        return np.zeros(len(at), np.bool_)
    value = newest(board, check.column, slots, part.patience[slots], received)
    after = _after(value, check.column, wave, at)
    follows = (wave.observed[at] - state.stamp[slots] <= allowed) & ~value.silent
    quiet = ~check.holds(after.value, slots) & ~after.suspect
    found: Truth = calm[slots] & follows & quiet
    return found


def _rejuvenates(part: Part, check: Check, slots: Slots, received: int) -> Truth:
    """Which sensors were old before their reading, or never heard of."""
    heard = part.heard(check.column)[slots]
    turned: Truth = heard + bound_ms(check, slots) + (check.sense == "<=") < received
    found: Truth = turned | (heard == NEVER)
    return found


def _carrying(part: Part, wave: Wave) -> Truth:
    carrying = np.zeros(len(wave.slot), np.bool_)
    for column in part.columns & wave.columns.keys():
        carrying[wave.columns[column].at] = True
    return carrying


def _after(seen: Newest, column: int, wave: Wave, at: Slots) -> Newest:
    values = wave.columns.get(column)
    if values is None:
        return seen
    place = np.full(len(wave.slot), -1, np.int64)
    place[at] = np.arange(len(at))
    chosen = place[values.at] >= 0
    return seen.with_values(place[values.at[chosen]], values, chosen)
