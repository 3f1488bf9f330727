"""The text of one file, able to point at its own lines."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property

from ingest.finding import Finding, words

# Of a longer line (a city's GeoJSON is often a single one) the part around the place is shown.
EXCERPT_WIDTH = 160


@dataclass(frozen=True)
class SourceText:
    """`name` is for messages only; nothing is opened."""

    name: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def finding(self, place: tuple[int, int], code: str, message: str, suggestion: str = "") -> Finding:
        """A finding at `place` (line, column), both from 1; line 0 is the file as a whole."""
        line, column = place
        return self.shown(Finding(self.name, line, column, code, message, suggestion))

    def shown(self, finding: Finding) -> Finding:
        """A finding of this text with the line that it stands in."""
        if not 0 < finding.line <= len(self.lines):
            return finding
        cut = 0 if finding.column <= EXCERPT_WIDTH else finding.column - 1 - EXCERPT_WIDTH // 2
        part = self.lines[finding.line - 1][cut : cut + EXCERPT_WIDTH].rstrip()
        excerpt = "".join(c if c.isprintable() else " " for c in part)
        return replace(finding, excerpt=excerpt, caret=finding.column - cut)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, or the known words if they are few, or nothing."""
    names = list(known)
    if near := nearest(word, names):
        return near
    return words("known: {names}", names=", ".join(sorted(names))) if 0 < len(names) <= 12 else ""


def nearest(word: str, names: list[str]) -> str:
    """The nearest of the names as a question, or nothing."""
    same = [name for name in names if name.casefold() == word.casefold()]
    near = same or get_close_matches(word, names, n=1, cutoff=0.6)
    return words("did you mean {near}?", near=near[0]) if near else ""
