"""What pydantic finds wrong with the shape of a file, in the operator's words instead of pydantic's."""

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import BeforeValidator

from ingest.duration import format_duration
from ingest.finding import Words, quoted, words, words_of

_TEXT = words("must be text")
_WHOLE = words("must be a whole number")
_NUMBER = words("must be a number")
_LIST = words("must be a list")
_MAPPING = words("must be a mapping of keys to values")
_SIZE = words("must be a size, for example 20GB")

_ALWAYS: Final[Mapping[str, str]] = {
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "bool_type": words("must be true or false"),
    "bool_parsing": words("must be true or false"),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "path_type": words("must be the name of a file"),
    "byte_size": _SIZE,
    "byte_size_unit": _SIZE,
}
_NAMED = re.compile(r"'((?:[^'\\]|\\.)*)'")


def known_of(error: Mapping[str, Any]) -> list[str]:
    """The values of which an error says that one must stand there, if that is what it says."""
    return _NAMED.findall(str(error.get("ctx", {}).get("expected", "")))


def shape_fault(error: Mapping[str, Any]) -> str:
    """What is wrong; `error` is one of `ValidationError.errors()`."""
    context: Mapping[str, Any] = error.get("ctx", {})
    if isinstance(cause := context.get("error"), ValueError) and isinstance(said := words_of(cause), Words):
        return said
    match error["type"]:
        case "greater_than":
            return words("must be more than {bound}", bound=_bound(context["gt"], error["input"]))
        case "greater_than_equal":
            return words("must be {bound} or more", bound=_bound(context["ge"], error["input"]))
        case "less_than":
            return words("must be less than {bound}", bound=_bound(context["lt"], error["input"]))
        case "less_than_equal":
            return words("must be {bound} or less", bound=_bound(context["le"], error["input"]))
        case "literal_error" | "enum":
            return words("must be one of {known}", known=", ".join(known_of(error)))
        case "string_too_short" if context["min_length"] == 1:
            return words("must not be empty")
        case "string_too_long":
            return words("must have at most {most} characters", most=context["max_length"])
        case "too_short":
            return words("must have at least {least} entries", least=context["min_length"])
        case "too_long":
            return words("must have at most {most} entries", most=context["max_length"])
    return _ALWAYS.get(error["type"], words("cannot stand here"))


def _bound(bound: object, given: object) -> str:
    """A limit as the operator would write it: that of a duration is compared in ms."""
    return format_duration(bound) if isinstance(given, str) and isinstance(bound, int) else str(bound)


class FormError(ValueError):
    """Text of another form than its key asks for; `suggestion` says what to write."""

    def __init__(self, text: str, suggestion: str) -> None:
        super().__init__(words("{text} is not of the form that belongs here", text=quoted(text)))
        self.suggestion = suggestion


def in_form(pattern: str, suggestion: str) -> BeforeValidator:
    """Beside a `Field` of the same pattern, for a schema shows that: it says what to write instead."""
    form = re.compile(pattern)

    def _formed(value: object) -> object:
        if isinstance(value, str) and form.search(value) is None:
            raise FormError(value, suggestion)
        return value

    return BeforeValidator(_formed)
