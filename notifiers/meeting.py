"""Whether the recipients and the channels of a route can meet, and everything that it names is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.document import Document
from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, either, words
from ingest.registry import Registry
from notifiers.contacts import HORNS, PUBLIC, Contacts, Person, Role, Roster
from notifiers.coverage import listed
from notifiers.routes import Reach, Recipient, Routes

_BY = {Reach.PHONE: words("phone"), Reach.EMAIL: words("email")}
_PLACES = {HORNS: Reach.HORN, PUBLIC: Reach.PUBLIC}


@dataclass(frozen=True, slots=True)
class Named:
    """What a route or level names; `path` is where it stands."""

    path: Path
    zones: tuple[str, ...]
    to: tuple[str, ...]
    channels: tuple[str, ...]
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meeting:
    """What there is: `reach` of each configured channel, None where that is not known."""

    document: Document
    contacts: Contacts
    registry: Registry
    reach: Mapping[str, Reach] | None

    def strangers(self, named: Named, places: tuple[str, ...] = (HORNS, PUBLIC)) -> Iterator[Finding]:
        """Zones, recipients and channels that there are not; `places` are recipients beside the contacts."""
        for i, zone in enumerate(named.zones):
            if zone not in self.registry.zones:
                hint = did_you_mean(zone, self.registry.zones)
                yield self._finding(named, ("zones", i), "E310", words("no zone {zone}", zone=zone), hint)
        contacts = self.contacts
        known = [*places, *contacts.people, *contacts.groups, *contacts.rosters]
        for i, recipient in enumerate(named.to):
            if recipient not in known:
                hint = did_you_mean(recipient, known)
                message = words("no person, group or roster {recipient}", recipient=recipient)
                yield self._finding(named, ("to", i), "E311", message, hint)
        if self.reach is not None:
            yield from self._unconfigured(named, self.reach)

    def apart(self, named: Named) -> Iterator[Finding]:
        """Recipients that no channel reaches, and channels that reach nobody who is named."""
        if self.reach is None:
            return
        if all(channel in self.reach for channel in (*named.channels, *named.otherwise)):
            yield from self._unreached(named, self.reach)
        if all(name in _PLACES or self.contacts.named(name) is not None for name in named.to):
            yield from self._idle(named, self.reach)
        if HORNS in named.to and not self._has_horns(named):
            hint = words("give its zones horns")
            yield self._finding(named, ("to",), "E314", words("no zone of this route has a horn"), hint)

    def unapproved(self, paths: list[Path], routes: Routes) -> Iterator[Finding]:
        """Routes that nobody can release in some of their zones (E315); `paths` are where they stand."""
        able = {zone for level in routes.levels if any(map(_approves, level.people)) for zone in level.zones}
        ancestries = {zone: self.registry.ancestry(zone) for zone in self.registry.zones}
        # The routes of one entry differ in nothing but their hazard.
        entries = {path: route for path, route in zip(paths, routes.routes, strict=True) if route.approval}
        for path, route in entries.items():
            covered = route.zones
            lacking = [
                zone
                for zone, above in ancestries.items()
                if (not covered or covered.intersection(above)) and not able.intersection(above)
            ]
            if lacking:
                yield self.document.finding(
                    (*path, "approval"),
                    "E315",
                    words("nobody can release it in {where}", where=listed(lacking)),
                    words("name a person with the role approver in a level of these zones or above them"),
                )

    def _unconfigured(self, named: Named, reach: Mapping[str, Reach]) -> Iterator[Finding]:
        for key, channels in (("channels", named.channels), ("otherwise", named.otherwise)):
            for i, channel in enumerate(channels):
                if channel not in reach:
                    hint = did_you_mean(channel, reach) or words(
                        "configure {channel} under channels in the settings", channel=channel
                    )
                    message = words("the channel {channel} is not configured", channel=channel)
                    yield self._finding(named, (key, i), "E003", message, hint)

    def _unreached(self, named: Named, reach: Mapping[str, Reach]) -> Iterator[Finding]:
        used = {reach[channel] for channel in named.channels}
        for place, needed in _PLACES.items():
            if place in named.to and needed not in used:
                channels = ", ".join(named.channels)
                message = (
                    words("{place} are not reached by {channels}", place=place, channels=channels)
                    if place == HORNS
                    else words("{place} is not reached by {channels}", place=place, channels=channels)
                )
                yield self._finding(named, ("to",), "E312", message, _add(reach, {needed}))
        people = self._people(named)
        # In place of a horn the people of the route are told, by what it names as otherwise.
        if HORNS in named.to:
            used |= {reach[channel] for channel in named.otherwise}
        if people and not used & _BY.keys():
            message = words("people are not reached by {channels}", channels=", ".join(named.channels))
            yield self._finding(named, ("to",), "E312", message, _add(reach, set(_BY)))
        elif without := [person.id for person in people if not any(_has(person, by) for by in used)]:
            lacks = either(_BY[by] for by in _BY if by in used)
            yield self._finding(
                named,
                ("to",),
                "E312",
                words(
                    "{without}: no {lacks}, which {channels} would need",
                    without=", ".join(without),
                    lacks=lacks,
                    channels=", ".join(named.channels),
                ),
                words(
                    "give each of them a {lacks} in the contacts, or add a channel that reaches them",
                    lacks=lacks,
                ),
            )

    def _idle(self, named: Named, reach: Mapping[str, Reach]) -> Iterator[Finding]:
        people = self._people(named)
        for key, channels in (("channels", named.channels), ("otherwise", named.otherwise)):
            for i, channel in enumerate(channels):
                if (by := reach.get(channel)) in _BY and not any(_has(person, by) for person in people):
                    who = (
                        words("none of those named has a {lacks}", lacks=_BY[by])
                        if people
                        else words("it reaches people only")
                    )
                    hint = words("add a person, a group or a roster that it reaches, or take it out")
                    yield self._finding(
                        named,
                        (key, i),
                        "E313",
                        words("{channel}: {reason}", channel=channel, reason=who),
                        hint,
                    )
                for place, needed in _PLACES.items():
                    if by is needed and key == "otherwise":
                        message = words(
                            "{channel} reaches {place}, which nothing can be put in place of",
                            channel=channel,
                            place=place,
                        )
                        hint = words("name it in channels")
                        yield self._finding(named, (key, i), "E313", message, hint)
                    elif by is needed and place not in named.to:
                        message = words("{channel} reaches {place} only", channel=channel, place=place)
                        yield self._finding(
                            named,
                            (key, i),
                            "E313",
                            message,
                            words("add {place} to the recipients", place=place),
                        )

    def _people(self, named: Named) -> list[Person]:
        found = [r for name in named.to for r in self.contacts.named(name) or ()]
        return list({person.id: person for r in found for person in _of(r)}.values())

    def _has_horns(self, named: Named) -> bool:
        covered = set(named.zones or self.registry.zones)
        return any(
            zone.horns and covered.intersection(self.registry.ancestry(zone.id))
            for zone in self.registry.zones.values()
        )

    def _finding(self, named: Named, path: Path, code: str, message: str, hint: str) -> Finding:
        return self.document.finding((*named.path, *path), code, message, hint)


def _of(recipient: Recipient) -> tuple[Person, ...]:
    """Everybody whom it can ever stand for."""
    return (
        tuple(p for turn in recipient.turns for p in turn) if isinstance(recipient, Roster) else (recipient,)
    )


def _approves(recipient: Recipient) -> bool:
    """Whether it always stands for somebody who may release; of a roster, at every turn."""
    turns = recipient.turns if isinstance(recipient, Roster) else ((recipient,),)
    return all(any(Role.APPROVER in person.roles for person in turn) for turn in turns)


def _has(person: Person, by: Reach | None) -> bool:
    return bool({Reach.PHONE: person.phone, Reach.EMAIL: person.email}.get(by or Reach.PUBLIC))


def _add(reach: Mapping[str, Reach], needed: set[Reach]) -> str:
    fitting = [channel for channel, by in reach.items() if by in needed]
    if fitting:
        return words("add {channels} to channels", channels=either(fitting))
    return words(
        "configure a channel under channels in the settings that reaches {needed}",
        needed=either(sorted(needed)),
    )
