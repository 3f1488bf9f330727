"""Readings -> transitions of warnings: a pure function of readings and time (design 3.4, semantics)."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.clock import DAY
from ingest.kinds import Kinds
from ingest.reading import Readings
from ingest.registry import Registry
from rules.engine import reload, saved
from rules.engine.board import Board, Needs
from rules.engine.deadlines import Deadlines, Order
from rules.engine.event import Event
from rules.engine.hindsight import look_back
from rules.engine.interest import Gate, Gathered
from rules.engine.ladder import Ladder, add_needs
from rules.engine.late import Late, late_readings, take_in
from rules.engine.ledger import Ledger
from rules.engine.normal_form import Fault
from rules.engine.ring import NEVER
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Subject
from rules.engine.telling import Teller
from rules.engine.view import Kept
from rules.engine.waves import Wave, waves
from rules.rule import Rule
from rules.transition import Disposition, Transition
from rules.warning import ZoneWarning

State: TypeAlias = dict[str, npt.NDArray[np.generic] | bytes]

# A late reading older than this is counted, not judged (D6).
OLDEST_LATE = DAY


class Engine:
    """All rules over all sensors. Instants are engine time, ms; they must never decrease."""

    def __init__(self, kinds: Kinds, registry: Registry, rules: tuple[Rule, ...]) -> None:
        self.now = NEVER
        self.too_late = 0
        self.orphans: dict[str, ZoneWarning] = {}
        self._deadlines = Deadlines()
        self._ledger = Ledger()
        self.boards: list[Board] = []
        self.judges: list[RuleJudge] = []
        self._of_board: list[list[RuleJudge]] = []
        self._gates: list[Gate] = []
        self._starts = np.array(sorted(r.start for r in registry.ranges.values()), np.int64)
        for name in sorted(registry.ranges, key=lambda kind: registry.ranges[kind].start):
            self._add_kind(name, kinds, registry, [rule for rule in rules if rule.kind == name])

    def _add_kind(self, name: str, kinds: Kinds, registry: Registry, rules: list[Rule]) -> None:
        slots = registry.ranges[name]
        sensors = registry.sensors[slots.start : slots.stop]
        needs: dict[int, Needs] = {}
        for rule in rules:
            add_needs(rule, kinds[name], needs)
        board = Board(kinds[name], sensors, needs)
        teller = Teller(sensors, board, self._ledger)
        judges: list[RuleJudge] = []
        for rule in rules:
            ladder = Ladder.of(rule, kinds[name], registry, sensors)
            judges.append(RuleJudge(len(self.judges) + len(judges), ladder, board, self._deadlines, teller))
        self.boards.append(board)
        self._of_board.append(judges)
        self._gates.append(Gate([judge.ladder for judge in judges]))
        self.judges += judges

    @property
    def due(self) -> int | None:
        """The next instant at which `advance_to` would do something; None if nothing is pending."""
        return self._deadlines.due

    def advance(self, readings: Readings) -> list[Transition]:
        """Settle what falls due before the readings, then judge them in journal order.

        Raises ValueError if `received` lies before what has been settled.
        """
        self._settle(readings.received)
        for wave in waves(readings, self._starts):
            self._take(wave, readings.received)
        return self._ledger.take()

    def advance_to(self, instant: int) -> list[Transition]:
        """Settle raising deadlines up to and including `instant`, all others before it (D3)."""
        self._settle(instant)
        return self._ledger.take()

    def _settle(self, instant: int) -> None:
        if instant < self.now:
            raise ValueError(f"engine time would go back from {self.now} to {instant} ms")
        self.now = instant
        while (found := self._deadlines.pop((instant, Order.READING))) is not None:
            (due, order), number, slot = found
            self.judges[number].fire(slot, Event(due, order))

    def _take(self, wave: Wave, received: int) -> None:
        board = self.boards[wave.kind]
        late = wave.observed < board.newest[wave.slot]
        if late.any():
            for reading in late_readings(wave.only(late)):
                self._look_back(wave.kind, reading, received)
            wave = wave.only(~late)
        if len(wave.slot):
            self._take_newest(wave, received)

    def _take_newest(self, wave: Wave, received: int) -> None:
        """Judge readings none of which is behind its sensor's newest."""
        board, judges = self.boards[wave.kind], self._of_board[wave.kind]
        busy = np.flatnonzero(board.busy[wave.slot]).tolist()
        for at in busy:
            event = Event(received, Order.READING, int(wave.message[at]))
            for judge in judges:
                if judge.active[wave.slot[at]]:
                    judge.catch_up(int(wave.slot[at]), int(wave.observed[at]), event)
        board.apply(wave, received)
        possible = self._gates[wave.kind].possible(Gathered(board, wave))
        possible[busy] = True
        if possible.any():
            self._judge(wave.only(possible), received)
        for at in busy:
            self._reschedule(judges, int(wave.slot[at]), Event(received, Order.READING))

    def _judge(self, wave: Wave, received: int) -> None:
        """Judge readings that have been taken in, each by the rules that it interests."""
        gathered = Gathered(self.boards[wave.kind], wave)
        columns: dict[int, frozenset[int]] = {}
        for judge in self._of_board[wave.kind]:
            for at in judge.interesting(gathered, wave).tolist():
                if at not in columns:
                    columns[at] = frozenset(self._columns_at(wave, at))
                event = Event(received, Order.READING, int(wave.message[at]))
                judge.read(int(wave.slot[at]), columns[at], event)

    @staticmethod
    def _columns_at(wave: Wave, at: int) -> list[int]:
        return [column for column, values in wave.columns.items() if at in values.at]

    @staticmethod
    def _reschedule(judges: list[RuleJudge], slot: int, event: Event) -> None:
        """Every reading moves its sensor's clock, also for rules that it says nothing to."""
        for judge in judges:
            if judge.active[slot]:
                judge.schedule(slot, judge.subjects[slot], event)

    def _look_back(self, kind: int, late: Late, received: int) -> None:
        if received - late.stamp > OLDEST_LATE:
            self.too_late += 1
            return
        board, slot = self.boards[kind], late.slot
        judges = [judge for judge in self._of_board[kind] if judge.is_concerned(late)]
        before = Kept.of(board, slot) if judges else None
        alone = take_in(board, late, received)
        if before is None:
            return
        after = Kept.of(board, slot)
        after.alone = alone
        event = Event(received, Order.READING, late.message, late=True)
        for judge in judges:
            look_back(judge, slot, before, after, event, late.stamp)

    def warnings(self) -> list[ZoneWarning]:
        """The open warnings, orphans too, by rule and subject."""
        found = [*self.orphans.values()]
        for judge in self.judges:
            for slot, subject in judge.subjects.items():
                found += self._shown(judge, slot, subject)
        return sorted(found, key=lambda warning: (warning.rule, warning.subject, warning.since))

    def _shown(self, judge: RuleJudge, slot: int, subject: Subject) -> list[ZoneWarning]:
        if subject.warning is None or subject.top is None:
            return []
        heard = max(int(judge.board.columns[column].heard[slot]) for column in judge.ladder.columns)
        certain = subject.top == subject.auto
        return [
            ZoneWarning(
                id=subject.warning.id,
                rule=judge.ladder.rule.id,
                subject=judge.board.ids[slot],
                grade=subject.top,
                disposition=Disposition.AUTO if certain else Disposition.REVIEW,
                since=subject.warning.since,
                changed=subject.warning.changed,
                orphaned=False,
                blind=heard + judge.patience(slot) < self.now,
                evidence=subject.warning.text,
            )
        ]

    def faults(self) -> list[Fault]:
        """Conditions that cannot be evaluated, by rule and subject."""
        found = {fault for judge in self.judges for fault in judge.ladder.faults}
        return sorted(found, key=lambda fault: (fault.rule, fault.subject, fault.reason))

    def memory(self) -> dict[str, int]:
        """Bytes of arrays by kind, newest values and rings apart."""
        sizes: dict[str, int] = {}
        for board in self.boards:
            sizes[f"{board.kind.name}/newest"] = board.nbytes
            sizes[f"{board.kind.name}/rings"] = sum(ring.nbytes for ring in board.rings.values())
        return sizes

    def snapshot(self) -> State:
        """The whole state, copied; only an engine of the same kinds, registry and rules can take it."""
        orphans = [self.orphans[identity] for identity in sorted(self.orphans)]
        rest = saved.Rest(self.now, self.too_late, orphans, saved.subjects_of(self.judges))
        return saved.pack(self.boards, rest)

    def restore(self, state: Mapping[str, npt.NDArray[np.generic] | bytes]) -> None:
        """Take the state of a snapshot into a fresh engine."""
        rest = saved.unpack(self.boards, self.judges, state)
        self.now, self.too_late = rest.now, rest.too_late
        self.orphans = {warning.id: warning for warning in rest.orphans}

    def carry(
        self, kinds: Kinds, registry: Registry, rules: tuple[Rule, ...], at: int
    ) -> tuple["Engine", list[Transition]]:
        """The engine that goes on from `at` under other rules, and what the change did (D30).

        This one is settled up to `at` and must not be used any more.
        """
        transitions = self.advance_to(at)
        new = Engine(kinds, registry, rules)
        new.now, new.too_late, new.orphans = at, self.too_late, dict(self.orphans)
        boards = {board.kind.name: board for board in self.boards}
        for board in new.boards:
            if board.kind.name in boards:
                reload.move_values(boards[board.kind.name], board)
        event = Event(at, Order.READING, reload=True)
        for judge, successor in reload.pairs(self.judges, new.judges):
            orphans = reload.move_subjects(judge, successor, self._shown, event)
            new.orphans |= {warning.id: warning for warning in orphans}
        known = {judge.ladder.rule.id: judge.ladder.rule.meaning for judge in self.judges}
        for judge in new.judges:
            if known.get(judge.ladder.rule.id) != judge.ladder.rule.meaning:
                reload.judge_anew(judge, at)
        return new, transitions + new._ledger.take()
