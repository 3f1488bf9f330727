"""The values that a threshold is tried with: as asked for, or around the one in force."""

import re
from decimal import Decimal

from ingest.finding import words
from rules.language.printed import plain_number
from tocsin.tuning.threshold import Threshold

MOST = 200
# Of the number in force, from half of it to one and a half.
_TENTHS = range(5, 16)
_NUMBER = r"-?\d{1,15}(?:\.\d{1,15})?"
_RANGE = re.compile(
    rf"({_NUMBER})\s*(?:\.\.|…|至)\s*({_NUMBER})\s*(?:step|步长)\s*({_NUMBER})\s*(.*)", re.DOTALL
)
_ITEM = re.compile(rf"({_NUMBER})\s*(.*)", re.DOTALL)


class UnreadableValues(Exception):
    """What is wrong with the text of the values, and how to write it."""


def asked_for(text: str, threshold: Threshold) -> list[Decimal]:
    """`300..600 step 50 mA` or `300, 350, 400 mA`, in order, without repetition.

    The unit may be left out; it is that of the rule. Raises UnreadableValues.
    """
    match = _RANGE.fullmatch(text.strip())
    found = _listed(text, threshold) if match is None else _range(match, threshold)
    _check_number(len(found))
    return sorted(set(found))


def around(threshold: Threshold, base: Decimal) -> list[Decimal]:
    """Eleven values from 50 % to 150 % of the number in force.

    Of a number that is added to a site parameter, from a quarter of `base` below it to a quarter above; that
    is the parameter where it is least. Some may be finer than the metric is measured.
    """
    if not threshold.site:
        return sorted(threshold.number * tenths / 10 for tenths in _TENTHS)
    step = _round(abs(base) / 20)
    return [threshold.number + step * count for count in range(-5, 6)]


def _round(value: Decimal) -> Decimal:
    """To one digit; 1 for nothing."""
    return value.quantize(Decimal(1).scaleb(value.adjusted())) if value else Decimal(1)


def _range(match: re.Match[str], threshold: Threshold) -> list[Decimal]:
    first, last, step = (Decimal(match[group]) for group in (1, 2, 3))
    _check_unit(match[4], threshold)
    if step <= 0 or last < first:
        raise UnreadableValues(
            words("{text}: write the smaller number first, and a step above 0", text=match[0])
        )
    count = int((last - first) / step) + 1
    _check_number(count)
    return [first + step * index for index in range(count)]


def _listed(text: str, threshold: Threshold) -> list[Decimal]:
    found = []
    for part in re.split(r"[,，]", text):
        match = _ITEM.fullmatch(part.strip())
        if match is None:
            raise UnreadableValues(
                words(
                    "{text}: `{part}` is no value; write `300..600 step 50 {unit}` or `300,350,400 {unit}`",
                    text=text,
                    part=part.strip(),
                    unit=threshold.unit,
                )
            )
        _check_unit(match[2], threshold)
        found.append(Decimal(match[1]))
    return found


def _check_number(count: int) -> None:
    if count > MOST:
        raise UnreadableValues(
            words(
                "{count} values; at most {most} are tried at once: take a larger step", count=count, most=MOST
            )
        )


def _check_unit(unit: str, threshold: Threshold) -> None:
    if unit.strip() and "".join(unit.split()) != "".join(threshold.unit.split()):
        written = f"{plain_number(threshold.number)} {threshold.unit}".strip()
        raise UnreadableValues(
            words(
                "`{unit}` is not the unit of the rule, which says `{written}`",
                unit=unit.strip(),
                written=written,
            )
        )
