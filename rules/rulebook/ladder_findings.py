"""What is wrong with a rule whose parts can all be read."""

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.document import Document
from ingest.document.composer import Path
from ingest.document.source_text import did_you_mean
from ingest.finding import Finding, words
from ingest.kinds import Kind
from rules.language.margin import comparisons, is_moved, margin_defects, released
from rules.language.tree import Age, Baseline
from rules.rule import Rule, Subjects
from rules.rulebook.certainty import crowds, holds_always
from rules.rulebook.implication import implies
from rules.rulebook.names import Names
from rules.rulebook.rule_file import RuleEntry
from rules.rulebook.selection import NOUNS
from rules.rulebook.walk import conditions, kinds_looked_at, metrics_read, parameters_used, parts


@dataclass(frozen=True, slots=True)
class Written:
    """A rule, and where it is written."""

    rule: Rule
    entry: RuleEntry
    document: Document
    path: Path
    names: Names

    @property
    def kind(self) -> Kind | None:
        return self.names.kinds[self.rule.kind] if self.rule.kind else None

    def finding(self, path: Path, code: str, message: str, suggestion: str = "") -> Finding:
        """A finding at `path` within the rule."""
        return self.document.finding((*self.path, *path), code, message, suggestion)


def ladder_findings(written: Written) -> list[Finding]:
    """Findings about the rule as a whole: hazard, margin, release, ladder, sustain, confirm, parameters."""
    findings = [*_margin(written)]
    # A margin that cannot be used says nothing about the release.
    findings += [] if findings else _release(written)
    for check in (_hazard, _missing, _mixed, _absolute, _order, _sustain, _confirm, _parameters, _crowd):
        findings += check(written)
    return findings


def _hazard(written: Written) -> Iterator[Finding]:
    if written.rule.subjects is not Subjects.SENSOR and written.entry.hazard is None:
        message = words("a rule of {noun}s names its hazard", noun=NOUNS[written.rule.subjects])
        yield written.finding((), "E111", message, words("write for example `hazard: fire`"))


def _missing(written: Written) -> Iterator[Finding]:
    if written.rule.subjects is not Subjects.SENSOR and written.entry.missing.raise_:
        message = words("a {noun} does not report; its sensors do", noun=NOUNS[written.rule.subjects])
        advice = words("raise it in a rule of sensors, or compare age() with `3 reports` in sensors(...)")
        yield written.finding(("missing", "raise"), "E226", message, advice)


def _mixed(written: Written) -> Iterator[Finding]:
    """A rule around single sensors counts sensors, its own among them, and compares nothing else."""
    rule = written.rule
    found = [(grade, condition) for grade, condition in rule.grades.items() if metrics_read(condition)]
    if rule.subjects is Subjects.SENSOR and found and any(map(kinds_looked_at, conditions(rule))):
        advice = words("put it into sensors(..., radius=...), or write `confirm`")
        for grade, condition in found:
            message = words(
                "`{metric}` stands in a rule that counts sensors", metric=metrics_read(condition)[0]
            )
            yield written.finding(("grades", str(grade)), "E213", message, advice)


def _absolute(written: Written) -> Iterator[Finding]:
    """What creeps is learnt by the baseline and never seen against it (D25)."""
    learning = [any(isinstance(part, Baseline) for part in parts(c)) for c in written.rule.grades.values()]
    if learning and all(learning):
        advice = words("add a grade that compares the metric itself, for example `orange: leakage >= 500 mA`")
        yield written.finding(("grades",), "E236", words("every grade goes by a baseline"), advice)


def _margin(written: Written) -> Iterator[Finding]:
    rule, kind, kinds = written.rule, written.kind, written.names.kinds
    path = ("release", "margin")
    advice = words("write an amount with its unit, for example `margin: 0.1 m`")
    defects = [
        written.finding(path, "E224", words("{grade}: {defect}", grade=grade, defect=defect), advice)
        for grade, condition in rule.grades.items()
        for defect in margin_defects(condition, rule.release, kind, kinds)
    ]
    yield from defects
    given = rule.release.share or rule.release.amount
    moved = any(is_moved(condition, rule.release, kind, kinds) for condition in rule.grades.values())
    if given and not defects and not moved:
        advice = words("write it in the unit of a threshold, or leave it out: counts and == have none")
        yield written.finding(path, "E224", words("the margin moves no comparison"), advice)


