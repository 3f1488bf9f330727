"""Recorded readings through the daemon's own path, and past its doubts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ingest.decode import Decoder
from ingest.kinds import Kinds
from ingest.namespace import Namespace
from ingest.reading import Reason
from ingest.registry import Registry, Sensor
from ingest.screening import Screen
from rules.engine import Engine
from rules.grade import Grade
from rules.rule import Rule
from rules.transition import Disposition, Transition
from simulators.playback import Place, instants
from simulators.readings_csv import Row
from tocsin.judge import Basis, Judge
from tocsin.recorded import as_entries

# Called with the instant (ms) that is about to be judged.
Progress = Callable[[int], None]


@dataclass(slots=True)
class Outcome:
    """What a record led to; `flags` and `refused` count values and messages."""

    transitions: list[Transition] = field(default_factory=list)
    readings: int = 0
    flags: dict[str, int] = field(default_factory=dict)
    refused: dict[Reason, int] = field(default_factory=dict)


def judged(basis: Basis, rows: Iterable[Row], progress: Progress) -> Outcome:
    """Rows, in order of receipt, as messages through decoder, screen, quality control and engine."""
    outcome = Outcome()
    judge = Judge(basis, _no_bundle)
    for entry, packets in as_entries(instants(rows, _places(basis.registry))):
        progress(entry.received)
        found = judge.take(entry, packets)
        outcome.transitions += found.transitions
        for rejected in found.rejected:
            outcome.refused[rejected.reason] = outcome.refused.get(rejected.reason, 0) + 1
    outcome.readings = judge.screen.accepted
    outcome.flags = {name: count for name, count in judge.quality.flags.items() if count}
    return outcome


def judged_plainly(basis: Basis, rows: Iterable[Row], progress: Progress) -> list[Transition]:
    """The same without quality control, and with rules that ask no neighbour."""
    rules = tuple(replace(rule, confirm=None) for rule in basis.rules)
    decoder, screen = Decoder(basis.kinds, basis.registry, basis.namespace), Screen(basis.registry)
    engine = Engine(basis.kinds, basis.registry, rules)
    found: list[Transition] = []
    for entry, packets in as_entries(instants(rows, _places(basis.registry))):
        progress(entry.received)
        decoded = decoder.decode(entry.sequence, entry.received, packets)
        found += engine.advance(screen.screen(decoded).readings)
    return found


def basis_of(kinds: Kinds, sensors: Sequence[Sensor], rules: tuple[Rule, ...]) -> Basis:
    """What these records are judged on."""
    return Basis("evidence", kinds, Registry.of(list(sensors), {}), rules, Namespace.LIVE)


def raised(
    transitions: Iterable[Transition], rule: str, least: Grade, disposition: Disposition | None = None
) -> Iterator[Transition]:
    """The lines of a rule that raise to `least` or above, or let such a grade go out."""
    for line in transitions:
        if line.rule != rule or line.after is None or disposition not in {None, line.disposition}:
            continue
        if line.after >= max(least, line.before or least):
            yield line


def _places(registry: Registry) -> dict[str, Place]:
    return {sensor.id: Place(sensor.zone, sensor.kind) for sensor in registry.sensors}


def _no_bundle(bundle: str) -> Basis:
    raise KeyError(f"recorded readings name no bundle, not even {bundle}")
