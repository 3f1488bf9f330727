"""Left-hand sides of comparisons: a metric, or a function of a metric over a window."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingest.clock import DAY
from ingest.document.source_text import did_you_mean
from ingest.duration import DurationError, format_duration, parse_duration
from ingest.kinds import Form, Kind, Metric
from rules.language.parsing import FUNCTIONS, Node, Problem, branches, unknown_function, word
from rules.language.tree import Operand, Value, Windowed

LONGEST = 31 * DAY
_FORMS = {"sum": Form.AMOUNT, "max": Form.INSTANT, "rise": Form.INSTANT}
_SUSTAINED = "write sustained(metric >= threshold, duration)"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in one condition mean, and what has been found wrong with it so far.

    `parameters` maps the site parameters of the kind's sensors to the units they are given in; None when the
    sensors are not known.
    """

    text: str
    kind: Kind
    parameters: Mapping[str, frozenset[str]] | None
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, node: Node, code: str, message: str, suggestion: str = "") -> None:
        """Note what is wrong with `node`."""
        self.refuse_at(node.meta.start_pos, code, message, suggestion)

    def refuse_at(self, offset: int, code: str, message: str, suggestion: str = "") -> None:
        """Note what is wrong with the character at `offset`."""
        self.problems.append(Problem(offset, code, message, suggestion))

    def written(self, node: Node) -> str:
        """The text of `node`."""
        return self.text[node.meta.start_pos : node.meta.end_pos]

    def metric(self, operand: Operand) -> Metric:
        """The metric of an operand that has been read."""
        return self.kind.metrics[operand.metric]


def read_operand(node: Node, scope: Scope) -> Operand | None:
    """The operand at a `name` or `call`; None after a problem."""
    if node.data == "name":
        return _value(node, scope)
    function = str(word(node))
    if function not in FUNCTIONS:
        scope.problems.append(unknown_function(function, node.meta.start_pos))
        return None
    if function == "sustained":
        scope.refuse(node, "E210", "`sustained` is a condition, not a value", _SUSTAINED)
        return None
    return _windowed(node, function, scope)


def read_duration(node: Node, scope: Scope) -> int | None:
    """Milliseconds, more than 0 and at most LONGEST; None after a problem."""
    if node.data != "quantity":
        advice = "write a number and a unit: 90s, 5min, 3h"
        scope.refuse(node, "E206", f"`{scope.written(node)}` is no duration", advice)
        return None
    try:
        duration = parse_duration(str(word(node)))
    except DurationError as error:
        scope.refuse(node, "E206", str(error), error.suggestion)
        return None
    if 0 < duration <= LONGEST:
        return duration
    limits = f"write more than 0s and at most {format_duration(LONGEST)}"
    scope.refuse(node, "E206", f"`{scope.written(node)}` cannot be kept", limits)
    return None


def has_arguments(node: Node, form: str, scope: Scope) -> bool:
    """Whether the call has two arguments; `form` says what they are."""
    given = len(branches(node))
    if given != 2:
        scope.refuse(node, "E210", f"`{word(node)}` takes 2 arguments, not {given}", f"write {form}")
    return given == 2


def _value(node: Node, scope: Scope) -> Value | None:
    metric = _metric(node, scope)
    if metric is None:
        return None
    if metric.form is Form.AMOUNT:
        message = f"what one report of `{metric.name}` holds depends on its period"
        scope.refuse(node, "E204", message, f"write sum({metric.name}, 1h)")
    return Value(metric.name)


def _windowed(node: Node, function: str, scope: Scope) -> Windowed | None:
    if not has_arguments(node, f"{function}(metric, window)", scope):
        return None
    over, window = branches(node)
    metric = _function_metric(over, function, scope)
    width = read_duration(window, scope)
    return Windowed(function, metric.name, width) if metric and width else None


def _function_metric(node: Node, function: str, scope: Scope) -> Metric | None:
    if node.data != "name":
        message = f"`{function}` takes a metric, not `{scope.written(node)}`"
        scope.refuse(node, "E204", message, did_you_mean("", scope.kind.metrics))
        return None
    metric = _metric(node, scope)
    if metric is None or metric.form is _FORMS[function]:
        return metric
    others = " or ".join(name for name, form in _FORMS.items() if form is metric.form)
    message = f"`{function}` does not fit `{metric.name}`, which is an {metric.form} metric"
    scope.refuse(node, "E204", message, f"use {others}")
    return None


def _metric(node: Node, scope: Scope) -> Metric | None:
    """A metric of the kind that rules may see; counters are for decoding only (D23)."""
    name = str(word(node))
    metric = scope.kind.metrics.get(name)
    if metric is None:
        message = f"`{name}` is not a metric of {scope.kind.name}"
        scope.refuse(node, "E203", message, did_you_mean(name, scope.kind.metrics))
    elif metric.form is Form.COUNTER:
        advice = f"use {metric.feeds}" if metric.feeds else ""
        scope.refuse(node, "E204", f"`{name}` is a counter; rules see what it feeds", advice)
        return None
    return metric
