"""What the names in rules can mean: kinds, zones, tags, site parameters."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ingest.document import Document
from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, words
from ingest.kinds import Kinds
from ingest.registry import Registry
from rules.language.vocabulary import Units, Vocabulary
from rules.rule import Parameters, Site
from rules.rulebook.phrases import Selection


@dataclass(frozen=True, slots=True)
class Names:
    """Without a registry zones, tags and site parameters are taken as written.

    A kind without any sensor is not in `tags` and `parameters`: nothing is known about its names. `intervals`
    are the shortest among the sensors of each kind, ms; 0 for those on change or by event.
    """

    kinds: Kinds
    registry: Registry | None
    tags: Mapping[str, frozenset[str]] = field(repr=False)
    parameters: Mapping[str, Units] = field(repr=False)
    intervals: Mapping[str, int] = field(repr=False)

    @classmethod
    def of(cls, kinds: Kinds, registry: Registry | None) -> "Names":
        """The names of `kinds` and of the registry's sensors."""
        if registry is None:
            return cls(kinds, None, {}, {}, {})
        sensors = {
            kind: [registry.sensors[slot] for slot in slots] for kind, slots in registry.ranges.items()
        }
        tags = {kind: frozenset[str]().union(*{s.tags for s in of}) for kind, of in sensors.items()}
        # Most sensors of a city share their site parameters with thousands of others.
        sites = {kind: {id(s.site): s.site for s in of}.values() for kind, of in sensors.items()}
        parameters = {kind: _units(of_kind) for kind, of_kind in sites.items()}
        shortest = {kind: min(s.reporting.interval for s in of_kind) for kind, of_kind in sensors.items()}
        return cls(kinds, registry, tags, parameters, shortest)

    def vocabulary(self, selection: Selection, own: Parameters, time_zone: str) -> Vocabulary:
        """What the words of one rule's conditions mean; `own` are the parameters that the rule brings."""
        more = _units([own.defaults, *own.zones.values(), *own.sensors.values()])
        parameters = {kind: _joined(units, more) for kind, units in self.parameters.items()}
        kind = self.kinds[selection.kind] if selection.kind else None
        return Vocabulary(self.kinds, kind, parameters or None, time_zone, self.intervals)

    def unknown(self, document: Document, path: Path, selection: Selection) -> Iterator[Finding]:
        """Findings at `path`, a `for_each`, about names that select nothing."""
        kind, tag, zone = selection.kind, selection.tag, selection.zone
        known = self.kinds.kinds
        if kind and kind not in known:
            yield document.finding(
                path, "E221", words("unknown kind `{kind}`", kind=kind), did_you_mean(kind, known)
            )
        if zone and self.registry is not None and zone not in self.registry.zones:
            advice = did_you_mean(zone, self.registry.zones)
            yield document.finding(path, "E222", words("unknown zone `{zone}`", zone=zone), advice)
        if tag and kind in self.tags and tag not in self.tags[kind]:
            message = words("no {kind} sensor has the tag `{tag}`", kind=kind, tag=tag)
            yield document.finding(path, "E222", message, did_you_mean(tag, self.tags[kind]))


def _units(sites: Iterable[Site]) -> Units:
    """The units in which each site parameter is given."""
    units: dict[str, set[str]] = defaultdict(set)
    for site in sites:
        for parameter, (_, unit) in site.items():
            units[parameter].add(unit)
    return {parameter: frozenset(given) for parameter, given in units.items()}


def _joined(one: Units, other: Units) -> Units:
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {*one, *other}}
