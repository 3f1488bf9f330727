"""Whether two operands can be calculated with, and the unit of the result.

Temperatures are levels in degC, or differences in K; a level has no zero to multiply or to count from.
"""

from decimal import Decimal

from ingest.finding import both, words, words_of
from ingest.kinds import Kind
from ingest.units import UnitError, conversion
from ingest.units.products import combined
from rules.language.measures import DIFFERENCE, LEVEL, Measure, measure_of
from rules.language.thresholds import ThresholdError, literal_value
from rules.language.tree import Arithmetic, Expression, Literal, Reports, SiteParameter

_FAHRENHEIT = "degF"


def calculated(left: Expression, operator: str, right: Expression, kind: Kind | None) -> Arithmetic:
    """`left operator right` with its unit; ThresholdError if the two do not fit."""
    one, other = measure_in(left, kind), measure_in(right, kind)
    if _FAHRENHEIT in (one.unit, other.unit):
        raise ThresholdError(
            "E211", words("degF is not calculated with"), words("write degC, or K for a difference")
        )
    if operator == "/" and literal_value(right) == 0:
        raise ThresholdError("E211", words("a division by zero"), words("divide by something else"))
    unit = _sum_unit(one, operator, other) if operator in "+-" else _product_unit(one, operator, other)
    return Arithmetic(operator, left, right, unit)


def negative(part: Expression, kind: Kind | None) -> Arithmetic:
    """`-part`; ThresholdError for a temperature."""
    unit = measure_in(part, kind).unit
    return calculated(Literal(Decimal(0), DIFFERENCE if unit == LEVEL else unit), "-", part, kind)


def measure_in(operand: Expression, kind: Kind | None) -> Measure:
    """The measure of an operand of arithmetic; a constant in degC is a level."""
    if isinstance(operand, Literal | SiteParameter):
        return Measure(operand.unit, operand.unit not in (LEVEL, _FAHRENHEIT))
    assert not isinstance(operand, Reports), "reports stand beside age only"
    return measure_of(operand, kind)


def same_size(one: str, other: str) -> bool:
    """Whether differences in the two units have the same number."""
    try:
        return conversion(one, other, difference=True).scale == 1
    except UnitError:
        return False


def _sum_unit(left: Measure, operator: str, right: Measure) -> str:
    if not same_size(left.unit, right.unit):
        units = both(measure.unit or words("a number without a unit") for measure in (left, right))
        raise ThresholdError(
            "E211",
            words("{units} do not add up", units=units)
            if operator == "+"
            else words("{units} do not subtract", units=units),
        )
    if right.level and (left.level == (operator == "+")):
        advice = words("two temperatures have a difference and no sum; a difference is written in K: 5 K")
        raise ThresholdError("E211", words("the temperatures do not fit"), advice)
    if left.level != right.level:
        return LEVEL
    return DIFFERENCE if left.unit == LEVEL else left.unit


def _product_unit(left: Measure, operator: str, right: Measure) -> str:
    if left.level or right.level:
        advice = words("take a difference first, for example (temperature - 0 degC)")
        raise ThresholdError("E211", words("a temperature has no zero to multiply from"), advice)
    try:
        return combined(left.unit, operator, right.unit)
    except UnitError as error:
        raise ThresholdError("E211", words_of(error)) from error
