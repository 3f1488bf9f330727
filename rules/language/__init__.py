"""The condition language: text -> syntax tree, with every defect found in one pass.

    sum(rain, 3h) >= 50 mm and not max(temperature, 1min) >= site.limit

Comparisons of a metric, or of `sum`, `max` or `rise` of a metric over a window, with a literal or a site
parameter; `sustained(comparison, duration)`; `and`, `or`, `not`, parentheses.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from ingest.kinds import Kind
from rules.language.operands import Scope, has_arguments, read_duration, read_operand
from rules.language.parsing import ConditionError, Node, branches, normalised, parse, word
from rules.language.thresholds import ThresholdError, check_doubt, check_site, read_literal
from rules.language.tree import (
    And,
    Comparison,
    Condition,
    Not,
    Operand,
    Or,
    SiteParameter,
    Sustained,
    Threshold,
)

__all__ = ["ConditionError", "parse_condition"]

DEEPEST = 32
_OPERATORS = {"≥": ">=", "≤": "<=", "≠": "!="} | {sign: sign for sign in (">=", ">", "<=", "<", "==", "!=")}
_MEANT = {"=": "==", "=>": ">=", "=<": "<=", "<>": "!="}
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "==", "!=": "!="}
_SUSTAINED = "sustained(metric >= threshold, duration)"
_Result = TypeVar("_Result")


def parse_condition(
    text: str, kind: Kind, parameters: Mapping[str, frozenset[str]] | None = None
) -> Condition:
    """The tree of `text` for sensors of `kind`; ConditionError with all problems otherwise.

    `parameters` maps the site parameters of the kind's sensors to the units they are given in; None when the
    sensors are not known, then every `site.<name>` is taken.
    """
    written = normalised(text)
    scope = Scope(written.text, kind, parameters)
    condition = _condition(parse(written), scope, 0)
    if condition is None or scope.problems:
        raise written.error(scope.problems)
    return condition


def _condition(node: Node, scope: Scope, depth: int) -> Condition | None:
    """The condition at `node`; None, or one that must not be used, after a problem."""
    if depth > DEEPEST:
        scope.refuse(node, "E210", f"nested deeper than {DEEPEST} levels", "split the rule")
        return None
    match node.data:
        case "disjunction":
            return Or(_parts(node, scope, depth))
        case "conjunction":
            return And(_parts(node, scope, depth))
        case "negated":
            part = _condition(branches(node)[0], scope, depth + 1)
            return Not(part) if part else None
        case "comparison":
            return _comparison(node, scope)
        case "call" if word(node) == "sustained":
            return _sustained(node, scope)
        case _:
            _refuse_incomplete(node, scope)
            return None


def _parts(node: Node, scope: Scope, depth: int) -> tuple[Condition, ...]:
    """The parts of an `and` or `or`; those of a nested one of the same sort are its own."""
    parts: list[Condition] = []
    for branch in branches(node):
        part = _condition(branch, scope, depth + 1)
        if isinstance(part, And | Or) and branch.data == node.data:
            parts += part.parts
        elif part:
            parts.append(part)
    return tuple(parts)


def _refuse_incomplete(node: Node, scope: Scope) -> None:
    """A value where a comparison belongs."""
    if node.data in ("quantity", "site") or read_operand(node, scope):
        message = f"`{scope.written(node)}` alone is no condition"
        scope.refuse(node, "E210", message, "compare it: `metric >= threshold`")


def _sustained(node: Node, scope: Scope) -> Sustained | None:
    if not has_arguments(node, _SUSTAINED, scope):
        return None
    inner, last = branches(node)
    duration = read_duration(last, scope)
    if inner.data != "comparison" or branches(inner)[0].data == "call":
        scope.refuse(
            inner, "E204", "`sustained` takes one comparison of a bare metric", f"write {_SUSTAINED}"
        )
        return None
    comparison = _comparison(inner, scope)
    return Sustained(comparison, duration) if comparison and duration else None


def _comparison(node: Node, scope: Scope) -> Comparison | None:
    left, right = branches(node)
    operator = _operator(node, scope)
    if left.data in ("quantity", "site"):
        _reversed(left, operator, right, scope)
        return None
    operand = read_operand(left, scope)
    threshold = _threshold(right, operand, scope) if operand else None
    if not (operand and operator and threshold):
        return None
    comparison = Comparison(operand, operator, threshold)
    _noting(right, scope, lambda: check_doubt(comparison, scope.metric(operand)))
    return comparison


def _operator(node: Node, scope: Scope) -> str | None:
    sign = str(word(node))
    if sign not in _OPERATORS:
        message = f"unknown operator `{sign}`; known: >= > <= < == !="
        advice = f"write `{_MEANT[sign]}`" if sign in _MEANT else ""
        scope.refuse_at(word(node).start_pos or 0, "E201", message, advice)
    return _OPERATORS.get(sign)


def _reversed(left: Node, operator: str | None, right: Node, scope: Scope) -> None:
    turned = f"write `{scope.written(right)} {_MIRRORED[operator]} {scope.written(left)}`" if operator else ""
    advice = turned if right.data in ("name", "call") else ""
    scope.refuse(left, "E210", "a comparison starts with what is measured", advice)


def _threshold(node: Node, operand: Operand, scope: Scope) -> Threshold | None:
    metric = scope.metric(operand)
    match node.data:
        case "quantity":
            return _noting(node, scope, lambda: read_literal(word(node), operand, metric))
        case "site":
            return _noting(node, scope, lambda: _site_parameter(word(node), operand, scope))
    message = (
        f"`{scope.written(node)}` cannot stand on the right: a value with its unit, or site.<parameter>, can"
    )
    scope.refuse(node, "E210", message)
    return None


def _site_parameter(text: str, operand: Operand, scope: Scope) -> SiteParameter:
    metric = scope.metric(operand)
    parameter = SiteParameter(text.removeprefix("site."), metric.unit)
    if scope.parameters is not None:
        check_site(parameter, scope.parameters, scope.kind.name, operand, metric)
    return parameter


def _noting(node: Node, scope: Scope, step: Callable[[], _Result]) -> _Result | None:
    """The step's result, or None after noting why it refuses what stands at `node`."""
    try:
        return step()
    except ThresholdError as error:
        scope.refuse(node, error.code, error.message, error.suggestion)
        return None
