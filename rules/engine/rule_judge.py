"""One rule over all sensors of its kind: what readings and deadlines do to its subjects."""

from collections import deque
from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt

from ingest.registry import Registry
from rules.engine import lifecycle
from rules.engine.account import account
from rules.engine.blindness import Period, graces, lasted
from rules.engine.board import Arrays, Board
from rules.engine.confirmation import Confirmation, Word
from rules.engine.deadlines import Deadlines, Due, Order
from rules.engine.due import next_due, raising_times, unsettled
from rules.engine.event import Event
from rules.engine.interest import Gathered, Truth
from rules.engine.ladder import FOREVER, Ladder
from rules.engine.late import Late, speaks
from rules.engine.ledger import Ledger
from rules.engine.ring import NEVER, Slots
from rules.engine.standing import standing
from rules.engine.subject import Latch, Subject
from rules.engine.sweep import Sweep
from rules.engine.telling import Evidence, tell
from rules.engine.verdict import TRUE
from rules.engine.view import Now, Then
from rules.engine.waves import Wave
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import Disposition

AGREED = "confirmed by neighbours"
# In the place of a slot: a deadline of all sensors of the rule.
ALL = -1


class RuleJudge:
    """The subjects of one rule that are not quiet, by slot of the kind."""

    def __init__(
        self,
        number: int,
        ladder: Ladder,
        board: Board,
        registry: Registry,
        told: tuple[Deadlines, Ledger],
    ) -> None:
        self.ladder = ladder
        self.board = board
        self.subjects: dict[int, Subject] = {}
        self.active = np.zeros(len(board.ids), np.bool_)
        self.number = number
        # Set by `Isolation`: the rule broke, and is not asked any more.
        self.off = False
        slots, confirm = registry.ranges[ladder.kind.name], ladder.rule.confirm
        self.confirmation = Confirmation(confirm, ladder, board, registry) if confirm else None
        self._sensors = registry.sensors[slots.start : slots.stop]
        self._sweep = Sweep(ladder, board)
        valued = (check for check in ladder.checks if check.function != "age")
        self._valued = frozenset(column for check in valued for column in check.columns)
        self._deadlines, self._ledger = told
        # What sensors of the wave that was heard say anew, in its order; each is noted at its turn.
        self._said: deque[Word] = deque()

    @property
    def rule(self) -> Rule:
        """As it was written."""
        return self.ladder.rule

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

    def candidates(self, slots: Slots, instant: int) -> list[int]:
        """Those of some sensors of which a condition may be true on what stands, and those not quiet."""
        wave = standing(self.board, self.ladder.columns, slots)
        chosen = self.interesting(Gathered(self.board, wave, instant), wave)
        return [int(slot) for slot in slots[chosen]]

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
        self._doubt(slot, subject)

    def view(
        self, slot: int, subject: Subject, event: Event, moment: int, waiting: Collection[int] = ()
    ) -> Now:
        """The sensor now; metrics fall silent after the readings of an instant.

        Runs that complete at one of the `waiting` times are not complete yet.
        """
        patience = self.patience(slot) - (event.order > Order.READING)
        lasts = self.ladder.held
        runs = {
            key: since for key, since in subject.runs.items() if since + lasts[key].duration not in waiting
        }
        return Now(self.board, slot, moment, event.instant, patience, runs, False, event.reload)

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
        """Judge a subject at a `moment` of its sensor's clock that a reading of its own has reached."""
        self._judge(slot, subject, moment, event, [])

    def judge_by_clock(self, slot: int, event: Event) -> None:
        """Judge a subject as time alone goes on: what fell due in blind time waits for a reading (D31)."""
        clock = self.board.clock(slot, event.instant)
        self._judge(slot, self.subject(slot), clock, event, self.board.blind)

    def _judge(self, slot: int, subject: Subject, moment: int, event: Event, blind: list[Period]) -> None:
        waiting = unsettled(self.ladder, subject, event.instant - moment, event.instant, blind)
        subject.clock = min({moment, *(time - 1 for time in waiting)})
        view = self.view(slot, subject, event, moment, waiting)
        verdicts = self.ladder.judged(self.ladder.raising, view)
        lifecycle.sustain(subject, verdicts, moment, event)
        ripe = lifecycle.ripe(subject, self.ladder.rule.sustain, moment, waiting)
        if any(not subject.latches[grade].auto for grade in ripe) and self.ladder.allowed(view):
            sure = self.certain(view) if self.is_fresh(slot, event.instant) else {}
            certain = {
                g: verdicts[g] == TRUE and sure.get(g) == TRUE and not self.lacks(slot, g) for g in ripe
            }
            lifecycle.put_on(subject, certain, event)
        self._release(subject, view, moment, event)
        self.conclude(slot, subject, event, lambda grade: view)

    def certain(self, view: Now) -> dict[Grade, int]:
        """The verdicts of the grades without suspect and coarse evidence."""
        beyond = Now(
            self.board, view.slot, view.moment, view.instant, view.patience, view.runs, True, view.forgets
        )
        return self.ladder.judged(self.ladder.raising, beyond)

    def lacks(self, slot: int, grade: Grade) -> str:
        """Why the neighbours do not confirm the grade; empty when they do, or need not."""
        if self.confirmation is None or self.confirmation.confirm.otherwise is Disposition.AUTO:
            return ""
        return self.confirmation.lacks(slot, grade)

    def hear(self, wave: Wave, received: int) -> None:
        """Sensors that were taken in have been heard of; their words wait for `listen`."""
        if self.confirmation:
            self._said = deque(self.confirmation.hear(wave, received))
        if self._sweep.hear(received):
            self._deadlines.set(self.number, ALL, self._sweep.due)

    def listen(self, rank: int, received: int) -> None:
        """Note the words up to and including a reading's, and judge again the doubtful whom they confirm."""
        while self.confirmation and self._said and self._said[0].rank <= rank:
            word = self._said.popleft()
            event = Event(received, Order.READING, word.message, note=AGREED)
            for slot in self.confirmation.note(word):
                self.judge_by_clock(slot, event)

    def must_be_alone(self, wave: Wave, received: int) -> Truth:
        """Readings whose turn others must not see early or late: a grade changes by a word, or by time.

        Asked before the wave is taken in. All others may be taken in at once: what they say of others is
        noted at their turn.
        """
        if self.confirmation is None:
            return np.zeros(len(wave.slot), np.bool_)
        alone = self.confirmation.stirs(wave)
        for at in np.flatnonzero(self.active[wave.slot]).tolist():
            slot, stamp = int(wave.slot[at]), int(wave.observed[at])
            alone[at] |= self._overdue(slot, stamp, received) is not None
        return alone

    def hear_late(self, slot: int, event: Event) -> None:
        """A late reading of a sensor was taken in: it has been heard of, so an age ends."""
        if self.ladder.ages:
            if self._sweep.hear(event.instant):
                self._deadlines.set(self.number, ALL, self._sweep.due)
            if self.active[slot]:
                self.judge_by_clock(slot, event)

    def confirm_all(self, instant: int) -> None:
        """Judge again all doubtful warnings: after a reload their neighbours may be others."""
        for slot in self.confirmation.doubted() if self.confirmation else ():
            self.judge_by_clock(slot, Event(instant, Order.READING, note=AGREED))

    def is_fresh(self, slot: int, instant: int) -> bool:
        """Whether the newest reading stands and did not arrive stale, or is itself not old (D7)."""
        newest, arrived = int(self.board.newest[slot]), int(self.board.arrived[slot])
        stands = instant <= int(self.board.alive[slot]) + self.patience(slot)
        oldest = self.ladder.rule.max_age
        return (stands and arrived - newest <= oldest) or instant - newest <= oldest

    def _release(self, subject: Subject, view: Now, moment: int, event: Event) -> None:
        if lifecycle.is_on(subject):
            lifecycle.release(subject, self.ladder.judged(self.ladder.clearing, view), moment, event)

    def patience(self, slot: int) -> int:
        """How long a metric's word stands at this sensor, ms."""
        return self.ladder.patience(int(self.board.patience[slot]))

    def catch_up(self, slot: int, stamp: int, event: Event) -> None:
        """Settle what falls due on the sensor's clock up to the stamp of a newer reading.

        A gap in the stamps is silence too: what a release run would need to stand through it did not.
        """
        subject = self.subjects[slot]
        while slot in self.subjects and (due := self._overdue(slot, stamp, event.instant)):
            clock, rises = due
            if rises:
                self.judge(slot, subject, clock, event)
            else:
                self._let_go(slot, subject, clock, event)
        if stamp > self._stands_until(slot):
            for latch in subject.latches.values():
                latch.release = None

    def _overdue(self, slot: int, stamp: int, instant: int) -> tuple[int, bool] | None:
        """What comes first on the sensor's clock up to a newer stamp, and whether it is a rise or a fall."""
        subject = self.subjects[slot]
        ahead = (time for time in raising_times(self.ladder, subject) if time > subject.clock)
        rise = min(ahead, default=-NEVER)
        fall = min(lifecycle.falls(subject, self.ladder.rule.release.after, instant), default=-NEVER)
        if rise <= min(stamp, fall):
            return rise, True
        return (fall, False) if fall < min(stamp, self._stands_until(slot)) else None

    def _stands_until(self, slot: int) -> int:
        """The stamp up to which the newest values stand without another; ages are known for ever."""
        stamps = (int(self.board.columns[column].stamp[slot]) for column in self._valued)
        newest = max(stamps, default=FOREVER)
        return newest + self.patience(slot) + lasted(self.board, slot, int(self.board.arrived[slot]))

    def _let_go(self, slot: int, subject: Subject, clock: int, event: Event) -> None:
        lifecycle.let_go(subject, self.ladder.rule.release.after, clock, event.instant)
        view = self.view(slot, subject, event, clock)
        self.conclude(slot, subject, event, lambda grade: view)

    def fire(self, slot: int, event: Event) -> None:
        """A deadline has come: of a subject, or of all."""
        if slot == ALL:
            self._look_at_all(event)
            return
        subject = self.subjects[slot]
        clock = self.board.clock(slot, event.instant)
        if event.order is Order.RAISING:
            self.judge_by_clock(slot, event)
        elif event.order is Order.CLEARING:
            self._let_go(slot, subject, clock, event)
        else:
            view = self.view(slot, subject, event, clock)
            lifecycle.void(subject, self.ladder.judged(self.ladder.clearing, view))
            self.conclude(slot, subject, event, lambda grade: view)

    def hold(self, period: Period) -> None:
        """Blind time is over: release runs go on where they stood (D31)."""
        shift = period[1] - period[0] + graces(self.board)
        for slot, subject in self.subjects.items():
            for latch in subject.latches.values():
                if latch.release is not None:
                    latch.release += int(shift[slot])
            self.schedule(slot, subject, Event(period[1], Order.READING))

    def start(self, settled: Due) -> None:
        """Look ahead to what the clock alone decides after `settled`."""
        self._sweep.start(settled)
        self._deadlines.set(self.number, ALL, self._sweep.due)

    def _look_at_all(self, event: Event) -> None:
        raising = event.order is Order.RAISING
        turned = self._sweep.members if raising else self._sweep.turned(event.instant)
        for slot in self.candidates(turned, event.instant) if raising else turned.tolist():
            self.judge_by_clock(slot, event)
        self.start((event.instant, event.order))

    def schedule_all(self, event: Event) -> None:
        """Set the deadlines of all subjects after an event."""
        for slot, subject in self.subjects.items():
            self.schedule(slot, subject, event)

    def take_over(self, old: "RuleJudge", moved: tuple[Slots, Slots], event: Event) -> None:
        """After a reload, with the subjects moved already: what neighbours said, and what falls due (D30).

        `moved` are the slots of the sensors that stayed, before and now.
        """
        if self.confirmation:
            known = old.confirmation
            self.confirmation.learn((known, *moved) if known else None, event.instant)
        self.schedule_all(event)

    def schedule(self, slot: int, subject: Subject, event: Event) -> None:
        """Set the next deadline after an event."""
        due = next_due(self.ladder, self.board, slot, subject, (event.instant, event.order))
        self._deadlines.set(self.number, slot, due)

    def conclude(
        self, slot: int, subject: Subject, event: Event, rests: Callable[[Grade], Now | Then]
    ) -> None:
        """Tell what changed, forget what became quiet, set the next deadline."""
        sensor = self._sensors[slot]

        def evidence(grade: Grade) -> Evidence:
            found = account(self.ladder, self.board, sensor, event, (grade, rests(grade)))
            lacking = self.lacks(slot, grade)
            return found | {"confirm": lacking} if lacking else found

        was_open = subject.top is not None
        tell(self._ledger, self.ladder.rule, sensor.id, subject, event, evidence)
        self._doubt(slot, subject)
        baselines = self.board.baselines.get(self.ladder.rule.id)
        if baselines is not None and (was_open or subject.top is not None):
            baselines.mark(slot, int(self.board.newest[slot]))
        if subject.quiet:
            self.drop(slot, subject)
        else:
            self.schedule(slot, subject, event)

    def drop(self, slot: int, subject: Subject) -> None:
        """Forget a subject that is quiet."""
        self._doubt(slot, subject)
        del self.subjects[slot]
        self.active[slot] = False
        self.board.busy[slot] -= 1
        self._deadlines.set(self.number, slot, None)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays that the rule has for itself."""
        own = self.active.nbytes + self.ladder.member.nbytes
        return own + sum(array.nbytes for array in self.snapshot().values())

    def snapshot(self) -> Arrays:
        """What the rule keeps of sensors that are quiet, too: the arrays themselves."""
        return self.confirmation.snapshot() if self.confirmation else {}

    def restore(self, state: Arrays) -> None:
        if self.confirmation:
            self.confirmation.restore(state)

    def _doubt(self, slot: int, subject: Subject) -> None:
        if self.confirmation:
            latches = subject.latches.values()
            doubtful = any(latch.raised is not None and not latch.auto for latch in latches)
            self.confirmation.doubt(slot, doubtful)
