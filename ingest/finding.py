"""What is wrong with a file an operator owns: where, why, and the way out."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from unicodedata import east_asian_width


class Words(str):
    """English text that keeps what it was made of, so that it can be told in another language.

    `str()` of it, and whatever it is formatted into, is plain English text.
    """

    template: str
    values: Mapping[str, object]

    def told(self, catalogue: Mapping[str, str]) -> str:
        """The text by the template that `catalogue` has for its own; KeyError if there is none."""
        values = {
            name: value.told(catalogue) if isinstance(value, Words) else value
            for name, value in self.values.items()
        }
        return catalogue[self.template].format_map(values)


def words(template: str, /, **values: object) -> Words:
    """`template` with a value in each gap, as `str.format` fills them; a value may be words itself.

    The template must be a literal, so that a test finds it and asks for the same in Chinese.
    """
    text = Words(template.format_map(values))
    text.template, text.values = template, values
    return text


def words_of(error: Exception) -> str:
    """What an error was raised with; `str(error)` would keep the English alone."""
    return next((text for text in error.args if isinstance(text, Words)), str(error))


def quoted(value: object) -> str:
    """A value of a file in quotes, one that is no text as JSON has it."""
    return repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def either(names: Iterable[str]) -> str:
    """`a`, `a or b`, `a or b or c`."""
    return reduce(lambda one, other: words("{one} or {other}", one=one, other=other), names)


def both(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a and b and c`."""
    return reduce(lambda one, other: words("{one} and {other}", one=one, other=other), names)


def told(text: str, catalogue: Mapping[str, str]) -> str:
    """Words by the templates of `catalogue`, any other text as it is."""
    return text.told(catalogue) if isinstance(text, Words) else text


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One defect; `line` and `column` count from 1, 0 means the file as a whole.

    `caret` is the character of `excerpt`, from 1, that stands at `column`: of a long line a part is shown.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    suggestion: str = ""
    excerpt: str = ""
    caret: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        lines = [f"{place}: {self.code} {self.message}"]
        if self.excerpt:
            lines += [f"    {self.excerpt}", f"    {_blank(self.excerpt[: self.caret - 1])}^"]
        if self.suggestion:
            lines.append(f"    {self.suggestion}")
        return "\n".join(lines)

    def told(self, catalogue: Mapping[str, str]) -> "Finding":
        """The same finding by the templates of `catalogue`; what is no words (names, excerpts) stays."""
        return replace(
            self,
            file=told(self.file, catalogue),
            message=told(self.message, catalogue),
            suggestion=told(self.suggestion, catalogue),
        )


def _blank(text: str) -> str:
    """As wide as `text` on a terminal, where a Chinese character takes two columns."""
    return "".join("  " if east_asian_width(character) in "WF" else " " for character in text)


class ConfigurationError(Exception):
    """A configuration that cannot be used; carries every finding, not the first."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, sorted(findings))))
        self.findings = findings
