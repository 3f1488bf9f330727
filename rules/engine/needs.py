"""What must be kept of a kind's sensors to judge a rule."""

from collections.abc import Iterator

from ingest.clock import HOUR
from ingest.kinds import Form, Kind
from rules.engine.board import Needs
from rules.engine.normal_form import written
from rules.language.measures import metrics_of
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
    Operand,
    Stuck,
    Sustained,
    Value,
    Windowed,
)
from rules.rule import Rule


def add_needs(rule: Rule, kind: Kind, needs: dict[int, Needs]) -> None:
    """Note by column what must be kept to judge `rule`."""
    for name in metrics_named(rule, kind):
        needs.setdefault(kind.metrics[name].column, Needs())
    longest = max(rule.sustain.values(), default=0)
    for condition, sustain in [*((c, longest) for c in rule.grades.values()), (rule.only_if, 0)]:
        for leaf in written(condition) if condition else ():
            for operand in operands(leaf):
                for name in metrics_of(operand):
                    _add(operand, needs[kind.metrics[name].column], rule.id, sustain)
            if isinstance(leaf, Sustained):
                for name in metrics_of(leaf.condition.left):
                    needs[kind.metrics[name].column].runs.add(leaf.duration)


def metrics_named(rule: Rule, kind: Kind) -> set[str]:
    """The metrics that a rule reads; all that a sensor reports where it asks for its age."""
    found: set[str] = set()
    for condition in [*rule.grades.values(), *([rule.only_if] if rule.only_if else [])]:
        for operand in (operand for leaf in written(condition) for operand in operands(leaf)):
            found.update(metrics_of(operand))
            if operand == Age(None):
                found.update(name for name, m in kind.metrics.items() if m.form is not Form.COUNTER)
    return found


def operands(leaf: Condition) -> Iterator[Operand]:
    """What a leaf of a condition measures of the subject's own sensor."""
    match leaf:
        case Comparison(left) | Sustained(Comparison(left)):
            yield from _measured(left)
        case Stuck(metric, width):
            yield Windowed("stuck", metric, width)
        case Flagged(metric):
            yield Value(metric)


def _measured(left: Expression) -> Iterator[Operand]:
    match left:
        case Arithmetic(_, one, other):
            yield from _measured(one)
            yield from _measured(other)
        case Value() | Windowed() | Counted() | Baseline() | Forecast() | Eta() | Age():
            yield left


def _add(operand: Operand, need: Needs, rule: str, sustain: int) -> None:
    match operand:
        case Windowed(function, _, width):
            need.window(function, width)
        case Counted(_, width):
            need.window("count", width)
        case Forecast() | Eta():
            need.window("rate", HOUR)
        case Baseline(_, width):
            need.baselines.add((rule, width))
        case Value() if sustain:
            need.runs.add(sustain)
