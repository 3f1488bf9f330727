"""A number with its unit as operators write it: `2 m`, `10 km`, `5` for a count."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, InstanceOf

from ingest.finding import quoted, words
from ingest.units import convert

QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(\D.*)?")
EXAMPLES = words("write a number and its unit, 2 m")


class QuantityError(ValueError):
    """Text that is no positive quantity; `suggestion` says what to write."""

    code = "E112"
    suggestion = EXAMPLES


@dataclass(frozen=True, slots=True)
class Quantity:
    """A positive `number` of `unit`, as written."""

    number: Decimal
    unit: str

    def difference(self, unit: str) -> Decimal:
        """What it is in `unit` as a difference: 10 degC is 10 K. Raises UnitError."""
        return convert(self.number, self.unit, unit, difference=True)


def parse_quantity(text: str) -> Quantity:
    """Raises QuantityError; whether the unit is known shows when it is converted."""
    match = QUANTITY.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None or not Decimal(match[1]):
        raise QuantityError(words("{text!r} is no quantity above 0", text=text))
    return Quantity(Decimal(match[1]), match[2] or "")


def _quantity(value: object) -> Quantity:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise QuantityError(words("{value} is no quantity", value=quoted(value)))
    return parse_quantity(str(value))


QuantityText = Annotated[
    InstanceOf[Quantity], BeforeValidator(_quantity, json_schema_input_type=str | int | float)
]
"""A field of a configuration model: text or a bare number in the file, `Quantity` in the model."""
