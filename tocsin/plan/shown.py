"""A plan as people read it: what is another, what becomes of each open warning, what begins at once."""

from collections.abc import Iterator

from ingest.duration import format_time_left
from rules.grade import Grade
from tocsin.commands.sheet import Cell, grade, show, when
from tocsin.plan.document import counted
from tocsin.plan.planning import Plan
from tocsin.plan.structure import Difference, restarts


def shown(plan: Plan) -> None:
    """On the terminal, the part that is decided by at the end."""
    show("what is another", ("what", "name", "turn", "key", "old", "new"), _different(plan.differences))
    show(
        f"what becomes of the open warnings, as of {when(plan.at)}",
        ("warning", "rule", "subject", "fate", "from", "to", "why", "then"),
        _fates(plan),
    )
    columns = ("rule", "subject", "grade", "disposition", "value")
    show("what is raised at once", columns, _raised(plan))
    windows = ((w.kind, w.metric, format_time_left(w.width)) for w in plan.warming)
    show(
        "windows that fill first: until then they may raise, not clear", ("kind", "metric", "window"), windows
    )
    show("rules that flood (E232)", ("rule", "why"), ((f.rule, f.reason) for f in plan.flooded))


def summary(plan: Plan) -> Iterator[str]:
    """Lines: the counts, what waits for a restart, and the number."""
    if plan.old == plan.new:
        yield f"nothing is another: {plan.new} is in force"
        return
    found = counted(plan.fates)
    counts = ", ".join(f"{number} {name}" for name, number in found.items() if name != "all")
    yield f"{found['all']} warnings are open: {counts}; {len(plan.raised)} more are raised at once"
    if names := restarts(plan.differences):
        yield f"only from the next start on: {', '.join(names)}"
    yield f"plan {plan.number}: {plan.old} -> {plan.new}"


def _different(found: list[Difference]) -> Iterator[tuple[Cell, ...]]:
    for each in found:
        if not each.keys:
            yield each.what, each.name, str(each.turn), "", "", ""
        for key in each.keys:
            yield each.what, each.name, str(each.turn), key.name, key.old, key.new


def _fates(plan: Plan) -> Iterator[tuple[Cell, ...]]:
    for fate in plan.fates:
        after = plan.falling.get(fate.warning)
        then = "" if after is None else f"does not hold, falls in {format_time_left(after)} if so"
        yield (
            fate.warning,
            fate.rule,
            fate.subject,
            str(fate.outcome),
            _grade(fate.before),
            _grade(fate.after),
            fate.why,
            then,
        )


def _grade(of: Grade | None) -> Cell:
    return grade(None if of is None else str(of))


def _raised(plan: Plan) -> Iterator[tuple[Cell, ...]]:
    for line in plan.raised:
        value = str(line.evidence.get("text", ""))
        yield line.rule, line.subject, _grade(line.after), str(line.disposition), value
