"""The slow, obvious reference of the engine: part 1 of the semantics, one reading at a time, on plain lists.

Nothing is shared with the engine but the shapes of rules and readings. Every window is added up anew from the
list of reports, every subject exists always, deadlines are found by looking at all of them.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from ingest.kinds import Kinds
from ingest.reading import Readings
from ingest.registry import Registry, Sensor
from rules.grade import Grade
from rules.rule import Rule
from tests.rules.reference_lines import LatchState, SubjectState, lines_of
from tests.rules.reference_memory import (
    EVER,
    HOUR,
    MetricState,
    SensorState,
    grouped,
    take_in,
)
from tests.rules.reference_verdict import (
    Seen,
    all_sustaineds,
    compare,
    ladder,
    memories,
    metrics_of,
    moments,
    run_start,
    says_nothing,
    threshold,
    verdict,
)

RAISING, READING, SILENCE, CLEARING = range(4)
# Where lines of deadlines stand among those of messages.
BEFORE, BEHIND = -1, EVER


class Reference:
    """All rules over all sensors, without haste."""

    def __init__(self, kinds: Kinds, registry: Registry, rules: tuple[Rule, ...]) -> None:
        self.kinds, self.registry, self.rules = kinds, registry, rules
        self.found: list[dict[str, Any]] = []
        self.now = (-EVER, RAISING)
        self.sensors = [self._sensor(sensor) for sensor in registry.sensors]
        self.subjects = {
            (rule.id, sensor.id): SubjectState({g: LatchState() for g in sorted(rule.grades, reverse=True)})
            for rule in rules
            for sensor in registry.sensors
            if self.is_for(rule, sensor)
        }

    def is_for(self, rule: Rule, sensor: Sensor) -> bool:
        return rule.kind == sensor.kind and (rule.tag is None or rule.tag in sensor.tags)

    def _sensor(self, sensor: Sensor) -> SensorState:
        kind = self.kinds[sensor.kind]
        remembered = {name: memories(self.rules, self.registry, kind, name) for name in kind.metrics}
        return SensorState(sensor, kind, {name: MetricState(kept) for name, kept in remembered.items()})

    def advance(self, readings: Readings) -> list[dict[str, Any]]:
        self._settle((readings.received, READING))
        for message, slot, stamp, values in grouped(readings, self.registry, self.kinds):
            self._read(self.sensors[slot], readings.received, message, stamp, values)
        return self._told()

    def advance_to(self, instant: int) -> list[dict[str, Any]]:
        self._settle((instant, READING))
        return self._told()

    def _told(self) -> list[dict[str, Any]]:
        found, self.found = self.found, []
        return sorted(found, key=lambda t: (t["at"], t["message"], t["rule"], t["subject"]))

    def _settle(self, until: tuple[int, int]) -> None:
        while True:
            pending = [
                (due, rule.id, state.sensor.id, rule, state)
                for rule, state in self._pairs()
                for due in self._dues(rule, state)
            ]
            first = min(pending, key=lambda entry: entry[:3], default=None)
            if first is None or first[0] >= until:
                self.now = until
                return
            self.now = first[0]
            (instant, order), _, _, rule, state = first
            self._fire(rule, state, instant, order)

    def _pairs(self) -> Iterator[tuple[Rule, SensorState]]:
        for rule in self.rules:
            for state in self.sensors:
                if (rule.id, state.sensor.id) in self.subjects:
                    yield rule, state

    def _metrics(self, rule: Rule) -> set[str]:
        return metrics_of(rule, self.sensors[0])

    def _rises(self, rule: Rule, subject: SubjectState) -> list[int]:
        times = [
            latch.run + rule.sustain[grade]
            for grade, latch in subject.latches.items()
            if latch.run is not None and not latch.auto
        ]
        times += [since + held.duration for (held, _, _), since in subject.runs.items()]
        return [time for time in times if time > subject.clock]

    def _dues(self, rule: Rule, state: SensorState) -> Iterator[tuple[int, int]]:
        subject = self.subjects[rule.id, state.sensor.id]
        lag = state.arrived - state.newest
        after = rule.release.after
        for time in self._rises(rule, subject):
            yield time + lag, RAISING
        for latch in subject.latches.values():
            if latch.release is not None and latch.raised is not None:
                yield max(latch.release + after + lag, latch.raised + max(after, 1)), CLEARING
        # A silence that changes nothing has nothing to settle.
        if any(latch.release is not None for latch in subject.latches.values()):
            for metric in self._metrics(rule):
                fallen = state.metrics[metric].heard + rule.silent_after * state.patience
                if (fallen, SILENCE) >= self.now and self._voids(rule, state, fallen):
                    yield fallen, SILENCE

    def _voids(self, rule: Rule, state: SensorState, instant: int) -> list[LatchState]:
        subject = self.subjects[rule.id, state.sensor.id]
        seen = self._now(rule, state, instant + 1, instant - state.arrived + state.newest)
        moved = ladder(rule, seen, True)
        latches = subject.latches.items()
        return [latch for g, latch in latches if latch.release is not None and moved[g] != -1]

    def _now(self, rule: Rule, state: SensorState, instant: int, clock: int, certain: bool = False) -> Seen:
        runs = self.subjects[rule.id, state.sensor.id].runs
        return Seen(state, clock, runs, rule, None, instant, certain)

    def _fire(self, rule: Rule, state: SensorState, instant: int, order: int) -> None:
        clock = instant - state.arrived + state.newest
        if order == RAISING:
            self._judge(rule, state, clock, instant, BEFORE)
        elif order == CLEARING:
            self._let_go(rule, state, clock, instant, BEHIND)
        else:
            for latch in self._voids(rule, state, instant):
                latch.release = None

    def _read(
        self,
        state: SensorState,
        received: int,
        message: int,
        stamp: int,
        values: dict[str, tuple[int, int, int]],
    ) -> None:
        if stamp < state.newest:
            if received - stamp <= 24 * HOUR:
                self._read_late(state, received, message, stamp, values)
            return
        rules = [rule for rule in self.rules if (rule.id, state.sensor.id) in self.subjects]
        for rule in rules:
            self._catch_up(rule, state, stamp, received, message)
        take_in(state, stamp, received, values)
        state.newest, state.arrived = stamp, received
        for rule in rules:
            if self._metrics(rule) & values.keys():
                self._run_on(rule, state, stamp, values)
                self._judge(rule, state, stamp, received, message)

    def _run_on(self, rule: Rule, state: SensorState, stamp: int, values: dict[str, Any]) -> None:
        runs = self.subjects[rule.id, state.sensor.id].runs
        seen = self._now(rule, state, -EVER, stamp)
        for key in all_sustaineds(rule):
            held, moved, negated = key
            if held.condition.left.metric in values:
                bound = threshold(held.condition, seen, moved, negated)
                value = state.metrics[held.condition.left.metric].value
                if bound is not None and compare(value, held.condition.operator, bound):
                    runs.setdefault(key, stamp)
                else:
                    runs.pop(key, None)

    def _catch_up(self, rule: Rule, state: SensorState, stamp: int, instant: int, message: int) -> None:
        subject = self.subjects[rule.id, state.sensor.id]
        after = rule.release.after
        patience = rule.silent_after * state.patience
        gap = max(state.metrics[metric].stamp for metric in self._metrics(rule)) + patience
        while True:
            rise = min(self._rises(rule, subject), default=EVER)
            falls = [
                latch.release + after
                for latch in subject.latches.values()
                if latch.release is not None
                and latch.raised is not None
                and instant >= latch.raised + max(after, 1)
            ]
            fall = min(falls, default=EVER)
            if rise <= stamp and rise <= fall:
                self._judge(rule, state, rise, instant, message)
            elif fall < stamp and fall < gap:
                self._let_go(rule, state, fall, instant, message)
            else:
                break
        if stamp > gap:
            for latch in subject.latches.values():
                latch.release = None

    def _judge(self, rule: Rule, state: SensorState, clock: int, instant: int, message: int) -> None:
        subject = self.subjects[rule.id, state.sensor.id]
        subject.clock = clock
        seen = self._now(rule, state, instant, clock)
        true = ladder(rule, seen, False)
        allowed = rule.only_if is None or verdict(rule.only_if, seen) != -1
        fresh = self._is_fresh(rule, state, instant)
        sure = ladder(rule, self._now(rule, state, instant, clock, certain=True), False)
        for grade, latch in subject.latches.items():
            if true[grade] == 1 and latch.run is None:
                latch.run = clock
            if true[grade] == -1:
                latch.run = None
            if latch.run is not None and clock >= latch.run + rule.sustain[grade] and allowed:
                if latch.raised is None:
                    latch.raised, latch.release, latch.auto = instant, None, False
                latch.auto = latch.auto or (fresh and true[grade] == 1 and sure[grade] == 1)
        moved = ladder(rule, seen, True)
        for grade, latch in subject.latches.items():
            if latch.raised is None or moved[grade] != -1:
                latch.release = None
            elif latch.release is None:
                latch.release = clock
        self._tell(rule, state, instant, message, {}, seen)

    def _is_fresh(self, rule: Rule, state: SensorState, instant: int) -> bool:
        heard = max(metric.heard for metric in state.metrics.values())
        stands = instant <= heard + rule.silent_after * state.patience
        in_time = state.arrived - state.newest <= rule.max_age
        return (stands and in_time) or instant - state.newest <= rule.max_age

    def _let_go(self, rule: Rule, state: SensorState, clock: int, instant: int, message: int) -> None:
        subject = self.subjects[rule.id, state.sensor.id]
        after = rule.release.after
        for latch in subject.latches.values():
            if latch.release is None or latch.raised is None:
                continue
            if latch.release + after <= clock and instant >= latch.raised + max(after, 1):
                latch.raised = latch.release = latch.run = None
                latch.auto = False
        order = 1 if message == BEHIND else 0
        self._tell(rule, state, instant, message, {}, self._now(rule, state, instant + order, clock))

    def _read_late(
        self,
        state: SensorState,
        received: int,
        message: int,
        stamp: int,
        values: dict[str, tuple[int, int, int]],
    ) -> None:
        before = deepcopy(state)
        alone = take_in(state, stamp, received, values)
        for rule in self.rules:
            known = (rule.id, state.sensor.id) in self.subjects and self._metrics(rule) & values.keys()
            if known and not (self._is_quiet(rule, state) and says_nothing(rule, state, values)):
                self._look_back(rule, before, state, alone, stamp, received, message)

    def _is_quiet(self, rule: Rule, state: SensorState) -> bool:
        subject = self.subjects[rule.id, state.sensor.id]
        return not subject.runs and all(latch == LatchState() for latch in subject.latches.values())

    def _look_back(
        self,
        rule: Rule,
        before: SensorState,
        after: SensorState,
        alone: Any,
        own: int,
        instant: int,
        message: int,
    ) -> None:
        subject = self.subjects[rule.id, after.sensor.id]
        clock = after.newest + instant - after.arrived
        old_runs = dict(subject.runs)
        for key in all_sustaineds(rule):
            start = run_start(key[0], Seen(after, clock, old_runs, rule, clock, own=own), *key[1:])
            if start is not None:
                subject.runs[key] = start
        subject.clock = clock

        def then(moment: int, certain: bool = False) -> Seen:
            return Seen(before, moment, old_runs, rule, moment, -EVER, certain, own)

        def now(moment: int, certain: bool = False) -> Seen:
            return Seen(after, moment, dict(subject.runs), rule, moment, -EVER, certain, own, alone)

        rests: dict[Grade, Seen] = {}
        risen: set[Grade] = set()
        for grade, latch in subject.latches.items():
            runs, stretches = self._stretches(rule, grade, now, moments(rule, after, own, clock), clock)
            _, earlier = self._stretches(rule, grade, then, moments(rule, before, own, clock), clock)
            self._settle_late(rule, grade, latch, (stretches, earlier), (now, after, instant), rests, risen)
            if runs and runs[-1][1] == EVER and (latch.run is None or runs[-1][0] < latch.run):
                latch.run = runs[-1][0]
        present = self._now(rule, after, instant, clock)
        moved = ladder(rule, present, True)
        for grade, latch in subject.latches.items():
            denied = latch.release is not None and any(
                ladder(rule, now(m), True)[grade] == 1 and ladder(rule, then(m), True)[grade] != 1
                for m in moments(rule, after, own, clock)
                if m >= max(own, latch.release)
            )
            if grade in risen or denied:
                latch.release = clock if moved[grade] == -1 else None
        self._tell(rule, after, instant, message, rests, present, late=True)

    def _stretches(self, rule: Rule, grade: Grade, seen: Any, times: list[int], clock: int) -> Any:
        """Runs of truth broken by a known false, and the stretches of them that could have raised."""
        runs, start = [], None
        for moment in times:
            true = ladder(rule, seen(moment), False)[grade]
            if true == 1 and start is None:
                start = moment
            elif true == -1 and start is not None:
                runs.append((start, moment))
                start = None
        if start is not None:
            runs.append((start, EVER))
        stretches = []
        for start, end in runs:
            held = start + rule.sustain[grade]
            if held <= min(end, clock):
                inside = sorted({held} | {m for m in times if held <= m < end})
                if rule.only_if is not None:
                    inside = [m for m in inside if verdict(rule.only_if, seen(m)) != -1]
                if inside:
                    stretches.append((held, max(end, held + 1), inside, end == EVER))
        return runs, stretches

    def _settle_late(
        self, rule: Rule, grade: Grade, latch: LatchState, stretches: Any, seen: Any, rests: Any, risen: Any
    ) -> None:
        after, before = stretches
        now, state, instant = seen
        if latch.auto:
            return
        if latch.raised is None:
            after = [s for s in after if not any(s[0] < b[1] and b[0] < s[1] for b in before)]
        if not after:
            return
        at_newest = (
            self._is_fresh(rule, state, instant) and ladder(rule, now(state.newest), False)[grade] == 1
        )
        good = [
            m
            for _, _, inside, is_open in after
            for m in inside
            if instant - m <= rule.max_age or (at_newest and is_open and m >= state.newest)
        ]
        good = [m for m in good if ladder(rule, now(m, True), False)[grade] == 1]
        every = [m for stretch in after for m in stretch[2]]
        if latch.raised is None or good:
            rests[grade] = now(max(good or every))
        latch.auto = bool(good)
        if latch.raised is None:
            latch.raised = instant
            risen.add(grade)

    def _tell(
        self,
        rule: Rule,
        state: SensorState,
        instant: int,
        message: int,
        rests: Any,
        present: Seen,
        late: bool = False,
    ) -> None:
        subject = self.subjects[rule.id, state.sensor.id]
        was_open = subject.top is not None
        for line in lines_of(rule, subject, instant, rests, present, late):
            self.found.append({**line, "message": message})
        if was_open or subject.top is not None:
            state.warned.setdefault(rule.id, set()).add(state.newest // HOUR)
