"""Conditions: comparisons and what else is true or false, joined by `and`, `or` and `not`."""

from collections.abc import Callable

from ingest.document.source_text import did_you_mean
from ingest.finding import words
from rules.language.arithmetic import read_left
from rules.language.calendar import read_hours, read_season
from rules.language.comparisons import MEASURED, read_comparison, refuse_bare
from rules.language.constants import is_constant
from rules.language.functions import CONDITIONS
from rules.language.group_kinds import is_group
from rules.language.operands import read_bare, read_instant
from rules.language.parsing import Node, branches, word
from rules.language.scope import Call, Scope
from rules.language.tree import And, Condition, Flagged, Not, Or, Stuck, Sustained

# The quality flags of values, as operators call them.
# What is known against a newest value; `late` and `stale` tell how a reading came, not what it says.
FLAGS = ("clock", "neighbour", "step", "stuck", "suspect")
_CALENDAR = frozenset({"hours", "season"})


def read_condition(node: Node, scope: Scope) -> Condition | None:
    """The condition at `node`; None, or one that must not be used, after a problem."""
    match node.data:
        case "disjunction":
            return Or(_parts(node, scope))
        case "conjunction":
            return And(_parts(node, scope))
        case "negated":
            part = read_condition(branches(node)[0], scope)
            return Not(part) if part else None
        case "comparison":
            return read_comparison(node, scope, read_condition)
        case "call" if word(node) in CONDITIONS:
            return _called(node, scope)
    _refuse_incomplete(node, scope)
    return None


def _parts(node: Node, scope: Scope) -> tuple[Condition, ...]:
    """The parts of an `and` or `or`; those of a nested one of the same sort are its own."""
    parts: list[Condition] = []
    for branch in branches(node):
        part = read_condition(branch, scope)
        if isinstance(part, And | Or) and branch.data == node.data:
            parts += part.parts
        elif part:
            parts.append(part)
    return tuple(parts)


def _called(node: Node, scope: Scope) -> Condition | None:
    """A condition that is a call."""
    if scope.kind is None and not scope.group and word(node) not in _CALENDAR:
        refuse_bare(node, scope)
        return None
    call = scope.call(node)
    return _READERS[call.function](call, scope) if call else None


def _sustained(call: Call, scope: Scope) -> Sustained | None:
    comparison = read_bare(call.arguments[0], "sustained", scope)
    duration = scope.duration(call.arguments[1])
    return Sustained(comparison, duration) if comparison and duration else None


def _stuck(call: Call, scope: Scope) -> Stuck | None:
    metric = read_instant(call.arguments[0], "stuck", scope)
    width = scope.window(call.arguments[1])
    return Stuck(metric.name, width) if metric and width else None


def _flagged(call: Call, scope: Scope) -> Flagged | None:
    metric = scope.metric(call.arguments[0])
    flag = scope.written(call.arguments[1])
    if flag not in FLAGS:
        scope.refuse(
            call.arguments[1],
            "E210",
            words("`{flag}` is no quality flag", flag=flag),
            did_you_mean(flag, FLAGS),
        )
        return None
    return Flagged(metric.name, flag) if metric else None


_READERS: dict[str, Callable[[Call, Scope], Condition | None]] = {
    "flagged": _flagged,
    "hours": read_hours,
    "season": read_season,
    "stuck": _stuck,
    "sustained": _sustained,
}


def _refuse_incomplete(node: Node, scope: Scope) -> None:
    """A value where a condition belongs."""
    is_value = node.data in MEASURED and not is_constant(node) and not is_group(node)
    if scope.kind is None or not is_value or read_left(node, scope):
        message = words("`{text}` alone is no condition", text=scope.written(node))
        scope.refuse(node, "E210", message, words("compare it: `metric >= threshold`"))
