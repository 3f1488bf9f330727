"""A condition taken apart: what each part of it says, and what is missing for it to be true."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, TypeAlias

from ingest.kinds import Kind
from ingest.registry import Sensor
from rules.engine.evidence import STRICT, condition_text
from rules.engine.nodes import Check, Held, Leaf, Node, Term, Timed, Written
from rules.engine.normal_form import INVERSE
from rules.engine.verdict import TRUE, Measured, verdict
from rules.engine.view import Now
from rules.engine.window_values import NEVER_REACHED
from rules.language.measures import measure_of
from rules.language.tree import And, Comparison, Condition, Literal, Not, Or, Sustained


@dataclass(frozen=True, slots=True)
class Near:
    """A sensor of a place that does not count, and what is missing for it to."""

    sensor: str
    parts: tuple["Part", ...]
    distance: float


@dataclass(frozen=True, slots=True)
class Members:
    """The sensors that a part looks at: `speaking` of them are known to say true or false.

    `counting` are those that say true, by id; `nearest` those next to it, the nearest first.
    """

    members: int
    speaking: int
    counting: tuple[str, ...]
    nearest: tuple[Near, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a condition as it is demanded: `not stage >= 3 m` demands `stage < 3 m`.

    `verdict` 1 true, 0 unknown, -1 false. `value`, `threshold` and `missing` are in `unit` (times in ms),
    None where nothing is measured or known. `missing`, added to the value, makes the comparison true, and a
    `step` less does not; 0 while it is true. With `beyond` only more than it does; a value of `step` 0 can be
    any. `distance` grows with it from 0.
    `covered` of `width` ms of its window are known. `left`: ms until a `sustained` completes, None unless it
    runs. `quality` is what is known against its values; `silent`: they no longer stand.
    """

    text: str
    verdict: int
    distance: float
    unit: str = ""
    operator: str = ""
    value: Fraction | None = None
    threshold: Fraction | None = None
    missing: Fraction | None = None
    step: Fraction = Fraction(0)
    beyond: bool = False
    covered: int | None = None
    width: int = 0
    left: int | None = None
    quality: tuple[str, ...] = ()
    silent: bool = False
    members: Members | None = None


Judge: TypeAlias = Callable[[Written, bool, Any], Part]


def taken_apart(
    condition: Condition, node: Any, judge: Judge, *, negated: bool = False
) -> tuple[tuple[Part, ...], float]:
    """The parts in the order of the text, and how far the whole is from true.

    `node` is what the condition was compiled to; `judge` gets each part as written, whether it stands under
    `not`, and its node.
    """
    match condition:
        case Not(inner):
            return taken_apart(inner, node, judge, negated=not negated)
        case And(inner_parts) | Or(inner_parts):
            pairs = zip(inner_parts, node.parts, strict=True)
            found = [taken_apart(inner, each, judge, negated=negated) for inner, each in pairs]
            farthest = max if isinstance(condition, And) != negated else min
            return tuple(part for parts, _ in found for part in parts), farthest(far for _, far in found)
    part = judge(condition, negated, node)
    return (part,), part.distance


def parts_of_sensor(
    condition: Condition, node: Node, kind: Kind, sensor: Sensor, view: Now
) -> tuple[tuple[Part, ...], float]:
    """What a condition comes to at one sensor."""

    def judge(written: Written, negated: bool, leaf: Leaf) -> Part:
        if isinstance(leaf, Timed):
            return _told(written, negated, leaf, (kind, sensor, view))
        check = leaf.check if isinstance(leaf, Held) else leaf
        part = _told(written, negated, leaf, (kind, sensor, view))
        measured = view.measure(check)
        part = replace(
            part,
            covered=measured.covered,
            width=measured.width,
            quality=tuple(sorted(view.doubts(check))),
            silent=any(view.silent(t.column) for t in check.left.terms if t.function != "age"),
        )
        comparison = written.condition if isinstance(written, Sustained) else written
        if not isinstance(comparison, Comparison):
            return part
        if negated and not isinstance(leaf, Held):
            comparison = replace(comparison, operator=INVERSE[comparison.operator])
        part = _measured(part, comparison, check, measured, (kind, view))
        return _running(part, leaf, view) if isinstance(leaf, Held) else part

    return taken_apart(condition, node, judge)


def distance_of(missing: Fraction, threshold: Fraction) -> float:
    """From 0, where nothing is missing, towards 1: half of it where as much is missing as the threshold."""
    short = abs(missing)
    return float(short / (short + (abs(threshold) or 1)))


def _told(written: Written, negated: bool, leaf: Leaf, at: tuple[Kind, Sensor, Now]) -> Part:
    """The part as it is printed, with its verdict."""
    kind, sensor, view = at
    demanded: Condition = written
    if negated and isinstance(written, Comparison):
        written = demanded = replace(written, operator=INVERSE[written.operator])
    elif negated:
        demanded = Not(written)
    found = verdict(leaf, view)
    shown = replace(leaf, negated=False) if isinstance(leaf, Held | Timed) else leaf
    if negated and isinstance(shown, Check) and not isinstance(written, Comparison):
        # `stuck` and `flagged` are turned inside: the text shows them as they are.
        shown = replace(shown, sense={">=": "<=", "<=": ">="}[shown.sense], bound=1 - _whole(shown.bound))
    text = condition_text(demanded, {written: shown}, kind, sensor, view)
    return Part(text=text, verdict=found, distance=0.0 if found == TRUE else 1.0)


def _whole(bound: Any) -> int:
    return int(bound)


def _measured(
    part: Part, comparison: Comparison, check: Check, measured: Measured, at: tuple[Kind, Now]
) -> Part:
    """With what is compared, and what is missing."""
    kind, view = at
    bound, counted = check.bound_at(view.slot), isinstance(check.left, Term)
    if measured.value is None or bound is None:
        return part
    unit = check.left.resolution if isinstance(check.left, Term) else Fraction(1)
    step = unit if counted else Fraction(0)
    missing = Fraction(0)
    if not check.compare(measured.value, bound):
        missing = (Fraction(bound) - measured.value) * unit or step
    threshold = _threshold(comparison, check, bound, unit)
    never = measured.value >= NEVER_REACHED
    return replace(
        part,
        unit=measure_of(comparison.left, kind).unit,
        operator=comparison.operator,
        value=Fraction(measured.value) * unit,
        threshold=threshold,
        missing=None if never and missing else missing,
        step=step,
        beyond=not counted and check.sense in (">", "<", "!=") and not check.compare(measured.value, bound),
        distance=0.0 if part.verdict == TRUE else distance_of(missing, threshold),
    )


def _threshold(comparison: Comparison, check: Check, bound: int | Fraction, step: Fraction) -> Fraction:
    """As people wrote it: the integer bound of a strict comparison stands beside it."""
    if isinstance(comparison.right, Literal):
        return Fraction(comparison.right.value)
    beside = STRICT.get(comparison.operator, 0) if isinstance(check.left, Term) else 0
    return Fraction(bound - beside) * step


def _running(part: Part, held: Held, view: Now) -> Part:
    """Of a `sustained`: how long its run still has to last."""
    since = view.since(held)
    if held.negated or since is None:
        return replace(part, distance=0.0 if part.verdict == TRUE else (1 + part.distance) / 2)
    left = max(since + held.duration - view.moment, 0)
    return replace(part, left=left, distance=left / held.duration / 2)
