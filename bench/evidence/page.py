"""Claims and tables as Markdown that reads well in a terminal, too."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from textwrap import fill

WIDTH = 110


@dataclass(frozen=True, slots=True)
class Claim:
    """What must hold of a record, and what was found."""

    text: str
    found: str
    holds: bool


@dataclass(slots=True)
class Section:
    """What one record showed: claims first, then paragraphs and tables in order."""

    title: str
    claims: list[Claim] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def claim(self, text: str, found: str, holds: bool) -> None:
        self.claims.append(Claim(text, found, holds))

    def say(self, text: str) -> None:
        self.parts.append(fill(text, WIDTH, break_long_words=False, break_on_hyphens=False))

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        self.parts.append(table(header, rows))


def markdown(section: Section) -> str:
    """The section as Markdown."""
    claims = [(claim.text, claim.found, "yes" if claim.holds else "**no**") for claim in section.claims]
    stated = [table(("claim", "found", "holds"), claims)] if claims else []
    return "\n\n".join([f"## {section.title}", *stated, *section.parts]) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table with aligned columns; numbers stand to the right."""
    body = [[str(cell) for cell in row] for row in rows]
    widths = [max(3, *(len(line[k]) for line in [list(header), *body])) for k in range(len(header))]
    right = [bool(body) and all(_is_number(row[k]) for row in body) for k in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(f"{'-' * (w + 1)}{':' if r else '-'}" for w, r in zip(widths, right, strict=True))
    return "\n".join([line(header), f"|{rule}|", *map(line, body)])


def moment(instant: int) -> str:
    """`instant` (ms) to the minute, UTC."""
    return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _is_number(cell: str) -> bool:
    return not cell or cell.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()
