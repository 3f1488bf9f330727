"""The rules' own tests, file by file, as `tocsin test` runs and shows them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingest.finding import ConfigurationError, Finding, words
from ingest.kinds import Kinds
from ingest.kinds.kinds_file import read_kinds
from rules.rulebook import Ladder, read_ladders
from rules.trial import Trial, try_out, untested
from tocsin.configuration import read_text
from tocsin.settings import Files, read_files, rule_files


class NoFilesError(Exception):
    """Nothing to test at the paths that were given."""


@dataclass(frozen=True, slots=True)
class FileTrials:
    """The tests of one rule file; `untested` has a finding for each of its rules without one."""

    file: str
    trials: tuple[Trial, ...]
    untested: dict[str, Finding]


def run_trials(paths: list[Path], config: Path) -> Iterator[FileTrials]:
    """Run the tests of the rule files at `paths`, files or directories, in the order of their names.

    Without paths, those of the settings, whose kinds are used; sensors and zones are those of the tests. A
    file sees the templates and tables around it, but only what is wrong with the files at `paths` is told.
    Raises NoFilesError, and ConfigurationError for rules that cannot be read.
    """
    findings: list[Finding] = []
    files = _settings(config, findings)
    kinds = _kinds(config.parent / files.kinds, findings)
    rules = config.parent / files.rules
    chosen = [*_chosen(paths or [rules])]
    if not chosen:
        raise NoFilesError("no files matched: give rule files (*.yaml), or directories that hold some")
    texts = {str(path): read_text(path, findings) for path in _around(chosen, rules)}
    ladders, defects = read_ladders(texts, kinds, None)
    names = {str(path) for path in chosen}
    findings += [defect for defect in defects if defect.file in names or defect.file.endswith(".csv")]
    if findings:
        raise ConfigurationError(findings)
    for name in sorted(names):
        yield _of_file(name, [ladder for ladder in ladders if ladder.rule.file == name], kinds)


def show(of_file: FileTrials, console: Console) -> None:
    """A table of the tests of one file; below it what each failed one expected, and what came."""
    table = Table("rule", "test", "result", title=of_file.file, title_justify="left")
    for trial in of_file.trials:
        table.add_row(trial.rule, trial.test, Text("FAILED", "bold red") if trial.finding else "passed")
    for rule in of_file.untested:
        table.add_row(rule, "", Text("no test", "yellow"))
    console.print(table, markup=False)
    for trial in of_file.trials:
        if trial.finding:
            lines = [str(trial.finding), *(f"    {line}" for line in trial.account)]
            console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    for finding in of_file.untested.values():
        heading = str(finding).splitlines()[0]
        console.print(f"warning: {heading}", markup=False, highlight=False, soft_wrap=True)


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


def _around(chosen: list[Path], rules: Path) -> list[Path]:
    """The chosen files and what lies around them: the whole directory of rules, or each one's own."""
    found = dict.fromkeys(chosen)
    directories = dict.fromkeys(path.parent for path in chosen)
    if any(rules in directory.parents or rules == directory for directory in directories):
        found |= {rules / name: None for name in rule_files(rules)}
    for directory in directories:
        found |= {path: None for suffix in ("*.yaml", "*.csv") for path in sorted(directory.glob(suffix))}
    return [*found]


def _of_file(name: str, ladders: list[Ladder], kinds: Kinds) -> FileTrials:
    trials = tuple(trial for ladder in ladders for trial in try_out(ladder, kinds))
    return FileTrials(
        name, trials, {ladder.rule.id: untested(ladder) for ladder in ladders if not ladder.tests}
    )
