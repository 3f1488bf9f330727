"""docs/drills.md taken apart: the drills, the commands and the output that it shows."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "drills.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```([^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PROMPT = re.compile(r"^(?:lin)?\$ (?:\.venv/bin/)?tocsin (.+)$", re.MULTILINE)


def shown(info: str) -> str:
    """The one block that is marked so."""
    [body] = [body for opening, body in BLOCKS if opening == info]
    return body


def drills() -> list[str]:
    """Every drill file on the page, in its order."""
    return [body for info, body in BLOCKS if info.split()[:1] == ["yaml"]]


def commands() -> Iterator[list[str]]:
    """The arguments of each call of `tocsin`, up to where its output goes."""
    for _, body in BLOCKS:
        for line in PROMPT.findall(body):
            yield shlex.split(line.partition(" > ")[0])


def cells(text: str) -> list[list[str]]:
    """Of the rows of tables as a terminal shows them; a cell that goes on in the next row is one."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if line[:1] in ("┃", "│"):
            row = [cell.strip() for cell in re.split("[┃│]", line)[1:-1]]
            if found and "" in row[1:2]:
                found[-1] = [f"{above} {below}".strip() for above, below in zip(found[-1], row, strict=True)]
            else:
                found.append(row)
    return found
