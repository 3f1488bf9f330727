"""One rule over all sensors of its kind: what readings and deadlines do to its subjects."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from rules.engine.board import Board
from rules.engine.deadlines import Deadlines, Order
from rules.engine.due import earliest_fall, next_due, raising_times
from rules.engine.event import Event
from rules.engine.interest import Gathered
from rules.engine.ladder import Ladder
from rules.engine.late import Late, speaks
from rules.engine.ring import NEVER
from rules.engine.subject import Latch, Subject
from rules.engine.telling import Teller
from rules.engine.verdict import FALSE, TRUE
from rules.engine.view import Now, Then
from rules.engine.waves import Wave
from rules.grade import Grade


class RuleJudge:
    """The subjects of one rule that are not quiet, by slot of the kind."""

    def __init__(
        self, number: int, ladder: Ladder, board: Board, deadlines: Deadlines, teller: Teller
    ) -> None:
        self.ladder = ladder
        self.board = board
        self.subjects: dict[int, Subject] = {}
        self.active = np.zeros(len(board.ids), np.bool_)
        self._number = number
        self._deadlines = deadlines
        self._teller = teller

    def interesting(self, gathered: Gathered, wave: Wave) -> npt.NDArray[np.intp]:
        """The readings of the wave that must be judged one by one."""
        carriers = gathered.carriers(self.ladder.columns)
        if carriers is not None and not carriers.any():
            return np.zeros(0, np.intp)
        wanted = self.active[wave.slot]
        for node in self.ladder.raising.values():
            wanted |= gathered.true(node)
        for held in self.ladder.held:
            wanted |= gathered.true(held) if held.negated else gathered.true(held.check)
        wanted &= self.ladder.member[wave.slot]
        if carriers is not None:
            wanted &= carriers
        return np.flatnonzero(wanted)

    def is_concerned(self, late: Late) -> bool:
        """Whether a late reading can mean anything to the rule."""
        if not self.ladder.member[late.slot] or not self.ladder.columns & late.values.keys():
            return False
        return bool(self.active[late.slot]) or speaks(self.ladder, late)

    def subject(self, slot: int) -> Subject:
        """The subject of a sensor; a new, quiet one if there is none."""
        subject = self.subjects.get(slot)
        if subject is None:
            subject = Subject({grade: Latch() for grade in self.ladder.raising}, {}, NEVER)
            self.adopt(slot, subject)
        return subject

    def adopt(self, slot: int, subject: Subject) -> None:
        """Take in a subject as it is."""
        self.subjects[slot] = subject
        self.active[slot] = True
        self.board.busy[slot] += 1

    def view(self, slot: int, subject: Subject, event: Event, moment: int) -> Now:
        """The sensor now; metrics fall silent after the readings of an instant."""
        instant = event.instant + (event.order > Order.READING)
        return Now(self.board, slot, moment, instant, self.patience(slot), subject.runs, False, event.reload)

    def read(self, slot: int, columns: frozenset[int], event: Event) -> None:
        """A reading that carries metrics of the rule has been taken in."""
        subject = self.subject(slot)
        stamp = int(self.board.newest[slot])
        for held in self.ladder.held:
            if held.check.column in columns:
                self._run_on(subject, slot, held.key, stamp)
        self.judge(slot, subject, stamp, event)

    def _run_on(self, subject: Subject, slot: int, key: int, stamp: int) -> None:
        check = self.ladder.held[key].check
        bound = check.bound_at(slot)
        value = int(self.board.columns[check.column].value[slot])
        if bound is not None and check.compare(value, bound):
            subject.runs.setdefault(key, stamp)
        else:
            subject.runs.pop(key, None)

    def start_runs(self, slot: int, clock: int, at: int) -> None:
        """Start the runs of a rule that is new on the values that still stand."""
        for held in self.ladder.held:
            stands = int(self.board.columns[held.check.column].heard[slot]) + self.patience(slot) >= at
            if stands and held.key not in self.subject(slot).runs:
                self._run_on(self.subject(slot), slot, held.key, clock)

    def judge(self, slot: int, subject: Subject, moment: int, event: Event) -> None:
        """Judge a subject on its newest readings at `moment` of its sensor's clock."""
        subject.clock = moment
        view = self.view(slot, subject, event, moment)
        verdicts = self.ladder.judged(self.ladder.raising, view)
        for grade, latch in subject.latches.items():
            self._sustain(latch, verdicts.get(grade, FALSE), moment, event)
        ripe = [grade for grade, latch in subject.latches.items() if self._complete(grade, latch, moment)]
        if any(not subject.latches[g].auto for g in ripe) and self.ladder.allowed(view):
            self._raise(subject, [(g, verdicts[g]) for g in ripe], view, event)
        self._release(subject, view, moment, event)
        self.conclude(slot, subject, event, lambda grade: view)

    def _sustain(self, latch: Latch, verdict: int, moment: int, event: Event) -> None:
        if verdict == TRUE and latch.run is None:
            latch.run = moment
            latch.reloaded = event.reload
        elif verdict == FALSE:
            latch.run = None

    def _complete(self, grade: Grade, latch: Latch, moment: int) -> bool:
        return latch.run is not None and moment >= latch.run + self.ladder.rule.sustain[grade]

    def _raise(self, subject: Subject, ripe: list[tuple[Grade, int]], view: Now, event: Event) -> None:
        """Put on the latches of grades whose runs are complete; those that are on may become certain (D7)."""
        sure = self.certain(view) if self.is_fresh(view.slot, event.instant) else {}
        for grade, verdict in ripe:
            latch = subject.latches[grade]
            certain = verdict == TRUE and sure.get(grade) == TRUE
            if latch.raised is None:
                latch.raised, latch.release, latch.auto = event.instant, None, certain
            elif certain and not latch.auto:
                latch.auto, latch.reloaded = True, event.reload

    def certain(self, view: Now) -> dict[Grade, int]:
        """The verdicts of the grades without suspect and coarse evidence."""
        beyond = Now(
            self.board, view.slot, view.moment, view.instant, view.patience, view.runs, True, view.forgets
        )
        return self.ladder.judged(self.ladder.raising, beyond)

    def is_fresh(self, slot: int, instant: int) -> bool:
        """Whether the newest reading stands and did not arrive stale, or is itself not old (D7)."""
        newest, arrived = int(self.board.newest[slot]), int(self.board.arrived[slot])
        stands = instant <= arrived + self.patience(slot)
        oldest = self.ladder.rule.max_age
        return (stands and arrived - newest <= oldest) or instant - newest <= oldest

    def _release(self, subject: Subject, view: Now, moment: int, event: Event) -> None:
        """Start, go on with or give up the release runs (D15); only what is known false lets go."""
        on = [latch for latch in subject.latches.values() if latch.raised is not None]
        if not on:
            return
        moved = self.ladder.judged(self.ladder.clearing, view)
        for grade, latch in subject.latches.items():
            if latch.raised is None or moved.get(grade, FALSE) != FALSE:
                latch.release = None
            elif latch.release is None:
                latch.release = moment
                latch.reloaded = event.reload

    def patience(self, slot: int) -> int:
        """How long a metric's word stands at this sensor, ms."""
        return self.ladder.patience(int(self.board.patience[slot]))

    def catch_up(self, slot: int, stamp: int, event: Event) -> None:
        """Settle what falls due on the sensor's clock up to the stamp of a newer reading.

        A gap in the stamps is silence too: what a release run would need to stand through it did not.
        """
        subject = self.subjects[slot]
        columns = (self.board.columns[column] for column in self.ladder.columns)
        gap = max(int(column.stamp[slot]) for column in columns) + self.patience(slot)
        while slot in self.subjects:
            rise = min(raising_times(self.ladder, subject), default=-NEVER)
            fall = min(self._falls(subject, event.instant), default=-NEVER)
            if rise <= min(stamp, fall):
                self.judge(slot, subject, rise, event)
            elif fall < min(stamp, gap):
                self._let_go(slot, subject, fall, event)
            else:
                break
        if stamp > gap:
            for latch in subject.latches.values():
                latch.release = None

    def _falls(self, subject: Subject, instant: int) -> Iterator[int]:
        """The sensor's clock at which latches that may fall at `instant` have run out."""
        after = self.ladder.rule.release.after
        for latch in subject.latches.values():
            if latch.release is not None and instant >= earliest_fall(latch, after):
                yield latch.release + after

    def _let_go(self, slot: int, subject: Subject, clock: int, event: Event) -> None:
        """Put off the latches whose release has run out by `clock`."""
        after = self.ladder.rule.release.after
        for latch in subject.latches.values():
            out = latch.release is not None and latch.release + after <= clock
            if out and event.instant >= earliest_fall(latch, after):
                latch.raised, latch.release, latch.run, latch.auto = None, None, None, False
        view = self.view(slot, subject, event, clock)
        self.conclude(slot, subject, event, lambda grade: view)

    def fire(self, slot: int, event: Event) -> None:
        """A deadline of a subject has come."""
        subject = self.subjects[slot]
        clock = self.board.clock(slot, event.instant)
        if event.order is Order.RAISING:
            self.judge(slot, subject, clock, event)
        elif event.order is Order.CLEARING:
            self._let_go(slot, subject, clock, event)
        else:
            view = self.view(slot, subject, event, clock)
            moved = self.ladder.judged(self.ladder.clearing, view)
            for grade, latch in subject.latches.items():
                if moved.get(grade, FALSE) != FALSE:
                    latch.release = None
            self.conclude(slot, subject, event, lambda grade: view)

    def schedule(self, slot: int, subject: Subject, event: Event) -> None:
        """Set the next deadline after an event."""
        due = next_due(self.ladder, self.board, slot, subject, (event.instant, event.order))
        self._deadlines.set(self._number, slot, due)

    def conclude(
        self, slot: int, subject: Subject, event: Event, rests: Callable[[Grade], Now | Then]
    ) -> None:
        """Tell what changed, forget what became quiet, set the next deadline."""
        self._teller.tell(self.ladder, slot, subject, event, rests)
        if subject.quiet:
            del self.subjects[slot]
            self.active[slot] = False
            self.board.busy[slot] -= 1
            self._deadlines.set(self._number, slot, None)
        else:
            self.schedule(slot, subject, event)
