"""Rule files -> rules: conditions read, names looked up, every defect of every file at once."""

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b

from ingest.document import Document, parse_yaml, validate
from ingest.document.composer import Path
from ingest.finding import Finding
from ingest.kinds import Kind, Kinds
from ingest.registry import Registry
from rules.grade import Grade
from rules.language.margin import is_moved, margin_defects
from rules.language.printed import plain_number, printed
from rules.language.tree import Condition
from rules.rule import Release, Rule
from rules.rulebook.rule_conditions import Names, read_conditions, rule_entries
from rules.rulebook.rule_file import RuleEntry, RuleFile


def read_rules(
    files: Mapping[str, str], kinds: Kinds, registry: Registry | None
) -> tuple[tuple[Rule, ...], list[Finding]]:
    """The rules of all files (name -> text), in the order of the files, and every finding.

    Files with findings of their own give no rules. Without a registry, zones, tags and site parameters are
    taken as written.
    """
    names = Names.of(kinds, registry)
    rules: list[Rule] = []
    findings: list[Finding] = []
    ids: dict[str, str] = {}
    for name, text in files.items():
        document, defects = parse_yaml(name, text)
        if document is not None:
            of_file, more = _read_document(document, names)
            defects += [*more, *_duplicates(document, ids)]
            rules += [] if defects else of_file
        findings += defects
    return tuple(rules), sorted(findings)


def _read_document(document: Document, names: Names) -> tuple[list[Rule], list[Finding]]:
    shape, findings = validate(document, RuleFile)
    conditions, more = read_conditions(document, names)
    findings += more
    if shape is None or more:
        return [], findings
    rules: list[Rule] = []
    for index, entry in enumerate(shape.rules):
        path: Path = ("rules", index)
        rule = _rule(entry, document, path, conditions)
        findings += _margin_findings(rule, names.kinds[rule.kind], document, (*path, "release", "margin"))
        findings += _sustain_findings(rule, entry, document, (*path, "sustain"))
        rules.append(rule)
    return rules, findings


def _rule(entry: RuleEntry, document: Document, path: Path, conditions: Mapping[Path, Condition]) -> Rule:
    grades = {grade: conditions[*path, "grades", str(grade)] for grade in entry.grades.conditions()}
    only_if = conditions.get((*path, "only_if"))
    margin = entry.release.margin
    sustain = {grade: entry.sustain_of(grade) for grade in grades}
    return Rule(
        id=entry.id,
        title=entry.title or {"en": entry.id},
        hazard=entry.hazard or entry.for_each.kind,
        kind=entry.for_each.kind,
        tag=entry.for_each.tag,
        zone=entry.for_each.zone,
        grades=grades,
        only_if=only_if,
        sustain=sustain,
        release=Release(entry.release.after, margin.share, margin.amount, margin.unit),
        silent_after=entry.missing.after,
        max_age=entry.max_age,
        advice=entry.advice,
        source=f"{entry.source.text} ({entry.source.status})" if entry.source else "",
        meaning=_meaning(entry, grades, only_if),
        file=document.source.name,
        line=document.place(path)[0],
    )


def _meaning(entry: RuleEntry, grades: Mapping[Grade, Condition], only_if: Condition | None) -> str:
    """The hash of everything that decides transitions; words for people and the file are left out."""
    margin = entry.release.margin
    decides = {
        "selection": [entry.for_each.kind, entry.for_each.tag, entry.for_each.zone],
        "grades": {str(grade): printed(condition) for grade, condition in grades.items()},
        "only_if": printed(only_if) if only_if else None,
        "sustain": {str(grade): entry.sustain_of(grade) for grade in grades},
        "release": [
            entry.release.after,
            plain_number(margin.share),
            plain_number(margin.amount),
            margin.unit,
        ],
        "silent_after": entry.missing.after,
        "max_age": entry.max_age,
    }
    text = json.dumps(decides, sort_keys=True, ensure_ascii=False)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _margin_findings(rule: Rule, kind: Kind, document: Document, path: Path) -> list[Finding]:
    advice = "write an amount with its unit, for example `margin: 0.1 m`"
    findings = [
        document.finding(path, "E224", f"{grade}: {defect}", advice)
        for grade, condition in rule.grades.items()
        for defect in margin_defects(condition, rule.release, kind)
    ]
    given = rule.release.share or rule.release.amount
    if given and not findings and not any(is_moved(c, rule.release, kind) for c in rule.grades.values()):
        advice = "write it in the unit of a threshold, or leave it out: counts and == have none"
        findings.append(document.finding(path, "E224", "the margin moves no comparison", advice))
    return findings


def _sustain_findings(rule: Rule, entry: RuleEntry, document: Document, path: Path) -> Iterator[Finding]:
    if isinstance(entry.sustain, int):
        return
    for name in sorted(entry.sustain.model_fields_set - {str(grade) for grade in rule.grades}):
        message = f"the rule has no grade {name} to sustain"
        yield document.finding((*path, name), "E226", message, "remove it, or give the grade a condition")


def _duplicates(document: Document, ids: dict[str, str]) -> Iterator[Finding]:
    """Ids that stand in `ids` (id -> place) already; the others are added."""
    for path, entry in rule_entries(document):
        rule_id = entry.get("id")
        if not isinstance(rule_id, str):
            continue
        if rule_id in ids:
            message = f"rule `{rule_id}` stands at {ids[rule_id]} already"
            yield document.finding((*path, "id"), "E220", message, "give one of the two another id")
        else:
            ids[rule_id] = f"{document.source.name}:{document.place((*path, 'id'))[0]}"
