"""What `tocsin check` finds in a configuration and its drills, or in the files that somebody asks about."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ingest.document.source_text import SourceText
from ingest.finding import ConfigurationError, Finding
from tocsin.bundle import Bundle
from tocsin.commands.language import Language
from tocsin.configuration import Configuration, configure, read_bundle, read_text
from tocsin.drill.drill_file import read_drill
from tocsin.drill.names import strangers
from tocsin.gaps import gaps
from tocsin.settings import read_files
from tocsin.shortcomings import shortcomings
from tocsin.trials import TESTS, NoFilesError
from tocsin.trials.omissions import omissions
from tocsin.wording import in_language

SETTINGS = "tocsin.yaml"
DRILLS = "drills"
DEFAULT = Path("configs") / SETTINGS


@dataclass(frozen=True, slots=True)
class Checked:
    """`errors` keep a file from being used; `warnings` can be told once the configuration has none."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()
    configuration: Configuration | None = None

    def of(self, question: "Asked") -> "Checked":
        """Only what is found in the files that are asked about."""
        errors, warnings = (
            tuple(finding for finding in found if question.covers(finding))
            for found in (self.errors, self.warnings)
        )
        return replace(self, errors=errors, warnings=warnings)

    def told(self, language: Language) -> "Checked":
        """The same in a language, once it is known what concerns whoever asks."""
        errors, warnings = (tuple(in_language(found, language)) for found in (self.errors, self.warnings))
        return replace(self, errors=errors, warnings=warnings)


@dataclass(frozen=True, slots=True)
class Asked:
    """The settings file, and the files that are asked about by the names they have there; None for all."""

    settings: Path
    names: frozenset[str] | None = None

    def covers(self, finding: Finding) -> bool:
        """Whether it is in a file that is asked about; one that cannot be read is named in full."""
        return self.names is None or any(
            finding.file in (name, str(self.settings.parent / name)) for name in self.names
        )


def check(settings: Path, now: int) -> Checked:
    """All findings of the settings and of every file that they name."""
    try:
        bundle = read_bundle(settings)
        configuration = configure(bundle)
    except ConfigurationError as error:
        return Checked(tuple(sorted(error.findings)))
    found = [*shortcomings(configuration, now), *gaps(configuration, bundle.texts)]
    found += omissions(configuration, bundle.texts, settings.parent / TESTS)
    wrong = tuple(
        sorted(finding for path in drills(settings) for finding in _of_drill(path, settings, configuration))
    )
    return Checked(wrong, tuple(_shown(bundle, found)), None if wrong else configuration)


def drills(settings: Path) -> list[Path]:
    """The drills that lie beside a settings file."""
    return sorted((settings.parent / DRILLS).glob("*.yaml"))


def _of_drill(path: Path, settings: Path, configuration: Configuration) -> Iterator[Finding]:
    findings: list[Finding] = []
    text, name = read_text(path, findings), path.relative_to(settings.parent).as_posix()
    drill, wrong = (None, findings) if findings else read_drill(name, text)
    yield from wrong if drill is None else strangers(drill, configuration)


def asked(paths: list[Path], config: Path | None) -> Asked:
    """What is meant by `paths`: a settings file or its directory, or single files of a configuration.

    The configuration of single files is `config`, without it the next tocsin.yaml in the directory of the
    first or above, else the one of this directory. Raises NoFilesError for paths that belong to none.
    """
    if not paths:
        return Asked(config or DEFAULT)
    if len(paths) == 1 and (settings := _settings(paths[0])):
        return Asked(settings)
    around = config or _above(paths[0]) or DEFAULT
    known = _names(around)
    if known is None and not any(path.exists() for path in paths):
        raise NoFilesError(f"no files matched: there is no {', '.join(map(str, paths))}")
    if known is None:
        return Asked(around)
    names = [[*_chosen(path, known)] for path in paths]
    if strangers := [str(path) for path, found in zip(paths, names, strict=True) if not found]:
        message = f"no files matched: {around} does not name {', '.join(strangers)}"
        raise NoFilesError(f"{message}; name it there, or name other settings with --config")
    return Asked(around, frozenset(name for found in names for name in found))


def _settings(path: Path) -> Path | None:
    """The settings file that `path` is or holds; None where it is a file or directory of others."""
    if path.is_dir():
        return path / SETTINGS if (path / SETTINGS).exists() or not _above(path) else None
    if path.name == SETTINGS:
        return path
    if path.suffix != ".yaml" or not path.is_file():
        return None
    return path if read_files(path.name, path.read_text(encoding="utf-8", errors="replace")) else None


def _above(path: Path) -> Path | None:
    return next((d / SETTINGS for d in path.absolute().parents if (d / SETTINGS).is_file()), None)


def _names(settings: Path) -> dict[Path, str] | None:
    """Every file of a configuration to its name there; None where the settings do not tell."""
    if not settings.is_file():
        return None
    files = read_files(settings.name, settings.read_text(encoding="utf-8", errors="replace"))
    if files is None:
        return None
    names = [settings.name, *files.files(settings.parent)]
    names += [path.relative_to(settings.parent).as_posix() for path in drills(settings)]
    return {(settings.parent / name).resolve(): name for name in names}


def _chosen(path: Path, known: dict[Path, str]) -> Iterator[str]:
    whole = path.resolve()
    yield from (name for file, name in known.items() if file == whole or whole in file.parents)


def _shown(bundle: Bundle, found: Iterable[Finding]) -> Iterator[Finding]:
    """With the lines that they stand in."""
    for finding in found:
        text = bundle.texts.get(finding.file)
        yield finding if text is None or finding.excerpt else SourceText(finding.file, text).shown(finding)
