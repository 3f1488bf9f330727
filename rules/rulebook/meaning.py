"""The hash of everything that decides a rule's transitions; words for people and the file are left out."""

import json
from collections.abc import Mapping
from dataclasses import fields
from hashlib import blake2b

from rules.language.printed import plain_number, printed
from rules.rule import Parameters, Rule, Site
from rules.rulebook.walk import conditions, kinds_looked_at, parameters_used, time_zones

_WORDS = frozenset({"id", "title", "hazard", "advice", "source", "meaning", "file", "line"})


def meaning_of(rule: Rule) -> str:
    """The hash of `rule`, whose own `meaning` is passed over."""
    decides: dict[str, object] = {
        field.name: getattr(rule, field.name) for field in fields(rule) if field.name not in _WORDS
    }
    decides |= {
        "grades": {str(grade): printed(condition) for grade, condition in rule.grades.items()},
        "only_if": printed(rule.only_if) if rule.only_if else None,
        "sustain": {str(grade): after for grade, after in rule.sustain.items()},
        "release": [rule.release.after, *_amounts(rule)],
        "confirm": _confirm(rule),
        "parameters": _parameters(rule.parameters, parameters_used(rule)),
        "kinds": sorted(frozenset[str]().union(*map(kinds_looked_at, conditions(rule)))),
        "time_zones": sorted(frozenset[str]().union(*map(time_zones, conditions(rule)))),
    }
    return blake2b(
        json.dumps(decides, sort_keys=True, ensure_ascii=False).encode(), digest_size=16
    ).hexdigest()


def _amounts(rule: Rule) -> list[str]:
    return [plain_number(rule.release.share), plain_number(rule.release.amount), rule.release.unit]


def _confirm(rule: Rule) -> list[object] | None:
    if rule.confirm is None:
        return None
    confirm = rule.confirm
    return [
        confirm.neighbours,
        plain_number(confirm.radius),
        plain_number(confirm.share),
        str(confirm.otherwise),
    ]


def _parameters(parameters: Parameters, used: frozenset[str]) -> list[object]:
    return [
        _site(parameters.defaults, used),
        {zone: site for zone, row in parameters.zones.items() if (site := _site(row, used))},
        {sensor: site for sensor, row in parameters.sensors.items() if (site := _site(row, used))},
    ]


def _site(site: Site, used: frozenset[str]) -> Mapping[str, list[str]]:
    """Only what the conditions ask for: a table's other columns mean nothing to this rule."""
    return {name: [plain_number(value), unit] for name, (value, unit) in site.items() if name in used}
