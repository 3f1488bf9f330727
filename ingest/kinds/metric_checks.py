"""Whether the quality checks that `kinds.yaml` asks of a metric suit it."""

from collections.abc import Iterator

from ingest.finding import words, words_of
from ingest.kinds import Form
from ingest.kinds.quantity import Quantity
from ingest.units import UnitError, conversion

Fault = tuple[str, str, str, str]
"""The key, the finding's code, what is wrong, and what to write."""


def check_faults(unit: str, form: Form, binary: bool, asked: dict[str, Quantity | int]) -> Iterator[Fault]:
    """What is wrong with the checks `asked` of a metric; `binary` if it is a 0/1 state."""
    for key in ("step", "stuck"):
        if key in asked and form is not Form.INSTANT:
            yield (
                key,
                "E127",
                words("{key} is for instantaneous values, this is {form}", key=key, form=form),
                words("leave it out"),
            )
        elif key in asked and binary:
            yield (
                key,
                "E127",
                words("{key} is not for a 0/1 state, which rests and jumps by nature", key=key),
                words("leave it out"),
            )
    step, radius = asked.get("step"), asked.get("neighbours")
    if isinstance(step, Quantity):
        yield from _misfit("step", step, unit)
    if isinstance(radius, Quantity):
        if form is not Form.AMOUNT or not _is_depth(unit):
            yield (
                "neighbours",
                "E127",
                words("neighbours is for amounts of rain, in mm"),
                words("leave it out"),
            )
        yield from _misfit("neighbours", radius, "m")


def _misfit(key: str, quantity: Quantity, unit: str) -> Iterator[Fault]:
    try:
        quantity.difference(unit)
    except UnitError as error:
        yield key, "E151", words_of(error), error.suggestion


def _is_depth(unit: str) -> bool:
    try:
        conversion("mm", unit)
    except UnitError:
        return False
    return True
