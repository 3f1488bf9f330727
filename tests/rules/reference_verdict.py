"""How the reference judges a condition: three values, literally as part 1 of the semantics says."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ingest.kinds import Form, Kind
from ingest.reading import Quality
from ingest.registry import Registry
from rules.grade import Grade
from rules.language.tree import (
    Age,
    And,
    Arithmetic,
    Comparison,
    Condition,
    Counted,
    Flagged,
    Hours,
    Literal,
    Not,
    Or,
    Season,
    Stuck,
    Sustained,
    Value,
    Windowed,
)
from rules.rule import Rule
from tests.rules.reference_memory import HOUR, Memory, SensorState, cell_width
from tests.rules.reference_values import (
    COMPARE,
    Seen,
    metrics_of,
    operands,
    threshold,
    window_of,
)

__all__ = ["Seen", "metrics_of", "threshold"]

INVERSE = {">=": "<", ">": "<=", "<=": ">", "<": ">=", "==": "!=", "!=": "=="}


def compare(value: Any, operator: str, bound: Fraction) -> bool:
    return bool(COMPARE[operator](value, bound))


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
        case Hours() | Season():
            return 1 if seen.inside(condition) != negated else -1
        case Flagged():
            found = seen.flagged(condition)
            true = None if found is None else found != negated
            return known(true, seen, [condition], two_ways=False)
        case Stuck():
            spread = seen.value(condition)
            true = None if spread is None else (spread == 0) != negated
            return known(true, seen, [condition], two_ways=True)
    operator = INVERSE[condition.operator] if negated else condition.operator
    return compared(Comparison(condition.left, operator, condition.right), seen, moved)


def compared(comparison: Comparison, seen: Seen, moved: bool) -> int:
    """One comparison, `not` already taken into its operator."""
    left, operator = comparison.left, comparison.operator
    if isinstance(left, Age) and seen.moment is None and seen.never_reported(left.metric):
        return -1
    if isinstance(left, Counted):
        seen = replace(seen, moved=moved and operator not in ("==", "!="), turned=operator in ("<", "<="))
    bound = threshold(comparison, seen, moved, False)
    value = seen.number(left) if isinstance(left, Arithmetic) else seen.value(left)
    if value is None or bound is None:
        return 0
    ways = directions(left)
    fitting = {">=": {1}, ">": {1}, "<=": {-1}, "<": {-1}}.get(operator, set())
    measured = [*operands(left)]
    return known(compare(value, operator, bound), seen, measured, two_ways=not ways <= fitting)


def known(true: bool | None, seen: Seen, measured: list[Any], *, two_ways: bool) -> int:
    """What can be said of a comparison that is true or false on the values there are."""
    if true is None:
        return 0
    windows = [seen.covered(operand) for operand in measured if window_of(operand)[1]]
    if any(covered * 5 < width * 4 for covered, width in windows):
        return 1 if true and not two_ways else 0
    if true:
        return 1
    for operand in measured:
        metric = window_of(operand)[0]
        suspect = isinstance(operand, Value) and seen.newest(metric)[1] & Quality.SUSPECT
        if suspect or (not isinstance(operand, Age) and seen.is_silent(metric)):
            return 0
    return -1


def directions(left: Any) -> set[int]:
    """Which way the left side goes when a report is found that a sum or a count had missed."""
    match left:
        case Windowed("sum") | Counted():
            return {1}
        case Arithmetic("+", one, other):
            return directions(one) | directions(other)
        case Arithmetic("-", one, other):
            return directions(one) | {-way for way in directions(other)}
        case Arithmetic("*" | "/", one, Literal(value)) if value > 0:
            return directions(one)
        case Arithmetic("*", Literal(value), other) if value > 0:
            return directions(other)
        case Arithmetic(_, one, other):
            return {1, -1} if directions(one) | directions(other) else set()
    return set()


def sustained(condition: Sustained, seen: Seen, moved: bool, negated: bool) -> int:
    bound = threshold(condition.condition, seen, moved, negated)
    if bound is None or seen.value(condition.condition.left) is None:
        return 0
    since = run_start(condition, seen, moved, negated)
    clock = seen.clock if seen.moment is None else seen.moment
    complete = since is not None and clock >= since + condition.duration
    if complete != negated:
        return 1
    return known(False, seen, [condition.condition.left], two_ways=False)


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
    for leaf, operator in (leaf for condition, negated in keys for leaf in leaves(condition, negated)):
        if not {window_of(operand)[0] for operand in operands(leaf)} & values.keys():
            continue
        left = leaf.left if isinstance(leaf, Comparison) else None
        upwards = operator in (">", ">=")
        if left is not None and isinstance(left, Windowed) and left.function == "sum" and upwards:
            if values[left.metric][0] > 0:
                return False
        elif isinstance(left, Value) or (isinstance(left, Windowed) and left.function == "max" and upwards):
            assert isinstance(leaf, Comparison)
            bound = threshold(Comparison(left, operator, leaf.right), seen, False, False)
            if bound is not None and compare(values[left.metric][0], operator, bound):
                return False
        else:
            return False
    return True


def leaves(condition: Condition | None, negated: bool) -> Iterator[tuple[Any, str]]:
    """The leaves with their operators, if they have any, as `not` turns them."""
    match condition:
        case Comparison():
            yield condition, INVERSE[condition.operator] if negated else condition.operator
        case Stuck() | Flagged():
            yield condition, ""
        case Sustained(inner):
            yield inner, inner.operator
        case Not(part):
            yield from leaves(part, not negated)
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part, negated)


def coverage(condition: Condition, seen: Seen) -> float | None:
    """The least share of the windows of a condition that is known."""
    windows = [o for o in operands(condition) if window_of(o)[1] and seen.window(*window_of(o))]
    shares = [covered / width for covered, width in (seen.covered(window) for window in windows)]
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
    for metric in metrics_of(rule, state):
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
            for operand in operands(condition):
                named, width = window_of(operand)
                if named == metric and width:
                    widths.add(width)
                elif named == metric and sustain and isinstance(operand, Value | Flagged):
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
