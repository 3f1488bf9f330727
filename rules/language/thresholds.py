"""Right-hand sides as numbers: literals made exact in the unit they stand beside, constants of one site."""

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TypeAlias

from ingest.finding import words, words_of
from ingest.kinds import Kind
from ingest.units import Conversion, UnitError, canonical, conversion
from rules.language.measures import LEVEL, Measure, measure_of
from rules.language.printed import plain_number, quantity
from rules.language.tree import (
    Arithmetic,
    Comparison,
    Eta,
    Expression,
    Literal,
    Operand,
    SiteParameter,
    Threshold,
    Value,
)

Site: TypeAlias = Mapping[str, tuple[Decimal, str]]
MOST_DIGITS = 15
LONGEST_NUMBER = 32
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
# What no decimal of MOST_DIGITS holds is rounded to so many digits, so that its text is read back as it is.
_ROUNDED = Context(prec=12)


class ThresholdError(Exception):
    """A right-hand side that cannot stand beside its operand."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.suggestion = suggestion


def read_literal(text: str, beside: Measure, name: str, misfit: str = "E205") -> Literal:
    """The number and unit in `text` as a constant in the unit of `beside`; ThresholdError if it cannot be.

    In a unit that differs by more than a power of ten (ppm, degF, ft) the value is rounded to the resolution,
    as a reading in that unit is; otherwise a value finer than the resolution is refused. Computed values have
    no resolution here. For the messages: `name` is what the literal stands beside, `misfit` the code for a
    unit of another dimension.
    """
    number, unit = split_quantity(text)
    if not unit:
        return Literal(_on_the_grid(_bare(number, beside), beside, name), beside.unit)
    by = _literal_conversion(unit, beside, name, misfit)
    value = by(number)
    if beside.resolution is None:
        return Literal(_written(value), beside.unit)
    if not _moves_the_point(by):
        value = _nearest(value, beside.resolution)
    return Literal(_on_the_grid(value, beside, name), beside.unit)


def split_quantity(text: str) -> tuple[Decimal, str]:
    """`20 %` as (20, "%"); the unit may be absent. ThresholdError if no number comes first."""
    match = _NUMBER.match(text)
    if match is None:
        raise ThresholdError("E205", words("`{text}` does not start with a number", text=text))
    # Adding zero makes -0 a 0: equal thresholds have one text.
    number = Decimal(match[0]) + 0 if len(match[0]) <= LONGEST_NUMBER else None
    if number is None or len(number.as_tuple().digits) > MOST_DIGITS:
        raise ThresholdError(
            "E208",
            words("`{number}` has more than {most} digits", number=match[0], most=MOST_DIGITS),
            words("use fewer digits"),
        )
    return number, _unit(text[match.end() :].strip())


def written_unit(text: str) -> str:
    """The unit in the text of a quantity, whatever its number."""
    return _unit(_NUMBER.sub("", text, count=1).strip())


def _unit(text: str) -> str:
    """The one spelling that `ingest.units` reads: `% LEL` closed up, `/s` as `1/s`."""
    return "1" + text if text.startswith("/") else "".join(text.split()) if text.startswith("%") else text


def threshold_of(comparison: Comparison, kind: Kind | None, site: Site) -> Decimal | None:
    """The right side for one sensor, in the unit of the left; ms beside `eta` and `age`.

    None when its site lacks a parameter or the arithmetic divides by zero, and for `3 reports`, which is a
    matter of the sensor's interval. Raises UnitError for a parameter in a unit that does not convert.
    """
    measure, right = measure_of(comparison.left, kind), comparison.right
    if isinstance(right, SiteParameter):
        return _at_site(right, site, measure.mass, measure.difference)
    return constant_of(right, comparison.left, kind, site)


def constant_of(
    constant: Threshold, left: Operand | Arithmetic, kind: Kind | None, site: Site
) -> Decimal | None:
    """A constant of the arithmetic in or beside `left`, for one sensor; None as in `threshold_of`."""
    mass = measure_of(left, kind).mass

    def parameter(of: SiteParameter) -> Fraction | None:
        found = _at_site(of, site, mass, difference=of.unit != LEVEL)
        return None if found is None else Fraction(found)

    value = exact(constant, parameter)
    return None if value is None else Decimal(value.numerator) / Decimal(value.denominator)


def level_of(eta: Eta, kind: Kind | None, site: Site) -> Decimal | None:
    """The level that `eta` waits for at one sensor, in the unit of the metric; None as in `threshold_of`."""
    return threshold_of(Comparison(Value(eta.metric), ">=", eta.level), kind, site)


def exact(constant: Expression, parameter: Callable[[SiteParameter], Fraction | None]) -> Fraction | None:
    """The number of a constant; None where `parameter` knows none, for a division by zero, and else."""
    match constant:
        case Literal(value):
            return Fraction(value)
        case SiteParameter():
            return parameter(constant)
        case Arithmetic(operator, left, right):
            one, other = exact(left, parameter), exact(right, parameter)
            if one is None or other is None or (operator == "/" and not other):
                return None
            return _CALCULATE[operator](one, other)
    return None


_CALCULATE: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
}


def literal_value(constant: Expression) -> Decimal | None:
    """The number of a constant that is the same for all subjects."""
    value = exact(constant, lambda _: None)
    return None if value is None else Decimal(value.numerator) / Decimal(value.denominator)


def _at_site(parameter: SiteParameter, site: Site, mass: Decimal | None, difference: bool) -> Decimal | None:
    if parameter.name not in site:
        return None
    value, unit = site[parameter.name]
    return conversion(unit, parameter.unit, mass, difference=difference)(value)


def _bare(number: Decimal, beside: Measure) -> Decimal:
    if beside.unit:
        advice = words("write `{text}`", text=quantity(number, beside.unit))
        raise ThresholdError("E205", words("`{number}` has no unit", number=plain_number(number)), advice)
    return number


def _literal_conversion(unit: str, beside: Measure, name: str, misfit: str) -> Conversion:
    code = "E205"
    try:
        canonical(unit)
        code = misfit
        return conversion(unit, beside.unit, beside.mass, difference=beside.difference)
    except UnitError as error:
        listed = error.suggestion.startswith("known:") and beside.unit
        advice = words("write it in {unit}", unit=beside.unit) if listed else error.suggestion
        raise ThresholdError(
            code, words("`{name}`: {problem}", name=name, problem=words_of(error)), advice
        ) from error


def _written(value: Decimal) -> Decimal:
    """`value` with as many digits as a text may have."""
    return value if len(value.as_tuple().digits) <= MOST_DIGITS else _ROUNDED.plus(value)


def _moves_the_point(by: Conversion) -> bool:
    """Whether the factor is a power of ten: the digits stay as written."""
    return str(by.scale.numerator * by.scale.denominator).rstrip("0") == "1"


def _nearest(value: Decimal, resolution: Decimal) -> Decimal:
    return (value / resolution).quantize(Decimal(1), ROUND_HALF_EVEN) * resolution


def _on_the_grid(value: Decimal, beside: Measure, name: str) -> Decimal:
    resolution = beside.resolution
    if resolution is None or value % resolution == 0:
        return value
    below = value // resolution * resolution
    if value < 0:
        below -= resolution
    raise ThresholdError(
        "E208",
        words(
            "{value} is finer than `{name}` is measured, {resolution}",
            value=quantity(value, beside.unit),
            name=name,
            resolution=quantity(resolution, beside.unit),
        ),
        words(
            "write `{below}` or `{above}`",
            below=quantity(below, beside.unit),
            above=quantity(below + resolution, beside.unit),
        ),
    )
