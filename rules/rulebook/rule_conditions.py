"""The conditions of a rule file, read where they stand.

They are read from the plain data and not from the validated shape, so that a wrong key in one rule hides no
wrong condition of another.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ingest.document import Document
from ingest.document.composer import Path, Plain
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding
from ingest.kinds import Kinds
from ingest.registry import Registry, Sensor
from rules.language import ConditionError, parse_condition
from rules.language.tree import Condition
from rules.rulebook.rule_file import Selection, UnreadableError, parse_selection


@dataclass(frozen=True, slots=True)
class Names:
    """What names in rules can mean: the kinds, and with a registry the zones, tags and site parameters.

    A kind without any sensor is not in `tags` and `parameters`: nothing is known about its names.
    """

    kinds: Kinds
    zones: frozenset[str] | None
    tags: Mapping[str, frozenset[str]] = field(repr=False)
    parameters: Mapping[str, Mapping[str, frozenset[str]]] = field(repr=False)

    @classmethod
    def of(cls, kinds: Kinds, registry: Registry | None) -> "Names":
        """The names of `kinds` and `registry`; without a registry zones, tags and parameters are free."""
        if registry is None:
            return cls(kinds, None, {}, {})
        sensors = {
            kind: [registry.sensors[slot] for slot in slots] for kind, slots in registry.ranges.items()
        }
        tags = {kind: frozenset(tag for s in of_kind for tag in s.tags) for kind, of_kind in sensors.items()}
        parameters = {kind: _site_units(of_kind) for kind, of_kind in sensors.items()}
        return cls(kinds, frozenset(registry.zones), tags, parameters)


def read_conditions(document: Document, names: Names) -> tuple[dict[Path, Condition], list[Finding]]:
    """The conditions of the document by the path of their text, and what is wrong with them.

    What has not even the shape of a rule is passed over: validation reports it.
    """
    conditions: dict[Path, Condition] = {}
    findings: list[Finding] = []
    for rule, entry in rule_entries(document):
        selection = _selection(entry)
        if selection is None:
            continue
        findings += _unknown_names(document, (*rule, "for_each"), selection, names)
        kind = names.kinds.kinds.get(selection.kind)
        if kind is None:
            continue
        parameters = names.parameters.get(kind.name)
        for path, text in _texts(rule, entry):
            try:
                conditions[path] = parse_condition(text, kind, parameters)
            except ConditionError as error:
                findings += _at(document, path, error)
    return conditions, findings


def rule_entries(document: Document) -> Iterator[tuple[Path, dict[str, Plain]]]:
    """The rules of the document as plain data, each with its path."""
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    for index, entry in enumerate(rules if isinstance(rules, list) else []):
        if isinstance(entry, dict):
            yield ("rules", index), entry


def _at(document: Document, path: Path, error: ConditionError) -> Iterator[Finding]:
    for p in error.problems:
        yield document.finding(path, p.code, p.message, p.suggestion, offset=p.offset)


def _selection(entry: dict[str, Plain]) -> Selection | None:
    try:
        return parse_selection(str(entry.get("for_each", "")))
    except UnreadableError:
        return None


def _texts(rule: Path, entry: dict[str, Plain]) -> Iterator[tuple[Path, str]]:
    grades = entry.get("grades")
    for grade, text in grades.items() if isinstance(grades, dict) else ():
        if isinstance(text, str):
            yield (*rule, "grades", grade), text
    only_if = entry.get("only_if")
    if isinstance(only_if, str):
        yield (*rule, "only_if"), only_if


def _unknown_names(document: Document, path: Path, selection: Selection, names: Names) -> Iterator[Finding]:
    kind, tag, zone = selection.kind, selection.tag, selection.zone
    if kind not in names.kinds.kinds:
        yield document.finding(path, "E221", f"unknown kind `{kind}`", did_you_mean(kind, names.kinds.kinds))
    if zone and names.zones is not None and zone not in names.zones:
        yield document.finding(path, "E222", f"unknown zone `{zone}`", did_you_mean(zone, names.zones))
    if tag and kind in names.tags and tag not in names.tags[kind]:
        message = f"no {kind} sensor has the tag `{tag}`"
        yield document.finding(path, "E222", message, did_you_mean(tag, names.tags[kind]))


def _site_units(sensors: list[Sensor]) -> dict[str, frozenset[str]]:
    """The units in which the sensors give each site parameter."""
    units: dict[str, set[str]] = defaultdict(set)
    for sensor in sensors:
        for parameter, (_, unit) in sensor.site.items():
            units[parameter].add(unit)
    return {parameter: frozenset(given) for parameter, given in units.items()}
