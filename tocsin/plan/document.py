"""A plan as plain JSON values, for whatever reads it after people."""

from collections import Counter
from collections.abc import Iterable

from rules.fate import Fate, Outcome
from rules.transition import Transition, iso
from tocsin.desk.questions import plain
from tocsin.plan.planning import Plan
from tocsin.plan.structure import restarts


def document(plan: Plan) -> dict[str, object]:
    """Everything the tables show; instants and times in ms, grades by their names."""
    return {
        "plan": plan.number,
        "old": plan.old,
        "new": plan.new,
        "at": plan.at,
        "differences": plain(plan.differences),
        "restart": restarts(plan.differences),
        "open": counted(plan.fates),
        "fates": [plain(f) | {"falls_after": plan.falling.get(f.warning)} for f in plan.fates],
        "raised": [_raised(line) for line in plan.raised],
        "warming": [each._asdict() for each in plan.warming],
        "flooded": [{"rule": fault.rule, "reason": fault.reason} for fault in plan.flooded],
    }


def counted(fates: Iterable[Fate]) -> dict[str, int]:
    """How many warnings are open, and of each fate how many."""
    counts = Counter(fate.outcome for fate in fates)
    return {"all": sum(counts.values())} | {str(outcome): counts[outcome] for outcome in Outcome}


def _raised(line: Transition) -> dict[str, object]:
    return {
        "at": iso(line.at),
        "warning": line.warning,
        "rule": line.rule,
        "subject": line.subject,
        "grade": str(line.after),
        "disposition": str(line.disposition),
        "value": line.evidence.get("text", ""),
    }
