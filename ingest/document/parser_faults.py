"""What a parser of YAML, JSON or CSV stumbled over, in the operator's words instead of the parser's."""

import re
from collections.abc import Mapping
from typing import Final

from ruamel.yaml.error import MarkedYAMLError, StringMark

from ingest.finding import words

_QUOTES = words("put the text in quotes")
_ALIGN = words("align the keys of one mapping, and the dashes of one list, with spaces")
_BRACKET = words("close every [ and {{, and put commas between the parts")
_TAG = words("remove the tag; write text in quotes")

# What the parser calls a problem, and behind the stroke where it was: the first that is found counts.
_YAML: Final = tuple(
    (re.compile(problem, re.DOTALL), message, suggestion)
    for problem, message, suggestion in (
        (r"\\t", words("a tab cannot stand here"), words("indent with spaces, not tabs")),
        (r"a tag|tag handle", words("a tag that cannot be read"), _TAG),
        (r"a directive", words("a line that begins with % cannot be read"), _QUOTES),
        (r"an (alias|anchor)", words("the name after * or & cannot be read"), _QUOTES),
        (r"cannot start any token", words("this character cannot begin a text"), _QUOTES),
        (r"unknown escape|escape sequence", words("the escape cannot be read"), words("write \\\\ for a \\")),
        (
            r"unexpected end of stream",
            words("a quote is not closed"),
            words("write the same quote at its end"),
        ),
        (r"document separator", words("--- or ... stands inside a text in quotes"), words("indent the line")),
        (r"block scalar", words("the text after | or > cannot be read"), words("indent its lines alike")),
        (r"expected ':'", words("a key without `: ` and its value"), _ALIGN),
        (
            r"mapping values",
            words("`: ` cannot stand here"),
            words("put text that holds `: ` in quotes, or align the keys"),
        ),
        (
            r"sequence entries",
            words("`- ` cannot stand here"),
            words("begin a list on the line below its key"),
        ),
        (r"mapping keys", words("a key cannot stand here"), _ALIGN),
        (
            r"expected ',' or|unclosed|unexpected ':'",
            words("a comma or a closing bracket is missing"),
            _BRACKET,
        ),
        (r"block end", words("the indentation does not fit the lines above"), _ALIGN),
        (r"node content", words("a value is missing"), words("write the value, or text in quotes")),
        (r"document start", words("more text after the end"), words("remove it, or indent it")),
        (r"", words("not well-formed YAML"), ""),
    )
)
_JSON: Final[Mapping[str, str]] = {
    "Expecting value": words("a value is missing"),
    "Expecting property name enclosed in double quotes": words("a key must be text in quotes"),
    "Expecting ':' delimiter": words("expected {mark}", mark=":"),
    "Expecting ',' delimiter": words("expected {mark}", mark=","),
    "Unterminated string starting at": words("a quote is not closed"),
    "Invalid control character at": words("a line break or tab inside a text in quotes"),
    "Invalid \\escape": words("the escape cannot be read"),
    "Invalid \\uXXXX escape": words("the escape cannot be read"),
}


def yaml_fault(error: MarkedYAMLError) -> tuple[str, str]:
    """What is wrong, and what to write."""
    said = f"{error.problem or ''} / {error.context or ''}"
    return next((message, advice) for problem, message, advice in _YAML if problem.search(said))


def yaml_mark(error: MarkedYAMLError) -> StringMark | None:
    """Where to point: what has no end is shown where it begins."""
    begun = re.search("expected ':'|unexpected end of stream", error.problem or "")
    marks = [error.context_mark, error.problem_mark]
    mark: StringMark | None = next(filter(None, marks if begun else reversed(marks)), None)
    return mark


def json_fault(message: str) -> str:
    """What is wrong, by what `json` says of it."""
    return _JSON.get(message.removesuffix(": "), words("not well-formed JSON"))


def csv_fault(message: str) -> str:
    """What is wrong, by what `csv` says of it."""
    if "end of data" in message or "expected after" in message:
        return words("not well-formed CSV: a quote that is not closed, or text behind one")
    if "limit" in message:
        return words("not well-formed CSV: a field that is too long")
    return words("not well-formed CSV: a line break inside a field")
