"""The sets of rules that an operator names: a directory of rule files, a settings file, or what was applied.

`rule_set` is the one place where such a name is looked up, for whatever judges a record by it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ingest.finding import ConfigurationError
from notifiers.routes import Reach
from notifiers.routing import Router
from tocsin import by_hand, outages
from tocsin.bundle import Bundle, Bundles
from tocsin.candidate import SETTINGS_FILE, UnknownCandidate, in_force, once_applied
from tocsin.configuration import Configuration, basis_of, configure, read_bundle
from tocsin.judge import Basis
from tocsin.replay import read_basis, rules_in
from tocsin.settings import Settings
from tocsin.wiring import router_of

APPLIED = "applied"


class UnknownRuleSet(Exception):
    """A name that stands for no set of rules: why, and what there is."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What a record is judged by, and who would be told.

    `basis_for` gives the basis in place of a recorded bundle (its hash; "" where the record has none).
    `sms` maps each channel that reaches phones to what stands before its texts.
    """

    name: str
    basis_for: Callable[[str], Basis]
    router: Router
    sms: Mapping[str, str]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Places:
    """Files of sensors, and of their kinds and zones, in place of the configuration's."""

    sensors: Path
    kinds: Path | None = None
    zones: Path | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What a directory of rules lacks: where its sensors, zones, kinds and routes come from.

    `bundles` is what was applied; without it, or with `places`, the settings file `config` says the rest.
    """

    config: Path
    places: Places | None = None
    bundles: Bundles | None = None


def rule_set(name: str, around: Around) -> RuleSet:
    """The set of rules that `name` stands for. Raises UnknownRuleSet, ConfigurationError."""
    path = Path(name)
    if path.is_dir() and not (path / SETTINGS_FILE).is_file():
        return _of_directory(name, path, around)
    if path.exists():
        return standing(name, configure(read_bundle(path / SETTINGS_FILE if path.is_dir() else path)))
    return standing(name, configure(_applied(name, around.bundles)))


def standing(name: str, configuration: Configuration) -> RuleSet:
    """A whole configuration: it stands for itself, whatever was in force."""
    settings = configuration.settings
    return RuleSet(name, lambda _: configuration.basis, router_of(configuration), _sms(settings), settings)


def _of_directory(name: str, directory: Path, around: Around) -> RuleSet:
    """Its rules in the place of those of the bundle in force; everything else stays as it was."""
    nearest = _last(around) or read_bundle(around.config)
    configuration = configure(nearest)
    basis_for = _beside(directory, around, configuration)
    settings, basis = configuration.settings, basis_for("")
    told = (*basis.rules, outages.RULE, by_hand.RULE)
    router = Router(configuration.routes, basis.registry, told, settings.zone_info, settings.reach)
    return RuleSet(name, basis_for, router, _sms(settings), settings)


def _beside(directory: Path, around: Around, configuration: Configuration) -> Callable[[str], Basis]:
    @cache
    def basis_for(hash_: str) -> Basis:
        if (places := around.places) is not None:
            kinds = places.kinds or around.config.parent / configuration.settings.kinds
            return read_basis(kinds, places.sensors, places.zones, directory)
        known = basis_of(around.bundles.load(hash_)) if hash_ and around.bundles else configuration.basis
        rules, findings = rules_in(directory, known.kinds, known.registry)
        if findings:
            raise ConfigurationError(findings)
        return Basis(f"{known.bundle} with {directory}", known.kinds, known.registry, rules, known.namespace)

    return basis_for


def _last(around: Around) -> Bundle | None:
    if around.bundles is None or around.places is not None or not around.bundles.applied():
        return None
    return around.bundles.load(around.bundles.applied()[-1][1])


def _applied(name: str, bundles: Bundles | None) -> Bundle:
    """The bundle that was applied last, or the one whose hash begins so."""
    if bundles is None:
        raise UnknownRuleSet(
            f"{name}: no such directory or file; to name an applied bundle, give --state DIRECTORY"
        )
    try:
        return in_force(bundles) if name == APPLIED else once_applied(name, bundles)
    except UnknownCandidate as error:
        raise UnknownRuleSet(str(error)) from None


def _sms(settings: Settings) -> dict[str, str]:
    reached = {name: c for name, c in settings.channels.items() if c.reach is Reach.PHONE}
    return {name: getattr(channel, "signature", "") for name, channel in reached.items()}