def _release(written: Written) -> Iterator[Finding]:
    rule, kind, kinds = written.rule, written.kind, written.names.kinds
    for grade, condition in rule.grades.items():
        if holds_always(released(condition, rule.release, kind, kinds), kinds, kind):
            message = words(
                "{grade} is never released: moved by the margin it is true for every plausible value",
                grade=grade,
            )
            advice = words("write a margin smaller than the threshold's distance from the lowest value")
            yield written.finding(("release", "margin"), "E228", message, advice)


def _order(written: Written) -> Iterator[Finding]:
    """A stronger grade that is true whenever a weaker one is, and no later: the weaker is never seen."""
    rule = written.rule
    grades = sorted(rule.grades)
    for index, strong in enumerate(grades):
        for weak in reversed(grades[:index]):
            at_once = rule.sustain[strong] <= rule.sustain[weak]
            if at_once and implies(rule.grades[weak], rule.grades[strong], written.kind):
                message = words(
                    "{strong} is true whenever {weak} is, so {weak} is never shown", strong=strong, weak=weak
                )
                advice = words("the stronger the grade, the harder its condition")
                yield written.finding(("grades", str(strong)), "E227", message, advice)
                break


def _sustain(written: Written) -> Iterator[Finding]:
    sustain = written.entry.sustain
    if isinstance(sustain, int):
        return
    for name in sorted(sustain.model_fields_set - {str(grade) for grade in written.rule.grades}):
        message = words("the rule has no grade {name} to sustain", name=name)
        advice = words("remove it, or give the grade a condition")
        yield written.finding(("sustain", name), "E226", message, advice)


def _confirm(written: Written) -> Iterator[Finding]:
    rule, registry = written.rule, written.names.registry
    if rule.confirm is None:
        return
    if rule.subjects is not Subjects.SENSOR:
        message = words("a {noun} has no neighbours", noun=NOUNS[rule.subjects])
        yield written.finding(("confirm",), "E231", message, words("write sensors(condition) >= 2 instead"))
        return
    slots = () if registry is None else registry.ranges.get(rule.kind, ())
    if slots and registry and all(registry.sensors[slot].lon is None for slot in slots):
        message = words("no {kind} sensor has a position, so none has a neighbour", kind=rule.kind)
        yield written.finding(("confirm",), "E231", message, words("give lon and lat in the file of sensors"))
    for grade, condition in rule.grades.items():
        if all(isinstance(comparison.left, Age) for comparison in comparisons(condition)):
            message = words(
                "{grade} compares no value with a threshold of which neighbours could reach a share",
                grade=grade,
            )
            yield written.finding(
                ("confirm",), "E231", message, words("compare a metric, or leave confirm out")
            )


def _parameters(written: Written) -> Iterator[Finding]:
    """A default that no condition asks for is a typing error."""
    used = parameters_used(written.rule)
    for name in written.entry.parameters:
        if name not in used:
            place = written.document.keys[*written.path, "parameters", name]
            message = words("no condition of the rule uses site.{name}", name=name)
            yield written.document.source.finding(place, "E209", message, did_you_mean(name, used))


def _crowd(written: Written) -> Iterator[Finding]:
    rule, registry = written.rule, written.names.registry
    if registry is None or rule.subjects is not Subjects.SENSOR:
        return
    for grade, found, total in crowds(rule, written.names.kinds, registry):
        if 2 * found > total:
            message = words(
                "true for every plausible value at {found} of {total} sensors, by their own parameters",
                found=found,
                total=total,
            )
            advice = words("check the numbers and units of the parameters")
            yield written.finding(("grades", str(grade)), "E232", message, advice)
