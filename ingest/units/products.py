"""Units of products and quotients in the spelling of `ingest.units`: V and A make W, A and h make A·h."""

from collections.abc import Iterator
from functools import cache
from typing import Final

import pint

from ingest.finding import words
from ingest.units import UnitError, linear, parse
from ingest.units.table import KNOWN, SPELLED

# Units that start at an arbitrary zero name differences in a product: 5 degC/h is 5 K/h.
DIFFERENCES: Final = {"degC": "K"}
NAMED: Final = ("", *(name for name in KNOWN if name.isalpha() and not name.startswith("deg")))


@cache
def combined(one: str, operator: str, other: str) -> str:
    """The unit of `one * other` or `one / other`, such that plain numbers give the result.

    "" where nothing is left, one name where one means exactly that, else factors joined by `·` and `/`.
    Raises UnitError for what the vocabulary cannot spell.
    """
    first, second = (parse(DIFFERENCES.get(unit, unit)) for unit in (one, other))
    unit = first * second if operator == "*" else first / second
    text = next(_same(unit), None)
    if text is None:
        text = _spelled(unit)
    if not _equal(parse(text), unit):
        raise UnitError(
            words(
                "{one} {operator} {other} is no unit that can be written",
                one=one,
                operator=operator,
                other=other,
            )
        )
    return text


def _same(unit: pint.Unit) -> Iterator[str]:
    """The single names that mean exactly this unit, "" first."""
    return (name for name in NAMED if _equal(parse(name), unit))


def _equal(one: pint.Unit, other: pint.Unit) -> bool:
    return one.dimensionality == other.dimensionality and linear(other, one, difference=True).scale == 1


def _spelled(unit: pint.Unit) -> str:
    """Factors in the order of the alphabet, those of the denominator each behind its own `/`."""
    factors = sorted((_name(name), int(str(power))) for name, power in unit._units.items())
    above = "·".join(name + _exponent(power) for name, power in factors if power > 0)
    below = "".join(f"/{name}{_exponent(-power)}" for name, power in factors if power < 0)
    return (above or "1") + below


def _name(name: str) -> str:
    plain = name.removeprefix("delta_")
    return SPELLED.get(plain, DIFFERENCES.get(plain, plain))


def _exponent(power: int) -> str:
    return "" if power == 1 else str(power)
