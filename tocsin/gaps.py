"""What the files of a sound configuration leave open between them: what `tocsin check` warns of."""

from collections.abc import Iterable, Iterator

from ingest.document.source_text import SourceText
from ingest.finding import Finding, words
from ingest.registry import Registry, Sensor
from ingest.registry.positions import misplaced
from notifiers.coverage import listed
from notifiers.routes import Route
from notifiers.routing import Router
from rules.engine import Engine
from rules.grade import Grade
from rules.rule import Rule, Subjects
from rules.rulebook.walk import conditions, kinds_looked_at, parts
from tocsin.configuration import Configuration
from tocsin.judge import Basis
from tocsin.whereabouts import sensor_places, zone_places
from tocsin.wiring import router_of


def gaps(configuration: Configuration, texts: dict[str, str]) -> Iterator[Finding]:
    """E007 to E013; `texts` are those of the bundle, by which findings have their lines."""
    basis, settings = configuration.basis, configuration.settings
    yield from _unevaluable(basis)
    yield from _without_sensors(basis.registry, SourceText(settings.zones, texts[settings.zones]))
    yield from _left_out(settings.routes, basis.registry, router_of(configuration))
    yield from _unheard(basis)
    yield from _misplaced(basis.registry, {name: texts[name] for name in settings.sensors})
    if settings.horns_need_approval:
        yield from _unapproved(configuration.routes.routes)


def _unevaluable(basis: Basis) -> Iterator[Finding]:
    """Conditions that cannot be evaluated for some sensors, once for each reason, at their rule."""
    rules = {rule.id: rule for rule in basis.rules}
    lacking: dict[tuple[str, str], list[str]] = {}
    for fault in Engine(basis.kinds, basis.registry, basis.rules).faults():
        lacking.setdefault((fault.rule, fault.reason), []).append(fault.subject)
    for (name, reason), sensors in lacking.items():
        rule, some = rules[name], listed(sensors)
        message = (
            words("rule {rule}, sensor {sensor}: {reason}", rule=name, sensor=some, reason=reason)
            if len(sensors) == 1
            else words("rule {rule}, sensors {sensors}: {reason}", rule=name, sensors=some, reason=reason)
        )
        hint = words("give it in the file of sensors, or a default under parameters")
        yield Finding(rule.file, rule.line, 1, "E007", message, hint)


def _without_sensors(registry: Registry, source: SourceText) -> Iterator[Finding]:
    """Zones with no sensor of their own, below or above: no rule ever raises anything there."""
    if blind := _blind(registry):
        places = zone_places(source)
        hint = words("name it as the zone of its sensors, or take it out")
        for zone in blind:
            message = words("no sensor is in zone {zone}", zone=zone)
            yield source.finding(places[zone], "E008", message, hint)


def _blind(registry: Registry) -> list[str]:
    own = {sensor.zone for sensor in registry.sensors}
    above = {zone for each in own for zone in registry.ancestry(each)}
    return [z for z in registry.zones if z not in above and own.isdisjoint(registry.ancestry(z))]


def _left_out(name: str, registry: Registry, router: Router) -> Iterator[Finding]:
    """Zones that were forgotten where others are named: only those hear of them who hear of everywhere."""
    named = [route for route in router.routes.routes if route.zones]
    blind = _blind(registry)
    lacking = [zone for zone in router.leaves() if zone not in blind and not router.local(zone)]
    if named and lacking:
        message = words("nobody hears of {zones} but those who hear of everywhere", zones=listed(lacking))
        hint = words("name the zone in a route to its own people, or give it a horn")
        yield Finding(name, 0, 0, "E009", message, hint)


def _unheard(basis: Basis) -> Iterator[Finding]:
    """Rules over metrics that nothing reports, each once: its silence is a rule of the same line."""
    told: set[tuple[str, int]] = set()
    for rule in basis.rules:
        for kind in sorted(_kinds(rule)):
            if (rule.file, rule.line) not in told and not any(_concerns(rule, kind, basis.registry)):
                told.add((rule.file, rule.line))
                what = ", ".join(_metrics(rule, basis.kinds.kinds[kind].metrics)) or kind
                message = words(
                    "rule {rule}: no sensor that it is for reports {what}: none of kind {kind} is there",
                    rule=rule.id,
                    what=what,
                    kind=kind,
                )
                hint = words("add such sensors, correct for_each, or take the rule out")
                yield Finding(rule.file, rule.line, 1, "E010", message, hint)


def _kinds(rule: Rule) -> frozenset[str]:
    looked_at = frozenset[str]().union(*map(kinds_looked_at, conditions(rule)))
    return looked_at | {rule.kind} if rule.subjects is Subjects.SENSOR else looked_at


def _concerns(rule: Rule, kind: str, registry: Registry) -> Iterator[bool]:
    """Of each sensor of the kind, whether the rule can look at it."""
    own = rule.subjects is Subjects.SENSOR and kind == rule.kind
    for slot in registry.ranges.get(kind, ()):
        sensor = registry.sensors[slot]
        inside = rule.zone is None or not own or rule.zone in registry.ancestry(sensor.zone)
        yield inside and (rule.tag is None or not own or rule.tag in sensor.tags)


def _metrics(rule: Rule, known: Iterable[str]) -> list[str]:
    read = [getattr(part, "metric", None) for each in conditions(rule) for part in parts(each)]
    return [metric for metric in known if metric in read]


def _misplaced(registry: Registry, texts: dict[str, str]) -> Iterator[Finding]:
    """One finding for each zone, at the first of its sensors that stand elsewhere."""
    found = misplaced(registry)
    places = sensor_places(texts) if found else {}
    for zone, sensors in found.items():
        for code, which, what, hint in (
            (
                "E011",
                sensors.outside,
                words("outside every zone"),
                words("correct lon and lat, in degrees of WGS 84"),
            ),
            (
                "E012",
                sensors.shifted,
                words("outside it, and inside if the coordinates are GCJ-02"),
                words("they may come from a Chinese map: convert them to WGS 84"),
            ),
        ):
            if which:
                source, place = places[which[0].id]
                yield source.finding(place, code, _standing(zone, which, what), hint)


def _standing(zone: str, sensors: list[Sensor], where: str) -> str:
    ids = listed([sensor.id for sensor in sensors])
    if len(sensors) == 1:
        return words("zone {zone}: {sensor} stands {where}", zone=zone, sensor=ids, where=where)
    return words(
        "zone {zone}: {count} sensors ({ids}) stand {where}",
        zone=zone,
        count=len(sensors),
        ids=ids,
        where=where,
    )


def _unapproved(routes: Iterable[Route]) -> Iterator[Finding]:
    """Routes by which a horn speaks to the public at once; one for each line."""
    loud = [r for r in routes if r.horns and not r.approval and r.grades & {Grade.ORANGE, Grade.RED}]
    for file, line in dict.fromkeys((route.file, route.line) for route in loud):
        message = words("horns play orange and red without approval, and horns_need_approval is set")
        hint = words("add approval: true, or set horns_need_approval: false")
        yield Finding(file, line, 1, "E013", message, hint)
