"""The second warning of a rule with `missing: {raise: ...}`: its data are silent (D17)."""

from dataclasses import replace

from ingest.clock import DAY
from rules.grade import Grade
from rules.language.tree import Age, Comparison, Condition, Or, Reports
from rules.rule import Parameters, Release, Rule
from rules.rulebook.meaning import meaning_of
from rules.rulebook.walk import metrics_read

HAZARD = "blind"
SUFFIX = "/missing"
_SAYS = {"zh": "：数据中断"}
_ADVICE = {
    "zh": "请检查设备的供电和通信；恢复之前，该处无法监测。",
    "en": "Check the device and its connection: nothing is measured here until it reports again.",
}


def missing_rule(rule: Rule, grade: Grade) -> Rule:
    """The rule `<id>/missing` on the same sensors: a metric that the grades read is silent for too long."""
    own = replace(
        rule,
        id=rule.id + SUFFIX,
        title={language: title + _SAYS.get(language, ": blind") for language, title in rule.title.items()},
        hazard=HAZARD,
        grades={grade: _silent(rule)},
        only_if=None,
        sustain={grade: 0},
        release=Release(rule.release.after),
        max_age=7 * DAY,
        confirm=None,
        parameters=Parameters(),
        advice=dict(_ADVICE),
    )
    return replace(own, meaning=meaning_of(own))


def _silent(rule: Rule) -> Condition:
    """Of a rule that reads no metric by name, any report of the sensor counts."""
    read = dict.fromkeys(metric for condition in rule.grades.values() for metric in metrics_read(condition))
    metrics: list[str | None] = [*read] or [None]
    ages = tuple(Comparison(Age(metric), ">=", Reports(rule.silent_after)) for metric in metrics)
    return ages[0] if len(ages) == 1 else Or(ages)
