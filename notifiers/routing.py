"""Who is told of what: one answer for `tocsin who`, for the check of coverage and for real warnings."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo

from ingest.finding import Finding
from ingest.registry import Registry, Sensor
from notifiers.message import LANGUAGES, compose
from notifiers.routes_file import LOUDSPEAKER, Route, Routes
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import Transition

_SHOWN = 5


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

    def addressees(self, transition: Transition) -> list[Addressee]:
        """Who is told of the grade that the transition raises the warning to; nobody of the all-clear.

        A rule or subject that the bundle no longer has matches the routes of any hazard, of any place.
        """
        if transition.after is None:
            return []
        rule = self._rules.get(transition.rule)
        return self.who(self._zone(transition), rule.hazard if rule else "", transition.after)

    def text(self, transition: Transition) -> dict[str, str]:
        """The words of the transition in every language."""
        rule, sensor = self._rules.get(transition.rule), self._sensor(transition)
        zones = [self._registry.zones[z] for z in self._registry.ancestry(self._zone(transition))]
        return compose(transition, rule, sensor, zones, self._time_zone)

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

    def _zone(self, transition: Transition) -> str:
        return self._registry.place(transition.subject) or transition.subject


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


def _nobody(hazard: str, grade: Grade, zones: list[str]) -> str:
    more = f" and {len(zones) - _SHOWN} more" if len(zones) > _SHOWN else ""
    return f"{hazard} {grade} reaches nobody in {', '.join(zones[:_SHOWN])}{more}"
