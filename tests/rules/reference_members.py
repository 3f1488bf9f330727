"""What the reference of rules over places knows of single sensors, and what each says of a condition."""

from bisect import insort
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from ingest.registry import Sensor
from rules.language.tree import (
    Age,
    And,
    Comparison,
    Condition,
    Literal,
    Not,
    Or,
    Reports,
    Sustained,
    Value,
    Windowed,
)

GRID = 5_000
TESTS = {
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
INVERSE = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}


@dataclass
class Report:
    stamp: int
    value: Decimal
    suspect: bool


@dataclass
class Heard:
    """All that one sensor ever reported, by metric in the order of the stamps."""

    sensor: Sensor
    reports: dict[str, list[Report]] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    newest: int | None = None
    arrived: int = 0

    def ordered(self, metric: str) -> list[Report]:
        return self.reports.get(metric, [])

    def add(self, metric: str, report: Report) -> None:
        insort(self.reports.setdefault(metric, []), report, key=lambda report: report.stamp)

    @property
    def patience(self) -> int:
        return self.sensor.reporting.interval


@dataclass
class Stand:
    since: int
    until: int | None = None
    sure: bool = False


@dataclass
class Run:
    start: int
    done: bool = False


@dataclass
class Member:
    """What one group function knows of one sensor."""

    stands: Stand | None = None
    stood: Stand | None = None
    runs: dict[Any, Run] = field(default_factory=dict)


def moved(condition: Condition, share: Decimal, way: int) -> Any:
    """The condition with its comparisons moved: 1 makes it easier to be true, -1 harder."""
    match condition:
        case Not(part):
            return Not(moved(part, share, -way))
        case And(parts):
            return And(tuple(moved(part, share, way) for part in parts))
        case Or(parts):
            return Or(tuple(moved(part, share, way) for part in parts))
        case Sustained(comparison, duration):
            return Sustained(moved(comparison, share, way), duration)
        case Comparison(Age()):
            return condition
        case Comparison(left, operator, Literal(value, unit)):
            lower = {">=": 1, ">": 1, "<=": -1, "<": -1}[operator]
            return Comparison(left, operator, Literal(value - way * lower * share * abs(value), unit))
    raise AssertionError(condition)


@cache
def metrics(condition: Any) -> set[str]:
    """The metrics that a condition names; None inside for any."""
    match condition:
        case Comparison(left):
            return {left.metric}
        case Sustained(comparison):
            return metrics(comparison)
        case Not(part):
            return metrics(part)
    return {metric for part in condition.parts for metric in metrics(part)}


def said(condition: Any, seen: Heard, member: Member, at: "Moment") -> int:
    """1, 0 or -1: what one sensor says of a condition."""
    match condition:
        case Not(part):
            return _not(part, seen, member, at)
        case And(parts):
            return min(said(part, seen, member, at) for part in parts)
        case Or(parts):
            return max(said(part, seen, member, at) for part in parts)
        case Sustained(comparison):
            run = member.runs.get(condition)
            report = newest(seen, comparison.left.metric, at)
            if report is None or (at.certain and report.suspect):
                return 0
            if run is not None and (run.done or run.start + condition.duration <= at.clock):
                return 1
            return 0 if report.suspect or silent(seen, comparison.left.metric, at) else -1
    return compared(condition, seen, at)


def _not(part: Any, seen: Heard, member: Member, at: "Moment") -> int:
    """Silence keeps a true and forgets a false: of the comparison as `not` turns it."""
    match part:
        case Comparison(left, operator, right):
            return compared(Comparison(left, INVERSE[operator], right), seen, at)
        case Not(inner):
            return said(inner, seen, member, at)
    raise AssertionError("only comparisons are negated here")


def compared(comparison: Comparison, seen: Heard, at: "Moment") -> int:
    left, right = comparison.left, comparison.right
    if isinstance(left, Age):
        asked = seen.heard.items() if left.metric is None else [(left.metric, seen.heard.get(left.metric))]
        heard = max((instant for _, instant in asked if instant is not None), default=None)
        assert at.by is not None
        assert isinstance(right, Reports | Literal)
        limit = right.count * seen.patience if isinstance(right, Reports) else int(right.value)
        return -1 if heard is None or not TESTS[comparison.operator](at.by - heard, limit) else 1
    assert isinstance(left, Value | Windowed)
    assert isinstance(right, Literal)
    report = newest(seen, left.metric, at)
    if report is None:
        return -1
    true = TESTS[comparison.operator]
    if isinstance(left, Value):
        if at.certain and report.suspect:
            return 0
        if true(report.value, right.value):
            return 1
        return 0 if report.suspect or silent(seen, left.metric, at) else -1
    end = report.stamp
    inside = [r for r in seen.ordered(left.metric) if end - left.width < r.stamp <= end]
    inside = [r for r in inside if not (at.certain and r.suspect)]
    if not inside:
        return 0
    if true(max(r.value for r in inside), right.value):
        return 1
    covers = [(max(r.stamp - seen.patience, end - left.width), r.stamp) for r in inside if not r.suspect]
    covered = sum(any(a <= t < b for a, b in covers) for t in range(end - left.width, end, GRID)) * GRID
    return 0 if covered * 100 < left.width * 80 or silent(seen, left.metric, at) else -1


def newest(seen: Heard, metric: str, at: "Moment") -> Report | None:
    """The newest report; at a late reading its own, or what stood then and still is the newest."""
    reports = seen.ordered(metric)
    if at.own is not None:
        own = next((r for r in reversed(reports) if r.stamp == at.own), None)
        still = reports[-1] if reports and reports[-1].stamp <= at.own else None
        return own or still
    return reports[-1] if reports else None


def silent(seen: Heard, metric: str, at: "Moment") -> bool:
    return at.by is not None and seen.heard[metric] + at.patience * seen.patience <= at.by


@dataclass
class Moment:
    """`by`: up to it all has been heard of, None when looking back; `own`: the stamp of a late reading."""

    clock: int
    by: int | None
    patience: int
    certain: bool = False
    own: int | None = None


def near_to(stood: Stand, stamp: int, within: int) -> bool:
    """Whether a stand that ended was less than `within` from a stamp."""
    return stood.since < stamp + within and (stood.until or 0) > stamp - within


def is_age(inner: Any) -> bool:
    """Ages are asked for when they are counted, not at readings."""
    return isinstance(inner, Comparison) and isinstance(inner.left, Age)
