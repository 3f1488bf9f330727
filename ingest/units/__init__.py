"""Exact conversions between units; used when files are loaded and formats are set up, never per reading.

`canonical`, `UnitError` and the vocabulary are those of `ingest.units.table`.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Final

import pint

from ingest.finding import words
from ingest.units.table import DEFINITIONS, UnitError, canonical, unit_expression

__all__ = ["Conversion", "UnitError", "canonical", "conversion", "convert", "linear", "parse"]

# Units remembered; devices may name as many as they like.
MOST: Final = 4_096
# Litres per mole at 25 degC and 101.325 kPa, so 1 ppm is molar_mass / 24.45 mg/m3.
MOLAR_VOLUME: Final = Fraction("24.45")
FACTOR: Final = re.compile(r"([*/]?)([A-Za-z]+_?)([23]?)")
EXPONENT: Final = re.compile(r"(?<=[A-Za-z_])([23])")


@dataclass(frozen=True, slots=True)
class Conversion:
    """`value * scale + offset`, exactly."""

    scale: Fraction
    offset: Fraction = Fraction(0)

    def __call__(self, value: Decimal) -> Decimal:
        """The converted value; exact where decimals can hold it, else to 28 digits."""
        result = Fraction(value) * self.scale + self.offset
        return Decimal(result.numerator) / Decimal(result.denominator)


@lru_cache(MOST)
def conversion(
    from_unit: str, to_unit: str, molar_mass: Decimal | None = None, *, difference: bool = False
) -> Conversion:
    """How a value in `from_unit` becomes one in `to_unit`.

    `molar_mass` in g/mol lets ppm and mg/m3 convert into each other; with `difference` both are
    differences of temperature (or of anything): 10 degC is 10 K. Raises UnitError.
    """
    sizes = _dimension(from_unit), _dimension(to_unit)
    # Before anything is parsed, which takes a hundred times as long: devices may invent a product a message.
    if sizes[0] != sizes[1] and set(sizes) != {_dimension("ppm"), _dimension("mg/m3")}:
        raise _misfit(from_unit, to_unit)
    source, target = parse(from_unit), parse(to_unit)
    if source == target:
        return Conversion(Fraction(1))
    if source.dimensionality == target.dimensionality:
        return linear(source, target, difference)
    ppm, density = parse("ppm"), parse("mg/m3")
    match (source.dimensionality, target.dimensionality):
        case (ppm.dimensionality, density.dimensionality):
            mass = _molar_mass(from_unit, to_unit, molar_mass)
            return _scaled(linear(source, ppm), mass / MOLAR_VOLUME, linear(density, target))
        case (density.dimensionality, ppm.dimensionality):
            mass = _molar_mass(from_unit, to_unit, molar_mass)
            return _scaled(linear(source, density), MOLAR_VOLUME / mass, linear(ppm, target))
    raise _misfit(from_unit, to_unit)


def convert(
    value: Decimal,
    from_unit: str,
    to_unit: str,
    molar_mass: Decimal | None = None,
    *,
    difference: bool = False,
) -> Decimal:
    """`value` in `to_unit`; see `conversion`. Raises UnitError."""
    return conversion(from_unit, to_unit, molar_mass, difference=difference)(value)


@cache
def _registry() -> "pint.UnitRegistry[Fraction]":
    registry: pint.UnitRegistry[Fraction] = pint.UnitRegistry(None, non_int_type=Fraction)
    for line in DEFINITIONS:
        registry.define(line)
    return registry


@cache
def _named(name: str) -> dict[str, int]:
    """The base dimensions of a name of DEFINITIONS; all have whole powers."""
    found = _registry().parse_units(name).dimensionality
    return {base: int(power) for base, power in found.items()}  # type: ignore[arg-type]


@lru_cache(MOST)
def _dimension(unit: str) -> frozenset[tuple[str, int]]:
    """Of what it is a measure, as powers of base dimensions. Raises UnitError."""
    powers: defaultdict[str, int] = defaultdict(int)
    for divided, name, power in FACTOR.findall(unit_expression(unit)):
        times = int(power or 1) * (-1 if divided == "/" else 1)
        for base, exponent in _named(name).items():
            powers[base] += times * exponent
    return frozenset([power for power in powers.items() if power[1]])


@lru_cache(MOST)
def parse(unit: str) -> pint.Unit:
    """The unit for calculations. Raises UnitError."""
    return _registry().parse_units(EXPONENT.sub(r"**\1", unit_expression(unit)))


def linear(source: pint.Unit, target: pint.Unit, difference: bool = False) -> Conversion:
    """How values convert between two units of one dimension."""
    quantity = _registry().Quantity
    zero = Fraction(quantity(Fraction(0), source).to(target).magnitude)
    one = Fraction(quantity(Fraction(1), source).to(target).magnitude)
    return Conversion(one - zero) if difference else Conversion(one - zero, zero)


def _scaled(before: Conversion, factor: Fraction, after: Conversion) -> Conversion:
    return Conversion(before.scale * factor * after.scale)


def _molar_mass(from_unit: str, to_unit: str, molar_mass: Decimal | None) -> Fraction:
    if molar_mass is None:
        message = words(
            "{from_unit} to {to_unit} needs the molar mass of the gas", from_unit=from_unit, to_unit=to_unit
        )
        raise UnitError(message, words("give the metric a molar_mass in kinds.yaml"))
    return Fraction(molar_mass)


def _misfit(from_unit: str, to_unit: str) -> UnitError:
    source, target = canonical(from_unit), canonical(to_unit)
    suggestion = (
        words("did you mean {near}?", near=target) if target else words("write the number without a unit")
    )
    return UnitError(
        words(
            "{source} does not convert to {target}",
            source=source or words("a bare number"),
            target=target or words("a count"),
        ),
        suggestion,
    )
