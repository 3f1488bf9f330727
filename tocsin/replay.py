"""Recorded data through the same judge: transitions as JSON lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.finding import ConfigurationError, Finding
from ingest.kinds import Kinds
from ingest.kinds.kinds_file import read_kinds
from ingest.registry import Registry, Zone
from ingest.registry.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.registry.zones_file import read_zones
from rules.rule import Rule
from rules.rulebook import read_rules
from rules.transition import Transition
from tocsin.configuration import read_text
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, Period, Rerun
from tocsin.settings import rule_files


@dataclass(slots=True)
class Tally:
    """What a replay went through."""

    readings: int = 0
    duplicates: int = 0
    quarantined: int = 0
    transitions: int = 0


def read_basis(kinds: Path, sensors: Path, zones: Path | None, rules: Path) -> Basis:
    """Only what judgement rests on; ConfigurationError carries all findings."""
    findings: list[Finding] = []
    names = rule_files(rules)
    paths = [kinds, sensors, *([] if zones is None else [zones]), *(rules / name for name in names)]
    texts = {path: read_text(path, findings) for path in paths}
    if findings:
        raise ConfigurationError(findings)
    known, found = read_kinds(str(kinds), texts[kinds])
    findings += found
    places: dict[str, Zone] | None = {}
    if zones is not None:
        places, found = read_zones(str(zones), texts[zones])
        findings += found
    if known is None or places is None:
        raise ConfigurationError(findings)
    read = read_sensors_csv if sensors.suffix == ".csv" else read_sensors_yaml
    some, found = read(str(sensors), texts[sensors], known, None if zones is None else places)
    findings += found
    registry = Registry.of(some, places)
    files = {str(rules / name): texts[rules / name] for name in names}
    ladders, found = _rules(rules, files, known, registry)
    findings += found
    if findings:
        raise ConfigurationError(findings)
    return Basis("replay", known, registry, ladders)


def rules_in(directory: Path, kinds: Kinds, registry: Registry) -> tuple[tuple[Rule, ...], list[Finding]]:
    """The rules of a directory for these sensors, and all that is wrong with them."""
    findings: list[Finding] = []
    texts = {str(directory / name): read_text(directory / name, findings) for name in rule_files(directory)}
    return ((), findings) if findings else _rules(directory, texts, kinds, registry)


def _rules(
    directory: Path, files: Mapping[str, str], kinds: Kinds, registry: Registry
) -> tuple[tuple[Rule, ...], list[Finding]]:
    rules, findings = read_rules(files, kinds, registry)
    if not any(name.endswith(".yaml") for name in files):
        findings.append(Finding(str(directory), 0, 0, "E002", "no rule file (*.yaml) in this directory"))
    return rules, findings


def replay(basis: Basis, sources: list[Path], until: int | None, tally: Tally) -> Iterator[Transition]:
    """Transitions in order, up to the last reading's receipt, or up to `until` (ms), deadlines included."""
    rerun = Rerun(CsvRecord(sources, basis.registry), lambda _: basis, Period(end=until))
    for found in rerun:
        tally.transitions += len(found.transitions)
        yield from found.transitions
    screen = rerun.judge.screen
    tally.readings, tally.duplicates = screen.accepted, screen.duplicates
    tally.quarantined = screen.quarantined
