"""What was recorded and the rules that judge it again, as the options of a command name them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ingest.duration import DurationError, parse_duration
from ingest.finding import ConfigurationError, Finding
from rules.grade import Grade
from tocsin.bundle import Bundle, Bundles
from tocsin.candidate import SETTINGS_FILE
from tocsin.commands import FINDINGS, USAGE, fail, instant_of
from tocsin.configuration import read_bundle, read_text
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, JournalRecord, NothingRecorded, Period, Record
from tocsin.rule_sets import Around, Places, RuleSet, UnknownRuleSet, rule_set
from tocsin.settings import read_files, rule_files
from tocsin.tuning.candidates import RuleTexts
from tocsin.verification.alarms import whole
from tocsin.verification.events_file import Labelled, read_events

On = Annotated[list[Path], typer.Option("--on", help="Readings as CSV (also several), or a state directory.")]
From = Annotated[str, typer.Option("--from", help="What was received from there on.")]
To = Annotated[str, typer.Option("--to", help="Up to there; deadlines by then count.")]
Rules = Annotated[
    str, typer.Option(help="A directory of rule files, a settings file, `applied`, or a bundle's hash.")
]
Config = Annotated[Path, typer.Option("--config", "-c", help="The settings file.")]
Applied = Annotated[Path | None, typer.Option("--state", help="Where the named bundles were applied.")]
Sensors = Annotated[Path | None, typer.Option(help="Other sensors than the configuration's.")]
Zones = Annotated[Path | None, typer.Option(help="The zones of those sensors, GeoJSON.")]
Kinds = Annotated[Path | None, typer.Option(help="The kinds of those sensors.")]
Events = Annotated[Path | None, typer.Option(help="What really happened, CSV.")]
Lead = Annotated[
    str, typer.Option(help="A warning that begins up to so long before an event tells of it, even if over.")
]
GradeName = Annotated[str, typer.Option("--grade", help="blue, yellow, orange or red.")]

CONFIG = Path("configs/tocsin.yaml")
LEAD = "6h"


@dataclass(frozen=True, slots=True)
class History:
    """A record, the part of it that is judged (from and to, ms), and the set of rules that judges it."""

    record: Record
    period: tuple[int, int]
    rules: RuleSet
    around: Around

    @property
    def basis(self) -> Basis:
        """What the rules rest on where the record names no bundle."""
        return self.rules.basis_for("")

    def texts(self) -> RuleTexts:
        """The rule files of the set."""
        basis = self.basis
        files = _rule_files(Path(self.rules.name), self.around, basis)
        return RuleTexts(files, basis.kinds, basis.registry, basis.namespace)

    def labelled(self, events: Path, lead: str, *, by_hazard: bool = False) -> Labelled:
        """What really happened, with `by_hazard` of which hazard; a usage error for a wrong lead."""
        findings: list[Finding] = []
        text = read_text(events, findings)
        hazards = sorted({rule.hazard for rule in self.basis.rules})
        if not findings:
            registry = self.basis.registry
            found, findings = read_events(str(events), text, registry, hazards, by_hazard=by_hazard)
        if findings:
            raise ConfigurationError(findings)
        try:
            return Labelled(found, parse_duration(lead))
        except DurationError as error:
            raise typer.BadParameter(f"--lead: {error}: {error.suggestion}") from None


def history(
    on: list[Path],
    period: tuple[str, str],
    rules: str,
    around: tuple[Path, Path | None],
    places: Places | None,
) -> History:
    """As the options say: `period` is --from and --to, `around` --config and --state. Else it ends here."""
    config, state = around
    journal = journal_of(on)
    known = Around(config, places, bundles_in(state or journal))
    begin, end = (instant_of(each) if each else None for each in period)
    try:
        found = rule_set(rules or str(config), known)
        record = CsvRecord(on) if journal is None else JournalRecord(journal)
        return History(record, whole(record, Period(begin, end)), found, known)
    except UnknownRuleSet as error:
        fail(str(error), USAGE)
    except NothingRecorded as error:
        fail(str(error), FINDINGS)


def places(sensors: Path | None, zones: Path | None, kinds: Path | None) -> Places | None:
    """Other files of sensors than the configuration's, if there are any."""
    if sensors is None and (zones or kinds):
        fail("--zones and --kinds go with --sensors", USAGE)
    return None if sensors is None else Places(sensors, kinds, zones)


def grade_named(name: str) -> Grade | None:
    """None for ""; a usage error for what is no grade."""
    if not name:
        return None
    if name.upper() not in Grade.__members__:
        fail(f"no grade '{name}'; there are: blue, yellow, orange, red", USAGE)
    return Grade.named(name)


def journal_of(on: list[Path]) -> Path | None:
    """The state directory of `--on`; None for CSV files, a usage error for both."""
    journal = on[0] if on[0].is_dir() else None
    if journal is not None and len(on) > 1:
        fail("--on takes one state directory, or CSV files", USAGE)
    return journal


def bundles_in(state: Path | None) -> Bundles | None:
    """What was applied there; a usage error for what is no state directory."""
    if state is None:
        return None
    if not (state / "bundles").is_dir():
        fail(f"{state} is no state directory: there is no {state / 'bundles'}", USAGE)
    return Bundles(state / "bundles")


def _rule_files(named: Path, around: Around, basis: Basis) -> dict[str, str]:
    """The texts of the rule files by the names that the rules know them by."""
    if named.is_dir() and not (named / SETTINGS_FILE).is_file():
        findings: list[Finding] = []
        texts = {str(named / name): read_text(named / name, findings) for name in rule_files(named)}
        if findings:
            raise ConfigurationError(findings)
        return texts
    if named.exists():
        return _of_bundle(read_bundle(named / SETTINGS_FILE if named.is_dir() else named))
    assert around.bundles is not None, "only a set that was applied is neither a directory nor a file"
    return _of_bundle(around.bundles.load(basis.bundle))


def _of_bundle(bundle: Bundle) -> dict[str, str]:
    files = read_files(bundle.main, bundle.texts[bundle.main])
    assert files is not None, "the settings of a checked bundle can be read"
    return {name: text for name, text in bundle.texts.items() if name.startswith(files.rules_prefix)}
