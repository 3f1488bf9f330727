"""Each thing of a configuration as short texts by what they say: what two versions are compared by.

What is a secret, or somebody's number, is never a text here.
"""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

import msgspec

from ingest.duration import format_duration
from ingest.kinds import Kind
from ingest.registry import Sensor, Zone
from notifiers.contacts import Person, Roster, masked
from notifiers.routes import Level, Route, Routes
from rules.language.printed import plain_number, printed
from rules.rule import Confirm, Release, Rule
from rules.rulebook.walk import parameters_used

Texts: TypeAlias = dict[str, str]
# The members of a group, as contacts.yaml knows them.
Group: TypeAlias = tuple[Person | Roster, ...]

_DURATIONS = frozenset({"heartbeat", "max_age", "interval", "shift", "stuck", "digest_every", "within"})
_PLACES = frozenset({"file", "line", "meaning", "column"})


def of_rule(rule: Rule) -> Texts:
    """Thresholds as conditions of the language, the rest by the keys of a rule file."""
    found = {f"grades.{grade}": printed(condition) for grade, condition in rule.grades.items()}
    found |= {f"sustain.{grade}": format_duration(ms) for grade, ms in rule.sustain.items()}
    named = {
        "for_each": f"{rule.kind} {rule.subjects}".strip(),
        "tag": rule.tag or "",
        "zone": rule.zone or "",
        "descendants": "yes" if rule.descendants else "",
        "only_if": printed(rule.only_if) if rule.only_if else "",
        "release": _release(rule.release),
        "missing.after": f"{rule.silent_after} reports",
        "max_age": format_duration(rule.max_age),
        "confirm": _confirm(rule.confirm),
        "hazard": rule.hazard,
        "title": _text(rule.title),
        "advice": _text(rule.advice),
        "source": rule.source,
    }
    return found | named | _parameters(rule)


def _release(release: Release) -> str:
    margin = f"{plain_number(release.share * 100)} %" if release.share else ""
    margin = f"{plain_number(release.amount)} {release.unit}" if release.amount else margin
    return f"margin {margin or 'none'}, after {format_duration(release.after)}"


def _confirm(confirm: Confirm | None) -> str:
    if confirm is None:
        return ""
    share = f"{plain_number(confirm.share * 100)} % of the threshold"
    near = f"{confirm.neighbours} neighbours within {plain_number(confirm.radius)} m at {share}"
    return f"{near}, otherwise {confirm.otherwise}"


def _parameters(rule: Rule) -> Texts:
    """Those that its conditions ask for, by place."""
    used = parameters_used(rule)
    tables = {"default": {"": rule.parameters.defaults}, "zone": rule.parameters.zones}
    rows = [
        (" ".join(part for part in (table, place) if part), site)
        for table, places in {**tables, "sensor": rule.parameters.sensors}.items()
        for place, site in places.items()
    ]
    return {
        f"site.{name} of {place}": f"{plain_number(site[name][0])} {site[name][1]}"
        for place, site in rows
        for name in sorted(used & site.keys())
    }


def of_person(person: Person) -> Texts:
    """Their addresses masked: enough to see that they changed."""
    shown = _fields(person) | {"phone": "", "email": ""}
    addresses = {name: getattr(person, name) for name in ("phone", "email")}
    return shown | {name: masked(address) for name, address in addresses.items() if address}


def of_group(group: Group) -> Texts:
    """Who is in it."""
    return {"members": ", ".join(member.id for member in group)}


def of_kind(kind: Kind) -> Texts:
    """Its metrics one by one."""
    metrics = {
        f"metrics.{metric.name}.{name}": text
        for metric in kind.metrics.values()
        for name, text in _fields(metric).items()
    }
    return {name: text for name, text in _fields(kind).items() if name != "metrics"} | metrics


def of_zone(zone: Zone) -> Texts:
    """Its outline as the number of its corners, and a number for where they are."""
    corners = sum(len(ring) for ring in zone.polygon)
    outline = f"{corners} corners ({hash(zone.polygon) & 0xFFFF:04x})"
    return _fields(zone) | {"polygon": outline}


def of_fields(value: Sensor | Roster | Route | Level | Routes) -> Texts:
    """What there is to say of it, field by field."""
    return _fields(value)


def _fields(value: Any) -> Texts:
    names = value.__struct_fields__ if isinstance(value, msgspec.Struct) else _names(value)
    return {name: _field(name, getattr(value, name)) for name in names if name not in _PLACES}


def _names(value: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(value)]


def _field(name: str, value: Any) -> str:
    return format_duration(value) if name in _DURATIONS and isinstance(value, int) else _text(value)


def _text(value: Any) -> str:
    """Short, and the same for what is the same."""
    if value is None or value is False:
        return ""
    if isinstance(value, Decimal):
        return plain_number(value)
    if isinstance(value, Person | Roster):
        return value.id
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, frozenset):
        return ", ".join(sorted(map(_text, value)))
    if isinstance(value, list | tuple):
        return " ".join(map(_text, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return ", ".join(f"{name} {text}" for name, text in _fields(value).items() if text)
    return str(value)
