"""From the texts of a bundle to everything the daemon needs, or all findings at once."""

import errno
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from ingest.document.source_text import SourceText, did_you_mean
from ingest.finding import ConfigurationError, Finding, words
from ingest.kinds import Kinds
from ingest.kinds.kinds_file import read_kinds
from ingest.registry import Registry, Sensor, Zone
from ingest.registry.sensors_file import read_sensors_csv, read_sensors_yaml
from ingest.registry.zones_file import read_zones
from notifiers.contacts import Contacts
from notifiers.contacts_file import read_contacts
from notifiers.routes import Routes
from notifiers.routes_file import read_routes
from rules.rule import Rule
from rules.rulebook import read_rules
from tocsin.bundle import Bundle
from tocsin.judge import Basis
from tocsin.settings import Files, Settings, read_files, read_judged, read_settings
from tocsin.startup import Over, untimed

# As the system itself says it in English.
_REASONS: dict[int | None, str] = {
    errno.ENOENT: words("No such file or directory"),
    errno.EACCES: words("Permission denied"),
    errno.EISDIR: words("Is a directory"),
    errno.ENOTDIR: words("Not a directory"),
    errno.ENAMETOOLONG: words("File name too long"),
}


@dataclass(frozen=True, slots=True)
class Configuration:
    """A checked bundle; `places` is the hash of the texts of its kinds, sensors and zones."""

    basis: Basis
    places: str
    settings: Settings
    contacts: Contacts
    routes: Routes


def read_bundle(path: Path) -> Bundle:
    """The settings file and every file it names; ConfigurationError for what cannot be read."""
    findings: list[Finding] = []
    texts = {path.name: read_text(path, findings)}
    files = read_files(path.name, texts[path.name])
    if files is not None:
        for name in files.files(path.parent):
            texts[name] = read_text(path.parent / name, findings)
    if findings:
        raise ConfigurationError(findings)
    return Bundle(path.name, texts)


