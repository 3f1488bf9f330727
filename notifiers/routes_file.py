"""routes.yaml: which warnings of which places go to whom, over what."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ingest.document import Document, Strict, parse_yaml, validate
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding
from ingest.registry import Registry
from notifiers.contacts import HORNS, Contacts
from notifiers.contacts_file import at_least_one
from notifiers.routes import LOUDSPEAKER, Route, Routes
from rules.grade import Grade

_ChannelName = Literal["sms", "loudspeaker"]


class _RouteEntry(Strict):
    hazard: Annotated[str, Field(min_length=1)]
    grades: Annotated[tuple[Literal["blue", "yellow", "orange", "red"], ...], AfterValidator(at_least_one)]
    zones: Annotated[tuple[str, ...], AfterValidator(at_least_one)] | None = None
    to: Annotated[tuple[str, ...], AfterValidator(at_least_one)]
    channels: Annotated[tuple[_ChannelName, ...], AfterValidator(at_least_one)]


class _RoutesFile(Strict):
    routes: tuple[_RouteEntry, ...]


def read_routes(
    name: str, text: str, contacts: Contacts, registry: Registry
) -> tuple[Routes | None, list[Finding]]:
    """The routes, or None and all that is wrong. Findings: E101 to E112, E310 to E314."""
    document, findings = parse_yaml(name, text)
    if document is None:
        return None, findings
    entries, invalid = validate(document, _RoutesFile)
    findings += invalid
    if entries is None:
        return None, findings
    for index, entry in enumerate(entries.routes):
        findings += _unknown(document, index, entry, contacts, registry)
        findings += _unreachable(document, index, entry, registry)
    if findings:
        return None, findings
    routes = tuple(_route(document, i, entry, contacts) for i, entry in enumerate(entries.routes))
    return Routes(routes=routes), []


def _route(document: Document, index: int, entry: _RouteEntry, contacts: Contacts) -> Route:
    people = {p.id: p for recipient in entry.to for p in contacts.named(recipient) or ()}
    return Route(
        hazard=entry.hazard,
        grades=frozenset(map(Grade.named, entry.grades)),
        zones=frozenset(entry.zones or ()),
        people=tuple(people.values()),
        horns=HORNS in entry.to,
        channels=entry.channels,
        file=document.source.name,
        line=document.place(("routes", index))[0],
    )


def _unknown(
    document: Document, index: int, entry: _RouteEntry, contacts: Contacts, registry: Registry
) -> Iterator[Finding]:
    for i, zone in enumerate(entry.zones or ()):
        if zone not in registry.zones:
            hint = did_you_mean(zone, registry.zones)
            yield document.finding(("routes", index, "zones", i), "E310", f"no zone {zone}", hint)
    known = [HORNS, *contacts.people, *contacts.groups]
    for i, recipient in enumerate(entry.to):
        if recipient not in known:
            hint = did_you_mean(recipient, known)
            yield document.finding(
                ("routes", index, "to", i), "E311", f"no person or group {recipient}", hint
            )


def _unreachable(document: Document, index: int, entry: _RouteEntry, registry: Registry) -> Iterator[Finding]:
    horns, people = HORNS in entry.to, any(recipient != HORNS for recipient in entry.to)
    loud, other = LOUDSPEAKER in entry.channels, any(c != LOUDSPEAKER for c in entry.channels)
    to, channels = ("routes", index, "to"), ("routes", index, "channels")
    if horns and not loud:
        yield document.finding(to, "E312", "horns are reached by loudspeaker only", "add it to channels")
    if people and not other:
        yield document.finding(to, "E312", "people are not reached by loudspeaker", "add sms to channels")
    if loud and not horns:
        yield document.finding(
            channels, "E313", "loudspeaker reaches horns only", f"add {HORNS} to the recipients"
        )
    if other and not people:
        yield document.finding(channels, "E313", "sms reaches people only", "add a person or a group")
    if horns and not _has_horns(entry, registry):
        yield document.finding(to, "E314", "no zone of this route has a horn", "give its zones horns")


def _has_horns(entry: _RouteEntry, registry: Registry) -> bool:
    covered = set(entry.zones or registry.zones)
    return any(
        zone.horns and covered.intersection(registry.ancestry(zone.id)) for zone in registry.zones.values()
    )
