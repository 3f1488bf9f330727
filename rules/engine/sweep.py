"""When a rule has to look at its sensors though none reports: an hour begins or ends, an age turns."""

import numpy as np

from rules.engine.board import Board
from rules.engine.calendar import next_change
from rules.engine.deadlines import Due, Order
from rules.engine.ladder import FOREVER, Ladder, age_due
from rules.engine.ring import Slots


class Sweep:
    """The next instants at which the clock alone may change a verdict of the rule.

    For ages a lower bound is kept: nobody turns before it, and readings cost nothing.
    """

    def __init__(self, ladder: Ladder, board: Board) -> None:
        self._ladder = ladder
        self._board = board
        self._calendar = {timed.condition for timed in ladder.timed}
        concerned = bool(self._calendar or ladder.ages)
        self.members = np.flatnonzero(ladder.member) if concerned else np.zeros(0, np.intp)
        bounds = [np.min(check.bounds(self.members)) for check in ladder.ages if len(self.members)]
        self._shortest = int(min(bounds, default=FOREVER))
        self._hour = self._age = FOREVER

    def start(self, settled: Due) -> None:
        """Look ahead to what comes after `settled`."""
        instant, order = settled
        self._hour = min((next_change(c, instant) for c in self._calendar), default=FOREVER)
        after = instant - (order < Order.SILENCE)
        dues = age_due(self._ladder, self._board, self.members, after)
        self._age = int(dues.min(initial=FOREVER))

    def hear(self, received: int) -> bool:
        """Note that sensors were heard; True if one of them may turn before all that is known so far."""
        sooner = self._shortest < FOREVER and received + self._shortest < self._age
        if sooner:
            self._age = received + self._shortest
        return sooner

    @property
    def due(self) -> Due | None:
        """What comes first; an age turns after the readings of its instant."""
        found = [(self._hour, Order.RAISING), (self._age, Order.SILENCE)]
        return min((due for due in found if due[0] < FOREVER), default=None)

    def turned(self, instant: int) -> Slots:
        """The sensors whose age turns at an instant."""
        dues = age_due(self._ladder, self._board, self.members, instant - 1)
        turned: Slots = self.members[dues == instant]
        return turned
