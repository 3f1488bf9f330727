"""What is measured at one sensor: a metric, or a function of one over time."""

from collections.abc import Callable
from decimal import Decimal

from ingest.clock import HOUR
from ingest.finding import either, words
from ingest.kinds import Form, Metric
from rules.language.calculation import measure_in
from rules.language.constants import Beside, is_constant, read_constant
from rules.language.doubt import check_doubt
from rules.language.functions import CONDITIONS, FUNCTIONS, GROUPS, SIGNATURES, WINDOWED
from rules.language.measures import Measure
from rules.language.parsing import Node, branches, unknown_function, word
from rules.language.scope import Call, Scope
from rules.language.tree import (
    Age,
    Arithmetic,
    Baseline,
    Comparison,
    Counted,
    Eta,
    Forecast,
    Literal,
    Operand,
    Value,
    Windowed,
)

FARTHEST = 4 * HOUR
OPERATORS = {"≥": ">=", "≤": "<=", "≠": "!="} | {sign: sign for sign in (">=", ">", "<=", "<", "==", "!=")}
_MEANT = {"=": "==", "=>": ">=", "=<": "<=", "<>": "!="}


def read_operand(node: Node, scope: Scope) -> Operand | None:
    """The operand at `node`; None after a problem."""
    if node.data == "name":
        return _value(node, scope)
    if node.data != "call":
        scope.refuse(node, "E210", words("`{text}` is no value to compare", text=scope.written(node)))
        return None
    function = str(word(node))
    if function not in FUNCTIONS:
        scope.problems.append(unknown_function(function, node.meta.start_pos))
        return None
    form = SIGNATURES[function].form
    if function in CONDITIONS:
        scope.refuse(
            node,
            "E210",
            words("`{function}` is a condition, not a value", function=function),
            words("write {form}", form=form),
        )
        return None
    if function in GROUPS:
        refuse_group(node, scope)
        return None
    call = scope.call(node)
    return _READERS.get(function, _windowed)(call, scope) if call else None


def refuse_group(node: Node, scope: Scope) -> None:
    """Note that the group function at `node` stands where it cannot."""
    name = word(node)
    message = words("`{name}` stands alone on the left of a comparison", name=name)
    if scope.group:
        message = words("`{name}` cannot stand inside `{group}`", name=name, group=scope.group)
    scope.refuse(
        node,
        "E213",
        message,
        words("write {form} >= 2", form=SIGNATURES[str(name)].form)
        if name == "sensors"
        else words("write share(condition) >= 50 %"),
    )


def read_operator(node: Node, scope: Scope) -> str | None:
    """The operator of a comparison in its one spelling."""
    sign = str(word(node))
    if sign not in OPERATORS:
        message = words("unknown operator `{sign}`; known: >= > <= < == !=", sign=sign)
        advice = words("write `{text}`", text=_MEANT[sign]) if sign in _MEANT else ""
        scope.refuse_at(word(node).start_pos or 0, "E201", message, advice)
    return OPERATORS.get(sign)


def read_bare(node: Node, function: str, scope: Scope) -> Comparison | None:
    """The comparison of a bare metric with a constant that `function` takes; None after a problem."""
    left = branches(node)[0] if node.data == "comparison" else None
    if left is None or left.data != "name" or not is_constant(branches(node)[1]):
        groups = left is not None and left.data == "call" and word(left) in GROUPS
        message = words(
            "`{function}` takes one comparison of a bare metric with a constant", function=function
        )
        scope.refuse(
            node, "E213" if groups else "E204", message, words("write {form}", form=SIGNATURES[function].form)
        )
        return None
    value, operator = _value(left, scope), read_operator(node, scope)
    if value is None:
        return None
    right = read_constant(branches(node)[1], beside(value, left, scope), scope)
    if not (operator and right):
        return None
    comparison = Comparison(value, operator, right)
    scope.attempt(branches(node)[1], lambda: check_doubt(comparison, scope.kind))
    return comparison


def beside(operand: Operand | Arithmetic, node: Node, scope: Scope) -> Beside:
    """What a constant beside the operand that was read from `node` must fit."""
    return Beside(measure_in(operand, scope.kind), scope.written(node))


