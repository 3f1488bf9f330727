"""What a drill names and the configuration does not have, or has as something else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, words
from notifiers.contacts import HORNS, PUBLIC
from rules.rulebook.silence import SUFFIX
from tocsin.configuration import Configuration
from tocsin.drill.drill_file import Drill, StoryEntry

# Of which kind a sensor must be, or one of a zone, at which something happens.
KINDS: Mapping[str, str] = {
    "fire": "smoke", "nuisance": "smoke", "leakage": "electrical", "cable": "electrical",
    "arcing": "electrical", "sag": "electrical", "release": "gas", "tank": "tank", "crowd": "workshop",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A name, where it stands, what it is to be, and the names that there are."""

    path: Path
    name: str
    what: str
    known: Iterable[str]


def strangers(drill: Drill, configuration: Configuration) -> Iterator[Finding]:
    """E402 for each name that nothing has, E403 for a place without a sensor that could feel it."""
    known = _Known.of(configuration)
    for found in _named(drill, known):
        if found.name not in (names := set(found.known)):
            message = words("no {what} {name}", what=found.what, name=found.name)
            yield drill.document.finding(found.path, "E402", message, did_you_mean(found.name, names))
    for number, entry in enumerate(drill.file.storyline):
        yield from _misfit(drill, number, entry, known)


@dataclass(frozen=True, slots=True)
class _Known:
    kinds: Mapping[str, str]
    homes: Mapping[str, str]
    zones: Iterable[str]
    gateways: frozenset[str]
    horns: tuple[str, ...]
    rules: tuple[str, ...]
    people: Iterable[str]
    accounts: frozenset[str]
    hazards: frozenset[str]
    recipients: tuple[str, ...]

    @classmethod
    def of(cls, configuration: Configuration) -> "_Known":
        registry, contacts = configuration.basis.registry, configuration.contacts
        horns = tuple(horn for zone in registry.zones.values() for horn in zone.horns)
        rules = [rule.id for rule in configuration.basis.rules]
        return cls(
            {sensor.id: sensor.kind for sensor in registry.sensors},
            {sensor.id: sensor.zone for sensor in registry.sensors},
            registry.zones,
            frozenset(sensor.gateway for sensor in registry.sensors if sensor.gateway),
            horns,
            (*rules, *(rule + SUFFIX for rule in rules)),
            contacts.people,
            frozenset(name for name, person in contacts.people.items() if person.account),
            frozenset(rule.hazard for rule in configuration.basis.rules),
            (*contacts.people, *contacts.groups, *contacts.rosters, HORNS, PUBLIC, *horns),
        )

    def of_place(self, place: str) -> set[str]:
        """The kinds of the sensors there; of a name that nothing has, all, as that is told already."""
        found = {kind for sensor, kind in self.kinds.items() if place in (sensor, self.homes[sensor])}
        return found if place in self.kinds or place in self.zones else set(KINDS.values())


def _named(drill: Drill, known: _Known) -> Iterator[Named]:
    for number, entry in enumerate(drill.file.storyline):
        yield from _in_story(("storyline", number, entry.key), entry, known)
    people = [*drill.file.people, *drill.file.players]
    paths: list[Path] = [("people", name) for name in drill.file.people]
    paths += [("players", number) for number in range(len(drill.file.players))]
    for path, name in zip(paths, people, strict=True):
        yield Named(path, name, words("person"), known.people)
    for number, name in enumerate(drill.file.players):
        if name in known.people:
            yield Named(("players", number), name, words("account of"), known.accounts)
    yield from _expected(drill, known)


def _in_story(path: Path, entry: StoryEntry, known: _Known) -> Iterator[Named]:
    several: tuple[tuple[str, str, Iterable[str]], ...] = (
        ("sensors", words("sensor"), known.kinds),
        ("gateways", words("gateway"), known.gateways),
        ("which", words("loudspeaker"), known.horns),
        ("to", words("recipient"), known.recipients),
    )
    happening = entry.happening
    if (place := getattr(happening, "place", None)) is not None:
        yield Named((*path, "place"), place, words("zone or sensor"), [*known.zones, *known.kinds])
    for key, what, names in several:
        for index, name in enumerate(getattr(happening, key, None) or ()):
            yield Named((*path, key, index), name, what, names)


def _expected(drill: Drill, known: _Known) -> Iterator[Named]:
    expect = drill.file.expect
    for part in ("warnings", "told", "handling"):
        for number, entry in enumerate(getattr(expect, part)):
            yield Named(("expect", part, number, "zone"), entry.zone, words("zone"), known.zones)
            if (hazard := getattr(entry, "hazard", None)) is not None:
                yield Named(("expect", part, number, "hazard"), hazard, words("hazard"), known.hazards)
    for number, warning in enumerate(expect.warnings):
        yield Named(("expect", "warnings", number, "rule"), warning.rule, words("rule"), known.rules)
    for number, told in enumerate(expect.told):
        for index, name in enumerate(told.who):
            path = ("expect", "told", number, "who", index)
            yield Named(path, name, words("recipient"), known.recipients)
    for number, deed in enumerate(expect.deeds):
        yield Named(("expect", "deeds", number, "who"), deed.who, words("person"), known.people)
    for number, name in enumerate(expect.unreached):
        reached = [*known.people, *known.horns]
        yield Named(("expect", "unreached", number), name, words("person or loudspeaker"), reached)


def _misfit(drill: Drill, number: int, entry: StoryEntry, known: _Known) -> Iterator[Finding]:
    """A fire at a rain gauge, or where there is no smoke sensor."""
    wanted, place = KINDS.get(entry.key), getattr(entry.happening, "place", None)
    there = set() if place is None else known.of_place(place)
    if place is None or (wanted in there if wanted else there):
        return
    if wanted is None:
        message = words("no sensor at {place}", place=place)
        advice = words("name a sensor, or a zone that has some itself")
    else:
        message = words("no {wanted} sensor at {place}", wanted=wanted, place=place)
        advice = words("name one of the kind {wanted}, or a zone that has one", wanted=wanted)
    yield drill.document.finding(("storyline", number, entry.key, "place"), "E403", message, advice)
