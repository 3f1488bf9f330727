"""What docs/rules.md shows of `tocsin tune` and `tocsin score` is what they print; their keys are told."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.rules_page import FENCE, PAGE, ROOT
from tests.tocsin.program import Tocsin, program

DEMO = ("configs/demo/river.csv", "configs/demo/events.csv")


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def shown(info: str) -> tuple[list[str], list[list[str]]]:
    """The arguments of the command that a block shows, and the lines below it as cells."""
    [body] = [body for opening, body in FENCE.findall(PAGE) if opening == info]
    command, *lines = body.splitlines()
    return shlex.split(command.removeprefix("$ tocsin ")), [cells(line) for line in lines]


def cells(line: str) -> list[str]:
    """Of a table's row as a terminal shows it, or as a pipe gets it; lines of files have no number."""
    line = re.sub(r"(?<=\.yaml):(\d+|\[\.\.\.\])", ":[...]", line)
    if line[:1] in ("┃", "│"):
        return [cell.strip() for cell in re.split("[┃│]", line)[1:-1]]
    return line.split("\t")


@pytest.mark.parametrize("info", ["text tuned", "text scored"])
def test_the_page_shows_what_is_printed(tocsin: Tocsin, info: str) -> None:
    arguments, lines = shown(info)
    files = [str(ROOT / each) if each in DEMO else each for each in arguments]

    ended = tocsin(*files, "--config", ROOT / "configs" / "tocsin.yaml", "--lang", "en")

    assert ended.code == 0
    assert [cells(line) for line in ended.out.splitlines()] == lines


@pytest.mark.parametrize("info", ["text tuned", "text scored"])
def test_every_key_of_the_json_is_told(tocsin: Tocsin, info: str) -> None:
    arguments, _ = shown(info)
    files = [str(ROOT / each) if each in DEMO else each for each in arguments]
    page = Path(ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = page.partition("## Figures of warnings\n")[2].partition("\n## ")[0]

    ended = tocsin(*files, "--config", ROOT / "configs" / "tocsin.yaml", "--json")

    assert set(keys(json.loads(ended.out))) - set(re.findall(r"`(\w+)`", section)) == set()


def keys(found: Any) -> Iterator[str]:
    """Those of all objects in it."""
    if isinstance(found, dict):
        yield from found
        found = [*found.values()]
    if isinstance(found, list):
        for each in found:
            yield from keys(each)
