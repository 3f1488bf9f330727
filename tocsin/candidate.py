"""The configuration that is to be in force next, by the name that somebody gives it.

A settings file, or a directory that holds one; a directory of rule files, in place of the rules of the bundle
in force; or the hash of a bundle that was applied once, or its beginning.
"""

from pathlib import Path

from ingest.finding import ConfigurationError, Finding, words
from tocsin.bundle import Bundle, Bundles
from tocsin.configuration import read_bundle, read_text
from tocsin.settings import read_files, rule_files

SETTINGS_FILE = "tocsin.yaml"


class UnknownCandidate(Exception):
    """A name that stands for no configuration: why, and what there is."""


def candidate(name: str, bundles: Bundles) -> Bundle:
    """The bundle that `name` stands for. Raises UnknownCandidate, ConfigurationError for unreadable files."""
    path = Path(name)
    if path.is_dir() and not (path / SETTINGS_FILE).is_file():
        return _with_rules(path, in_force(bundles))
    if path.exists():
        return read_bundle(path / SETTINGS_FILE if path.is_dir() else path)
    return once_applied(name, bundles)


def once_applied(name: str, bundles: Bundles) -> Bundle:
    """The bundle that was applied here and whose hash begins so. Raises UnknownCandidate."""
    return bundles.load(_applied(name, bundles))


def in_force(bundles: Bundles) -> Bundle:
    """What was applied last. Raises UnknownCandidate if nothing ever was."""
    applied = bundles.applied()
    if not applied:
        raise UnknownCandidate("nothing was ever applied here: start a daemon with this --state")
    return bundles.load(applied[-1][1])


def before(bundles: Bundles) -> str:
    """The hash of what was in force before what is. Raises UnknownCandidate if nothing was."""
    hashes = [hash_ for _, hash_ in bundles.applied()]
    earlier = [hash_ for hash_ in hashes if hash_ != hashes[-1]]
    if not earlier:
        raise UnknownCandidate("nothing else was in force before: there is nothing to go back to")
    return earlier[-1]


def _applied(name: str, bundles: Bundles) -> str:
    known = list(dict.fromkeys(hash_ for _, hash_ in bundles.applied()))
    found = [hash_ for hash_ in known if name and hash_.startswith(name)]
    if len(found) != 1:
        why = f"begins {len(found)} of the hashes" if found else "is no file, directory or applied bundle"
        raise UnknownCandidate(f"{name}: {why}; applied here: {', '.join(known[-5:]) or 'nothing'}")
    return found[0]


def _with_rules(directory: Path, applied: Bundle) -> Bundle:
    """The bundle in force with the rule files of a directory in place of its own."""
    files = read_files(applied.main, applied.texts[applied.main])
    if files is None:
        message = words("the settings in force are of a format that is not read")
        wrong = Finding(applied.main, 0, 0, "E006", message)
        raise ConfigurationError([wrong])
    prefix, findings = files.rules_prefix, list[Finding]()
    kept = {name: text for name, text in applied.texts.items() if not name.startswith(prefix)}
    read = {prefix + name: read_text(directory / name, findings) for name in rule_files(directory)}
    if findings:
        raise ConfigurationError(findings)
    return Bundle(applied.main, kept | read)
