"""Plain YAML scalars by the YAML 1.2 core schema, and nothing more: `no`, `on` and `22:30` are strings."""

import json
import re
from decimal import Decimal
from typing import Final

from ingest.finding import words

MAX_DIGITS: Final = 18

NULL = re.compile(r"~|null|Null|NULL|")
TRUE = re.compile(r"true|True|TRUE")
FALSE = re.compile(r"false|False|FALSE")
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
LEADING_ZERO = re.compile(r"[-+]?0[0-9]+(\.[0-9]*)?")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class ScalarError(ValueError):
    """A number that cannot be trusted; `suggestion` says what to write."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.suggestion = suggestion


def resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar.

    A float is returned only if its decimal text survives unchanged, so that `Decimal(repr(value))` is what
    was written. Raises ScalarError for other numbers, for `017` (15 to some programs), `.nan` and `.inf`.
    """
    if NULL.fullmatch(text):
        return None
    if TRUE.fullmatch(text) or FALSE.fullmatch(text):
        return TRUE.fullmatch(text) is not None
    if LEADING_ZERO.fullmatch(text):
        advice = words(
            'write {value}, or "{text}" in quotes if it is a code', value=text.lstrip("+-0") or 0, text=text
        )
        raise ScalarError(words("programs read {text} differently", text=text), advice)
    if NOT_FINITE.fullmatch(text):
        raise ScalarError(words("{text} is not a number that can be compared", text=text))
    if INTEGER.fullmatch(text) and len(text) <= MAX_DIGITS:
        return int(text, 0)
    if FLOAT.fullmatch(text):
        return _exact(text)
    return text


def as_text(value: object) -> str:
    """A value that is read as a text, for the messages too: one that is no text as JSON has it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _exact(text: str) -> float:
    number = float(text)
    if len(text) > 2 * MAX_DIGITS or Decimal(repr(number)) != Decimal(text):
        raise ScalarError(
            words("{text} cannot be carried exactly", text=text[:40]), words("use fewer digits")
        )
    return number
