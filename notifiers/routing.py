"""Who is told of what: one answer for `tocsin who`, for the check of coverage and for real warnings."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import NamedTuple

from ingest.registry import Registry, Sensor, Zone
from notifiers.bulletin import Act, Area, Bulletin, Reference
from notifiers.contacts import PUBLIC, Person, Roster
from notifiers.message import LANGUAGES, Told, compose
from notifiers.routes import REACH, Level, Reach, Recipient, Route, Routes
from rules.grade import Grade
from rules.rule import Rule, Subjects
from rules.transition import Transition


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


class Way(NamedTuple):
    """Another channel, and whom it reaches at which address."""

    channel: str
    address: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """One recipient on one channel, in `languages`, and why: the first route that names them.

    `otherwise`: ways to use next, one after another; those of a horn lead to the people of its route.
    `approval`: a person releases it first. `duty`: the roster that put them on, "" for none.
    """

    recipient: str
    channel: str
    address: str = field(repr=False)
    languages: tuple[str, ...]
    why: str
    otherwise: tuple[Way, ...] = field(repr=False, default=())
    approval: bool = False
    duty: str = ""

    @property
    def contact(self) -> tuple[str, str]:
        """The recipient and the channel."""
        return self.recipient, self.channel


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
        self._judged: dict[str, int] = {}

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
        """Its rule's; the rule's id where the bundle no longer has it: only routes of any hazard fit.

        What a person raised says itself of what.
        """
        if "hazard" in transition.evidence:
            return str(transition.evidence["hazard"])
        rule = self._rules.get(transition.rule)
        return transition.rule if rule is None else rule.hazard

    def zone(self, transition: Transition) -> str:
        """Where its subject lies; the subject itself where the bundle does not know it."""
        return self._registry.place(transition.subject) or transition.subject

    def places(self, transition: Transition) -> list[str]:
        """Its zone and those above it, nearest first."""
        return self._registry.ancestry(self.zone(transition)) or [self.zone(transition)]

    def town(self, zone: str) -> str:
        """Where blue and yellow are summed up: the second-highest zone above it if there are three levels or
        more, else the highest."""
        ancestry = self._registry.ancestry(zone) or [zone]
        return ancestry[-2] if len(ancestry) >= 3 else ancestry[-1]

    def named(self, zone: str) -> dict[str, str]:
        """Its names by language; empty where the bundle does not know it."""
        known = self._registry.zones.get(zone)
        return {} if known is None else known.name

    def title(self, rule: str) -> dict[str, str]:
        """Its title by language; empty where the bundle no longer has it."""
        known = self._rules.get(rule)
        return {} if known is None else known.title

    def subjects(self, rule: str) -> int:
        """How many sensors, zones or gateways it is judged for; 0 where the bundle no longer has it.

        Counted once: a city has hundreds of thousands of sensors, and in a flood each round asks.
        """
        if rule not in self._judged:
            known = self._rules.get(rule)
            self._judged[rule] = 0 if known is None else self._count(known)
        return self._judged[rule]

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

    def unreached(self, now: int) -> list[tuple[str, str, Grade]]:
        """Each (zone, hazard, grade) that a rule can raise somewhere and of which nobody would be told."""
        return [
            (zone, hazard, grade)
            for hazard, grade in self.raised()
            for zone in self.leaves()
            if not self.who(zone, hazard, grade, now)
        ]

    def raised(self) -> list[tuple[str, Grade]]:
        """Each (hazard, grade) that a rule can raise."""
        return sorted({(rule.hazard, grade) for rule in self._rules.values() for grade in rule.grades})

    def leaves(self) -> list[str]:
        """The zones that no other zone lies in."""
        parents = {zone.parent for zone in self._registry.zones.values()}
        return [zone for zone in self._registry.zones if zone not in parents]

    def local(self, zone: str) -> bool:
        """Whether a zone has a horn that plays, or people by a route that names it or a zone above it."""
        above, place = self._registry.ancestry(zone), self._registry.zones[zone]
        return any(
            bool(route.people and not route.zones.isdisjoint(above))
            or bool(route.horns and place.horns and (not route.zones or not route.zones.isdisjoint(above)))
            for route in self.routes.routes
        )

    def reach(self, channel: str) -> Reach | None:
        """None for a channel that is configured no more."""
        return self._reach.get(channel)

    def reaches_people(self, channel: str) -> bool:
        """And not horns, or whoever reads what is published."""
        return self.reach(channel) in (Reach.PHONE, Reach.EMAIL)

    def _addressees(self, route: Route, zone: str, now: int) -> Iterator[Addressee]:
        yield from self._people(route, route.people, route.channels, now)
        place, why = self._registry.zones.get(zone), f"{route.file}:{route.line}"
        for channel in route.channels:
            reach, languages = self._reach[channel], route.languages or LANGUAGES
            if reach is Reach.HORN and route.horns and place is not None:
                instead = self._instead(route, now) if place.horns else ()
                for horn in place.horns:
                    yield Addressee(horn, channel, horn, languages, why, instead, route.approval)
            elif reach is Reach.PUBLIC and route.public:
                yield Addressee(PUBLIC, channel, "", languages, why, approval=route.approval)

    def _people(
        self, by: Route | Level, recipients: Iterable[Recipient], channels: Iterable[str], now: int
    ) -> Iterator[Addressee]:
        route = by if isinstance(by, Route) else None
        for person, duty in _on_duty(recipients, now):
            otherwise = [
                Way(c, self._address(person, c), person.id) for c in (route.otherwise if route else ())
            ]
            for channel in channels:
                if address := self._address(person, channel):
                    yield Addressee(
                        person.id,
                        channel,
                        address,
                        (route.languages if route else ()) or person.languages,
                        f"{by.file}:{by.line}",
                        tuple(way for way in otherwise if way.address and way.channel != channel),
                        route is not None and route.approval,
                        duty,
                    )

    def _instead(self, route: Route, now: int) -> tuple[Way, ...]:
        """Who is told in place of a silent horn: the people of its route, by what it names as otherwise."""
        return tuple(
            Way(channel, address, person.id)
            for channel in route.otherwise
            for person, _ in _on_duty(route.people, now)
            if (address := self._address(person, channel))
        )

    def _address(self, person: Person, channel: str) -> str:
        """ "" where the channel reaches no people, or not this one."""
        return {Reach.PHONE: person.phone, Reach.EMAIL: person.email}.get(self._reach[channel], "")

    def _count(self, rule: Rule) -> int:
        registry, within = self._registry, rule.zone
        zones = {zone for zone in registry.zones if within is None or within in registry.ancestry(zone)}
        if rule.subjects is Subjects.ZONE:
            return len(zones)
        if rule.subjects is Subjects.GATEWAY:
            return sum(within is None or zone in zones for zone in registry.gateways.values())
        sensors = (registry.sensors[slot] for slot in registry.ranges.get(rule.kind, ()))
        return sum(
            (rule.tag is None or rule.tag in sensor.tags) and (within is None or sensor.zone in zones)
            for sensor in sensors
        )

    def _sensor(self, transition: Transition) -> Sensor | None:
        slot = self._registry.slots.get(transition.subject)
        return None if slot is None else self._registry.sensors[slot]


def _on_duty(recipients: Iterable[Recipient], now: int) -> list[tuple[Person, str]]:
    """Each person once, with the roster that has them on; "" for who is named themselves."""
    found: dict[str, tuple[Person, str]] = {}
    for recipient in recipients:
        if isinstance(recipient, Roster):
            for person in recipient.on(now):
                found.setdefault(person.id, (person, recipient.id))
        else:
            found.setdefault(recipient.id, (recipient, ""))
    return list(found.values())


def _concerns(route: Route, ancestry: list[str], hazard: str, grade: Grade) -> bool:
    return (
        grade in route.grades
        and route.hazard in ("*", hazard)
        and (not route.zones or not route.zones.isdisjoint(ancestry))
    )


def _area(zone: Zone) -> Area:
    return Area(zone=zone.id, code=zone.code, name=zone.name, rings=zone.polygon)
