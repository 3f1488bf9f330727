"""Recorded data through the same judge: transitions as JSON lines."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import mqtt5

from ingest.finding import ConfigurationError, Finding, words
from ingest.journal import Entry, EntryKind
from ingest.kinds.kinds_file import read_kinds
from ingest.registry import Registry, Zone
from ingest.registry.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.registry.zones_file import read_zones
from rules.rulebook import read_rules
from rules.transition import Transition
from simulators.playback import Instant, Place, instants
from simulators.readings_csv import read_rows
from tocsin.judge import Basis, Judge
from tocsin.settings import rule_files


@dataclass(slots=True)
class Tally:
    """What a replay went through."""

    readings: int = 0
    messages: int = 0
    duplicates: int = 0
    quarantined: int = 0
    transitions: int = 0


def read_basis(kinds: Path, sensors: Path, zones: Path | None, rules: Path) -> Basis:
    """Only what judgement rests on; ConfigurationError carries all findings."""
    findings: list[Finding] = []
    known, found = read_kinds(str(kinds), kinds.read_text(encoding="utf-8"))
    findings += found
    places: dict[str, Zone] | None = {}
    if zones is not None:
        places, found = read_zones(str(zones), zones.read_text(encoding="utf-8"))
        findings += found
    if known is None or places is None:
        raise ConfigurationError(findings)
    read = read_sensors_csv if sensors.suffix == ".csv" else read_sensors_yaml
    some, found = read(
        str(sensors), sensors.read_text(encoding="utf-8"), known, None if zones is None else places
    )
    findings += found
    registry = Registry.of(some, places)
    names = rule_files(rules)
    files = {str(rules / name): (rules / name).read_text(encoding="utf-8") for name in names}
    if not any(name.endswith(".yaml") for name in names):
        findings.append(Finding(str(rules), 0, 0, "E002", words("no rule file (*.yaml) in this directory")))
    ladders, found = read_rules(files, known, registry)
    findings += found
    if findings:
        raise ConfigurationError(findings)
    return Basis("replay", known, registry, ladders)


def entries(instants: Iterable[Instant]) -> Iterator[tuple[Entry, Sequence[mqtt5.PublishPacket]]]:
    """Each instant as the journal block it would have become."""
    for sequence, instant in enumerate(instants, start=1):
        packets = [mqtt5.PublishPacket(topic, payload) for topic, payload in instant.messages]
        yield Entry(sequence, instant.received, EntryKind.MQTT, len(packets), b""), packets


def replay(basis: Basis, sources: list[Path], until: int | None, tally: Tally) -> Iterator[Transition]:
    """Transitions in order, up to the last reading's receipt, or up to `until` (ms), deadlines included."""

    def load(bundle: str) -> Basis:
        raise KeyError(f"recorded readings name no bundle, not even {bundle}")

    judge = Judge(basis, load)
    places = {sensor.id: Place(sensor.zone, sensor.kind) for sensor in basis.registry.sensors}
    rows = [row for row in read_rows(sources) if until is None or row.received <= until]
    for entry, packets in entries(instants(rows, places)):
        judged = judge.take(entry, packets)
        tally.messages += entry.count
        tally.transitions += len(judged.transitions)
        yield from judged.transitions
    if until is not None:
        transitions = judge.tick(until)
        tally.transitions += len(transitions)
        yield from transitions
    tally.readings = judge.screen.accepted
    tally.duplicates = judge.screen.duplicates
    tally.quarantined = judge.screen.quarantined
