"""Comparisons that leave no doubt: true, or false, for every plausible value."""

from decimal import Decimal

from ingest.finding import words
from ingest.kinds import Kind
from rules.language.measures import Bounds, bounds_of, measure_of
from rules.language.printed import plain_number, printed
from rules.language.thresholds import ThresholdError, literal_value
from rules.language.tree import Comparison

_OPPOSITE = {"<": ">=", "<=": ">", "!=": "=="}


def always(comparison: Comparison, kind: Kind | None, threshold: Decimal | None = None) -> bool | None:
    """The one result over the plausible values of the left side, None when it can be both or is not known.

    `threshold`, in the unit of the left side, stands in for the right one: a moved one, or that of one site.
    """
    limit = literal_value(comparison.right) if threshold is None else threshold
    return None if limit is None else _constant(comparison.operator, limit, bounds_of(comparison.left, kind))


def check_doubt(comparison: Comparison, kind: Kind | None) -> None:
    """ThresholdError when the comparison is true, or false, for every plausible value."""
    result = always(comparison, kind)
    if result is None:
        return
    low, high = (None if limit is None else plain_number(limit) for limit in bounds_of(comparison.left, kind))
    span = _span(low, high)
    if unit := measure_of(comparison.left, kind).unit:
        span = words("{span} {unit}", span=span, unit=unit)
    text = printed(comparison)
    raise ThresholdError(
        "E207",
        words("`{comparison}` is always true: plausible is {span}", comparison=text, span=span)
        if result
        else words("`{comparison}` is always false: plausible is {span}", comparison=text, span=span),
        words("check the number and its unit; the plausible range stands in the file of kinds"),
    )


def _span(low: str | None, high: str | None) -> str:
    if high is None:
        return words("{low} and more", low=low)
    return (
        words("{high} and less", high=high) if low is None else words("{low} to {high}", low=low, high=high)
    )


def _constant(operator: str, threshold: Decimal, bounds: Bounds) -> bool | None:
    low, high = bounds
    if operator in _OPPOSITE:
        opposite = _constant(_OPPOSITE[operator], threshold, bounds)
        return None if opposite is None else not opposite
    below = low is not None and threshold < low
    above = high is not None and threshold > high
    if operator == "==":
        return False if below or above else None
    if below or (operator == ">=" and threshold == low):
        return True
    if above or (operator == ">" and threshold == high):
        return False
    return None
