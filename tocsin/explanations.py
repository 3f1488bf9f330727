"""What a finding code means, with a wrong example, its correction and the way out: `tocsin help E103`.

The texts are Markdown that is installed with the program, one file a table of codes: a heading a code, then
its example as a difference, then what to do. docs/rules.md shows those of rules word for word.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_HEADING: Final = re.compile(r"^### (E\d{3}) (.+)\n", re.MULTILINE)

_LINK: Final = re.compile(r"\[([^]]+)\]\(#[^)]+\)")


@dataclass(frozen=True, slots=True)
class Explanation:
    """`text` is Markdown, without the heading."""

    code: str
    meaning: str
    text: str

    @property
    def plain(self) -> str:
        """As a terminal shows it: examples indented, the wrong lines with -, the right ones with +."""
        return f"{self.code} {self.meaning}\n\n{self.body}"

    @property
    def body(self) -> str:
        """`plain` without the heading."""
        text = _LINK.sub(r"\1", self.text)
        prose, *blocks = re.split(r"^```[^\n]*\n(.*?)^```\n", text, flags=re.MULTILINE | re.DOTALL)
        shown = [_indented(part) if index % 2 == 0 else part for index, part in enumerate(blocks)]
        return f"{prose}{''.join(shown)}".rstrip("\n")


@cache
def explanations() -> Mapping[str, Explanation]:
    """Every code's, in the order of the codes."""
    pages = [page for page in files("tocsin").joinpath("findings").iterdir() if page.name.endswith(".md")]
    found = [each for page in pages for each in _read(page.read_text(encoding="utf-8"))]
    return {each.code: each for each in sorted(found, key=lambda each: each.code)}


def _read(page: str) -> Iterator[Explanation]:
    _, *parts = _HEADING.split(page)
    for code, meaning, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        yield Explanation(code, meaning, text.strip("\n") + "\n")


def _indented(block: str) -> str:
    return "".join(f"    {line}\n" for line in block.splitlines())
