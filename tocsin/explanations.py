"""What a finding code means, with a wrong example, its correction and the way out: `tocsin help E103`.

The texts are Markdown that is installed with the program, one file a table of codes: a heading a code, then
its example as a difference, then what to do. docs/rules.md shows those of rules word for word. `findings/zh`
has the same in Chinese, paragraph by paragraph, without the examples.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from tocsin.commands.language import Language
from tocsin.wording import meaning

_HEADING: Final = re.compile(r"^### (E\d{3})(.*)\n", re.MULTILINE)
_EXAMPLE: Final = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)

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
def explanations(language: Language = Language.EN) -> Mapping[str, Explanation]:
    """Every code's, in the order of the codes. Examples are the same in all languages."""
    english = _sections(files("tocsin").joinpath("findings"))
    if language is Language.EN:
        return {code: Explanation(code, title, text) for code, (title, text) in english.items()}
    told = {code: text for code, (_, text) in _sections(files("tocsin").joinpath("findings/zh")).items()}
    return {
        code: Explanation(code, meaning(code, language), _translated(text, told[code]))
        for code, (_, text) in english.items()
    }


def _sections(directory: Traversable) -> Mapping[str, tuple[str, str]]:
    """The title and the text of each code in the files of a directory."""
    found: dict[str, tuple[str, str]] = {}
    for page in (page for page in directory.iterdir() if page.name.endswith(".md")):
        _, *parts = _HEADING.split(page.read_text(encoding="utf-8"))
        for code, title, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            found[code] = title.strip(), text.strip("\n") + "\n"
    return dict(sorted(found.items()))


def _translated(text: str, told: str) -> str:
    """The text with its paragraphs replaced, in order, by those that are `told`; its examples stay.

    ValueError where one has more paragraphs than the other.
    """
    pieces: list[str] = []
    for number, part in enumerate(_EXAMPLE.split(text)):
        pieces += [part] if number % 2 else [piece for piece in part.strip("\n").split("\n\n") if piece]
    prose = [number for number, piece in enumerate(pieces) if not piece.startswith("```")]
    for number, paragraph in zip(prose, told.strip("\n").split("\n\n"), strict=True):
        pieces[number] = paragraph
    return "\n\n".join(pieces) + "\n"


def _indented(block: str) -> str:
    return "".join(f"    {line}\n" for line in block.splitlines())
