"""What is wrong with a file an operator owns: where, why, and the way out."""

from dataclasses import dataclass
from unicodedata import east_asian_width


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


def _blank(text: str) -> str:
    """As wide as `text` on a terminal, where a Chinese character takes two columns."""
    return "".join("  " if east_asian_width(character) in "WF" else " " for character in text)


class ConfigurationError(Exception):
    """A configuration that cannot be used; carries every finding, not the first."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(map(str, sorted(findings))))
        self.findings = findings
