"""A rule with one of its thresholds moved: each number that a condition compares with, as it was parsed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias

from ingest.kinds import Kinds
from rules.language.printed import printed
from rules.language.tree import (
    Arithmetic,
    Baseline,
    Comparison,
    Condition,
    Counted,
    Literal,
    Reports,
    Sensors,
)
from rules.rule import Parameters, Rule, Site
from rules.rulebook import Ladder
from rules.rulebook.trial_file import RuleTest
from rules.rulebook.walk import conditions, parameters_used, parts, site_parameters

SHARE = Decimal("0.3")
WAYS = ((1, "up"), (-1, "down"))
Number: TypeAlias = Literal | Reports | Baseline


@dataclass(frozen=True)
class Moved:
    """`ladder` has the rule with one number changed, or tests that give their sensors another one."""

    change: str
    ladder: Ladder


def moved(ladder: Ladder, kinds: Kinds) -> Iterator[Moved]:
    """Each threshold up and down by 30 %, at least by what the metric knows; by 1 where things are counted.

    Durations of windows, sustain and release are no thresholds.
    """
    rule = ladder.rule
    for grade, condition in rule.grades.items():
        for change, other in _changed(condition, rule, kinds):
            changed = replace(rule, grades={**rule.grades, grade: other})
            yield Moved(f"{rule.id}, {grade}: {change}", replace(ladder, rule=changed))
    if rule.only_if is not None:
        for change, other in _changed(rule.only_if, rule, kinds):
            yield Moved(f"{rule.id}, only_if: {change}", replace(ladder, rule=replace(rule, only_if=other)))
    yield from _by_parameters(ladder, kinds)
    yield from _by_neighbours(ladder)


def _changed(condition: Condition, rule: Rule, kinds: Kinds) -> Iterator[tuple[str, Condition]]:
    for comparison in parts(condition):
        if isinstance(comparison, Comparison):
            for number, is_factor in _numbers(comparison):
                least = Decimal(0) if is_factor else _least(comparison, rule, kinds)
                for sign, _ in WAYS:
                    other = _put(comparison, number, _shifted(number, sign, least, comparison))
                    yield f"{printed(comparison)} -> {printed(other)}", _put(condition, comparison, other)


def _numbers(comparison: Comparison) -> Iterator[tuple[Number, bool]]:
    """Those of the comparison, none of one inside it; with each whether it is a factor."""
    pending: list[tuple[object, bool]] = [(comparison.right, False), (comparison.left, False)]
    while pending:
        part, is_factor = pending.pop()
        if isinstance(part, Number):
            yield part, is_factor
        elif is_dataclass(part) and not isinstance(part, Comparison):
            is_product = isinstance(part, Arithmetic) and part.operator in ("*", "/")
            pending += [(getattr(part, field.name), is_factor or is_product) for field in fields(part)]


def _shifted(number: Number, sign: int, least: Decimal, beside: Comparison) -> Number:
    match number:
        case Reports(count):
            return Reports(count + sign)
        case Literal(value) if isinstance(beside.left, Sensors | Counted):
            return replace(number, value=value + sign)
        case Literal(value):
            return replace(number, value=_shift(value, sign, least))
        case Baseline(default=value):
            return replace(number, default=_shift(value, sign, least))


def _shift(value: Decimal, sign: int, least: Decimal) -> Decimal:
    return value + sign * max(abs(value) * SHARE, least)


def _least(comparison: Comparison, rule: Rule, kinds: Kinds) -> Decimal:
    """The resolution of the metric that is compared, in its unit; 0 for none, as for shares."""
    names = {getattr(part, "metric", None) for part in parts(comparison)}
    looked_at = [kinds[rule.kind]] if rule.kind else [*kinds.kinds.values()]
    known = [metric for kind in looked_at for name, metric in kind.metrics.items() if name in names]
    return max((metric.resolution for metric in known), default=Decimal(0))


def _put(tree: Any, old: object, new: object) -> Any:
    """The tree with that very part of it replaced."""
    if tree is old:
        return new
    if isinstance(tree, tuple):
        return tuple(_put(part, old, new) for part in tree)
    if not is_dataclass(tree):
        return tree
    return replace(tree, **{field.name: _put(getattr(tree, field.name), old, new) for field in fields(tree)})


def _by_parameters(ladder: Ladder, kinds: Kinds) -> Iterator[Moved]:
    """The defaults, the rows of the table, and what the rule's tests give their sensors."""
    rule = ladder.rule
    used = {name: _least_beside(name, rule, kinds) for name in sorted(parameters_used(rule))}
    for place, site, in_place in _places(rule.parameters):
        for name in sorted(used.keys() & site.keys()):
            for sign, way in WAYS:
                parameters = in_place(_shifted_site(site, name, sign, used[name]))
                changed = replace(ladder, rule=replace(rule, parameters=parameters))
                yield Moved(f"{rule.id}, {place}: site.{name} {way}", changed)
    for name, least in used.items():
        for sign, way in WAYS:
            tests = tuple(_with_sites(test, name, sign, least) for test in ladder.tests)
            if tests != ladder.tests:
                yield Moved(f"{rule.id}, tests: site.{name} {way}", replace(ladder, tests=tests))


def _least_beside(name: str, rule: Rule, kinds: Kinds) -> Decimal:
    every = (part for whole in conditions(rule) for part in parts(whole) if isinstance(part, Comparison))
    return _least(next(part for part in every if name in site_parameters(part)), rule, kinds)


def _places(own: Parameters) -> Iterator[tuple[str, Site, Callable[[Site], Parameters]]]:
    """What the rule knows of each place, and how it is put back there."""
    yield "default", own.defaults, lambda site: replace(own, defaults=site)
    for zone, row in own.zones.items():
        yield zone, row, lambda site, zone=zone: replace(own, zones={**own.zones, zone: site})
    for sensor, row in own.sensors.items():
        yield sensor, row, lambda site, sensor=sensor: replace(own, sensors={**own.sensors, sensor: site})


def _shifted_site(site: Site, name: str, sign: int, least: Decimal) -> Site:
    if name not in site:
        return site
    value, unit = site[name]
    return {**site, name: (_shift(value, sign, least), unit)}


def _with_sites(test: RuleTest, name: str, sign: int, least: Decimal) -> RuleTest:
    sensors = {
        each: sensor.model_copy(update={"site": _shifted_site(sensor.site, name, sign, least)})
        for each, sensor in test.sensors.items()
    }
    return test.model_copy(update={"site": _shifted_site(test.site, name, sign, least), "sensors": sensors})


def _by_neighbours(ladder: Ladder) -> Iterator[Moved]:
    """The share of a threshold that a neighbour must have, and how many of them must."""
    rule, confirm = ladder.rule, ladder.rule.confirm
    if confirm is None:
        return
    for sign, way in WAYS:
        share = replace(confirm, share=_shift(confirm.share, sign, Decimal(0)))
        count = replace(confirm, neighbours=confirm.neighbours + sign)
        for what, other in (("share_of_threshold", share), ("neighbours", count)):
            changed = replace(ladder, rule=replace(rule, confirm=other))
            yield Moved(f"{rule.id}, confirm: {what} {way}", changed)
