"""The open warnings with their words, as the judge has them now."""

from ingest.registry import Registry
from rules.rule import Rule
from rules.warning import ZoneWarning
from tocsin import by_hand, outages
from tocsin.judge import Judge


def shown(judge: Judge) -> list[dict[str, object]]:
    """Strongest first, then oldest; instants in ms. To be asked for on the judge's own thread."""
    rules = {rule.id: rule for rule in (*judge.basis.rules, outages.RULE, by_hand.RULE)}
    warnings = sorted(judge.warnings(), key=lambda w: (-w.grade, w.since, w.id))
    return [_shown(warning, rules.get(warning.rule), judge.basis.registry) for warning in warnings]


def _shown(warning: ZoneWarning, rule: Rule | None, registry: Registry) -> dict[str, object]:
    """`title` and `place` by language; empty where the configuration knows the rule or zone no more."""
    zone = registry.place(warning.subject) or ""
    return {
        "id": warning.id,
        "rule": warning.rule,
        "subject": warning.subject,
        "grade": str(warning.grade),
        "disposition": str(warning.disposition),
        "since": warning.since,
        "changed": warning.changed,
        "orphaned": warning.orphaned,
        "blind": warning.blind,
        "zone": zone,
        "title": {} if rule is None else dict(rule.title),
        "place": dict(registry.zones[zone].name) if zone in registry.zones else {},
        "value": warning.evidence,
    }
