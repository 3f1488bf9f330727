"""When a subject next changes without a reading: on its sensor's clock, and in engine time."""

from collections.abc import Iterator

from rules.engine.blindness import Period, postponed
from rules.engine.board import Board
from rules.engine.deadlines import Due, Order
from rules.engine.ladder import Ladder
from rules.engine.lifecycle import earliest_fall
from rules.engine.ring import NEVER
from rules.engine.subject import Subject


def raising_times(ladder: Ladder, subject: Subject) -> Iterator[int]:
    """The sensor's clock at which runs of `sustain` and `sustained` complete, or have completed."""
    for grade, latch in subject.latches.items():
        if latch.run is not None and not latch.auto:
            yield latch.run + ladder.rule.sustain[grade]
    for key, since in subject.runs.items():
        yield since + ladder.held[key].duration


def unsettled(ladder: Ladder, subject: Subject, lag: int, instant: int, blind: list[Period]) -> set[int]:
    """Those of the raising times that have passed at `instant`, but in blind time: they wait (D31)."""
    if not blind:
        return set()
    times = raising_times(ladder, subject)
    return {time for time in times if time + lag <= instant < postponed(time + lag, blind)}


def next_due(ladder: Ladder, board: Board, slot: int, subject: Subject, now: Due) -> Due | None:
    """The first deadline after `now`."""
    lag = int(board.arrived[slot]) - int(board.newest[slot])
    after = ladder.rule.release.after
    rises = ((postponed(time + lag, board.blind), Order.RAISING) for time in raising_times(ladder, subject))
    found = [due for due in rises if due > now]
    releasing = [latch for latch in subject.latches.values() if latch.release is not None]
    for latch in releasing:
        assert latch.release is not None
        fall = max(latch.release + after + lag, earliest_fall(latch, after))
        found.append((fall, Order.CLEARING))
    if releasing:
        found += [due for due in _silences(ladder, board, slot) if due > now]
    return min(found, default=None)


def _silences(ladder: Ladder, board: Board, slot: int) -> Iterator[Due]:
    patience = ladder.patience(int(board.patience[slot]))
    for column in ladder.columns:
        heard = int(board.columns[column].heard[slot])
        if heard > NEVER:
            yield heard + patience, Order.SILENCE