def read_text(path: Path, findings: list[Finding]) -> str:
    """The text of a file; "" and a finding for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = _unread(error)
        findings.append(
            Finding(
                str(path),
                0,
                0,
                "E001",
                words("cannot be read: {reason}", reason=reason),
                words("is the name in the settings right?"),
            )
        )
        return ""


def _unread(error: OSError | ValueError) -> str:
    """Why a file cannot be read. A name with a NUL in it is a ValueError and no OSError."""
    if isinstance(error, UnicodeDecodeError):
        return words(
            "not UTF-8: byte {byte:#04x} at {position}", byte=error.object[error.start], position=error.start
        )
    if isinstance(error, OSError):
        return _REASONS.get(error.errno, words("the system refuses it, error {number}", number=error.errno))
    return words("no file has such a name")


def configure(bundle: Bundle, over: Over = untimed, like: Configuration | None = None) -> Configuration:
    """Check and build everything; ConfigurationError carries the findings of all files.

    A mistake in the settings hides none in the files that they name. `over` hears of `sensors` and `rules`.
    Kinds, sensors and zones are those of `like` where the texts are the same: a city has them once.
    """
    texts = bundle.texts
    settings, findings = read_settings(bundle.main, texts[bundle.main])
    files = settings or read_files(bundle.main, texts[bundle.main])
    if files is None:
        raise ConfigurationError(findings)
    contacts, found = read_contacts(files.contacts, texts[files.contacts])
    findings += found
    places = _hash_of_places(files, texts)
    if like is not None and like.places == places:
        kinds, registry = like.basis.kinds, like.basis.registry
    else:
        kinds, registry = _places(files, texts, findings)
    over("sensors")
    rules, broken = _rules(files, texts, kinds, registry)
    findings += broken
    if contacts is not None:
        reach = None if settings is None else settings.reach
        routes, found = read_routes(files.routes, texts[files.routes], contacts, registry, reach)
        findings += found
        # A broken rule file raises nothing either, and that is told already.
        findings += [] if broken else _unraised(texts[files.routes], rules, routes)
    if findings or settings is None or contacts is None or routes is None:
        raise ConfigurationError(findings)
    over("rules")
    basis = Basis(bundle.hash, kinds, registry, rules, settings.realm.namespace)
    return Configuration(basis, places, settings, contacts, routes)


def basis_of(bundle: Bundle) -> Basis:
    """What judgement rested on under a bundle that was applied once; the format of the rest may be another.

    Raises ConfigurationError if this version cannot read even that.
    """
    texts, findings = bundle.texts, list[Finding]()
    files = read_judged(bundle.main, texts[bundle.main])
    if files is None:
        raise _unjudgeable(bundle, read_settings(bundle.main, texts[bundle.main])[1])
    try:
        kinds, registry = _places(files, texts, findings)
    except ConfigurationError as error:
        raise _unjudgeable(bundle, error.findings) from None
    rules, found = _rules(files, texts, kinds, registry)
    if findings + found:
        raise _unjudgeable(bundle, findings + found)
    return Basis(bundle.hash, kinds, registry, rules, files.realm.namespace)


def _unjudgeable(bundle: Bundle, findings: list[Finding]) -> ConfigurationError:
    """Nobody can mend a text that was applied: say which it is, and the way out."""
    name = words("bundle {hash} of the state directory", hash=bundle.hash)
    wanted = Finding(
        name,
        0,
        0,
        "E006",
        words("the journal is still to be judged by it, and this version cannot read it"),
        words(
            "let the version that wrote it apply files that both versions read, stop it, and start this one"
        ),
    )
    return ConfigurationError(
        [wanted, *(replace(f, file=words("{bundle}: {file}", bundle=name, file=f.file)) for f in findings)]
    )


def _hash_of_places(files: Files, texts: dict[str, str]) -> str:
    found = blake2b(digest_size=16)
    for name in (files.kinds, files.zones, *files.sensors):
        # Names end a text as it cannot end itself.
        found.update(texts[name].encode() + b"\0" + name.encode() + b"\0")
    return found.hexdigest()


def _places(files: Files, texts: dict[str, str], findings: list[Finding]) -> tuple[Kinds, Registry]:
    """Kinds, and the sensors and zones by them; ConfigurationError where kinds or zones cannot be told."""
    kinds, found = read_kinds(files.kinds, texts[files.kinds])
    findings += found
    zones, found = read_zones(files.zones, texts[files.zones])
    findings += found
    # Without any zone every name of one would be a finding of its own.
    if kinds is None or (found and not zones):
        raise ConfigurationError(findings)
    registry, found = _registry(files, texts, kinds, zones)
    findings += found
    return kinds, registry


def _rules(
    files: Files, texts: dict[str, str], kinds: Kinds, registry: Registry
) -> tuple[tuple[Rule, ...], list[Finding]]:
    of_rules = {name: text for name, text in texts.items() if name.startswith(files.rules_prefix)}
    rules, findings = read_rules(of_rules, kinds, registry)
    if not any(name.endswith(".yaml") for name in of_rules):
        findings.append(Finding(files.rules, 0, 0, "E002", words("no rule file (*.yaml) in this directory")))
    return rules, findings


def _registry(
    files: Files, texts: dict[str, str], kinds: Kinds, zones: dict[str, Zone]
) -> tuple[Registry, list[Finding]]:
    sensors: list[Sensor] = []
    findings: list[Finding] = []
    stands_in: dict[str, str] = {}
    for name in files.sensors:
        read = read_sensors_csv if name.endswith(".csv") else read_sensors_yaml
        some, found = read(name, texts[name], kinds, zones)
        sensors += some
        findings += found
        if twice := [sensor.id for sensor in some if sensor.id in stands_in]:
            message = words(
                "{count} of its sensors stand in {other} too, '{first}' the first",
                count=len(twice),
                other=stands_in[twice[0]],
                first=twice[0],
            )
            findings.append(Finding(name, 0, 0, "E133", message, words("a sensor stands in one file")))
        stands_in |= dict.fromkeys((sensor.id for sensor in some), name)
    return Registry.of(sensors, zones), findings


def _unraised(text: str, rules: tuple[Rule, ...], routes: Routes | None) -> list[Finding]:
    """Routes of a hazard that no rule raises: a typing error that would leave people untold."""
    known = {rule.hazard for rule in rules}
    return [
        SourceText(route.file, text).finding(
            (route.line, 1),
            "E004",
            words("no rule raises the hazard {hazard}", hazard=route.hazard),
            did_you_mean(route.hazard, known) or words("there are: {known}", known=", ".join(sorted(known))),
        )
        for route in (routes.routes if routes else ())
        if known and route.hazard not in known and route.hazard != "*"
    ]
