"""What a transition of a sensor was judged on, in plain JSON values."""

from ingest.registry import Sensor
from rules.engine.board import Board
from rules.engine.event import Event
from rules.engine.evidence import condition_text, support
from rules.engine.ladder import Ladder
from rules.engine.telling import Evidence, speaks_for
from rules.engine.verdict import verdict
from rules.engine.view import Now, Then
from rules.grade import Grade


def account(
    ladder: Ladder, board: Board, sensor: Sensor, event: Event, judged: tuple[Grade, Now | Then]
) -> Evidence:
    """The evidence for a grade: the condition with its values, coverage, quality, both times.

    Where a stronger grade carries it, that one's condition is told.
    """
    grade, view = judged
    told = speaks_for(grade, ladder.raising, lambda node: verdict(node, view))
    condition, node = ladder.rule.grades.get(told), ladder.raising.get(grade)
    newest, arrived = int(board.newest[view.slot]), int(board.arrived[view.slot])
    found = support(node, view)
    stale = ["stale"] if arrived - newest > ladder.rule.max_age else []
    late = ["late"] if event.late else []
    return {
        "text": condition_text(condition, ladder.leaves, ladder.kind, sensor, view) if condition else "",
        "rule": ladder.rule.meaning,
        "observed": view.moment if isinstance(view, Then) else newest,
        "coverage": found["coverage"],
        "quality": sorted([*found["quality"], *stale, *late]),
        "late": event.late,
    }
