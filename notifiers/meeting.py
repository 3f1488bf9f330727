"""Whether the recipients and the channels of a route can meet, and everything that it names is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ingest.document import Document
from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding
from ingest.registry import Registry
from notifiers.contacts import HORNS, PUBLIC, Contacts, Person, Role, Roster
from notifiers.routes import Reach, Recipient, Routes

_BY = {Reach.PHONE: "phone", Reach.EMAIL: "email"}
_PLACES = {HORNS: Reach.HORN, PUBLIC: Reach.PUBLIC}
_SHOWN = 5


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
                yield self._finding(named, ("zones", i), "E310", f"no zone {zone}", hint)
        contacts = self.contacts
        known = [*places, *contacts.people, *contacts.groups, *contacts.rosters]
        for i, recipient in enumerate(named.to):
            if recipient not in known:
                hint = did_you_mean(recipient, known)
                message = f"no person, group or roster {recipient}"
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
            hint = "give its zones horns"
            yield self._finding(named, ("to",), "E314", "no zone of this route has a horn", hint)

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
                more = f" and {len(lacking) - _SHOWN} more" if len(lacking) > _SHOWN else ""
                yield self.document.finding(
                    (*path, "approval"),
                    "E315",
                    f"nobody can release it in {', '.join(lacking[:_SHOWN])}{more}",
                    "name a person with the role approver in a level of these zones or above them",
                )

    def _unconfigured(self, named: Named, reach: Mapping[str, Reach]) -> Iterator[Finding]:
        for key, channels in (("channels", named.channels), ("otherwise", named.otherwise)):
            for i, channel in enumerate(channels):
                if channel not in reach:
                    hint = (
                        did_you_mean(channel, reach) or f"configure {channel} under channels in the settings"
                    )
                    message = f"the channel {channel} is not configured"
                    yield self._finding(named, (key, i), "E003", message, hint)

    def _unreached(self, named: Named, reach: Mapping[str, Reach]) -> Iterator[Finding]:
        used = {reach[channel] for channel in named.channels}
        for place, needed in _PLACES.items():
            if place in named.to and needed not in used:
                message = f"{place} {_is(place)} not reached by {', '.join(named.channels)}"
                yield self._finding(named, ("to",), "E312", message, _add(reach, {needed}))
        people = self._people(named)
        # In place of a horn the people of the route are told, by what it names as otherwise.
        if HORNS in named.to:
            used |= {reach[channel] for channel in named.otherwise}
        if people and not used & _BY.keys():
            message = f"people are not reached by {', '.join(named.channels)}"
            yield self._finding(named, ("to",), "E312", message, _add(reach, set(_BY)))
        elif without := [person.id for person in people if not any(_has(person, by) for by in used)]:
            lacks = " or ".join(_BY[by] for by in _BY if by in used)
            yield self._finding(
                named,
                ("to",),
                "E312",
                f"{', '.join(without)}: no {lacks}, which {', '.join(named.channels)} would need",
                f"give each of them a {lacks} in the contacts, or add a channel that reaches them",
            )

    def _idle(self, named: Named, reach: Mapping[str, Reach]) -> Iterator[Finding]:
        people = self._people(named)
        for key, channels in (("channels", named.channels), ("otherwise", named.otherwise)):
            for i, channel in enumerate(channels):
                if (by := reach.get(channel)) in _BY and not any(_has(person, by) for person in people):
                    who = f"none of those named has a {_BY[by]}" if people else "it reaches people only"
                    hint = "add a person, a group or a roster that it reaches, or take it out"
                    yield self._finding(named, (key, i), "E313", f"{channel}: {who}", hint)
                for place, needed in _PLACES.items():
                    if by is needed and key == "otherwise":
                        message = f"{channel} reaches {place}, which nothing can be put in place of"
                        hint = "name it in channels"
                        yield self._finding(named, (key, i), "E313", message, hint)
                    elif by is needed and place not in named.to:
                        message = f"{channel} reaches {place} only"
                        yield self._finding(
                            named, (key, i), "E313", message, f"add {place} to the recipients"
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


def _is(place: str) -> str:
    return "are" if place == HORNS else "is"


def _add(reach: Mapping[str, Reach], needed: set[Reach]) -> str:
    fitting = [channel for channel, by in reach.items() if by in needed]
    if fitting:
        return f"add {' or '.join(fitting)} to channels"
    return f"configure a channel under channels in the settings that reaches {' or '.join(sorted(needed))}"
