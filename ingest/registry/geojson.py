"""GeoJSON feature collections, feature by feature with the place of each."""

import json
import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ingest.document.composer import Place, Plain
from ingest.document.parser_faults import json_fault
from ingest.document.source_text import SourceText
from ingest.finding import words, words_of

SPACE: Final = " \t\n\r"


class GeoJsonError(ValueError):
    """Text that is no feature collection; `offset` counts characters from the start."""

    def __init__(self, message: str, offset: int, suggestion: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature as plain data, and where it begins."""

    data: Plain
    place: Place


def read_features(source: SourceText) -> list[Feature]:
    """The features in order. Raises GeoJsonError; a duplicate key or NaN anywhere is one."""
    line_ends = [i for i, c in enumerate(source.text) if c == "\n"]
    return [Feature(data, _place(line_ends, at)) for data, at in _Reader(source.text).features()]


def place_of(source: SourceText, offset: int) -> Place:
    """Line and column of a character."""
    before = source.text[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


def _place(line_ends: list[int], offset: int) -> Place:
    line = bisect_left(line_ends, offset)
    return line + 1, offset - (line_ends[line - 1] if line else -1)


class _Reader:
    """Walks the collection and its `features` by hand, to know where each begins; json does the rest."""

    def __init__(self, text: str) -> None:
        self.at = len(text) - len(text.lstrip("\ufeff" + SPACE))
        self._text = text
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite
        )

    def features(self) -> Iterator[tuple[Plain, int]]:
        seen: dict[str, Plain] = {}
        for key in self._members():
            if key in seen:
                raise GeoJsonError(
                    words("key {key} appears twice", key=key), self.at, words("keep one of the two")
                )
            seen[key] = None
            if key == "features":
                yield from self._elements()
            else:
                seen[key] = self._value()
        if self.at != len(self._text):
            raise GeoJsonError(words("more text after the end"), self.at)
        if seen.get("type") != "FeatureCollection" or "features" not in seen:
            raise GeoJsonError(
                words("not a FeatureCollection"), 0, words('write "type": "FeatureCollection"')
            )

    def _members(self) -> Iterator[str]:
        """Each key of the collection; the caller takes the value before it asks for the next."""
        self._take("{")
        if self._skip("}"):
            return
        while True:
            key = self._value()
            if not isinstance(key, str):
                raise GeoJsonError(words("a key must be text in quotes"), self.at)
            self._take(":")
            yield key
            if self._skip("}"):
                return
            self._take(",")

    def _elements(self) -> Iterator[tuple[Plain, int]]:
        self._take("[")
        if self._skip("]"):
            return
        while True:
            at = self.at
            yield self._value(), at
            if self._skip("]"):
                return
            self._take(",")

    def _value(self) -> Plain:
        try:
            value, self.at = self._decoder.raw_decode(self._text, self.at)
        except json.JSONDecodeError as error:
            raise GeoJsonError(json_fault(error.msg), error.pos) from None
        except ValueError as error:
            raise GeoJsonError(words_of(error), self.at) from None
        self._blank()
        result: Plain = value
        return result

    def _take(self, mark: str) -> None:
        if not self._skip(mark):
            raise GeoJsonError(words("expected {mark}", mark=mark), self.at)

    def _skip(self, mark: str) -> bool:
        if not self._text.startswith(mark, self.at):
            return False
        self.at += 1
        self._blank()
        return True

    def _blank(self) -> None:
        while self._text[self.at : self.at + 1] in tuple(SPACE):
            self.at += 1


def _unique(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(
            words("key {key} appears twice", key=next(key for key in keys if keys.count(key) > 1))
        )
    return mapping


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(words("{text} is not a number that can be compared", text=text[:40]))
    return number
