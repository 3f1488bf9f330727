"""Who is told of what: one answer for `tocsin who`, for the check of coverage and for real warnings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo

from ingest.finding import Finding
from ingest.registry import Registry, Sensor, Zone
from notifiers.bulletin import Act, Area, Bulletin, Reference
from notifiers.message import LANGUAGES, Told, compose
from notifiers.routes_file import LOUDSPEAKER, Route, Routes
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import Transition

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What a bulletin says beside its line: of which incident, in which place of its story.

    `count` is the number of warnings that are open in it; instants in ms.
    """

    incident: str
    revision: int
    act: Act
    hazard: str
    zone: str
    grade: Grade | None
    before: Grade | None
    sent: int
    expires: int
    count: int
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient on one channel, in `languages`, and why: the first route that names them."""

    recipient: str
    channel: str
    address: str = field(repr=False)
    languages: tuple[str, ...]
    why: str


class Router:
    """The routes of one bundle, with what is needed to place a transition and to put it into words."""

    def __init__(self, routes: Routes, registry: Registry, rules: Iterable[Rule], time_zone: tzinfo) -> None:
        self._routes = routes
        self._registry = registry
        self._rules = {rule.id: rule for rule in rules}
        self._time_zone = time_zone

    @property
    def channels(self) -> frozenset[str]:
        """The channels that the routes name."""
        return frozenset(channel for route in self._routes for channel in route.channels)

    def who(self, zone: str, hazard: str, grade: Grade) -> list[Addressee]:
        """Everyone who is told, once for each channel, in the order of the routes."""
        found: dict[tuple[str, str], Addressee] = {}
        ancestry = self._registry.ancestry(zone)
        for route in self._routes:
            if _concerns(route, ancestry, hazard, grade):
                for addressee in self._addressees(route, zone):
                    found.setdefault((addressee.recipient, addressee.channel), addressee)
        return list(found.values())

    def hazard(self, transition: Transition) -> str:
        """Its rule's; the rule's id where the bundle no longer has it: only routes of any hazard fit."""
        rule = self._rules.get(transition.rule)
        return transition.rule if rule is None else rule.hazard

    def zone(self, transition: Transition) -> str:
        """Where its subject lies; the subject itself where the bundle does not know it."""
        return self._registry.place(transition.subject) or transition.subject

    def bulletin(self, line: Transition, announcement: Announcement) -> Bulletin:
        """The announcement in words and facts, led by `line`."""
        zones = [self._registry.zones[z] for z in self._registry.ancestry(announcement.zone)]
        told = Told(line, announcement.grade, announcement.before, announcement.incident, announcement.count)
        words = compose(told, self._rules.get(line.rule), self._sensor(line), zones, self._time_zone)
        return Bulletin(
            incident=announcement.incident,
            revision=announcement.revision,
            act=announcement.act,
            hazard=announcement.hazard,
            rule=line.rule,
            warning=line.warning,
            subject=line.subject,
            grade=announcement.grade,
            before=announcement.before,
            at=line.at,
            sent=announcement.sent,
            expires=announcement.expires,
            count=announcement.count,
            title=words.title,
            place=words.place,
            evidence=words.evidence,
            advice=words.advice,
            text=words.text,
            area=_area(zones[0]) if zones else None,
            references=announcement.references,
        )

    def unreached(self) -> list[tuple[str, str, Grade]]:
        """Each (zone, hazard, grade) that a rule can raise somewhere and of which nobody would be told.

        Zones are those that no other zone lies in.
        """
        parents = {zone.parent for zone in self._registry.zones.values()}
        leaves = [zone for zone in self._registry.zones if zone not in parents]
        raised = sorted({(rule.hazard, grade) for rule in self._rules.values() for grade in rule.grades})
        return [(zone, hazard, g) for hazard, g in raised for zone in leaves if not self.who(zone, hazard, g)]

    def _addressees(self, route: Route, zone: str) -> Iterator[Addressee]:
        place = self._registry.zones.get(zone)
        why = f"{route.file}:{route.line}"
        for channel in route.channels:
            if channel != LOUDSPEAKER:
                for person in route.people:
                    yield Addressee(person.id, channel, person.phone, person.languages, why)
            elif route.horns and place is not None:
                for horn in place.horns:
                    yield Addressee(horn, channel, horn, LANGUAGES, why)

    def _sensor(self, transition: Transition) -> Sensor | None:
        slot = self._registry.slots.get(transition.subject)
        return None if slot is None else self._registry.sensors[slot]


def coverage(name: str, router: Router) -> list[Finding]:
    """What the routes file `name` leaves without anybody, one finding for each hazard and grade (E320)."""
    zones: dict[tuple[str, Grade], list[str]] = {}
    for zone, hazard, grade in router.unreached():
        zones.setdefault((hazard, grade), []).append(zone)
    return [
        Finding(name, 0, 0, "E320", _nobody(hazard, grade, where), "add a route, or a wider one")
        for (hazard, grade), where in zones.items()
    ]


def _concerns(route: Route, ancestry: list[str], hazard: str, grade: Grade) -> bool:
    return (
        grade in route.grades
        and route.hazard in ("*", hazard)
        and (not route.zones or not route.zones.isdisjoint(ancestry))
    )


def _area(zone: Zone) -> Area:
    return Area(zone=zone.id, code=zone.code, name=zone.name, rings=zone.polygon)


def _nobody(hazard: str, grade: Grade, zones: list[str]) -> str:
    more = f" and {len(zones) - _SHOWN} more" if len(zones) > _SHOWN else ""
    return f"{hazard} {grade} reaches nobody in {', '.join(zones[:_SHOWN])}{more}"
