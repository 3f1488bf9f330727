"""Whom a rule is for, by the registry."""

from collections.abc import Iterator

from ingest.finding import words
from ingest.registry import Registry, Sensor
from rules.rule import Rule, Subjects

# What a rule is for, in messages.
NOUNS = {
    Subjects.SENSOR: words("sensor"),
    Subjects.ZONE: words("zone"),
    Subjects.GATEWAY: words("gateway"),
}


def selected(rule: Rule, registry: Registry) -> Iterator[Sensor]:
    """The sensors of a rule of sensors."""
    for slot in registry.ranges.get(rule.kind, ()):
        sensor = registry.sensors[slot]
        if (rule.tag is None or rule.tag in sensor.tags) and _is_inside(rule, sensor.zone, registry):
            yield sensor


def subjects(rule: Rule, registry: Registry) -> list[str]:
    """The ids of a rule's sensors, gateways, or zones that have sensors; some also those above."""
    if rule.subjects is Subjects.SENSOR:
        return [sensor.id for sensor in selected(rule, registry)]
    if rule.subjects is Subjects.GATEWAY:
        return [name for name, zone in registry.gateways.items() if _is_inside(rule, zone, registry)]
    chains = [registry.ancestry(sensor.zone) for sensor in registry.sensors]
    zones = dict.fromkeys(zone for chain in chains for zone in (chain if rule.descendants else chain[:1]))
    return [zone for zone in zones if _is_inside(rule, zone, registry)]


def _is_inside(rule: Rule, zone: str | None, registry: Registry) -> bool:
    return (
        rule.zone is None or rule.zone == zone or (zone is not None and rule.zone in registry.ancestry(zone))
    )
