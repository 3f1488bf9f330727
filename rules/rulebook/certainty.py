"""Conditions that hold whatever is measured: after the margin, or for most of a rule's own sensors."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from ingest.kinds import Kind, Kinds
from ingest.registry import Registry, Sensor
from ingest.units import UnitError
from rules.grade import Grade
from rules.language.doubt import always
from rules.language.thresholds import threshold_of
from rules.language.tree import And, Comparison, Condition, Not, Or, Sensors, Share, Sustained
from rules.rule import Rule, Site
from rules.rulebook.selection import selected
from rules.rulebook.walk import parameters_used


def holds_always(condition: Condition, kinds: Kinds, kind: Kind | None, site: Site | None = None) -> bool:
    """Whether the condition is true for every plausible value; False where that is not provable.

    `kind` is that of the subject's sensor, None for zones and gateways; `site` are its parameters, None where
    they are not known. A group whose every sensor fulfils its condition holds too.
    """
    return _held(condition, (kinds, kind, {} if site is None else site), True)


def crowds(rule: Rule, kinds: Kinds, registry: Registry) -> Iterator[tuple[Grade, int, int]]:
    """At how many of a rule's sensors their own parameters make a grade always true, and of how many."""
    named = sorted(parameters_used(rule))
    alike = Counter[tuple[tuple[Decimal, str] | None, ...]]()
    for sensor, count in _alike(rule, registry) if named else ():
        site = rule.parameters.of(sensor, registry)
        alike[tuple(site.get(name) for name in named)] += count
    for grade, condition in rule.grades.items():
        found = 0
        for values, count in alike.items():
            site = {name: value for name, value in zip(named, values, strict=True) if value is not None}
            found += count * holds_always(condition, kinds, kinds[rule.kind], site)
        yield grade, found, alike.total()


def _alike(rule: Rule, registry: Registry) -> Iterator[tuple[Sensor, int]]:
    """One sensor of all that must have the same parameters, and their number: a city has few that differ."""
    rows = rule.parameters.sensors
    first: dict[object, Sensor] = {}
    counts = Counter[object]()
    for sensor in selected(rule, registry):
        key = (sensor.zone, id(sensor.site), sensor.id if sensor.id in rows else "")
        first.setdefault(key, sensor)
        counts[key] += 1
    return ((first[key], count) for key, count in counts.items())


def _held(condition: Condition, where: tuple[Kinds, Kind | None, Site], truth: bool) -> bool:
    """Whether the condition is always `truth`."""
    match condition:
        case Comparison(Sensors(inner, of) | Share(inner, of), ">=" | ">"):
            kinds, _, site = where
            return truth and all(_held(inner, (kinds, kinds[name], site), True) for name in of)
        case Comparison():
            return _compared(condition, where) is truth
        case Sustained(comparison):
            return _held(comparison, where, truth)
        case Not(part):
            return _held(part, where, not truth)
        case And(parts) | Or(parts):
            every = all if isinstance(condition, And) is truth else any
            return every(_held(part, where, truth) for part in parts)
    return False


def _compared(comparison: Comparison, where: tuple[Kinds, Kind | None, Site]) -> bool | None:
    _, kind, site = where
    if kind is None:
        return None
    try:
        threshold = threshold_of(comparison, kind, site)
    except UnitError:
        return None
    return None if threshold is None else always(comparison, kind, threshold)
