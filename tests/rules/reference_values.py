"""How the reference measures: every function worked out anew from the list of reports, as it is defined."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from statistics import median_low
from typing import Any
from zoneinfo import ZoneInfo

from ingest.reading import Quality
from rules.language.tree import (
    Age,
    Arithmetic,
    Baseline,
    Comparison,
    Condition,
    Counted,
    Eta,
    Expression,
    Flagged,
    Forecast,
    Hours,
    Literal,
    Season,
    SiteParameter,
    Stuck,
    Value,
    Windowed,
)
from rules.rule import Rule
from tests.rules.reference_memory import EVER, HOUR, Memory, Report, SensorState

COMPARE = {
    ">=": lambda value, bound: value >= bound,
    ">": lambda value, bound: value > bound,
    "<=": lambda value, bound: value <= bound,
    "<": lambda value, bound: value < bound,
    "==": lambda value, bound: value == bound,
    "!=": lambda value, bound: value != bound,
}


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
    # How far the comparison inside a `count` is moved: by the outer comparison's place in the condition.
    moved: bool = False
    turned: bool = False

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

    def window(self, metric: str, width: int) -> list[Report]:
        reports = self.reports(metric, width)
        return [report for report in reports if report.stamp > reports[-1].stamp - width]

    def is_doubtful(self, report: Report, width: int) -> bool:
        return is_suspect(report) or report.period > width > 0

    def number(self, expression: Expression) -> Fraction | None:
        """In the unit of the expression; None when unknown or divided by zero."""
        if isinstance(expression, Arithmetic):
            one, other = self.number(expression.left), self.number(expression.right)
            if one is None or other is None or (expression.operator == "/" and other == 0):
                return None
            return {
                "+": lambda: one + other,
                "-": lambda: one - other,
                "*": lambda: one * other,
                "/": lambda: one / other,
            }[expression.operator]()
        if isinstance(expression, Literal):
            return Fraction(expression.value)
        if isinstance(expression, SiteParameter):
            site = self.state.sensor.site
            return Fraction(site[expression.name][0]) if expression.name in site else None
        value = self.value(expression)
        return None if value is None else value * resolution(expression, self)

    def value(self, left: Any) -> int | None:
        """In counts of the metric's resolution, or reports, or ms."""
        match left:
            case Value(metric):
                return self.bare(metric)
            case Age(metric):
                return self.age(metric)
            case Baseline():
                return self.baseline(left)
            case Stuck(metric, width):
                inside = self.window(metric, width)
                return None if not inside else max(r.high for r in inside) - min(r.low for r in inside)
        inside = self.window(*window_of(left))
        kept = [r for r in inside if not (self.certain and self.is_doubtful(r, window_of(left)[1]))]
        if not inside:
            return None
        if isinstance(left, Windowed) and left.function == "sum":
            shares = self.shares(left)
            return sum(shares[id(report)] for report in kept)
        return self.of_reports(left, kept, kept[-1:] == inside[-1:]) if kept else None

    def of_reports(self, left: Any, kept: list[Report], whole: bool) -> int | None:
        """`whole`: the newest report is among those that are kept."""
        newest, every = kept[-1].last, [value for report in kept for value in report.values]
        match left:
            case Counted(condition):
                bound = threshold(condition, self, self.moved, self.turned)
                if bound is None:
                    return 0
                return sum(COMPARE[condition.operator](value, bound) for value in every)
            case Windowed("max"):
                return max(report.high for report in kept)
            case Windowed("min"):
                return min(report.low for report in kept)
            case Windowed("mean"):
                return round(Fraction(sum(every), len(every)))
            case Windowed("median"):
                return median_low([report.last for report in kept][-64:])
            case Windowed("rise"):
                return newest - min(report.low for report in kept) if whole else None
            case Windowed("fall"):
                return max(report.high for report in kept) - newest if whole else None
        slope = rate(kept[-64:], window_of(left)[1])
        match left:
            case Windowed("rate"):
                return None if slope is None else round(slope)
            case Forecast(_, horizon):
                return None if slope is None or not whole else round(newest + slope * Fraction(horizon, HOUR))
            case Eta(metric, level):
                goal = self.number(level)
                return None if goal is None or not whole else eta(newest, goal / unit_of(metric, self), slope)
        raise AssertionError(left)

    def age(self, metric: str | None) -> int | None:
        if self.moment is not None:
            return None
        names = [metric] if metric else list(self.state.metrics)
        return self.instant - max(self.state.metrics[name].heard for name in names)

    def never_reported(self, metric: str | None) -> bool:
        names = [metric] if metric else list(self.state.metrics)
        return all(self.state.metrics[name].heard == -EVER for name in names)

    def baseline(self, left: Baseline) -> int:
        """The lower median of the means of the hours before the current one (D25)."""
        state = self.state.metrics[left.metric]
        warned = self.state.warned.get(self.rule.id, set())
        newest = max([*state.hours, *warned], default=0)
        now = newest if self.moment is None else min(self.moment, state.stamp) // HOUR
        span = left.width // HOUR
        means = [
            round(Fraction(sum(value for value, _ in found), len(found)))
            for hour, found in state.hours.items()
            if now - span <= hour < now and newest - span <= hour and hour not in warned
            if not any(flags & Quality.SUSPECT for _, flags in found)
        ]
        if 2 * len(means) >= span:
            return median_low(means)
        return round(Fraction(left.default) / unit_of(left.metric, self))

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
        value, flags = self.newest(metric)
        return None if self.certain and flags & Quality.SUSPECT else value

    def newest(self, metric: str) -> tuple[int | None, int]:
        """The newest value with its flags."""
        state = self.state.metrics[metric]
        value, flags, stamp = state.value, state.flags, state.stamp
        if self.moment is not None:
            reports = self.reports(metric, 0)
            if reports:
                value, flags, stamp = reports[-1].last, reports[-1].flags, reports[-1].stamp
        if stamp == -EVER or (self.moment is not None and stamp > self.moment):
            return None, 0
        return value, flags

    def flagged(self, condition: Flagged) -> bool | None:
        value, flags = self.newest(condition.metric)
        return None if value is None else bool(flags & Quality[condition.flag.upper()])

    def inside(self, condition: Hours | Season) -> bool:
        """Whether the wall clock of the zone shows a time inside."""
        instant = self.instant if self.moment is None else self.moment
        local = datetime.fromtimestamp(instant // 1000, ZoneInfo(condition.zone))
        if isinstance(condition, Hours):
            now, start, end = local.hour * 60 + local.minute, condition.start, condition.end
            return start <= now < end if start <= end else now >= start or now < end
        date, first, last = (local.month, local.day), condition.start, condition.end
        return first <= date <= last if first <= last else date >= first or date <= last

    def covered(self, left: Any) -> tuple[int, int]:
        """The ms of the window that lie in the time that a report covers (D11), and its length."""
        metric, width = window_of(left)
        inside, reports = self.window(metric, width), self.reports(metric, width)
        if not isinstance(left, Stuck):
            inside = [r for r in inside if not is_suspect(r)]
            inside = [r for r in inside if not (self.certain and self.is_doubtful(r, width))]
        edge = reports[-1].stamp - width
        spans = sorted((max(begin, edge), end) for begin, end in self.spans(inside, reports))
        total, reached = 0, edge
        for begin, end in spans:
            total += max(end - max(begin, reached), 0)
            reached = max(reached, end)
        return total, width

    def spans(self, inside: list[Report], reports: list[Report]) -> Iterator[tuple[int, int]]:
        sensor = self.state.sensor
        for report in inside:
            place = next(k for k, other in enumerate(reports) if other is report)
            if report.high == -EVER:
                period = min(report.period, sensor.heartbeat) if report.guessed else report.period
                yield report.stamp - period, report.stamp
            elif sensor.reporting.interval:
                yield report.first - sensor.reporting.interval, report.stamp
            else:
                before = reports[place - 1].stamp if place else report.first
                yield report.first - min(max(report.first - before, 0), sensor.heartbeat), report.stamp

    def is_silent(self, metric: str) -> bool:
        if self.moment is not None:
            return False
        patience = self.rule.silent_after * self.state.patience
        return self.state.metrics[metric].heard + patience < self.instant


def is_suspect(report: Report) -> bool:
    return bool(report.flags & Quality.SUSPECT)


def unit_of(metric: str, seen: Seen) -> Fraction:
    return Fraction(seen.state.kind.metrics[metric].resolution)


def resolution(left: Any, seen: Seen) -> Fraction:
    """What one count of a value is."""
    return Fraction(1) if isinstance(left, Counted | Eta | Age) else unit_of(left.metric, seen)


def window_of(left: Any) -> tuple[str, int]:
    """The metric and the width that a function looks back on; width 0 for those that do not."""
    match left:
        case Windowed(_, metric, width) | Stuck(metric, width):
            return metric, width
        case Counted(Comparison(Value(metric)), width):
            return metric, width
        case Forecast(metric) | Eta(metric):
            return metric, HOUR
    return getattr(left, "metric", None) or "", 0


def rate(points: Sequence[Report], width: int) -> Fraction | None:
    """The slope of the straight line through the readings with the least squares, per hour."""
    if points[-1].stamp - points[0].stamp < Fraction(width, 2):
        return None
    hours = [Fraction(point.stamp - points[0].stamp, HOUR) for point in points]
    middle, mean = sum(hours) / len(hours), Fraction(sum(point.last for point in points), len(points))
    above = sum((h - middle) * (point.last - mean) for h, point in zip(hours, points, strict=True))
    return above / sum((h - middle) ** 2 for h in hours)


def eta(newest: int, goal: Fraction, slope: Fraction | None) -> int | None:
    if newest >= goal:
        return 0
    if slope is None:
        return None
    return round((goal - newest) / slope * HOUR) if slope > 0 else EVER


def threshold(comparison: Comparison, seen: Seen, moved: bool, turned: bool) -> Fraction | None:
    """In counts of the left side; `turned` when the comparison must be harder to be true (under `not`)."""
    left, right = comparison.left, comparison.right
    value = seen.number(right) if not hasattr(right, "count") else Fraction(right.count * seen.state.patience)
    if value is None:
        return None
    exact = isinstance(left, Arithmetic)
    unit = Fraction(1) if exact else resolution(left, seen)
    named = left.unit if isinstance(left, Arithmetic) else measured_in(left, seen)
    up = comparison.operator in ("<", "<=")
    if not moved or not (named or exact) or comparison.operator in ("==", "!="):
        return value / unit
    release = seen.rule.release
    shift = Fraction(release.share) * abs(value)
    if release.amount:
        shift = Fraction(release.amount) if release.unit == named else Fraction(0)
    if turned:
        return (value - shift if up else value + shift) / unit
    counts = (value + shift if up else value - shift) / unit
    if exact:
        return counts
    return Fraction(
        -(-counts.numerator // counts.denominator) if up else counts.numerator // counts.denominator
    )


def measured_in(left: Any, seen: Seen) -> str:
    """The unit that a margin is in; "" for counts and times, which have none."""
    if isinstance(left, Counted | Eta | Age):
        return ""
    unit = seen.state.kind.metrics[left.metric].unit
    return f"{unit}/h" if isinstance(left, Windowed) and left.function == "rate" and unit else unit


def operands(condition: Condition | Expression | None) -> Iterator[Any]:
    """Everything that a condition measures; a `count` and what is inside `sustained` too."""
    match condition:
        case Arithmetic(_, left, right):
            yield from operands(left)
            yield from operands(right)
        case Comparison(left):
            yield from operands(left)
        case None | Literal() | SiteParameter() | Hours() | Season():
            return
        case Value() | Windowed() | Counted() | Baseline() | Forecast() | Eta() | Age() | Stuck() | Flagged():
            yield condition
        case _:
            parts = getattr(condition, "parts", None) or [
                getattr(condition, "part", None) or condition.condition
            ]
            for part in parts:
                yield from operands(part)


def metrics_of(rule: Rule, seen: SensorState) -> set[str]:
    """The metrics that a rule reads; all where it asks for the age of the sensor."""
    found: set[str] = set()
    for operand in (o for c in [*rule.grades.values(), rule.only_if] for o in operands(c)):
        found |= set(seen.metrics) if operand == Age(None) else {window_of(operand)[0]}
    return found
