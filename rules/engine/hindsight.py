"""Late readings: judged at their own stamp and at every later one (D6).

They may raise, move the start of an unbroken run back, or restart a release; nothing else. What was true
before them has been dealt with: only a stretch of truth that touches no earlier one raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.engine.event import Event
from rules.engine.rule_judge import RuleJudge
from rules.engine.subject import Latch, Subject
from rules.engine.verdict import FALSE, TRUE
from rules.engine.view import Kept, Now, Then, value_of
from rules.grade import Grade

# Later than every stamp: a stretch that no reading has ended.
ENDLESS = 2**62


@dataclass(frozen=True, slots=True)
class Stretch:
    """A grade held from `start` up to `end` (sensor's clock); `run` is when its condition became true."""

    run: int
    start: int
    end: int
    moments: tuple[int, ...]

    def touches(self, other: "Stretch") -> bool:
        return self.start < max(other.end, other.start + 1) and other.start < max(self.end, self.start + 1)


class Past:
    """What a rule says of each kept moment of one sensor."""

    def __init__(self, judge: RuleJudge, kept: Kept, own: int, clock: int, runs: Mapping[int, int]) -> None:
        self.judge, self.kept, self.own, self.clock, self.runs = judge, kept, own, clock, runs
        self.moments = sorted(self._moments())
        ladder = judge.ladder
        self.verdicts = {m: ladder.judged(ladder.raising, self.view(m)) for m in self.moments}

    def view(self, moment: int, certain: bool = False) -> Then:
        return Then(self.kept, moment, self.own, self.runs, certain)

    def _moments(self) -> set[int]:
        """Stamps that the rule looks back on, and the moments at which a `sustained` completed."""
        ladder, board = self.judge.ladder, self.judge.board
        moments = {self.own, int(board.newest[self.kept.slot])}
        for (column, _), history in self.kept.histories.items():
            if column in ladder.columns:
                moments.update(history.stamps)
        for held in ladder.held:
            history_of_check = self.kept.history(held.check)
            bound = held.check.bound_at(self.kept.slot)
            if history_of_check is None or bound is None:
                continue
            true_before = False
            for entry in history_of_check.entries:
                true = held.check.compare(value_of(entry), bound)
                if true and not true_before:
                    moments.add(entry.stamp + held.duration)
                true_before = true
        return {m for m in moments if m <= self.clock}

    def stretches(self, grade: Grade) -> list[Stretch]:
        """The stretches over which a grade held, `sustain` served, at a moment that `only_if` allowed."""
        found = [self._stretch(grade, run, end) for run, end in self._runs(grade)]
        return [stretch for stretch in found if stretch is not None and stretch.moments]

    def _runs(self, grade: Grade) -> list[tuple[int, int]]:
        """Runs broken by a known false only, with the stamp of that false (D14)."""
        runs: list[tuple[int, int]] = []
        run: int | None = None
        for moment in self.moments:
            verdict = self.verdicts[moment][grade]
            if verdict == TRUE and run is None:
                run = moment
            elif verdict == FALSE and run is not None:
                runs.append((run, moment))
                run = None
        return [*runs, (run, ENDLESS)] if run is not None else runs

    def open_run(self, grade: Grade) -> int | None:
        """The start of the run that nothing has broken."""
        runs = self._runs(grade)
        return runs[-1][0] if runs and runs[-1][1] == ENDLESS else None

    def _stretch(self, grade: Grade, run: int, end: int) -> Stretch | None:
        start = run + self.judge.ladder.rule.sustain[grade]
        if start > min(end, self.clock):
            return None
        inside = {start, *(m for m in self.moments if start <= m < end)}
        allowed = (m for m in sorted(inside) if self.judge.ladder.allowed(self.view(m)))
        return Stretch(run, start, end, tuple(allowed))


def look_back(judge: RuleJudge, slot: int, before: Kept, after: Kept, event: Event, own: int) -> None:
    """Judge a late reading: `before` and `after` are what was kept without it and with it."""
    clock = judge.board.clock(slot, event.instant)
    subject = judge.subjects.get(slot)
    known = dict(subject.runs) if subject else {}
    runs = _moved_back(judge, after, own, clock, known)
    now = Past(judge, after, own, clock, runs)
    if subject is None and not runs and not any(TRUE in v.values() for v in now.verdicts.values()):
        return
    then = Past(judge, before, own, clock, known)
    subject = judge.subject(slot)
    subject.runs = runs
    subject.clock = clock
    rests: dict[Grade, Now | Then] = {}
    raised: set[Grade] = set()
    for grade in judge.ladder.raising:
        latch = subject.latches[grade]
        if _settle(grade, latch, now, then, event, rests):
            raised.add(grade)
        start = now.open_run(grade)
        if start is not None and (latch.run is None or start < latch.run):
            latch.run = start
    view = judge.view(slot, subject, event, clock)
    _restart(subject, now, then, view, raised)
    judge.conclude(slot, subject, event, lambda grade: rests.get(grade, view))


def _moved_back(judge: RuleJudge, after: Kept, own: int, clock: int, known: dict[int, int]) -> dict[int, int]:
    """The runs of `sustained` with the starts that late reports give them."""
    runs = dict(known)
    view = Then(after, clock, own, known)
    for held in judge.ladder.held:
        start = view.since(held)
        if start is not None:
            runs[held.key] = start
    return runs


def _settle(
    grade: Grade, latch: Latch, now: Past, then: Past, event: Event, rests: dict[Grade, Now | Then]
) -> bool:
    """Raise a latch, or make one certain; `rests` takes what that rests on. True if it was raised."""
    stretches = [] if latch.auto else now.stretches(grade)
    if latch.raised is None:
        earlier = then.stretches(grade) if stretches else []
        stretches = [s for s in stretches if not any(s.touches(other) for other in earlier)]
    if not stretches:
        return False
    moment, sure = _surest(grade, stretches, now, event)
    if latch.raised is None or sure:
        rests[grade] = now.view(moment)
    latch.auto = sure
    if latch.raised is not None:
        return False
    latch.raised, latch.reloaded = event.instant, False
    return True


def _surest(grade: Grade, stretches: list[Stretch], now: Past, event: Event) -> tuple[int, bool]:
    """The latest moment that lets the grade go out by itself and True, else the latest and False (D7)."""
    judge, slot = now.judge, now.kept.slot
    newest = int(judge.board.newest[slot])
    fresh = judge.is_fresh(slot, event.instant) and now.verdicts[newest][grade] == TRUE
    latest = max(stretch.moments[-1] for stretch in stretches)
    if judge.lacks(slot, grade):
        return latest, False
    for stretch in reversed(stretches):
        for moment in reversed(stretch.moments):
            at_newest = fresh and moment >= newest and stretch.end == ENDLESS
            if event.instant - moment <= judge.ladder.rule.max_age or at_newest:
                certain = now.view(moment, certain=True)
                if judge.ladder.judged(judge.ladder.raising, certain)[grade] == TRUE:
                    return moment, True
    return latest, False


def _restart(subject: Subject, now: Past, then: Past, view: Now, raised: set[Grade]) -> None:
    """Release runs begin again where the late reading speaks against them, and after a raise."""
    ladder = now.judge.ladder
    moved = ladder.judged(ladder.clearing, view)
    for grade, latch in subject.latches.items():
        running = latch.release
        if grade in raised or (running is not None and _denied(grade, max(now.own, running), now, then)):
            latch.release = now.clock if moved[grade] == FALSE else None
            latch.reloaded = False


def _denied(grade: Grade, since: int, now: Past, then: Past) -> bool:
    """Whether the moved condition turned true at a moment from `since` on."""
    ladder = now.judge.ladder
    if grade not in ladder.clearing:
        return False
    return any(
        ladder.judged(ladder.clearing, now.view(m))[grade] == TRUE
        and ladder.judged(ladder.clearing, then.view(m))[grade] != TRUE
        for m in now.moments
        if m >= since
    )
