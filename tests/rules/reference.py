"""The slow, obvious reference of the engine: part 1 of the semantics, one reading at a time, on plain lists.

Nothing is shared with the engine but the shapes of rules and readings. Every window is added up anew from the
list of reports, every subject exists always, deadlines are found by looking at all of them.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ingest.kinds import Form, Kind, Kinds, Metric
from ingest.reading import Quality, Readings
from ingest.registry import Registry, Sensor
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import warning_id
from rules.tree import And, Comparison, Condition, Literal, Not, Or, Sustained, Value, Windowed

EVER = 10**18
RAISING, READING, SILENCE, CLEARING = range(4)
INVERSE = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}
HOUR = 3_600_000


@dataclass
class Report:
    """One entry of a list of reports; `first` is the oldest stamp that was merged into it."""

    stamp: int
    first: int
    high: int
    low: int
    last: int
    flags: int
    period: int = 0
    guessed: bool = False


@dataclass
class Memory:
    """What may be remembered of a metric: `limit` entries; in cells if `cell` is not 0."""

    span: int
    step: int
    cell: int
    amounts: bool
    reports: list[Report] = field(default_factory=list)

    @property
    def limit(self) -> int:
        return max(-(-self.span // max(self.step, self.cell, 1)) + 2, 8)

    def add(self, new: Report) -> bool:
        """False if the report is older than what is remembered."""
        reports = self.reports
        if self.amounts and reports and new.stamp <= reports[-1].stamp - self.span:
            return False
        if len(reports) == self.limit and new.stamp < reports[0].stamp:
            return False
        for k, old in enumerate(reports):
            if self.cell and old.stamp // self.cell == new.stamp // self.cell:
                reports[k] = merged(*sorted([old, new], key=lambda report: report.stamp))
                return True
            guessed = old.guessed and new.guessed
            if self.amounts and old.stamp == new.stamp and (guessed or old.period == new.period):
                if new.last > old.last:
                    reports[k] = new
                    new.flags |= Quality.SUSPECT
                    new.period = old.period
                return True
        reports.append(new)
        reports.sort(key=lambda report: report.stamp)
        if len(reports) > self.limit:
            self.forget()
        return True

    def forget(self) -> None:
        reports = self.reports
        if reports[0].stamp <= reports[-1].stamp - self.span:
            reports.pop(0)
            return
        for k in range(len(reports) - 1):
            begin = reports[k].stamp - reports[k].period if self.amounts else reports[k].first
            if reports[k + 1].stamp - begin <= 2 * max(self.step, self.cell):
                break
        else:
            k = 0
        assert not self.amounts, "choose tests in which amounts are not merged"
        reports[k : k + 2] = [merged(reports[k], reports[k + 1])]


def merged(older: Report, newer: Report) -> Report:
    high, low = max(older.high, newer.high), min(older.low, newer.low)
    first = min(older.first, newer.first)
    return Report(newer.stamp, first, high, low, newer.last, older.flags | newer.flags)


@dataclass
class MetricState:
    """The newest value of a metric, when the metric was last received, and its reports by kind of memory."""

    memories: list[Memory]
    stamp: int = -EVER
    value: int = 0
    flags: int = 0
    heard: int = -EVER


@dataclass
class SensorState:
    sensor: Sensor
    kind: Kind
    metrics: dict[str, MetricState]
    newest: int = -EVER
    arrived: int = -EVER

    @property
    def patience(self) -> int:
        return self.sensor.reporting.interval or self.sensor.heartbeat

    def memory(self, metric: str, width: int) -> Memory | None:
        """The memory that answers a window, or the one of single reports for width 0."""
        memories = self.metrics[metric].memories
        if width == 0:
            return next((m for m in memories if not m.cell), None)
        most = 64 * memories[0].step
        if memories[0].amounts or width <= most:
            return next(m for m in memories if not m.cell)
        return next(m for m in memories if m.cell == cell_width(width))


def cell_width(width: int) -> int:
    steps = sorted(step * 10**power for power in range(12) for step in (1, 2, 5))
    return next(step for step in steps if step * 64 >= width)


@dataclass
class LatchState:
    run: int | None = None
    release: int | None = None
    raised: int | None = None
    auto: bool = False


@dataclass
class SubjectState:
    latches: dict[Grade, LatchState]
    runs: dict[Any, int] = field(default_factory=dict)
    clock: int = -EVER
    top: Grade | None = None
    auto: Grade | None = None
    warning: str = ""
    ordinal: int = 0


@dataclass
class Seen:
    """What a condition is judged on: a sensor's state, now (`moment` None) or at a moment."""

    state: SensorState
    clock: int
    runs: dict[Any, int]
    rule: Rule
    moment: int | None = None
    instant: int = -EVER
    certain: bool = False
    own: int | None = None
    alone: dict[Any, Memory] = field(default_factory=dict)

    def memory(self, metric: str, width: int) -> Memory | None:
        memory = self.state.memory(metric, width)
        if self.moment is not None and self.moment == self.own:
            key = (metric, memory.cell if memory else 0)
            return self.alone.get(key, memory)
        return memory

    def reports(self, metric: str, width: int) -> list[Report]:
        memory = self.memory(metric, width)
        end = EVER if self.moment is None else self.moment
        return [report for report in memory.reports if report.stamp <= end] if memory else []

    def window(self, left: Windowed) -> list[Report]:
        reports = self.reports(left.metric, left.width)
        return [report for report in reports if report.stamp > reports[-1].stamp - left.width]

    def is_doubtful(self, report: Report, width: int) -> bool:
        return bool(report.flags & Quality.SUSPECT) or report.period > width > 0

    def value(self, left: Value | Windowed) -> int | None:
        if isinstance(left, Value):
            return self.bare(left.metric)
        inside = self.window(left)
        if not inside:
            return None
        kept = [r for r in inside if not (self.certain and self.is_doubtful(r, left.width))]
        if left.function == "sum":
            shares = self.shares(left)
            return sum(shares[id(report)] for report in kept)
        if not kept:
            return None
        if left.function == "max":
            return max(report.high for report in kept)
        if kept[-1] is not inside[-1]:
            return None
        return kept[-1].last - min(report.low for report in kept)

    def shares(self, left: Windowed) -> dict[int, int]:
        """What each amount adds: the longer one what exceeds the shorter ones inside it (D21)."""
        memory = self.memory(left.metric, left.width)
        assert memory is not None
        shares: dict[int, int] = {}
        for long in sorted(memory.reports, key=lambda report: report.period):
            inside = 0
            for short in memory.reports:
                known = short.period < long.period and not short.guessed and not long.guessed
                begin = long.stamp - long.period
                if known and begin <= short.stamp - short.period and begin < short.stamp <= long.stamp:
                    inside += shares[id(short)]
            shares[id(long)] = max(long.last - inside, 0)
        return shares

    def bare(self, metric: str) -> int | None:
        state = self.state.metrics[metric]
        value: int | None = state.value
        flags, stamp = state.flags, state.stamp
        if self.moment is not None:
            reports = self.reports(metric, 0)
            if reports:
                value, flags, stamp = reports[-1].last, reports[-1].flags, reports[-1].stamp
        if stamp == -EVER or (self.moment is not None and stamp > self.moment):
            return None
        return None if self.certain and flags & Quality.SUSPECT else value

    def covered(self, left: Windowed) -> int:
        """The ms of the window that lie in the time that a report covers (D11)."""
        inside = self.window(left)
        reports = self.reports(left.metric, left.width)
        if self.certain:
            inside = [r for r in inside if not self.is_doubtful(r, left.width)]
        if not inside:
            return 0
        edge = reports[-1].stamp - left.width
        spans = sorted((max(begin, edge), end) for begin, end in self.spans(inside, reports))
        total, reached = 0, edge
        for begin, end in spans:
            total += max(end - max(begin, reached), 0)
            reached = max(reached, end)
        return total

    def spans(self, inside: list[Report], reports: list[Report]) -> Iterator[tuple[int, int]]:
        sensor = self.state.sensor
        for report in inside:
            place = reports.index(report)
            if self.memory_is_of_amounts(report):
                period = min(report.period, sensor.heartbeat) if report.guessed else report.period
                yield report.stamp - period, report.stamp
            elif sensor.reporting.interval:
                yield report.first - sensor.reporting.interval, report.stamp
            else:
                before = reports[place - 1].stamp if place else report.first
                yield report.first - min(max(report.first - before, 0), sensor.heartbeat), report.stamp

    def memory_is_of_amounts(self, report: Report) -> bool:
        return report.high == -EVER

    def is_silent(self, metric: str) -> bool:
        if self.moment is not None:
            return False
        patience = self.rule.silent_after * self.state.patience
        return self.state.metrics[metric].heard + patience < self.instant


