"""Whom a test means by the names it expects messages to, and names that nobody has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, words
from notifiers.bulletin import Act
from notifiers.contacts import HORNS, PUBLIC, Person
from rules.trial.written import written_at
from tocsin.configuration import Configuration
from tocsin.rehearsal import Message
from tocsin.trials.scenario_file import DeliveryEntry, Scenarios

_WHAT = {"to": words("recipient"), "channels": words("channel"), "zone": words("zone")}


@dataclass(frozen=True, slots=True)
class Line:
    """One expected message; `grade` "" for none, `zone` None where any will do."""

    channel: str
    recipient: str
    act: Act
    grade: str
    zone: str | None

    def fits(self, message: Message) -> bool:
        """Whether it is this message that was expected."""
        expected = (self.channel, self.recipient, self.act, self.grade)
        came = (message.channel, message.recipient, message.act, str(message.grade or ""))
        return expected == came and self.zone in (None, message.zone)


def lines(entry: DeliveryEntry, configuration: Configuration, now: int) -> list[Line]:
    """One for each recipient and channel; for a roster whoever is on duty at `now`."""
    recipients = [r for name in entry.to for r in _recipients(name, entry, configuration, now)]
    return [
        Line(channel, recipient, entry.act, entry.grade or "", entry.zone)
        for channel in entry.channels
        for recipient in dict.fromkeys(recipients)
    ]


def unknown_names(scenarios: Scenarios, configuration: Configuration) -> Iterator[Finding]:
    """E234 for each recipient, channel or zone that the configuration does not have."""
    for path, test in scenarios.placed():
        for time, entries in test.deliveries.items():
            written = written_at(scenarios.document, (*path, "deliveries"), time)
            for index, entry in enumerate(entries):
                yield from _unknown((*written, index), entry, scenarios, configuration)


def _unknown(
    path: Path, entry: DeliveryEntry, scenarios: Scenarios, configuration: Configuration
) -> Iterator[Finding]:
    for key, position, name, known in _names(entry, configuration):
        if name not in known:
            message = words("`{name}` is no {what} of the configuration", name=name, what=_WHAT[key])
            place = (*path, key, *position)
            yield scenarios.document.finding(place, "E234", message, did_you_mean(name, known))
    if HORNS in entry.to and entry.zone is None:
        message = words("it is not said whose loudspeakers")
        advice = words("write zone: <the zone they stand in>")
        yield scenarios.document.finding(path, "E234", message, advice)


def _names(
    entry: DeliveryEntry, configuration: Configuration
) -> Iterator[tuple[str, Path, str, Iterable[str]]]:
    """Each name with its key, its place there, and the names that there are."""
    contacts, zones = configuration.contacts, configuration.basis.registry.zones
    horns = [horn for zone in zones.values() for horn in zone.horns]
    recipients = [*contacts.people, *contacts.rosters, *contacts.groups, HORNS, PUBLIC, *horns]
    yield from (("to", (index,), name, recipients) for index, name in enumerate(entry.to))
    channels = configuration.settings.channels
    yield from (("channels", (index,), name, channels) for index, name in enumerate(entry.channels))
    if entry.zone is not None:
        yield "zone", (), entry.zone, zones


def _recipients(name: str, entry: DeliveryEntry, configuration: Configuration, now: int) -> list[str]:
    if name == HORNS and entry.zone is not None:
        return [*configuration.basis.registry.zones[entry.zone].horns]
    named = configuration.contacts.named(name)
    if named is None:
        return [name]
    return [p.id for each in named for p in ((each,) if isinstance(each, Person) else each.on(now))]
