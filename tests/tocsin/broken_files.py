"""What `tocsin check` and `tocsin test` find in a set of files, as they print it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import chdir
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from ingest.finding import ConfigurationError, Finding
from tocsin.checks import check
from tocsin.commands.language import Language
from tocsin.trials import run_trials
from tocsin.wording import in_language, lines_in_language

BROKEN = Path(__file__).parent / "broken"
BASE = BROKEN / "base"
NOW = 1_780_000_000_000
MAIN = Path("tocsin.yaml")
GOLDEN: Mapping[Language, str] = {Language.EN: "expected.en.txt", Language.ZH: "expected.zh.txt"}


def spoilt(case: Path, directory: Path) -> None:
    """The sound files with those of the case over them."""
    copytree(BASE, directory, dirs_exist_ok=True)
    copytree(case, directory, dirs_exist_ok=True)


def printed(directory: Path, language: Language) -> str:
    """All errors of a check; of a configuration without any its warnings, and what its tests find."""
    with chdir(directory):
        return "".join(f"{line}\n" for line in _lines(language))


def _lines(language: Language) -> Iterator[str]:
    found = check(MAIN, NOW)
    yield from _told([*found.errors, *sorted(found.warnings)], language)
    if found.errors:
        return
    try:
        of_files = [*run_trials([], MAIN)]
    except ConfigurationError as error:
        yield from _told(sorted(error.findings), language)
        return
    for of_file in of_files:
        for trial in of_file.trials:
            yield from _told([trial.finding] if trial.finding else [], language)
            yield from (f"    {line}" for line in lines_in_language(trial.account, language))


def _told(findings: Iterable[Finding], language: Language) -> Iterator[str]:
    return map(str, in_language(findings, language))


def _write_anew() -> None:
    for case in sorted(path for path in BROKEN.iterdir() if path != BASE):
        for language, name in GOLDEN.items():
            with TemporaryDirectory() as directory:
                spoilt(case, Path(directory))
                (case / name).write_text(printed(Path(directory), language), encoding="utf-8")


if __name__ == "__main__":
    _write_anew()