def metric_of(comparison: Comparison, kind: Kind) -> Metric:
    return kind.metrics[comparison.left.metric]


def threshold(comparison: Comparison, seen: Seen, moved: bool, turned: bool) -> Fraction | None:
    """In units of the resolution; `turned` when the comparison must be harder to be true (under `not`)."""
    metric = metric_of(comparison, seen.state.kind)
    if isinstance(comparison.right, Literal):
        value = Fraction(comparison.right.value)
    elif comparison.right.name in seen.state.sensor.site:
        value = Fraction(seen.state.sensor.site[comparison.right.name][0])
    else:
        return None
    release = seen.rule.release
    up = comparison.operator in ("<", "<=")
    if not moved or not metric.unit or comparison.operator in ("==", "!="):
        return value / Fraction(metric.resolution)
    shift = Fraction(release.share) * abs(value)
    if release.amount and release.unit == metric.unit:
        shift = Fraction(release.amount)
    if turned:
        return (value - shift if up else value + shift) / Fraction(metric.resolution)
    counts = (value + shift if up else value - shift) / Fraction(metric.resolution)
    return Fraction(
        -(-counts.numerator // counts.denominator) if up else counts.numerator // counts.denominator
    )


def compare(value: int, operator: str, bound: Fraction) -> bool:
    return {
        ">=": value >= bound,
        ">": value > bound,
        "<=": value <= bound,
        "<": value < bound,
        "==": value == bound,
        "!=": value != bound,
    }[operator]


def verdict(condition: Condition, seen: Seen, moved: bool = False, negated: bool = False) -> int:
    """1 true, 0 unknown, -1 false; silence keeps a true and forgets a false (D9), coverage alike (D11)."""
    match condition:
        case Not(part):
            return verdict(part, seen, moved, not negated)
        case And(parts) | Or(parts):
            each = [verdict(part, seen, moved, negated) for part in parts]
            return min(each) if isinstance(condition, And) != negated else max(each)
        case Sustained():
            return sustained(condition, seen, moved, negated)
    operator = INVERSE[condition.operator] if negated else condition.operator
    comparison = Comparison(condition.left, operator, condition.right)
    bound = threshold(comparison, seen, moved, False)
    value = seen.value(condition.left)
    if value is None or bound is None:
        return 0
    true = compare(value, operator, bound)
    if isinstance(condition.left, Windowed) and seen.covered(condition.left) * 5 < condition.left.width * 4:
        if not true or (condition.left.function == "sum" and operator not in (">", ">=")):
            return 0
    if not true and seen.is_silent(condition.left.metric):
        return 0
    return 1 if true else -1


def sustained(condition: Sustained, seen: Seen, moved: bool, negated: bool) -> int:
    bound = threshold(condition.condition, seen, moved, negated)
    if bound is None or seen.value(condition.condition.left) is None:
        return 0
    since = run_start(condition, seen, moved, negated)
    clock = seen.clock if seen.moment is None else seen.moment
    complete = since is not None and clock >= since + condition.duration
    if complete != negated:
        return 1
    return 0 if seen.is_silent(condition.condition.left.metric) else -1


def run_start(condition: Sustained, seen: Seen, moved: bool, negated: bool) -> int | None:
    since = seen.runs.get((condition, moved, negated))
    if seen.moment is None:
        return since
    bound = threshold(condition.condition, seen, moved, negated)
    memory = seen.state.memory(condition.condition.left.metric, 0)
    start = since if since is not None and since <= seen.moment else None
    for report in reversed(memory.reports if memory and bound is not None else []):
        if report.stamp > seen.moment or (start is not None and report.stamp >= start):
            continue
        assert bound is not None
        if not compare(report.last, condition.condition.operator, bound):
            break
        start = report.stamp
    return start


def sustaineds(
    condition: Condition | None, moved: bool, negated: bool = False
) -> Iterator[tuple[Sustained, bool, bool]]:
    match condition:
        case Sustained():
            yield condition, moved, negated
        case Not(part):
            yield from sustaineds(part, moved, not negated)
        case And(parts) | Or(parts):
            for part in parts:
                yield from sustaineds(part, moved, negated)


def comparisons(condition: Condition | None) -> Iterator[Comparison]:
    match condition:
        case Comparison():
            yield condition
        case Sustained(inner):
            yield inner
        case Not(part):
            yield from comparisons(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from comparisons(part)


class Reference:
    """All rules over all sensors, without haste."""

    def __init__(self, kinds: Kinds, registry: Registry, rules: tuple[Rule, ...]) -> None:
        self.kinds, self.registry, self.rules = kinds, registry, rules
        self.found: list[dict[str, Any]] = []
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
        return SensorState(
            sensor, kind, {name: MetricState(self._memories(kind, name)) for name in kind.metrics}
        )

    def _memories(self, kind: Kind, metric: str) -> list[Memory]:
        same = [s for s in self.registry.sensors if s.kind == kind.name]
        step = min(s.reporting.interval or s.heartbeat for s in same)
        widths, runs = set(), set()
        for rule in (rule for rule in self.rules if rule.kind == kind.name):
            longest = max(rule.sustain.values())
            for condition, sustain in [*((c, longest) for c in rule.grades.values()), (rule.only_if, 0)]:
                for comparison in comparisons(condition):
                    if comparison.left.metric == metric and isinstance(comparison.left, Windowed):
                        widths.add(comparison.left.width)
                    elif comparison.left.metric == metric and sustain:
                        runs.add(sustain)
                found = (held for held, _, _ in sustaineds(condition, False))
                runs |= {held.duration for held in found if held.condition.left.metric == metric}
        if kind.metrics[metric].form is Form.AMOUNT:
            return [Memory(max(widths) + 6 * HOUR, step, 0, True)] if widths else []
        most = 64 * step
        exact = {w for w in widths if w <= most} | {min(d, most) for d in runs}
        memories = [Memory(max(exact), step, 0, False)] if exact else []
        cells = sorted({cell_width(w) for w in widths if w > most})
        return memories + [Memory(64 * cell, step, cell, False) for cell in cells]

    # -- time ---------------------------------------------------------------------------------------------

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
                return
            (instant, order), _, _, rule, state = first
            self._fire(rule, state, instant, order)

    def _pairs(self) -> Iterator[tuple[Rule, SensorState]]:
        for rule in self.rules:
            for state in self.sensors:
                if (rule.id, state.sensor.id) in self.subjects:
                    yield rule, state

    def _metrics(self, rule: Rule) -> set[str]:
        conditions = [*rule.grades.values(), rule.only_if]
        return {c.left.metric for condition in conditions for c in comparisons(condition)}

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
                if fallen > 0 and self._voids(rule, state, fallen):
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
            self._judge(rule, state, clock, instant, -1)
        elif order == CLEARING:
            self._let_go(rule, state, clock, instant, -1)
        else:
            for latch in self._voids(rule, state, instant):
                latch.release = None

    # -- readings -----------------------------------------------------------------------------------------

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

    # -- judging ------------------------------------------------------------------------------------------

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
        stands = instant <= state.arrived + rule.silent_after * state.patience
        in_time = state.arrived - state.newest <= rule.max_age
        return (stands and in_time) or instant - state.newest <= rule.max_age

    def _let_go(self, rule: Rule, state: SensorState, clock: int, instant: int, message: int) -> None:
        subject = self.subjects[rule.id, state.sensor.id]
        after = rule.release.after
        for latch in subject.latches.values():
            if latch.release is not None and latch.raised is not None:
                if latch.release + after <= clock and instant >= latch.raised + max(after, 1):
                    latch.raised = latch.release = latch.run = None
                    latch.auto = False
        order = 1 if message < 0 else 0
        self._tell(rule, state, instant, message, {}, self._now(rule, state, instant + order, clock))

    # -- late readings ------------------------------------------------------------------------------------

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
            if (rule.id, state.sensor.id) in self.subjects and self._metrics(rule) & values.keys():
                self._look_back(rule, before, state, alone, stamp, received, message)

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

    # -- telling ------------------------------------------------------------------------------------------

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
        on = [grade for grade, latch in subject.latches.items() if latch.raised is not None]
        top = max(on, default=None)
        sure = max((grade for grade in on if subject.latches[grade].auto), default=None)
        for grade in on:
            subject.latches[grade].auto |= sure is not None and grade <= sure
        shown, lines = subject.top, []
        if sure is not None and sure > (subject.auto or 0):
            lines.append((shown, sure, "auto"))
            shown = sure
        if shown != top:
            lines.append((shown, top, "auto" if top in (None, sure) else "review"))
        for k, (old, new, disposition) in enumerate(lines):
            reason = why(old, new)
            if k == 0 and disposition == "auto" and new is not None and old is not None:
                if new <= old and top is not None and top >= old:
                    reason = "confirmed by newer data"
            if subject.warning == "":
                subject.warning = warning_id(rule.id, state.sensor.id, instant)
            grade = new or old
            seen = rests.get(grade, present)
            self.found.append(
                {
                    "at": instant,
                    "message": message,
                    "rule": rule.id,
                    "subject": state.sensor.id,
                    "warning": subject.warning,
                    "ordinal": subject.ordinal,
                    "before": old,
                    "after": new,
                    "disposition": disposition,
                    "reason": f"{reason}, late" if late else reason,
                    "observed": state.newest if seen.moment is None else seen.moment,
                    "coverage": coverage(rule.grades[grade], seen),
                    "late": late,
                }
            )
            subject.ordinal += 1
        subject.top, subject.auto = top, sure
        if top is None:
            subject.warning, subject.ordinal = "", 0


def why(old: Grade | None, new: Grade | None) -> str:
    if new is None:
        return "cleared"
    if old is None:
        return "raised"
    return "upgraded" if new > old else "downgraded"


def coverage(condition: Condition, seen: Seen) -> float | None:
    windows = [c.left for c in comparisons(condition) if isinstance(c.left, Windowed)]
    shares = [seen.covered(left) / left.width for left in windows if seen.window(left)]
    return round(min(shares), 3) if shares else None


def ladder(rule: Rule, seen: Seen, moved: bool) -> dict[Grade, int]:
    """A true stronger grade makes the weaker ones true (D13)."""
    verdicts = {grade: verdict(condition, seen, moved) for grade, condition in rule.grades.items()}
    for grade in verdicts:
        if any(verdicts[other] == 1 for other in verdicts if other > grade):
            verdicts[grade] = 1
    return verdicts


def all_sustaineds(rule: Rule) -> list[tuple[Sustained, bool, bool]]:
    found = [key for c in rule.grades.values() for moved in (False, True) for key in sustaineds(c, moved)]
    return list(dict.fromkeys([*found, *sustaineds(rule.only_if, False)]))


def moments(rule: Rule, state: SensorState, own: int, clock: int) -> list[int]:
    """The stamps that the rule can look back on, and the moments at which a `sustained` completed."""
    found = {own, state.newest}
    for metric in {c.left.metric for c in [*rule.grades.values(), rule.only_if] for c in comparisons(c)}:
        found |= {report.stamp for memory in state.metrics[metric].memories for report in memory.reports}
    for held, moved, negated in all_sustaineds(rule):
        bound = threshold(held.condition, Seen(state, 0, {}, rule), moved, negated)
        memory = state.memory(held.condition.left.metric, 0)
        true_before = False
        for report in memory.reports if memory and bound is not None else []:
            assert bound is not None
            true = compare(report.last, held.condition.operator, bound)
            if true and not true_before:
                found.add(report.stamp + held.duration)
            true_before = true
    return sorted(moment for moment in found if moment <= clock)


def take_in(
    state: SensorState, stamp: int, received: int, values: dict[str, tuple[int, int, int]]
) -> dict[Any, Memory]:
    """Remember a reading; what is older than its memory stands alone."""
    alone: dict[Any, Memory] = {}
    for name, (value, period, flags) in values.items():
        metric = state.metrics[name]
        is_amount = state.kind.metrics[name].form is Form.AMOUNT
        report = Report(stamp, stamp, value, value, value, flags)
        if is_amount:
            report = amount(state, metric, stamp, value, period, flags)
        memories = metric.memories or [Memory(0, 1, 0, is_amount)]
        if not any(not memory.cell for memory in metric.memories):
            alone[name, 0] = Memory(EVER, 1, 0, is_amount, [deepcopy(report)])
        for memory in memories if metric.memories else []:
            copy = deepcopy(report)
            if not memory.add(copy):
                alone[name, memory.cell] = Memory(EVER, 1, memory.cell, is_amount, [copy])
        metric.heard = received
        if stamp >= metric.stamp:
            metric.stamp, metric.value, metric.flags = stamp, value, flags
    return alone


def amount(
    state: SensorState, metric: MetricState, stamp: int, value: int, period: int, flags: int
) -> Report:
    """An amount with its period: the message's, the interval, or the time since the report before (D20)."""
    interval = state.sensor.reporting.interval
    guessed = not period and not interval
    if guessed:
        earlier = [r.stamp for memory in metric.memories for r in memory.reports if r.stamp < stamp]
        period = stamp - max(earlier, default=stamp)
    return Report(stamp, stamp, -EVER, -EVER, value, flags, period or interval, guessed)


def grouped(
    readings: Readings, registry: Registry, kinds: Kinds
) -> Iterator[tuple[int, int, int, dict[str, tuple[int, int, int]]]]:
    """The readings of a block one by one; a second value of a metric at a stamp is one more reading."""
    found: dict[tuple[int, int, int], list[dict[str, tuple[int, int, int]]]] = {}
    for k in range(len(readings)):
        key = (int(readings.message[k]), int(readings.observed[k]), int(readings.slot[k]))
        name = kinds.columns[int(readings.column[k])].name
        row = (int(readings.value[k]), int(readings.period[k]), int(readings.quality[k]))
        turns = found.setdefault(key, [{}])
        turn = next((t for t in turns if name not in t), None)
        if turn is None:
            turn = {}
            turns.append(turn)
        turn[name] = row
    for (message, stamp, slot), turns in sorted(found.items(), key=lambda item: item[0]):
        for values in turns:
            yield message, slot, stamp, values
