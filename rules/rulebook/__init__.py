"""Rule files -> rules: conditions read, names looked up, every defect of every file at once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from ingest.document import Document, parse_yaml, validate
from ingest.document.composer import Path, Plain
from ingest.finding import Finding, words
from ingest.kinds import Kinds
from ingest.registry import Registry
from rules.grade import Grade
from rules.rule import Confirm, Release, Rule
from rules.rulebook.aliases import alias_findings
from rules.rulebook.expansion import expanded
from rules.rulebook.ladder_findings import Written, ladder_findings
from rules.rulebook.meaning import meaning_of
from rules.rulebook.names import Names
from rules.rulebook.rule_conditions import Read, read_conditions, rule_entries
from rules.rulebook.rule_file import RuleEntry, RuleFile
from rules.rulebook.silence import missing_rule
from rules.rulebook.tables import Tables
from rules.rulebook.templates import read_templates
from rules.rulebook.trial_file import RuleTest
from rules.rulebook.walk import parameters_used
from rules.transition import Disposition


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """A rule with its own tests and the warning over its silence; `path` is its place in `document`.

    `time_zone` is that of the file: what the tests' local times mean.
    """

    rule: Rule
    missing: Rule | None
    tests: tuple[RuleTest, ...]
    time_zone: str
    document: Document
    path: Path

    @property
    def rules(self) -> tuple[Rule, ...]:
        """What the engine judges."""
        return (self.rule,) if self.missing is None else (self.rule, self.missing)


def read_rules(
    files: Mapping[str, str], kinds: Kinds, registry: Registry | None
) -> tuple[tuple[Rule, ...], list[Finding]]:
    """The rules of all files (name -> text), in the order of the files, and every finding.

    Files that end in `.csv` are tables that rules may name. Files with findings of their own give no rules.
    Without a registry, zones, tags and site parameters are taken as written.
    """
    ladders, findings = read_ladders(files, kinds, registry)
    return tuple(rule for ladder in ladders for rule in ladder.rules), findings


def read_ladders(
    files: Mapping[str, str], kinds: Kinds, registry: Registry | None
) -> tuple[tuple[Ladder, ...], list[Finding]]:
    """As `read_rules`, with the rules' own tests."""
    names, tables = Names.of(kinds, registry), Tables(files, registry)
    documents, findings = _parsed({name: text for name, text in files.items() if not name.endswith(".csv")})
    templates, more = read_templates(documents)
    findings += more
    ladders: list[Ladder] = []
    ids: dict[str, str] = {}
    for parsed in documents:
        document, defects = expanded(parsed, templates)
        of_file, more = _read_document(document, names, tables)
        findings += [*defects, *more, *_duplicates(document, ids)]
        ladders += of_file
    findings += tables.findings()
    # What a table holds too much is known once every rule could be read.
    findings += [] if findings else tables.unused()
    broken = {finding.file for finding in findings}
    return tuple(ladder for ladder in ladders if ladder.rule.file not in broken), sorted(findings)


def _parsed(files: Mapping[str, str]) -> tuple[list[Document], list[Finding]]:
    """The documents that can be read at all, and what is wrong with them as YAML."""
    documents: list[Document] = []
    findings: list[Finding] = []
    for name, text in files.items():
        document, defects = parse_yaml(name, text)
        if document is not None:
            defects += alias_findings(document)
            documents.append(document)
        findings += defects
    return documents, findings


def _read_document(document: Document, names: Names, tables: Tables) -> tuple[list[Ladder], list[Finding]]:
    """The rules that can be read, and what is wrong with any: none hides what is wrong with another."""
    _, findings = validate(document, RuleFile)
    read = read_conditions(document, names, tables)
    findings += read.findings
    if isinstance(document.data, dict) and not {"rules", "templates"} & document.data.keys():
        findings.append(document.finding((), "E111", words("rules is missing")))
    ladders: list[Ladder] = []
    for path, data in rule_entries(document):
        entry = _entry(data)
        if entry is None or not read.is_whole(path, entry):
            continue
        rule = _rule(entry, document, path, read)
        findings += ladder_findings(Written(rule, entry, document, path, names))
        if entry.table:
            tables.use(document.source.name, entry.table, parameters_used(rule))
        raised = entry.missing.raise_
        missing = missing_rule(rule, Grade.named(raised)) if raised and rule.kind else None
        ladders.append(Ladder(rule, missing, entry.tests, read.time_zone, document, path))
    return ladders, findings


def _entry(data: dict[str, Plain]) -> RuleEntry | None:
    """One rule, None if it has not the shape of one."""
    try:
        return RuleEntry.model_validate_json(json.dumps(data, allow_nan=False), strict=True)
    except ValidationError:
        return None


def _rule(entry: RuleEntry, document: Document, path: Path, read: Read) -> Rule:
    selection, margin = entry.for_each, entry.release.margin
    grades = {grade: read.conditions[*path, "grades", str(grade)] for grade in entry.grades.conditions()}
    rule = Rule(
        id=entry.id,
        title=entry.title or {"en": entry.id},
        hazard=entry.hazard or selection.kind,
        subjects=selection.subjects,
        kind=selection.kind,
        tag=selection.tag,
        zone=selection.zone,
        descendants=selection.descendants,
        grades=grades,
        only_if=read.conditions.get((*path, "only_if")),
        sustain={grade: entry.sustain_of(grade) for grade in grades},
        release=Release(entry.release.after, margin.share, margin.amount, margin.unit),
        silent_after=entry.missing.after,
        max_age=entry.max_age,
        confirm=_confirm(entry),
        parameters=read.parameters[path],
        advice=entry.advice,
        source=f"{entry.source.text} ({entry.source.status})" if entry.source else "",
        meaning="",
        file=document.source.name,
        line=document.place(path)[0],
    )
    return replace(rule, meaning=meaning_of(rule))


def _confirm(entry: RuleEntry) -> Confirm | None:
    if entry.confirm is None:
        return None
    written = entry.confirm
    otherwise = Disposition(written.otherwise)
    return Confirm(written.neighbours, written.radius, written.share_of_threshold, otherwise)


def _duplicates(document: Document, ids: dict[str, str]) -> list[Finding]:
    """Ids that stand in `ids` (id -> place) already; the others are added."""
    findings: list[Finding] = []
    for path, entry in rule_entries(document):
        rule_id = entry.get("id")
        if not isinstance(rule_id, str):
            continue
        if rule_id in ids:
            message = words("rule `{rule_id}` stands at {place} already", rule_id=rule_id, place=ids[rule_id])
            findings.append(
                document.finding((*path, "id"), "E220", message, words("give one of the two another id"))
            )
        else:
            ids[rule_id] = f"{document.source.name}:{document.place(path)[0]}"
    return findings
