"""Windows that a reload begins empty, or too short: until they are full they may raise, not clear.

Nothing has to be marked for that: a window under 80 % of its expected reports says so by itself (D11).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rules.engine.board import Board


class Warming(NamedTuple):
    """A window (ms) of a metric of a kind that the engine before did not keep."""

    kind: str
    metric: str
    width: int


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
