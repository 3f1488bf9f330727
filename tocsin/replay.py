"""Recorded data through the same judge: transitions in order, and what it is judged by."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.finding import ConfigurationError, Finding, words
from ingest.kinds import Kinds
from ingest.kinds.kinds_file import read_kinds
from ingest.namespace import Namespace
from ingest.registry import Registry, Zone
from ingest.registry.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.registry.zones_file import read_zones
from rules.rule import Rule
from rules.rulebook import read_rules
from rules.transition import Transition
from tocsin.bundle import Bundles
from tocsin.configuration import basis_of, read_text
from tocsin.judge import Basis
from tocsin.recorded import Rerun
from tocsin.settings import rule_files


@dataclass(slots=True)
class Tally:
    """What a replay went through: messages with readings, those that came twice, those that were refused."""

    readings: int = 0
    duplicates: int = 0
    quarantined: int = 0
    transitions: int = 0


def applied(bundles: Bundles, rules: Path | None) -> Callable[[str], Basis]:
    """Each applied bundle by its hash; with a directory of `rules` in the place of its own, if one is given.

    What it returns raises ConfigurationError.
    """

    @cache
    def basis_for(bundle: str) -> Basis:
        known = basis_of(bundles.load(bundle))
        return known if rules is None else with_rules(known, rules)

    return basis_for


def with_rules(known: Basis, directory: Path) -> Basis:
    """The same sensors under other rules. ConfigurationError carries all that is wrong with these."""
    rules, findings = rules_in(directory, known.kinds, known.registry)
    if findings:
        raise ConfigurationError(findings)
    return Basis(f"{known.bundle} with {directory}", known.kinds, known.registry, rules, known.namespace)


def read_basis(kinds: Path, sensors: Path, zones: Path | None, rules: Path) -> Basis:
    """Only what judgement rests on; ConfigurationError carries all findings."""
    findings: list[Finding] = []
    paths = [kinds, sensors, *([] if zones is None else [zones])]
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
    ladders, found = rules_in(rules, known, registry)
    findings += found
    if findings:
        raise ConfigurationError(findings)
    return Basis("replay", known, registry, ladders, Namespace.LIVE)


def rules_in(directory: Path, kinds: Kinds, registry: Registry) -> tuple[tuple[Rule, ...], list[Finding]]:
    """The rules of a directory for these sensors, and all that is wrong with them."""
    findings: list[Finding] = []
    names = rule_files(directory)
    files = {str(directory / name): read_text(directory / name, findings) for name in names}
    if not any(name.endswith(".yaml") for name in names):
        findings.append(
            Finding(str(directory), 0, 0, "E002", words("no rule file (*.yaml) in this directory"))
        )
    if findings:
        return (), findings
    return read_rules(files, kinds, registry)


def replay(
    rerun: Rerun, tally: Tally, advance: Callable[[int], None] = lambda _: None
) -> Iterator[Transition]:
    """Transitions in order; `advance` hears of the instant (ms of receipt) that the work has come to."""
    for found in rerun:
        tally.transitions += len(found.transitions)
        advance(found.received)
        yield from found.transitions
    screen = rerun.judge.screen
    tally.readings, tally.duplicates = screen.accepted, screen.duplicates
    tally.quarantined = screen.quarantined
