"""Left-hand sides that are calculated: `current / site.rated`, `temperature - min(temperature, 1h)`.

Measured values keep their units; constants beside them are converted.
"""

from ingest.finding import words
from ingest.units import UnitError, canonical
from rules.language.calculation import measure_in, negative
from rules.language.constants import (
    Beside,
    calculate,
    is_constant,
    operator_of,
    read_constant,
    read_factor,
)
from rules.language.operands import read_operand
from rules.language.parsing import Node, branches, word
from rules.language.scope import Scope
from rules.language.thresholds import written_unit
from rules.language.tree import Age, Arithmetic, Eta, Expression, Operand


def read_left(node: Node, scope: Scope) -> Operand | Arithmetic | None:
    """What is measured at `node`; None after a problem. A constant must not stand there alone."""
    match node.data:
        case "signed" | "arithmetic":
            return _calculated(node, scope)
        case _:
            return read_operand(node, scope)


def _calculated(node: Node, scope: Scope) -> Operand | Arithmetic | None:
    if node.data == "arithmetic":
        left, right = _pair(node, scope)
        return calculate(node, left, right, scope)
    part = _part(branches(node)[0], scope)
    if part is None or operator_of(node) == "+":
        return part
    return scope.attempt(node, lambda: negative(part, scope.kind))


def _pair(node: Node, scope: Scope) -> tuple[Expression | None, Expression | None]:
    first, second = branches(node)
    if is_constant(second):
        left = _part(first, scope)
        return left, _beside(node, second, left, scope) if left else None
    right = _part(second, scope)
    if is_constant(first):
        return _beside(node, first, right, scope) if right else None, right
    return _part(first, scope), right


def _part(node: Node, scope: Scope) -> Operand | Arithmetic | None:
    """A measured operand of arithmetic."""
    part = read_left(node, scope)
    if isinstance(part, Age):
        advice = words("compare it alone: age() >= 2h")
        scope.refuse(
            node, "E212", words("an age changes without readings and is not calculated with"), advice
        )
        return None
    if isinstance(part, Eta):
        advice = words("calculate on the right: eta(metric, level) <= site.evacuation + 30min")
        scope.refuse(node, "E211", words("`eta` can be never and is not calculated with"), advice)
        return None
    return part


def _beside(node: Node, constant: Node, part: Expression, scope: Scope) -> Expression | None:
    """The constant operand of `node` beside its measured one."""
    operator, name = operator_of(node), scope.written(node)
    beside = Beside(measure_in(part, scope.kind), name).inside()
    if operator in "*/":
        return read_factor(constant, scope, beside if operator == "/" else None)
    added = operator == "+" or (_is_kelvin(constant) and branches(node)[1] is constant)
    return read_constant(constant, beside.difference() if added else beside, scope)


def _is_kelvin(node: Node) -> bool:
    if node.data != "quantity":
        return False
    try:
        return canonical(written_unit(str(word(node)))) == "K"
    except UnitError:
        return False
