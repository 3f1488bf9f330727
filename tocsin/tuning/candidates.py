"""The rule with each of some thresholds, as `tocsin check` would take it or refuse it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from ingest.finding import Finding
from ingest.kinds import Kinds
from ingest.namespace import Namespace
from ingest.registry import Registry
from rules.rule import Rule, Subjects
from rules.rulebook import Ladder, read_ladders
from tocsin.judge import Basis
from tocsin.tuning.threshold import Comparison, Threshold, site_of, threshold
from tocsin.tuning.values import around, asked_for


@dataclass(frozen=True, slots=True)
class RuleTexts:
    """The rule files of a set, by name, the sensors they are for, and where these report."""

    files: Mapping[str, str]
    kinds: Kinds
    registry: Registry
    namespace: Namespace

    def read(self) -> tuple[tuple[Ladder, ...], list[Finding]]:
        """The rules, and all that is wrong with them."""
        return read_ladders(self.files, self.kinds, self.registry)

    def about(self, file: str) -> "RuleTexts":
        """Only what decides how one file is read: itself, the tables, and the files with templates.

        Read alone it may have findings that the whole set has not: a table that others use.
        """
        wanted = {n: t for n, t in self.files.items() if n == file or n.endswith(".csv") or "templates:" in t}
        return replace(self, files=wanted)

    def with_file(self, name: str, text: str) -> "RuleTexts":
        """The same with another text in the place of one file."""
        return replace(self, files={**self.files, name: text})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value; `rule` is None where the files would be refused with it, and `refused` says why."""

    number: Decimal
    written: str
    rule: Rule | None
    refused: tuple[Finding, ...] = ()

    @property
    def is_too_fine(self) -> bool:
        """Whether it is refused for being finer than the metric is measured (E208), and for nothing else."""
        return {finding.code for finding in self.refused} == {"E208"}


def candidates(
    texts: RuleTexts, ladder: Ladder, of: Threshold, numbers: Iterable[Decimal]
) -> list[Candidate]:
    """One for each number, in their order."""
    file = ladder.rule.file
    enough = texts.about(file)
    known = enough.read()[1]
    found = []
    for number in numbers:
        ladders, findings = enough.with_file(file, of.edited(texts.files[file], number)).read()
        refused = tuple(finding for finding in findings if finding not in known)
        rules = [each.rule for each in ladders if each.rule.id == ladder.rule.id and not refused]
        found.append(Candidate(number, of.written(number), rules[0] if rules else None, refused))
    return found


def tuned(ladder: Ladder, comparison: Comparison, registry: Registry) -> tuple[Threshold, Decimal]:
    """What is tuned of a comparison, and the least value of its site parameter; 0 without one."""
    least, unit = _least(ladder.rule, site_of(comparison), registry)
    return threshold(ladder, comparison, unit), least


def numbers_of(values: str, of: Threshold, least: Decimal) -> list[Decimal]:
    """Those that `values` asks for, else those around the one in force; the one in force is among them."""
    found = asked_for(values, of) if values else around(of, least)
    return sorted({*found, of.number})


def together(found: Iterable[Candidate], texts: RuleTexts) -> Basis:
    """A basis whose rules are the candidates that can be judged, each with the number of its place as its id.

    So one engine judges them all on the same readings, which are decoded and windowed once.
    """
    rules = tuple(
        replace(each.rule, id=str(number)) for number, each in enumerate(found) if each.rule is not None
    )
    return Basis("candidates", texts.kinds, texts.registry, rules, texts.namespace)


def _least(rule: Rule, parameter: str, registry: Registry) -> tuple[Decimal, str]:
    """The least value of a site parameter among the subjects of the rule, and its unit."""
    if not parameter or rule.subjects is not Subjects.SENSOR:
        return Decimal(0), ""
    slots = registry.ranges.get(rule.kind, range(0))
    sites = [rule.parameters.of(registry.sensors[slot], registry) for slot in slots]
    return min((site[parameter] for site in sites if parameter in site), default=(Decimal(0), ""))
