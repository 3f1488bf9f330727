"""The conditions of a rule file, read where they stand.

They are read from the plain data and not from the validated shape, so that a wrong key in one rule hides no
wrong condition of another.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ingest.document import Document
from ingest.document.composer import Path, Plain
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, words
from rules.language import ConditionError, parse_condition
from rules.language.tree import Condition
from rules.language.vocabulary import TIME_ZONE
from rules.rule import Parameters
from rules.rulebook.names import Names
from rules.rulebook.phrases import Selection, UnreadableError, parse_quantity, parse_selection
from rules.rulebook.rule_file import RuleEntry
from rules.rulebook.tables import Tables


@dataclass(slots=True)
class Read:
    """What the rules of one document say: conditions by the path of their text, parameters by the rule's."""

    time_zone: str = TIME_ZONE
    conditions: dict[Path, Condition] = field(default_factory=dict)
    parameters: dict[Path, Parameters] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def is_whole(self, rule: Path, entry: RuleEntry) -> bool:
        """Whether every condition of the rule could be read."""
        texts: list[Path] = [("grades", str(grade)) for grade in entry.grades.conditions()]
        texts += [("only_if",)] if entry.only_if is not None else []
        return all((*rule, *text) in self.conditions for text in texts)


def read_conditions(document: Document, names: Names, tables: Tables) -> Read:
    """Read the conditions and parameters of every rule, and what is wrong with them.

    What has not even the shape of a rule is passed over: validation reports it.
    """
    read = Read()
    read.time_zone = _time_zone(document, read.findings)
    for rule, entry in rule_entries(document):
        parameters = _parameters(document, rule, entry, tables, read.findings)
        read.parameters[rule] = parameters
        selection = _selection(entry)
        if selection is None:
            continue
        read.findings += names.unknown(document, (*rule, "for_each"), selection)
        if selection.kind and selection.kind not in names.kinds.kinds:
            continue
        vocabulary = names.vocabulary(selection, parameters, read.time_zone)
        for path, text in _texts(rule, entry):
            try:
                read.conditions[path] = parse_condition(text, vocabulary)
            except ConditionError as error:
                read.findings += _at(document, path, error)
    return read


def rule_entries(document: Document) -> Iterator[tuple[Path, dict[str, Plain]]]:
    """The rules of the document as plain data, each with its path."""
    rules = document.data.get("rules") if isinstance(document.data, dict) else None
    for index, entry in enumerate(rules if isinstance(rules, list) else []):
        if isinstance(entry, dict):
            yield ("rules", index), entry


def _time_zone(document: Document, findings: list[Finding]) -> str:
    named = document.data.get("time_zone", TIME_ZONE) if isinstance(document.data, dict) else TIME_ZONE
    if not isinstance(named, str):
        return TIME_ZONE
    try:
        ZoneInfo(named)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        advice = did_you_mean(named, available_timezones()) or words("write it as in Asia/Shanghai")
        findings.append(
            document.finding(
                ("time_zone",), "E226", words("unknown time zone `{named}`", named=named), advice
            )
        )
        return TIME_ZONE
    return named


def _parameters(
    document: Document, rule: Path, entry: dict[str, Plain], tables: Tables, findings: list[Finding]
) -> Parameters:
    table, written = entry.get("table"), entry.get("parameters")
    rows = Parameters()
    if isinstance(table, str):
        found = tables.read(document.source.name, table)
        if found is None:
            message = words("there is no table `{table}` beside this file", table=table)
            findings.append(
                document.finding(
                    (*rule, "table"), "E230", message, tables.nearest(document.source.name, table)
                )
            )
        rows = found or rows
    defaults = {}
    for name, text in written.items() if isinstance(written, dict) else ():
        try:
            defaults[name] = parse_quantity(str(text))
        except UnreadableError:
            continue
    return Parameters(rows.sensors, rows.zones, defaults)


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
