"""Functions over the sensors of a zone or gateway, or of a place: `sensors(...)`, `share(...)`."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from ingest.finding import words
from rules.language.constants import Beside, read_constant
from rules.language.group_kinds import read_kinds
from rules.language.measures import Measure, measure_of
from rules.language.parsing import Node
from rules.language.scope import Call, Scope
from rules.language.tree import Condition, Literal, Sensors, Share

ReadCondition: TypeAlias = Callable[[Node, Scope], Condition | None]
# In m: sensors farther apart share neither fire nor weather.
FARTHEST = 1_000_000
_LENGTH = Measure("m")


def read_group(node: Node, scope: Scope, read: ReadCondition) -> Sensors | Share | None:
    """The group function at `node`, its condition read by `read`; None after a problem."""
    call = scope.call(node)
    if call is None:
        return None
    placed, radius = _placed(node, call, scope), _radius(call, scope)
    within = scope.duration(call.keywords["within"]) if "within" in call.keywords else 0
    kinds = read_kinds(node, call, scope)
    if kinds is None:
        return None
    kind = scope.vocabulary.kinds[kinds[0]] if len(kinds) == 1 else None
    condition = read(call.arguments[0], scope.within(call.function, kind))
    if condition is None or within is None or not placed or (radius is None and "radius" in call.keywords):
        return None
    of = kinds[0] if "of" in call.keywords else None
    if call.function == "share":
        return Share(condition, kinds, radius, of)
    return Sensors(condition, kinds, within, radius, of)


def read_number(node: Node, group: Sensors | Share, name: str, scope: Scope) -> Literal | None:
    """What a group function is compared with: a number of sensors, or a percentage."""
    literal = None
    if node.data == "quantity":
        literal = read_constant(node, Beside(measure_of(group, None), name), scope)
    else:
        message = words(
            "`{text}` cannot stand beside `{name}`, which changes without readings",
            text=scope.written(node),
            name=name,
        )
        advice = (
            words("compare it with a percentage: 50 %")
            if isinstance(group, Share)
            else words("compare it with a number: 2")
        )
        scope.refuse(node, "E212", message, advice)
    return literal if isinstance(literal, Literal) else None


def _placed(node: Node, call: Call, scope: Scope) -> bool:
    """Whether `radius=` is given where it has a meaning; noted if not."""
    given = call.keywords.get("radius")
    if (scope.vocabulary.kind is None) == (given is None):
        return True
    if given is None:
        message = words("`{function}` of a sensor looks at the sensors around it", function=call.function)
        scope.refuse(node, "E213", message, words("add a distance, for example radius=10 km"))
    else:
        scope.refuse(
            given, "E213", words("a zone or gateway has sensors of its own"), words("leave `radius=` out")
        )
    return False


def _radius(call: Call, scope: Scope) -> Decimal | None:
    """Metres; None where there is none, and after a problem."""
    given = call.keywords.get("radius")
    if given is None:
        return None
    if given.data != "quantity":
        scope.refuse(
            given,
            "E210",
            words("`{given}` is no distance", given=scope.written(given)),
            words("write for example 10 km"),
        )
        return None
    literal = read_constant(given, Beside(_LENGTH, "radius"), scope)
    if not isinstance(literal, Literal) or 0 < literal.value <= FARTHEST:
        return literal.value if isinstance(literal, Literal) else None
    scope.refuse(
        given,
        "E206",
        words("`{given}` is no distance to neighbours", given=scope.written(given)),
        words("write at most 1000 km"),
    )
    return None
