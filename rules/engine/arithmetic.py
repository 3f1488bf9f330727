"""Formulas: exactly for one sensor, and as bounds in floats for many at once."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from rules.engine.nodes import Constant, Formula, Part, Term, exact_at, near
from rules.engine.ring import Slots
from rules.engine.verdict import Measured

Floats: TypeAlias = npt.NDArray[np.float64]
# Integers, or floats where a little is added on either side.
Numbers: TypeAlias = npt.NDArray[Any]
Truth: TypeAlias = npt.NDArray[np.bool_]
# Bounds in floats are this much wider than the numbers: far more than what is lost to rounding.
SLACK = 1e-12


def calculated(part: Part, slot: int, measure: Callable[[Term], Measured]) -> Measured:
    """The value of a formula for one sensor, in its unit; its coverage is that of its thinnest window."""
    match part:
        case Constant(value):
            return Measured(exact_at(value, slot))
        case Formula(operator, left, right):
            one, other = calculated(left, slot, measure), calculated(right, slot, measure)
            return _joined(operator, one, other)
        case Term():
            found = measure(part)
            return found if found.value is None else found._replace(value=found.value * part.resolution)


def _joined(operator: str, one: Measured, other: Measured) -> Measured:
    value, undefined = None, one.undefined or other.undefined
    if one.value is not None and other.value is not None:
        value = _step(operator, Fraction(one.value), Fraction(other.value))
        undefined = value is None
    thinner = min((one, other), key=_share)
    suspect = one.suspect or other.suspect
    return Measured(value, thinner.covered, thinner.width, suspect, undefined=undefined)


def _share(measured: Measured) -> Fraction:
    if measured.covered is None:
        return Fraction(2)
    return Fraction(measured.covered, measured.width) if measured.width else Fraction(-1)


def _step(operator: str, one: Fraction, other: Fraction) -> Fraction | None:
    match operator:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
    return one / other if other else None


class Range(NamedTuple):
    """Between which numbers a left side lies, for each of some sensors; `known` where it has a value."""

    low: Numbers
    high: Numbers
    known: Truth | None


def ranged(part: Part, slots: Slots, ranges: Callable[[Term], Range]) -> Range:
    """Bounds of a formula in its unit. A quotient whose divisor may be 0 can be anything."""
    match part:
        case Constant(value):
            constant = np.broadcast_to(np.asarray(near(value, slots)), slots.shape)
            return _widened(Range(constant, constant, ~np.isnan(constant)))
        case Formula(operator, left, right):
            one, other = ranged(left, slots, ranges), ranged(right, slots, ranges)
            known = _both(one.known, other.known)
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                return Range(*_interval(operator, one, other), known)
        case Term():
            found, scale = ranges(part), float(part.resolution)
            return _widened(Range(found.low * scale, found.high * scale, found.known))


def _widened(found: Range) -> Range:
    low, high = found.low.astype(np.float64), found.high.astype(np.float64)
    return Range(low - np.abs(low) * SLACK, high + np.abs(high) * SLACK, found.known)


def _both(one: Truth | None, other: Truth | None) -> Truth | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _interval(operator: str, one: Range, other: Range) -> tuple[Floats, Floats]:
    a, b, c, d = (side.astype(np.float64) for side in (one.low, one.high, other.low, other.high))
    match operator:
        case "+":
            return a + c, b + d
        case "-":
            return a - d, b - c
        case "*":
            corners = np.stack([a * c, a * d, b * c, b * d])
        case _:
            corners = np.stack([a / c, a / d, b / c, b / d])
            through_zero = (c <= 0) & (d >= 0)
            corners[0][through_zero], corners[1][through_zero] = -np.inf, np.inf
    return np.min(corners, axis=0), np.max(corners, axis=0)
