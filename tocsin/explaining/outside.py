"""Why a rule is not for a subject at all: another kind, tag or zone."""

from dataclasses import dataclass
from enum import StrEnum

from ingest.document.source_text import did_you_mean
from ingest.registry import Registry, Sensor
from rules.rule import Rule, Subjects
from rules.rulebook.selection import subjects


class UnknownName(Exception):
    """There is no such rule or subject: says what is near."""


class Outside(StrEnum):
    """What keeps the subject out.

    WHAT     it is a sensor where the rule is for places, or the other way round
    KIND     a sensor of another kind
    TAG      a sensor without the tag of the rule
    ZONE     outside the zone of the rule
    EMPTY    a place that has no sensor of its own that the rule looks at
    """

    WHAT = "what"
    KIND = "kind"
    TAG = "tag"
    ZONE = "zone"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Apart:
    """`wanted` by the rule, and `found` of the subject."""

    why: Outside
    wanted: str
    found: str


def rule_named(rules: tuple[Rule, ...], name: str) -> Rule:
    """Raises UnknownName."""
    for rule in rules:
        if rule.id == name:
            return rule
    raise UnknownName(f"no rule '{name}'; {did_you_mean(name, [rule.id for rule in rules]) or 'see rules/'}")


def apart(rule: Rule, registry: Registry, subject: str) -> Apart | None:
    """None if the rule is for it. Raises UnknownName for what is neither sensor, zone nor gateway."""
    if subject in subjects(rule, registry):
        return None
    slot = registry.slots.get(subject)
    is_a = _what(registry, subject)
    if not is_a:
        known = subjects(rule, registry) or [*registry.slots]
        near = did_you_mean(subject, known) or did_you_mean(subject, registry.slots)
        raise UnknownName(f"no sensor, zone or gateway '{subject}'" + (f"; {near}" if near else ""))
    if is_a != rule.subjects:
        return Apart(Outside.WHAT, str(rule.subjects), is_a)
    if rule.subjects is Subjects.SENSOR and slot is not None:
        return _of_sensor(rule, registry.sensors[slot])
    if rule.zone is not None and rule.zone not in registry.ancestry(registry.place(subject) or ""):
        return Apart(Outside.ZONE, rule.zone, registry.place(subject) or "")
    return Apart(Outside.EMPTY, str(rule.subjects), subject)


def _what(registry: Registry, subject: str) -> str:
    if subject in registry.slots:
        return str(Subjects.SENSOR)
    if subject in registry.zones:
        return str(Subjects.ZONE)
    return str(Subjects.GATEWAY) if subject in registry.gateways else ""


def _of_sensor(rule: Rule, sensor: Sensor) -> Apart:
    if sensor.kind != rule.kind:
        return Apart(Outside.KIND, rule.kind, sensor.kind)
    if rule.tag is not None and rule.tag not in sensor.tags:
        return Apart(Outside.TAG, rule.tag, ", ".join(sorted(sensor.tags)))
    return Apart(Outside.ZONE, rule.zone or "", sensor.zone)
