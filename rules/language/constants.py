"""What stays the same while readings come: literals, site parameters, and arithmetic of them.

A constant takes the unit of what it stands beside; one that multiplies or divides keeps its own.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from ingest.document.source_text import did_you_mean
from ingest.finding import words, words_of
from ingest.units import UnitError, canonical, conversion
from rules.language.calculation import calculated, negative, same_size
from rules.language.measures import DIFFERENCE, LEVEL, TIME, Measure
from rules.language.parsing import Node, branches, word
from rules.language.scope import Scope
from rules.language.thresholds import ThresholdError, read_literal, split_quantity, written_unit
from rules.language.tree import Arithmetic, Expression, Literal, SiteParameter

Constant: TypeAlias = Literal | SiteParameter | Arithmetic
_SIGNS = {"−": "-", "×": "*", "÷": "/"}


@dataclass(frozen=True, slots=True)
class Beside:
    """What a constant stands beside, by `name` in messages; `misfit` is the code for another dimension."""

    measure: Measure
    name: str
    misfit: str = "E205"

    def inside(self) -> "Beside":
        """The same for an operand of arithmetic: no grid, differences of temperatures in K."""
        measure = replace(self.measure, resolution=None)
        if measure.difference and measure.unit == LEVEL:
            measure = replace(measure, unit=DIFFERENCE)
        return Beside(measure, self.name, "E211")

    def difference(self) -> "Beside":
        """The same for what is added to it."""
        if not self.measure.level:
            return self
        return replace(self, measure=Measure(DIFFERENCE, difference=True))


def is_constant(node: Node) -> bool:
    """Whether nothing at `node` is measured."""
    if node.data in ("arithmetic", "signed"):
        return all(is_constant(branch) for branch in branches(node))
    return node.data in ("quantity", "site")


def operator_of(node: Node) -> str:
    """The operator of an `arithmetic` or `signed` node in its one spelling."""
    return _SIGNS.get(str(word(node)), str(word(node)))


def read_constant(node: Node, beside: Beside, scope: Scope) -> Constant | None:
    """The constant at `node` in the unit of what it stands beside; None after a problem."""
    measure = beside.measure
    match node.data:
        case "quantity" if measure.unit == TIME:
            duration = scope.duration(node)
            return None if duration is None else Literal(Decimal(duration), TIME)
        case "quantity":
            return _literal(node, str(word(node)), beside, scope)
        case "site":
            return scope.attempt(node, lambda: _site(node, measure, scope))
        case "signed" if operator_of(node) == "+":
            return read_constant(branches(node)[0], beside, scope)
        case "signed" if branches(node)[0].data == "quantity":
            return _negative(node, beside, scope)
        case "signed":
            part = read_constant(branches(node)[0], beside.inside(), scope)
            return scope.attempt(node, lambda: negative(part, scope.kind)) if part else None
    if operator_of(node) in "+-":
        return _sum(node, beside.inside(), scope)
    return _product(node, beside.inside(), scope)


def read_factor(node: Node, scope: Scope, over: Beside | None = None) -> Constant | None:
    """The constant at `node` in the unit it is written in; in that of `over`, if given and if it converts.

    A site parameter of which nothing is known has the unit of `over`, or none.
    """
    if over and over.measure.unit and _converts(node, over.measure, scope):
        return read_constant(node, over.inside(), scope)
    match node.data:
        case "quantity":
            return scope.attempt(node, lambda: _as_written(str(word(node))))
        case "site":
            unit = min(scope.site_units(_name(node)) or {""})
            return scope.attempt(node, lambda: _site(node, Measure(unit, difference=True), scope))
        case "signed":
            part = read_factor(branches(node)[0], scope)
            if part is None or operator_of(node) == "+":
                return part
            if isinstance(part, Literal):
                return replace(part, value=0 - part.value)
            return scope.attempt(node, lambda: negative(part, scope.kind))
    first, second = branches(node)
    left = read_factor(first, scope)
    if left is None or operator_of(node) in "*/":
        right = read_factor(second, scope)
    else:
        right = read_constant(second, Beside(Measure(left.unit), scope.written(first)).inside(), scope)
    return calculate(node, left, right, scope)


def calculate(
    node: Node, left: Expression | None, right: Expression | None, scope: Scope
) -> Arithmetic | None:
    """The operands that have been read from `node`, calculated with; None after a problem."""
    if left is None or right is None:
        return None
    return scope.attempt(node, lambda: calculated(left, operator_of(node), right, scope.kind))


def _sum(node: Node, beside: Beside, scope: Scope) -> Arithmetic | None:
    first, second = branches(node)
    left = read_constant(first, beside, scope)
    return calculate(node, left, read_constant(second, beside.difference(), scope), scope)


def _product(node: Node, beside: Beside, scope: Scope) -> Arithmetic | None:
    """One that gives the unit of `beside`: a number times a constant, or constants whose units make it."""
    first, second = branches(node)
    left: Constant | None
    if operator_of(node) == "*" and _is_bare(first):
        left, right = read_factor(first, scope), read_constant(second, beside, scope)
    elif _is_bare(second):
        left, right = read_constant(first, beside, scope), read_factor(second, scope)
    else:
        left, right = read_factor(first, scope), read_factor(second, scope)
    found = calculate(node, left, right, scope)
    if found is None:
        return None
    if not same_size(found.unit, beside.measure.unit) and _knows_all(node, scope):
        units = words(
            "{unit}, not in {wanted}",
            unit=found.unit or words("no unit"),
            wanted=beside.measure.unit or words("no unit"),
        )
        advice = words("write its constants in units that make it, for example W and V for A")
        scope.refuse(
            node, "E211", words("`{text}` is in {units}", text=scope.written(node), units=units), advice
        )
        return None
    return replace(found, unit=beside.measure.unit)


def _knows_all(node: Node, scope: Scope) -> bool:
    return all(scope.site_units(_name(part)) is not None for part in node.find_data("site"))


def _is_bare(node: Node) -> bool:
    """Whether a constant is a plain number."""
    if node.data == "quantity":
        return not written_unit(str(word(node)))
    return node.data != "site" and all(_is_bare(branch) for branch in branches(node))


def _converts(node: Node, measure: Measure, scope: Scope) -> bool:
    """Whether the constant can be in the unit of `measure`."""
    match node.data:
        case "quantity":
            units = {written_unit(str(word(node)))}
        case "site":
            known = scope.site_units(_name(node))
            if known is None:
                return True
            units = set(known)
        case "arithmetic" if operator_of(node) in "*/":
            return False
        case _:
            return all(_converts(branch, measure, scope) for branch in branches(node))
    return any(_fits(unit, measure) for unit in units)


def _fits(unit: str, measure: Measure) -> bool:
    try:
        conversion(unit, measure.unit, measure.mass, difference=measure.difference)
    except UnitError:
        return False
    return True


def _negative(node: Node, beside: Beside, scope: Scope) -> Literal | None:
    """A literal with a minus; there are no negative durations."""
    if beside.measure.unit == TIME:
        scope.duration(node)
        return None
    return _literal(node, f"-{word(branches(node)[0])}", beside, scope)


def _literal(node: Node, text: str, beside: Beside, scope: Scope) -> Literal | None:
    return scope.attempt(node, lambda: read_literal(text, beside.measure, beside.name, beside.misfit))


def _as_written(text: str) -> Literal:
    number, unit = split_quantity(text)
    try:
        return Literal(number, canonical(unit))
    except UnitError as error:
        raise ThresholdError("E205", words_of(error), error.suggestion) from error


def _site(node: Node, measure: Measure, scope: Scope) -> SiteParameter:
    """ThresholdError unless a sensor of the kind has the parameter, and each in a unit that converts."""
    parameter = SiteParameter(_name(node), measure.unit)
    units = scope.site_units(parameter.name)
    if units is None:
        return parameter
    if not units:
        owner = words("{kind} sensor", kind=scope.kind.name) if scope.kind else words("sensor")
        message = words("no {owner} has the site parameter `{name}`", owner=owner, name=parameter.name)
        raise ThresholdError("E209", message, did_you_mean(parameter.name, scope.site_names()))
    for unit in sorted(units):
        try:
            conversion(unit, measure.unit, measure.mass, difference=measure.difference)
        except UnitError as error:
            message = words(
                "`site.{name}` cannot stand here: {error}", name=parameter.name, error=words_of(error)
            )
            raise ThresholdError("E209", message, words("correct it in the file of sensors")) from error
    return parameter


def _name(node: Node) -> str:
    return str(word(node)).removeprefix("site.")
