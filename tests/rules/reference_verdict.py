"""How the reference judges a condition: every window added up anew from the list of reports."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ingest.kinds import Form, Kind, Metric
from ingest.reading import Quality
from ingest.registry import Registry
from rules.grade import Grade
from rules.language.tree import And, Comparison, Condition, Literal, Not, Or, Sustained, Value, Windowed
from rules.rule import Rule
from tests.rules.reference_memory import EVER, HOUR, Memory, Report, SensorState, cell_width

INVERSE = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}


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
    left = condition.left
    if isinstance(left, Windowed) and seen.covered(left) * 5 < left.width * 4:
        two_ways = left.function == "sum" and operator not in (">", ">=")
        return 0 if two_ways or not true else 1
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


def says_nothing(rule: Rule, state: SensorState, values: dict[str, tuple[int, int, int]]) -> bool:
    """Whether no value of a late reading can turn a comparison true, nor an amount add to a sum."""
    seen = Seen(state, 0, {}, rule)
    if any(negated for _, _, negated in all_sustaineds(rule)):
        return False
    keys = [(c, False) for c in rule.grades.values()] + [(rule.only_if, False)]
    for comparison, operator in (leaf for condition, negated in keys for leaf in leaves(condition, negated)):
        if comparison.left.metric not in values:
            continue
        value = values[comparison.left.metric][0]
        function = comparison.left.function if isinstance(comparison.left, Windowed) else ""
        upwards = operator in (">", ">=")
        if function == "sum" and upwards:
            if value > 0:
                return False
        elif function == "rise" or (function and not upwards):
            return False
        else:
            bound = threshold(Comparison(comparison.left, operator, comparison.right), seen, False, False)
            if bound is not None and compare(value, operator, bound):
                return False
    return True


def leaves(condition: Condition | None, negated: bool) -> Iterator[tuple[Comparison, str]]:
    """The comparisons with their operators as `not` turns them."""
    match condition:
        case Comparison():
            yield condition, INVERSE[condition.operator] if negated else condition.operator
        case Sustained(inner):
            yield inner, inner.operator
        case Not(part):
            yield from leaves(part, not negated)
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part, negated)


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


def memories(rules: tuple[Rule, ...], registry: Registry, kind: Kind, metric: str) -> list[Memory]:
    """What the rules want remembered of a metric."""
    same = [s for s in registry.sensors if s.kind == kind.name]
    step = min(s.reporting.interval or s.heartbeat for s in same)
    widths, runs = set(), set()
    for rule in (rule for rule in rules if rule.kind == kind.name):
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
