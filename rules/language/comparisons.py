"""Comparisons: what is measured on the left, what it must reach on the right."""

import re
from decimal import Decimal
from typing import TypeAlias

from ingest.finding import words
from rules.language.arithmetic import read_left
from rules.language.constants import is_constant, read_constant
from rules.language.doubt import check_doubt
from rules.language.group_kinds import is_group
from rules.language.groups import ReadCondition, read_group, read_number
from rules.language.measures import DIFFERENCE, LEVEL
from rules.language.operands import beside, read_operator, refuse_group
from rules.language.parsing import Node, branches, calls, word
from rules.language.printed import quantity
from rules.language.scope import Scope
from rules.language.tree import Age, Arithmetic, Comparison, Literal, Operand, Reports, Threshold

MOST_REPORTS = 999
_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "==", "!=": "!="}
Sides: TypeAlias = tuple[Operand | Arithmetic, Threshold]
_REPORTS = re.compile(r"(\d+)\s*reports?")
# Nodes that may hold something measured.
MEASURED = frozenset({"name", "call", "arithmetic", "signed"})


def read_comparison(node: Node, scope: Scope, read: ReadCondition) -> Comparison | None:
    """The comparison at `node`; `read` reads the conditions inside. None after a problem."""
    left, right = branches(node)
    operator = read_operator(node, scope)
    if is_constant(left):
        _refuse_constant(left, operator, right, scope)
        return None
    found = _of_group(left, right, scope, read) if is_group(left) else _of_sensor(node, operator, scope)
    if not (found and operator):
        return None
    comparison = Comparison(found[0], operator, found[1])
    scope.attempt(right, lambda: check_doubt(comparison, scope.kind))
    return comparison


def refuse_bare(node: Node, scope: Scope) -> None:
    """Note that a condition of one sensor cannot be judged for a zone or a gateway."""
    groups = [call for call in calls(node) if is_group(call)]
    for group in groups:
        refuse_group(group, scope)
    if not groups:
        message = words("a zone or gateway is judged by functions over its sensors")
        scope.refuse(node, "E213", message, words("write `sensors({text}) >= 1`", text=scope.written(node)))


def _of_group(left: Node, right: Node, scope: Scope, read: ReadCondition) -> Sides | None:
    if scope.group:
        refuse_group(left, scope)
        return None
    group = read_group(left, scope, read)
    number = read_number(right, group, str(word(left)), scope) if group else None
    return (group, number) if group and number else None


def _of_sensor(node: Node, operator: str | None, scope: Scope) -> Sides | None:
    if scope.kind is None and not scope.group:
        refuse_bare(node, scope)
        return None
    left = read_left(branches(node)[0], scope)
    if left is None:
        return None
    right = _threshold(node, left, operator, scope)
    return (left, right) if right else None


def _threshold(
    node: Node, left: Operand | Arithmetic, operator: str | None, scope: Scope
) -> Threshold | None:
    first, second = branches(node)
    if not is_constant(second):
        _refuse_measured(node, left, operator, scope)
        return None
    if isinstance(left, Age):
        return _age(second, scope)
    return read_constant(second, beside(left, first, scope), scope)


def _age(node: Node, scope: Scope) -> Threshold | None:
    if node.data != "quantity":
        message = words(
            "`{text}` cannot stand beside an age, which changes without readings", text=scope.written(node)
        )
        scope.refuse(
            node, "E212", message, words("compare it with a duration or with reports: 2h, 3 reports")
        )
        return None
    reports = _REPORTS.fullmatch(str(word(node)))
    if reports is None:
        duration = scope.duration(node)
        return None if duration is None else Literal(Decimal(duration), "ms")
    if 0 < int(reports[1]) <= MOST_REPORTS:
        return Reports(int(reports[1]))
    advice = words("write 1 to {most} reports", most=MOST_REPORTS)
    scope.refuse(node, "E206", words("`{text}` cannot be kept", text=scope.written(node)), advice)
    return None


def _refuse_constant(left: Node, operator: str | None, right: Node, scope: Scope) -> None:
    """A comparison that starts with a constant."""
    turned = ""
    if operator and right.data in MEASURED and not is_constant(right):
        turned = words(
            "write `{right} {operator} {left}`",
            right=scope.written(right),
            operator=_MIRRORED[operator],
            left=scope.written(left),
        )
    scope.refuse(left, "E210", words("a comparison starts with what is measured"), turned)


def _refuse_measured(node: Node, left: Operand | Arithmetic, operator: str | None, scope: Scope) -> None:
    """A comparison that ends with something measured."""
    first, second = branches(node)
    written = scope.written(second)
    message = words(
        "`{written}` cannot stand on the right: a value with its unit, or site.<parameter>, can",
        written=written,
    )
    advice = ""
    is_metric = scope.kind is not None and written in scope.kind.metrics
    if second.data == "name" and not is_metric:
        advice = words("write `site.{written}`", written=written) if written in scope.site_names() else ""
    elif second.data in MEASURED and operator:
        unit = beside(left, first, scope).inside().measure.unit
        taken = f"({written})" if second.data == "arithmetic" else written
        zero = quantity(Decimal(0), DIFFERENCE if unit == LEVEL else unit)
        advice = words(
            "write `{first} - {taken} {operator} {zero}`",
            first=scope.written(first),
            taken=taken,
            operator=operator,
            zero=zero,
        )
    scope.refuse(second, "E210", message, advice)
