"""All rules over the sensors of one kind: readings are taken in, then judged."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import numpy as np

from ingest.clock import DAY
from rules.engine.board import Board
from rules.engine.deadlines import Order
from rules.engine.event import Event
from rules.engine.groups import GroupJudge
from rules.engine.hindsight import look_back
from rules.engine.interest import Gate, Gathered, Truth
from rules.engine.isolation import BREAKS, Isolation
from rules.engine.late import Late, late_readings, take_in
from rules.engine.rule_judge import RuleJudge
from rules.engine.view import Kept
from rules.engine.waves import Wave

# A late reading older than this is counted, not judged (D6).
OLDEST_LATE = DAY

HearLate: TypeAlias = Callable[[Late], None]


class KindJudge:
    """The board of one kind and the rules over single sensors of it."""

    def __init__(self, name: str, board: Board, judges: list[RuleJudge], isolation: Isolation) -> None:
        self.name = name
        self.board = board
        self.judges = judges
        self.too_late = 0
        self._isolation = isolation
        # Whatever is switched off: it says how the kind is cut into waves, which must not change on the way.
        self._confirmed = any(judge.confirmation is not None for judge in judges)
        self.sort_out()

    def sort_out(self) -> None:
        """Ask the rules that are not switched off, and no others."""
        self._on = [judge for judge in self.judges if not judge.off]
        self._gate = Gate([judge.ladder for judge in self._on])
        self._confirming = [judge for judge in self._on if judge.confirmation is not None]

    def is_ordered(self, groups: Iterable[GroupJudge]) -> bool:
        """Whether rules look at the kind across sensors, so that its readings are taken in journal order."""
        return self._confirmed or any(self.name in group.kinds for group in groups)

    def is_late(self, wave: Wave) -> Truth:
        """Which readings are behind their sensor's newest."""
        late: Truth = wave.observed < self.board.newest[wave.slot]
        return late

    def take(self, wave: Wave, received: int, hear_late: HearLate) -> None:
        """Take in and judge the readings of a wave; `hear_late` is told of the late ones."""
        late = self.is_late(wave)
        if late.any():
            for reading in late_readings(wave.only(late)):
                self._look_back(reading, received, hear_late)
            wave = wave.only(~late)
        if len(wave.slot):
            for part in self._parts(wave, received):
                self._take_newest(part, received)

    def _parts(self, wave: Wave, received: int) -> Iterator[Wave]:
        """The stretches of a wave that may be taken in together, each found when those before it were."""
        while (number := self._at_once(wave, received)) < len(wave.slot):
            first = np.arange(len(wave.slot)) < number
            yield wave.only(first)
            wave = wave.only(~first)
        yield wave

    def _at_once(self, wave: Wave, received: int) -> int:
        """How many of the first readings of a wave may be taken in together, at least one."""
        alone = np.zeros(len(wave.slot), np.bool_)
        for judge in self._confirming:
            try:
                alone |= judge.must_be_alone(wave, received)
            except BREAKS as error:
                self._isolation.switch_off(judge, error, received)
        return max(int(alone.argmax()), 1) if alone.any() else len(wave.slot)

    def _take_newest(self, wave: Wave, received: int) -> None:
        """Judge readings none of which is behind its sensor's newest.

        What breaks is switched off where it breaks; entering a `try` costs nothing.
        """
        board = self.board
        busy = np.flatnonzero(board.busy[wave.slot]).tolist()
        for at in busy:
            event = Event(received, Order.READING, int(wave.message[at]))
            for judge in self._on:
                if judge.active[wave.slot[at]]:
                    try:
                        judge.catch_up(int(wave.slot[at]), int(wave.observed[at]), event)
                    except BREAKS as error:
                        self._isolation.switch_off(judge, error, received)
        board.apply(wave, received)
        possible = self._possible(wave, received)
        possible[busy] = True
        for judge in self._on:
            try:
                judge.hear(wave, received)
            except BREAKS as error:
                self._isolation.switch_off(judge, error, received)
        if possible.any():
            self._judge(wave.only(possible), received)
        for judge in self._confirming:
            self._isolation.attempt(judge, received, judge.listen, int(wave.rank[-1]), received)
        for at in busy:
            self._reschedule(int(wave.slot[at]), Event(received, Order.READING))

    def _possible(self, wave: Wave, received: int) -> Truth:
        gathered = Gathered(self.board, wave, received)
        try:
            return self._gate.possible(gathered)
        except BREAKS:
            # Shared by all rules: whose fault it is shows when each looks for itself.
            return gathered.everywhere()

    def _judge(self, wave: Wave, received: int) -> None:
        """Judge readings that have been taken in, each by the rules that it interests."""
        gathered = Gathered(self.board, wave, received)
        columns: dict[int, frozenset[int]] = {}
        for judge in self._on:
            try:
                for at in judge.interesting(gathered, wave).tolist():
                    if at not in columns:
                        columns[at] = frozenset(wave.columns_at(at))
                    judge.listen(int(wave.rank[at]), received)
                    event = Event(received, Order.READING, int(wave.message[at]))
                    judge.read(int(wave.slot[at]), columns[at], event)
            except BREAKS as error:
                self._isolation.switch_off(judge, error, received)

    def _reschedule(self, slot: int, event: Event) -> None:
        """Every reading moves its sensor's clock, also for rules that it says nothing to."""
        for judge in self._on:
            if judge.active[slot]:
                try:
                    judge.schedule(slot, judge.subjects[slot], event)
                except BREAKS as error:
                    self._isolation.switch_off(judge, error, event.instant)

    def _look_back(self, late: Late, received: int, hear_late: HearLate) -> None:
        if received - late.stamp > OLDEST_LATE:
            self.too_late += 1
            return
        board, slot = self.board, late.slot
        judges = [judge for judge in self._on if self._is_concerned(judge, late, received)]
        before = Kept.of(board, slot) if judges else None
        alone = take_in(board, late, received)
        event = Event(received, Order.READING, late.message, late=True)
        if before is not None:
            after = Kept.of(board, slot)
            after.alone = alone
            for judge in judges:
                self._isolation.attempt(
                    judge, received, look_back, judge, slot, before, after, event, late.stamp
                )
        for judge in self._on:
            self._isolation.attempt(judge, received, judge.hear_late, slot, event)
        hear_late(late)

    def _is_concerned(self, judge: RuleJudge, late: Late, received: int) -> bool:
        try:
            return judge.is_concerned(late)
        except BREAKS as error:
            self._isolation.switch_off(judge, error, received)
            return False
