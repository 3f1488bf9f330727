"""Blind time (D31): Tocsin was down or cut off from the broker, so silence says nothing of the sensors."""

from typing import TypeAlias

import numpy as np

from ingest.clock import DAY, MINUTE, SECOND
from rules.engine.board import Board
from rules.engine.ring import NEVER, Longs

# (since, until) in engine time, ms.
Period: TypeAlias = tuple[int, int]

# A sustain that fell due in blind time waits so long for a reading that breaks it.
HELD = 30 * SECOND
# How long after its end silence, coverage and release runs still stand still: one interval, at most this.
LONGEST_GRACE = 15 * MINUTE
# No window reaches further back.
KEPT = 31 * DAY


class Blindness:
    """The periods of blind time that windows may reach, oldest first; `since` while one is open."""

    def __init__(self) -> None:
        self.since: int | None = None
        self.periods: list[Period] = []

    def begin(self, since: int) -> None:
        """The first of several that are never ended is the one that counts."""
        if self.since is None:
            self.since = since

    def end(self, until: int) -> Period | None:
        """The period that is over; None if there was none."""
        if self.since is None:
            return None
        period, self.since = (self.since, until), None
        self.periods[:] = [kept for kept in self.periods if kept[1] > until - KEPT]
        self.periods.append(period)
        return period


def postponed(due: int, periods: list[Period]) -> int:
    """When what raises at `due` may do so: what fell due in blind time waits for a reading first."""
    return next((until + HELD for since, until in periods if since < due <= until), due)


def graces(board: Board) -> Longs:
    """How long each sensor is given to report again."""
    return np.minimum(board.patience, LONGEST_GRACE)


def lasted(board: Board, slot: int, since: int) -> int:
    """Blind time, with its graces, that ended after the engine time `since`."""
    grace = int(min(board.patience[slot], LONGEST_GRACE))
    return sum(until - max(begun, since) + grace for begun, until in board.blind if until > since)


def stand_still(board: Board, period: Period) -> None:
    """Move what silence is counted from past a period."""
    shift = period[1] - period[0] + graces(board)
    for heard in (board.alive, *(column.heard for column in board.columns.values())):
        known = heard > NEVER
        heard[known] += shift[known]
