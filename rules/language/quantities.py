"""Numbers with units as text: exact as rules write them, rounded as measured ones are read."""

from decimal import Context, Decimal

from ingest.duration import LONGEST, MILLISECONDS, format_duration

# Of measured values, where there are more.
_DIGITS = 6
_DECIMALS = 6


def plain_number(value: Decimal) -> str:
    """`value` without exponent and without trailing zeros: 50, 0.15."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: Decimal, unit: str) -> str:
    """`50 mm`, `25 %LEL`, exactly; counts stand alone, times are durations: `90min`."""
    if unit == "ms" and value >= 0 and value == int(value):
        return format_duration(int(value))
    return f"{plain_number(value)} {unit}".rstrip()


def measured(value: Decimal, unit: str) -> str:
    """As `quantity`, calculated values with six digits and times with one decimal: `47.3min`, `never`."""
    if unit == "ms":
        return _time(value)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _DECIMALS:
        value = Context(prec=max(_DIGITS, value.adjusted() + 3)).plus(value)
    return quantity(value, unit)


def _time(value: Decimal) -> str:
    """`value` in ms; what is more than ten years off is what `eta` calls never."""
    if value > LONGEST:
        return "never"
    unit = next((unit for unit, length in MILLISECONDS.items() if value >= length), "s")
    return f"{plain_number(round(value / MILLISECONDS[unit], 1))}{unit}"
