"""Tests of rules, file by file, as `tocsin test` runs them: those that stand in rules, and test files."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.finding import ConfigurationError, Finding, words
from ingest.kinds import Kinds
from ingest.kinds.kinds_file import read_kinds
from rules.rulebook import Ladder, read_ladders
from rules.trial import Trial, try_out
from rules.trial.boundaries import Asserted, lacking
from tocsin.configuration import configure, read_bundle, read_text
from tocsin.settings import Files, read_files, rule_files
from tocsin.trials.omissions import asserted
from tocsin.trials.scenario_file import Scenarios, is_test_file, read_scenarios
from tocsin.trials.scenarios import Ensemble

# Beside the settings.
TESTS = "tests"


class NoFilesError(Exception):
    """Nothing to test at the paths that were given."""


@dataclass(frozen=True, slots=True)
class FileTrials:
    """The tests of one file, and what they leave out: rules without one, and grades seen from one side only.

    What a test file that is run with it expects of a rule is a test of that.
    """

    file: str
    trials: tuple[Trial, ...]
    lacking: tuple[tuple[str, Finding], ...] = ()

    @property
    def untested(self) -> tuple[str, ...]:
        """The rules without a test."""
        return tuple(rule for rule, finding in self.lacking if finding.code == "E233")


def run_trials(paths: list[Path], config: Path) -> Iterator[FileTrials]:
    """Run the tests of the rule files and test files at `paths`, files or directories, in the order of names.

    Without paths, the rules of the settings and the directory `tests` beside them. Kinds are those of the
    settings; so are the rules of test files where no rule file is given. A rule file sees the templates and
    tables around it, but only what is wrong with the files at `paths` is told.
    Raises NoFilesError, and ConfigurationError for files that cannot be read.
    """
    findings: list[Finding] = []
    files = _settings(config, findings)
    kinds = _kinds(config.parent / files.kinds, findings)
    rules = config.parent / files.rules
    chosen = [*_chosen(paths or [rules, config.parent / TESTS])]
    if not chosen:
        raise NoFilesError("no files matched: give rule files or test files (*.yaml), or directories of them")
    tests = {path: text for path in chosen if is_test_file(text := read_text(path, findings))}
    judged = [path for path in chosen if path not in tests]
    ladders, defects = _ladders(judged or [*_chosen([rules])], rules, kinds)
    findings += defects
    scenarios = {str(path): _scenarios(path, text, findings) for path, text in tests.items()}
    if findings:
        raise ConfigurationError(findings)
    elsewhere = asserted(each for each in scenarios.values() if each is not None)
    for name in sorted(map(str, judged)):
        yield _of_file(name, [ladder for ladder in ladders if ladder.rule.file == name], kinds, elsewhere)
    yield from _run_scenarios(scenarios, _ensemble(scenarios, ladders, kinds, config))


def _settings(config: Path, findings: list[Finding]) -> Files:
    files = read_files(config.name, read_text(config, findings))
    if files is None:
        message = words("the settings do not name the file of kinds")
        raise ConfigurationError(
            findings or [Finding(str(config), 0, 0, "E001", message, words("tocsin check"))]
        )
    return files


def _kinds(path: Path, findings: list[Finding]) -> Kinds:
    kinds, defects = read_kinds(str(path), read_text(path, findings))
    if kinds is None or defects or findings:
        raise ConfigurationError(findings or defects)
    return kinds


def _chosen(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (path / name for name in rule_files(path) if name.endswith(".yaml"))
        elif path.is_file() and path.suffix == ".yaml":
            yield path


def _ladders(chosen: list[Path], rules: Path, kinds: Kinds) -> tuple[list[Ladder], list[Finding]]:
    """The rules of the files, and what is wrong with those or with tables."""
    findings: list[Finding] = []
    texts = {str(path): read_text(path, findings) for path in _around(chosen, rules)}
    ladders, defects = read_ladders(texts, kinds, None)
    names = {str(path) for path in chosen}
    findings += [defect for defect in defects if defect.file in names or defect.file.endswith(".csv")]
    return [ladder for ladder in ladders if ladder.rule.file in names], findings


def _around(chosen: list[Path], rules: Path) -> list[Path]:
    """The chosen files and what lies around them: the whole directory of rules, or each one's own."""
    found = dict.fromkeys(chosen)
    directories = dict.fromkeys(path.parent for path in chosen)
    if any(rules in directory.parents or rules == directory for directory in directories):
        found |= {rules / name: None for name in rule_files(rules)}
    for directory in directories:
        found |= {path: None for suffix in ("*.yaml", "*.csv") for path in sorted(directory.glob(suffix))}
    return [*found]


def _scenarios(path: Path, text: str, findings: list[Finding]) -> Scenarios | None:
    scenarios, defects = read_scenarios(str(path), text)
    findings += defects
    return scenarios


def _of_file(
    name: str, ladders: list[Ladder], kinds: Kinds, elsewhere: Mapping[str, list[Asserted]]
) -> FileTrials:
    trials = tuple(trial for ladder in ladders for trial in try_out(ladder, kinds))
    found = [
        (each.rule.id, finding)
        for each in ladders
        for finding in lacking(each, elsewhere.get(each.rule.id, ()))
    ]
    return FileTrials(name, trials, tuple(found))


def _ensemble(
    scenarios: dict[str, Scenarios | None], ladders: list[Ladder], kinds: Kinds, config: Path
) -> Ensemble:
    """ConfigurationError where the configuration that a test needs is wrong, or has not what it names."""
    read = [each for each in scenarios.values() if each is not None]
    needed = any(test.is_configured for each in read for test in each.tests)
    ensemble = Ensemble(kinds, ladders, configure(read_bundle(config)) if needed else None)
    if findings := [finding for each in read for finding in ensemble.findings(each)]:
        raise ConfigurationError(findings)
    return ensemble


def _run_scenarios(scenarios: dict[str, Scenarios | None], ensemble: Ensemble) -> Iterator[FileTrials]:
    for name, each in sorted(scenarios.items()):
        if each is not None:
            yield FileTrials(name, tuple(ensemble.play(each)))
