"""Right-hand sides of comparisons: literals made exact in the metric's unit, and site parameters."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

from ingest.document.source_text import did_you_mean
from ingest.kinds import Kind, Metric
from ingest.units import Conversion, UnitError, conversion
from rules.language.printed import plain_number, printed, quantity
from rules.language.tree import Comparison, Literal, Operand, SiteParameter, Value, Windowed

LONGEST_NUMBER = 16
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_OPPOSITE = {"<": ">=", "<=": ">", "!=": "=="}


class ThresholdError(Exception):
    """A right-hand side that cannot stand beside its operand."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestion = suggestion


def read_literal(text: str, operand: Operand, metric: Metric) -> Literal:
    """The number and unit in `text` as a threshold in the metric's unit; ThresholdError if it cannot be.

    In a unit that differs by more than a power of ten (ppm, degF, ft) the value is rounded to the resolution,
    as a reading in that unit is; otherwise a value finer than the resolution is refused.
    """
    number, unit = split_quantity(text)
    if not unit:
        return Literal(_on_the_grid(_bare(number, metric), metric), metric.unit)
    by = _literal_conversion(metric, unit, operand)
    value = by(number)
    if not _moves_the_point(by):
        value = _nearest(value, metric)
    return Literal(_on_the_grid(value, metric), metric.unit)


def split_quantity(text: str) -> tuple[Decimal, str]:
    """`20 %` as (20, "%"); the unit may be absent. ThresholdError if no number comes first."""
    match = _NUMBER.match(text)
    if match is None:
        raise ThresholdError("E205", f"`{text}` does not start with a number")
    if len(match[0]) > LONGEST_NUMBER:
        raise ThresholdError(
            "E208", f"`{match[0]}` has more than {LONGEST_NUMBER} digits", "use fewer digits"
        )
    # Adding zero makes -0 a 0: equal thresholds have one text.
    return Decimal(match[0]) + 0, _unit(text[match.end() :].strip())


def _unit(text: str) -> str:
    """The one spelling that `ingest.units` reads: `% LEL` closed up, `/s` as `1/s`."""
    return "1" + text if text.startswith("/") else "".join(text.split()) if text.startswith("%") else text


def check_site(
    parameter: SiteParameter,
    known: Mapping[str, frozenset[str]],
    kind: str,
    operand: Operand,
    metric: Metric,
) -> None:
    """ThresholdError unless a sensor of the kind has the parameter, and each in a unit that converts.

    `known` maps the parameters of the kind's sensors to the units they are given in.
    """
    if parameter.name not in known:
        message = f"no {kind} sensor has the site parameter `{parameter.name}`"
        raise ThresholdError("E209", message, did_you_mean(parameter.name, known))
    for unit in sorted(known[parameter.name]):
        try:
            _to_metric(metric, unit, operand)
        except UnitError as error:
            message = f"`site.{parameter.name}` beside `{metric.name}`: {error}"
            raise ThresholdError("E209", message, "correct it in the file of sensors") from error


def threshold_of(
    comparison: Comparison, kind: Kind, site: Mapping[str, tuple[Decimal, str]]
) -> Decimal | None:
    """The threshold for one sensor, in the metric's unit; None when its site lacks the parameter.

    Raises UnitError for a parameter in a unit that does not convert.
    """
    if isinstance(comparison.right, Literal):
        return comparison.right.value
    if comparison.right.name not in site:
        return None
    value, unit = site[comparison.right.name]
    return _to_metric(kind.metrics[comparison.left.metric], unit, comparison.left)(value)


def check_doubt(comparison: Comparison, metric: Metric) -> None:
    """ThresholdError when the literal makes the comparison true, or false, for every plausible value."""
    if not isinstance(comparison.right, Literal):
        return
    low, high = _bounds(comparison.left, metric)
    always = _constant(comparison.operator, comparison.right.value, low, high)
    if always is None:
        return
    text = printed(comparison)
    span = f"{plain_number(low)} and more" if high is None else f"{plain_number(low)} to {plain_number(high)}"
    raise ThresholdError(
        "E207",
        f"`{text}` is always {'true' if always else 'false'}: plausible is {span} {metric.unit}".rstrip(),
        "check the number and its unit; the plausible range stands in the file of kinds",
    )


def is_difference(operand: Operand) -> bool:
    """Whether the operand is a difference of two values, so that 10 degC beside it means 10 K."""
    return isinstance(operand, Windowed) and operand.function == "rise"


def _bare(number: Decimal, metric: Metric) -> Decimal:
    if metric.unit:
        advice = f"write `{quantity(number, metric.unit)}`"
        raise ThresholdError("E205", f"`{plain_number(number)}` has no unit", advice)
    return number


def _literal_conversion(metric: Metric, unit: str, operand: Operand) -> Conversion:
    try:
        return _to_metric(metric, unit, operand)
    except UnitError as error:
        listed = error.suggestion.startswith("known:") and metric.unit
        advice = f"write it in {metric.unit}" if listed else error.suggestion
        raise ThresholdError("E205", f"`{metric.name}`: {error}", advice) from error


def _to_metric(metric: Metric, unit: str, operand: Operand) -> Conversion:
    return conversion(unit, metric.unit, metric.molar_mass, difference=is_difference(operand))


def _moves_the_point(by: Conversion) -> bool:
    """Whether the factor is a power of ten: the digits stay as written."""
    return str(by.scale.numerator * by.scale.denominator).rstrip("0") == "1"


def _nearest(value: Decimal, metric: Metric) -> Decimal:
    return (value / metric.resolution).quantize(Decimal(1), ROUND_HALF_EVEN) * metric.resolution


def _on_the_grid(value: Decimal, metric: Metric) -> Decimal:
    if value % metric.resolution == 0:
        return value
    below = value // metric.resolution * metric.resolution
    above = below + metric.resolution
    raise ThresholdError(
        "E208",
        f"{quantity(value, metric.unit)} is finer than `{metric.name}` is measured, "
        f"{quantity(metric.resolution, metric.unit)}",
        f"write `{quantity(below, metric.unit)}` or `{quantity(above, metric.unit)}`",
    )


def _bounds(operand: Operand, metric: Metric) -> tuple[Decimal, Decimal | None]:
    """The least and the greatest plausible value; a sum has no greatest one."""
    if isinstance(operand, Value) or operand.function == "max":
        return metric.low, metric.high
    if is_difference(operand):
        return Decimal(0), metric.high - metric.low
    return min(metric.low, Decimal(0)), None


def _constant(operator: str, threshold: Decimal, low: Decimal, high: Decimal | None) -> bool | None:
    """The comparison's one result over `low`..`high`, None when it can be both."""
    if operator in _OPPOSITE:
        opposite = _constant(_OPPOSITE[operator], threshold, low, high)
        return None if opposite is None else not opposite
    if operator == "==":
        return None if threshold >= low and (high is None or threshold <= high) else False
    if threshold < low or (operator == ">=" and threshold == low):
        return True
    if high is not None and (threshold > high or (operator == ">" and threshold == high)):
        return False
    return None