def read_instant(node: Node, function: str, scope: Scope) -> Metric | None:
    """The instantaneous metric at `node` that `function` takes; None after a problem."""
    metric = scope.metric(node)
    if metric is None or metric.form is Form.INSTANT:
        return metric
    message = words(
        "`{function}` does not fit `{name}`, which is an {form} metric",
        function=function,
        name=metric.name,
        form=metric.form,
    )
    scope.refuse(node, "E204", message, words("use sum"))
    return None


def _value(node: Node, scope: Scope) -> Value | None:
    metric = scope.metric(node)
    if metric is None:
        return None
    if metric.form is Form.AMOUNT:
        message = words("what one report of `{name}` holds depends on its period", name=metric.name)
        scope.refuse(node, "E204", message, words("write sum({name}, 1h)", name=metric.name))
    return Value(metric.name)


def _windowed(call: Call, scope: Scope) -> Windowed | None:
    over, window = call.arguments
    is_sum = call.function == "sum"
    metric = _amount(over, scope) if is_sum else read_instant(over, call.function, scope)
    width = scope.window(window, Form.AMOUNT if is_sum else Form.INSTANT)
    return Windowed(call.function, metric.name, width) if metric and width else None


def _amount(node: Node, scope: Scope) -> Metric | None:
    metric = scope.metric(node)
    if metric is None or metric.form is Form.AMOUNT:
        return metric
    message = words(
        "`sum` does not fit `{name}`, which is an {form} metric", name=metric.name, form=metric.form
    )
    others = either(name for name in WINDOWED if name != "sum")
    scope.refuse(node, "E204", message, words("use {others}", others=others))
    return None


def _counted(call: Call, scope: Scope) -> Counted | None:
    condition = read_bare(call.arguments[0], "count", scope)
    width = scope.window(call.arguments[1])
    return Counted(condition, width) if condition and width else None


def _baseline(call: Call, scope: Scope) -> Baseline | None:
    metric = read_instant(call.arguments[0], "baseline", scope)
    width = scope.duration(call.arguments[1])
    if width is not None and (width % HOUR or width < 2 * HOUR):
        advice = words("write whole hours, at least 2h")
        scope.refuse(call.arguments[1], "E206", words("a baseline is made of hourly means"), advice)
        width = None
    given = call.keywords.get("default")
    if given is None:
        message = words("`baseline` needs the value that stands until half of its window is known")
        unit = metric.unit if metric else ""
        advice = words(
            "write {form}", form=SIGNATURES["baseline"].form.replace("value", f"100 {unit}".rstrip())
        )
        scope.refuse(call.arguments[1], "E210", message, advice)
        return None
    default = _default(given, metric, scope) if metric else None
    if metric is None or width is None or default is None:
        return None
    return Baseline(metric.name, width, default, metric.unit)


def _default(node: Node, metric: Metric, scope: Scope) -> Decimal | None:
    measure = Measure(metric.unit, mass=metric.molar_mass, resolution=metric.resolution)
    constant = read_constant(node, Beside(measure, metric.name), scope) if is_constant(node) else None
    if isinstance(constant, Literal):
        return constant.value
    if constant is not None or not is_constant(node):
        advice = words("write a number and its unit") if metric.unit else words("write a number")
        scope.refuse(node, "E210", words("`{text}` is no default", text=scope.written(node)), advice)
    return None


def _forecast(call: Call, scope: Scope) -> Forecast | None:
    metric = read_instant(call.arguments[0], "forecast", scope)
    horizon = scope.duration(call.arguments[1], FARTHEST)
    return Forecast(metric.name, horizon) if metric and horizon else None


def _eta(call: Call, scope: Scope) -> Eta | None:
    first, second = call.arguments
    metric = read_instant(first, "eta", scope)
    if not is_constant(second):
        advice = words("write a value with its unit, or site.<parameter>")
        scope.refuse(second, "E210", words("`{second}` is no level", second=scope.written(second)), advice)
        return None
    if metric is None:
        return None
    level = read_constant(second, beside(Value(metric.name), first, scope), scope)
    return Eta(metric.name, level) if level else None


def _age(call: Call, scope: Scope) -> Age | None:
    if not call.arguments:
        return Age(None)
    metric = scope.metric(call.arguments[0])
    return Age(metric.name) if metric else None


_READERS: dict[str, Callable[[Call, Scope], Operand | None]] = {
    "age": _age,
    "baseline": _baseline,
    "count": _counted,
    "eta": _eta,
    "forecast": _forecast,
}
