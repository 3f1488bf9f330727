"""Windows that a reload begins empty, or too short: until they are full they may raise, not clear.

Nothing has to be marked for that: a window under 80 % of its expected reports says so by itself (D11).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ingest.clock import HOUR
from rules.engine.board import Board
from rules.engine.groups import GroupJudge
from rules.engine.nodes import Check, Term, checks
from rules.engine.rule_judge import RuleJudge
from rules.engine.verdict import LEAST_COVERAGE


class Warming(NamedTuple):
    """A window (ms) of a metric of a kind that the engine before did not keep."""

    kind: str
    metric: str
    width: int


class Filling(NamedTuple):
    """A window (ms) that a rule looks at, and how long (ms) it lasts at least until it is known well enough.

    As none of its sensors knows more of it than that: from then on the rule can clear, too.
    """

    rule: str
    kind: str
    metric: str
    width: int
    left: int


def filling(judges: Iterable[RuleJudge], groups: Iterable[GroupJudge]) -> list[Filling]:
    """The windows that are still to fill, by rule: those of a new rule, or of a new installation."""
    asked = [(judge.rule.id, judge.board, judge.ladder.checks) for judge in judges]
    for group in groups:
        parts = [part for leaf in group.ladder.leaves for part in leaf.parts.values()]
        asked += [(group.rule.id, part.board, tuple(checks(part.node))) for part in parts]
    found = {each for rule, board, of in asked for each in _filling(rule, board, of)}
    return sorted(found)


def _filling(rule: str, board: Board, of: Iterable[Check]) -> Iterator[Filling]:
    names = {metric.column: metric.name for metric in board.kind.metrics.values()}
    for term in (term for check in of for term in check.left.terms if term.width):
        left = _left(board, term)
        if left > 0:
            yield Filling(rule, board.kind.name, names[term.column], term.width, left)


def _left(board: Board, term: Term) -> int:
    """A baseline is known by half of its hours, another window by its coverage (D11, D25)."""
    if term.function == "baseline":
        means = board.baselines[term.rule].rings[term.column, term.width]
        return (-(-means.hours // 2) - means.known) * HOUR
    ring = board.rings[board.ring_key(term.column, term.width)]
    known = ring.rows.reach + ring.step if ring.rows.used else 0
    return -(-term.width * LEAST_COVERAGE // 100) - known


def warming(old: Sequence[Board], new: Sequence[Board]) -> list[Warming]:
    """Those of `new`; what `old` kept of the same metric at least as long is moved, and warm at once."""
    before = {board.kind.name: board for board in old}
    return sorted({found for board in new for found in _of(before.get(board.kind.name), board)})


def _of(old: Board | None, new: Board) -> Iterator[Warming]:
    names = {metric.column: metric.name for metric in new.kind.metrics.values()}
    for column, width in new.windows:
        if width > (old.kept(names[column]) if old else 0):
            yield Warming(new.kind.name, names[column], width)
    for rule, learning in new.baselines.items():
        known = old.baselines.get(rule) if old else None
        for column, width in learning.rings:
            if known is None or width not in {learnt for _, learnt in known.rings}:
                yield Warming(new.kind.name, names[column], width)
