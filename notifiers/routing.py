"""Who is told of what: one answer for `tocsin who`, for the check of coverage and for real warnings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from types import MappingProxyType

from ingest.finding import Finding
from ingest.registry import Registry, Sensor, Zone
from notifiers.bulletin import Act, Area, Bulletin, Reference
from notifiers.contacts import PUBLIC, Person, Roster
from notifiers.message import LANGUAGES, Told, compose
from notifiers.routes import LOUDSPEAKER, Level, Reach, Recipient, Route, Routes
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
    """One recipient on one channel, in `languages`, and why: the first route that names them.

    `otherwise`: (channel, address) to use next, one after another. `approval`: a person releases it first.
    """

    recipient: str
    channel: str
    address: str = field(repr=False)
    languages: tuple[str, ...]
    why: str
    otherwise: tuple[tuple[str, str], ...] = field(repr=False, default=())
    approval: bool = False


# How the channels that every configuration knows reach whom they reach.
REACH: Mapping[str, Reach] = MappingProxyType({"sms": Reach.PHONE, LOUDSPEAKER: Reach.HORN})


class Router:
    """The routes of one bundle, with what is needed to place a transition and to put it into words.

    `reach` says of each channel whom it reaches.
    """

    def __init__(
        self,
        routes: Routes,
        registry: Registry,
        rules: Iterable[Rule],
        time_zone: tzinfo,
        reach: Mapping[str, Reach] = REACH,
    ) -> None:
        self.routes = routes
        self.time_zone = time_zone
        self._registry = registry
        self._rules = {rule.id: rule for rule in rules}
        self._reach = reach

    @property
    def channels(self) -> frozenset[str]:
        """The channels that the routes name."""
        named = [(*route.channels, *route.otherwise) for route in self.routes.routes]
        named += [level.channels for level in self.routes.levels]
        return frozenset(channel for channels in named for channel in channels)

    def who(self, zone: str, hazard: str, grade: Grade, now: int) -> list[Addressee]:
        """Everyone who is told at `now`, once for each channel, in the order of the routes."""
        found: dict[tuple[str, str], Addressee] = {}
        ancestry = self._registry.ancestry(zone)
        for route in self.routes.routes:
            if _concerns(route, ancestry, hazard, grade):
                for addressee in self._addressees(route, zone, now):
                    found.setdefault((addressee.recipient, addressee.channel), addressee)
        return list(found.values())

    def levels(self, zone: str, now: int) -> list[list[Addressee]]:
        """Who is asked when nobody answers: those of the zone itself, then of each zone above it.

        A level nobody answers for is left out; the last one is for zones without any above.
        """
        found = []
        for place in self._registry.ancestry(zone):
            asked: dict[tuple[str, str], Addressee] = {}
            for level in self.routes.levels:
                if place in level.zones:
                    for addressee in self._people(level, level.people, level.channels, now):
                        asked.setdefault((addressee.recipient, addressee.channel), addressee)
            found.append(list(asked.values()))
        return [level for level in found if level]

    def hazard(self, transition: Transition) -> str:
        """Its rule's; the rule's id where the bundle no longer has it: only routes of any hazard fit."""
        rule = self._rules.get(transition.rule)
        return transition.rule if rule is None else rule.hazard

    def zone(self, transition: Transition) -> str:
        """Where its subject lies; the subject itself where the bundle does not know it."""
        return self._registry.place(transition.subject) or transition.subject

    def places(self, transition: Transition) -> list[str]:
        """Its zone and those above it, nearest first."""
        return self._registry.ancestry(self.zone(transition)) or [self.zone(transition)]

    def reach(self, channel: str) -> Reach:
        return self._reach[channel]

    def bulletin(self, line: Transition, announcement: Announcement) -> Bulletin:
        """The announcement in words and facts, led by `line`."""
        zones = [self._registry.zones[z] for z in self._registry.ancestry(announcement.zone)]
        told = Told(line, announcement.grade, announcement.before, announcement.incident, announcement.count)
        words = compose(told, self._rules.get(line.rule), self._sensor(line), zones, self.time_zone)
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

    def unreached(self, now: int = 0) -> list[tuple[str, str, Grade]]:
        """Each (zone, hazard, grade) that a rule can raise somewhere and of which nobody would be told.

        Zones are those that no other zone lies in.
        """
        parents = {zone.parent for zone in self._registry.zones.values()}
        leaves = [zone for zone in self._registry.zones if zone not in parents]
        raised = sorted({(rule.hazard, grade) for rule in self._rules.values() for grade in rule.grades})
        return [
            (zone, hazard, g) for hazard, g in raised for zone in leaves if not self.who(zone, hazard, g, now)
        ]

    def _addressees(self, route: Route, zone: str, now: int) -> Iterator[Addressee]:
        yield from self._people(route, route.people, route.channels, now)
        place, why = self._registry.zones.get(zone), f"{route.file}:{route.line}"
        for channel in route.channels:
            reach, languages = self._reach[channel], route.languages or LANGUAGES
            if reach is Reach.HORN and route.horns and place is not None:
                for horn in place.horns:
                    yield Addressee(horn, channel, horn, languages, why, approval=route.approval)
            elif reach is Reach.PUBLIC and route.public:
                yield Addressee(PUBLIC, channel, "", languages, why, approval=route.approval)

    def _people(
        self, by: Route | Level, recipients: Iterable[Recipient], channels: Iterable[str], now: int
    ) -> Iterator[Addressee]:
        route = by if isinstance(by, Route) else None
        for person in _on_duty(recipients, now):
            otherwise = [(c, self._address(person, c)) for c in (route.otherwise if route else ())]
            for channel in channels:
                if address := self._address(person, channel):
                    yield Addressee(
                        person.id,
                        channel,
                        address,
                        (route.languages if route else ()) or person.languages,
                        f"{by.file}:{by.line}",
                        tuple((c, a) for c, a in otherwise if a and c != channel),
                        route is not None and route.approval,
                    )

    def _address(self, person: Person, channel: str) -> str:
        """ "" where the channel reaches no people, or not this one."""
        return {Reach.PHONE: person.phone, Reach.EMAIL: person.email}.get(self._reach[channel], "")

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


def _on_duty(recipients: Iterable[Recipient], now: int) -> list[Person]:
    found: dict[str, Person] = {}
    for recipient in recipients:
        for person in recipient.on(now) if isinstance(recipient, Roster) else (recipient,):
            found.setdefault(person.id, person)
    return list(found.values())


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
