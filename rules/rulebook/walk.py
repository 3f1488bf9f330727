"""Everything that a condition is made of."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from rules.language.tree import (
    Age,
    Baseline,
    Condition,
    Eta,
    Flagged,
    Forecast,
    Hours,
    Season,
    Sensors,
    Share,
    SiteParameter,
    Stuck,
    Value,
    Windowed,
)
from rules.rule import Rule

_MEASURED = (Value, Windowed, Baseline, Forecast, Eta, Age, Stuck, Flagged)


def parts(tree: object, *, inside_groups: bool = True) -> Iterator[object]:
    """The tree and every part of it, in the order of the text; groups' own conditions only if wanted."""
    if is_dataclass(tree):
        yield tree
        if not inside_groups and isinstance(tree, Sensors | Share):
            return
        for field in fields(tree):
            yield from parts(getattr(tree, field.name), inside_groups=inside_groups)
    elif isinstance(tree, tuple):
        for part in tree:
            yield from parts(part, inside_groups=inside_groups)


def metrics_read(condition: Condition) -> tuple[str, ...]:
    """The metrics of the subject's own sensor, in the order of the text."""
    named = [p.metric for p in parts(condition, inside_groups=False) if isinstance(p, _MEASURED) and p.metric]
    return tuple(dict.fromkeys(named))


def site_parameters(condition: Condition) -> frozenset[str]:
    """The names of the site parameters."""
    return frozenset(part.name for part in parts(condition) if isinstance(part, SiteParameter))


def conditions(rule: Rule) -> list[Condition]:
    """Everything a rule looks at: its grades, and what it is raised only if."""
    return [*rule.grades.values(), *([rule.only_if] if rule.only_if else [])]


def parameters_used(rule: Rule) -> frozenset[str]:
    """The names of the site parameters that a rule's conditions ask for."""
    return frozenset[str]().union(*map(site_parameters, conditions(rule)))


def kinds_looked_at(condition: Condition) -> frozenset[str]:
    """The kinds of sensor that group functions look at."""
    groups = [part for part in parts(condition) if isinstance(part, Sensors | Share)]
    return frozenset(kind for group in groups for kind in group.kinds)


def time_zones(condition: Condition) -> frozenset[str]:
    """The time zones of hours and seasons."""
    return frozenset(part.zone for part in parts(condition) if isinstance(part, Hours | Season))
