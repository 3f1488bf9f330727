"""Values of a rule that are phrases: who it is for, margins, distances, numbers of reports."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, TypeAlias
from unicodedata import normalize

from pydantic import BeforeValidator

from ingest.document.scalar import as_text
from ingest.finding import words, words_of
from ingest.units import UnitError, canonical, convert
from rules.language.thresholds import ThresholdError, split_quantity
from rules.rule import Subjects

_SELECTION = re.compile(
    r"(?:(?P<kind>[\w-]+) sensors?(?: with tag (?P<tag>\S+))?"
    r"|(?P<zones>zones?)(?P<descendants> with descendants)?|gateways?)(?: in zone (?P<zone>\S+))?"
)
_REPORTS = re.compile(r"(?P<count>[1-9]\d{0,2}) reports?")
_EXAMPLES = words(
    "write for example `rain sensor`, `smoke sensor with tag kitchen`, `gas sensor in "
    "zone harbour`, `zone`, `zone with descendants`, `gateway`"
)


class UnreadableError(ValueError):
    """A value of a rule that cannot be read; `code` and `suggestion` go into the finding."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Selection:
    """Whom a rule is for: sensors of `kind` with `tag`, zones or gateways, in `zone` or a zone below it."""

    kind: str
    tag: str | None = None
    zone: str | None = None
    subjects: Subjects = Subjects.SENSOR
    descendants: bool = False


@dataclass(frozen=True, slots=True)
class Margin:
    """A share of each threshold, or an amount in `unit`; one of the two is 0."""

    share: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    unit: str = ""


def parse_selection(text: str) -> Selection:
    """`smoke sensor with tag kitchen in zone harbour`; UnreadableError for anything else."""
    phrase = _spaced(text)
    match = _SELECTION.fullmatch(phrase)
    if match is None:
        raise UnreadableError(
            "E221", words("`{text}` names neither sensors of a kind nor zones", text=phrase), _EXAMPLES
        )
    if match["kind"]:
        return Selection(match["kind"], match["tag"], match["zone"])
    subjects = Subjects.ZONE if match["zones"] else Subjects.GATEWAY
    return Selection("", None, match["zone"], subjects, bool(match["descendants"]))


def parse_margin(text: str) -> Margin:
    """`20 %` or `0.1 m`; UnreadableError for anything else."""
    advice = words("write a share below 100 %, or an amount with its unit: 20 %, 0.1 m")
    number, unit = parse_quantity(text, advice)
    if number <= 0 or not unit or (unit == "%" and number >= 100):
        raise UnreadableError("E226", words("`{text}` is no margin", text=text), advice)
    return Margin(share=number / 100) if unit == "%" else Margin(amount=number, unit=unit)


def parse_share(text: str) -> Decimal:
    """`50 %` as 0.5; UnreadableError for anything that is no percentage above 0 and up to 100."""
    advice = words("write a percentage up to 100 %, for example 50 %")
    number, unit = parse_quantity(text, advice)
    if unit != "%" or not 0 < number <= 100:
        raise UnreadableError("E226", words("`{text}` is no share", text=text), advice)
    return number / 100


def parse_distance(text: str) -> Decimal:
    """`10 km` as 10000, in m; UnreadableError for anything else."""
    advice = words("write a distance with its unit, for example 10 km")
    number, unit = parse_quantity(text, advice)
    try:
        metres = convert(number, unit, "m")
    except UnitError as error:
        raise UnreadableError("E226", words("`{text}` is no distance", text=text), advice) from error
    if metres <= 0:
        raise UnreadableError("E226", words("`{text}` is no distance", text=text), advice)
    return metres


def parse_reports(text: str) -> int:
    """`3 reports` as 3; UnreadableError for anything else."""
    match = _REPORTS.fullmatch(_spaced(text))
    if match is None:
        raise UnreadableError(
            "E226",
            words("`{text}` is no number of reports", text=text),
            words("write for example `3 reports`"),
        )
    return int(match["count"])


def parse_quantity(text: str, advice: str = words("write a number and its unit")) -> tuple[Decimal, str]:
    """`2.27 m` as the number and its unit's one spelling; UnreadableError otherwise."""
    try:
        number, unit = split_quantity(normalize("NFKC", text).strip())
        return number, canonical(unit)
    except ThresholdError as error:
        raise UnreadableError("E226", error.message, advice) from error
    except UnitError as error:
        raise UnreadableError("E226", words_of(error), error.suggestion or advice) from error


def _spaced(text: str) -> str:
    return " ".join(normalize("NFKC", text).split())


def phrase(parse: Callable[[str], object], written: type = str) -> BeforeValidator:
    """A validator of a value that stands as `written` in the file and is read by `parse`."""
    return BeforeValidator(lambda value: parse(as_text(value)), json_schema_input_type=written)


Quantity: TypeAlias = Annotated[tuple[Decimal, str], phrase(parse_quantity, str | int | float)]
"""A field of a configuration model: text in the file, (number, canonical unit) in the model."""
