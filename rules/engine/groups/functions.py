"""Which rules look at places, and what must be kept of sensors for them."""

from collections.abc import Iterator
from dataclasses import replace

from ingest.kinds import Kinds
from rules.engine.board import Needs
from rules.engine.needs import add_needs
from rules.grade import Grade
from rules.language.tree import Age, And, Comparison, Condition, Not, Or, Sensors, Share, Sustained
from rules.rule import Rule, Subjects


def is_group_rule(rule: Rule) -> bool:
    """Whether the rule is judged by counting sensors: of zones, gateways, or around single sensors."""
    return rule.subjects is not Subjects.SENSOR or any(True for _ in functions_of(rule))


def functions_of(rule: Rule) -> Iterator[Sensors | Share]:
    """Every `sensors(...)` and `share(...)` of the grades and of `only_if`."""
    for condition in (*rule.grades.values(), *([rule.only_if] if rule.only_if else [])):
        yield from group_functions(condition)


def group_functions(condition: Condition) -> Iterator[Sensors | Share]:
    """Every group function of a condition."""
    match condition:
        case Comparison(Sensors() | Share() as form):
            yield form
        case Not(part):
            yield from group_functions(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from group_functions(part)


def group_needs(rule: Rule, kinds: Kinds, needs: dict[str, dict[int, Needs]]) -> None:
    """Note by kind and column what must be kept to judge `rule`.

    Reports are not kept for `sustained`: its runs are, sensor by sensor. The age of
    any report needs no metric.
    """
    for form in functions_of(rule):
        for kind in form.kinds:
            needs.setdefault(kind, {})
        if isinstance(form.condition, Comparison) and form.condition.left == Age(None):
            continue
        plain = _without_runs(form.condition)
        alone = replace(rule, grades={Grade.BLUE: plain}, only_if=None, sustain={Grade.BLUE: 0})
        for kind in form.kinds:
            add_needs(alone, kinds[kind], needs[kind])


def _without_runs(condition: Condition) -> Condition:
    match condition:
        case Sustained(comparison):
            return comparison
        case Not(part):
            return Not(_without_runs(part))
        case And(parts):
            return And(tuple(_without_runs(part) for part in parts))
        case Or(parts):
            return Or(tuple(_without_runs(part) for part in parts))
    return condition
