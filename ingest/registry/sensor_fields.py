"""The fields of a sensor as operators write them, one parser each, for CSV and YAML alike.

Parsers that see the same text over and over remember it, so a city's sensors share their strings,
reporting and site parameters.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from ingest.duration import DurationError, parse_duration
from ingest.finding import words, words_of
from ingest.kinds import Kinds, Reporting
from ingest.kinds.reporting import ReportingError, parse_reporting
from ingest.registry import Zone
from ingest.units import UnitError, canonical

Site = dict[str, tuple[Decimal, str]]
Parser = Callable[[str], Any]

# Ids are levels of topics: no separators, wildcards, blanks or control characters, no $ at the front.
ID = re.compile(r"[^\s\x00-\x1f\x7f/+#$][^\s\x00-\x1f\x7f/+#]{0,127}")
PARAMETER = re.compile(r"([a-z][a-z0-9_]*)\s*=\s*([-+]?[0-9]*\.?[0-9]+)\s*(\S.*)?")


class FieldError(ValueError):
    """A field that cannot be used: a finding without its place."""

    def __init__(self, code: str, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.suggestion = suggestion


class UnknownError(FieldError):
    """A name that is not among `known`; the nearest one is looked up only for a finding that is listed."""

    def __init__(self, code: str, what: str, word: str, known: Mapping[str, object]) -> None:
        super().__init__(
            code,
            words("{what} {word!r} is not known", what=what, word=word)
            if word
            else words("the {what} is missing", what=what),
        )
        self.word = word
        self.known = known


def field_parsers(kinds: Kinds, zones: Mapping[str, Zone] | None) -> dict[str, Parser]:
    """A parser for each field, which raises FieldError; with `zones` None every zone is taken."""
    return {
        "id": parse_id,
        "kind": cache(lambda text: _known("E134", words("kind"), text, kinds.kinds)),
        "zone": cache(lambda text: text if zones is None else _known_or_empty(text, zones)),
        "lon": lambda text: _degrees("lon", text, 180),
        "lat": lambda text: _degrees("lat", text, 90),
        "gateway": cache(parse_gateway),
        "heartbeat": cache(parse_heartbeat),
        "reporting": cache(parse_optional_reporting),
        "site": cache(parse_site),
        "tags": cache(parse_tags),
    }


def parse_id(text: str) -> str:
    """An id fit to be one level of a topic."""
    if not ID.fullmatch(text):
        reason = (
            words("id {text!r} holds / + # or a blank", text=text) if text else words("the id is missing")
        )
        raise FieldError("E132", reason, words("use letters, digits, hyphens and points"))
    return text


def parse_gateway(text: str) -> str:
    """Like an id, or empty."""
    if text and not ID.fullmatch(text):
        raise FieldError("E138", words("gateway {text!r} holds / + # or a blank", text=text))
    return text


def parse_heartbeat(text: str) -> int | None:
    """Milliseconds; None if empty."""
    if not text:
        return None
    try:
        heartbeat = parse_duration(text)
    except DurationError as error:
        raise FieldError("E150", words_of(error), error.suggestion) from None
    if heartbeat == 0:
        raise FieldError("E150", words("the heartbeat must be longer than 0s"))
    return heartbeat


def parse_optional_reporting(text: str) -> Reporting | None:
    """None if empty."""
    if not text:
        return None
    try:
        return parse_reporting(text)
    except (ReportingError, DurationError) as error:
        raise FieldError(error.code, words_of(error), error.suggestion) from None


def parse_site(text: str) -> Site:
    """Parameters `name=value unit`, separated by `;`; units in their one spelling, unconverted."""
    site: Site = {}
    for part in unicodedata.normalize("NFKC", text).split(";"):
        if not part.strip():
            continue
        name, value = _parameter(part.strip())
        if name in site:
            raise FieldError(
                "E137", words("site parameter {name} appears twice", name=name), words("keep one of the two")
            )
        site[name] = value
    return site


def parse_tags(text: str) -> frozenset[str]:
    """Words separated by blanks or `;`."""
    return frozenset(re.split(r"[\s;]+", text.strip())) - {""}


def _parameter(part: str) -> tuple[str, tuple[Decimal, str]]:
    match = PARAMETER.fullmatch(part)
    if match is None:
        raise FieldError(
            "E137", words("{part!r} is no site parameter", part=part), words("write name=value unit;...")
        )
    name, value, unit = match.groups()
    try:
        return name, (Decimal(value), canonical(unit or ""))
    except UnitError as error:
        raise FieldError(
            "E151",
            words("site parameter {name}: {error}", name=name, error=words_of(error)),
            error.suggestion,
        ) from None


def _known(code: str, what: str, text: str, known: Mapping[str, object]) -> str:
    if text not in known:
        raise UnknownError(code, what, text, known)
    return text


def _known_or_empty(text: str, zones: Mapping[str, Zone]) -> str:
    return _known("E135", words("zone"), text, zones) if text else text


def _degrees(axis: str, text: str, most: int) -> float | None:
    if not text:
        return None
    try:
        degrees = float(text)
    except ValueError:
        raise FieldError(
            "E136",
            words("{axis} {text!r} is not a number", axis=axis, text=text),
            words("write degrees, 116.5"),
        ) from None
    if not math.isfinite(degrees) or abs(degrees) > most:
        advice = words("lon comes before lat") if 90 < abs(degrees) <= 180 else ""
        raise FieldError(
            "E136",
            words("{axis} {text} is not within {most} degrees", axis=axis, text=text, most=most),
            advice,
        )
    return degrees
