"""What the documents say of `tocsin explain`: the example comes out as shown, every member is described."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from notifiers.action import Acknowledge, Shelve
from tests.tocsin.lived import Lived

ROOT = Path(__file__).parent.parent.parent
[EXAMPLE] = re.findall(r"^```explain\n(.*?)^```$", (ROOT / "docs/rules.md").read_text("utf-8"), re.M | re.S)
COMMAND, _, SHOWN = EXAMPLE.replace("\\\n", " ").partition("\n")
ARGUMENTS = COMMAND.removeprefix("$ .venv/bin/tocsin ").split()
SECTION = (
    (ROOT / "docs/formats.md").read_text("utf-8").partition("\n## Explanations\n")[2].partition("\n## ")[0]
)
# Of an answer the words of people, of rules and of other chapters.
OTHERS = {"action", "facts", "evidence", "text", "sentence", "title", "told", "warning", "proposals"}
# Members of what other chapters and pages describe: transitions, work, unreached.
ELSEWHERE = {"from", "to", "action", "via", "done", "said", "stage", "note", "who"}


def explained(*arguments: object) -> str:
    """What the command prints on a machine whose time is UTC."""
    command = [sys.executable, "-m", "tocsin", "explain", *map(str, arguments)]
    environment = {**os.environ, "TZ": "UTC", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def members(answer: object) -> Iterator[str]:
    """Every key, down to where other documents tell of it."""
    if isinstance(answer, list):
        for each in answer:
            yield from members(each)
    if isinstance(answer, dict):
        for key, value in answer.items():
            yield key
            if key not in OTHERS:
                yield from members(value)


def test_the_example_comes_out_as_it_is_shown() -> None:
    assert ARGUMENTS[0] == "explain"
    assert explained(*ARGUMENTS[1:]) == SHOWN


def test_every_line_that_may_stand_under_a_grade_is_one_that_can_be_printed() -> None:
    """The phrases of the table are those of the program."""
    source = (ROOT / "tocsin/explaining/account_words.py").read_text("utf-8")

    for phrase in ("too much", "must last {} yet", "of the window is known", "no longer stand", "counting:"):
        assert phrase in source


def documented() -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", SECTION))


def test_every_member_of_an_account_is_documented() -> None:
    answer = json.loads(explained(*ARGUMENTS[1:], "--json"))

    assert set(members(answer)) - documented() == set()


def test_every_member_of_a_story_is_documented(tmp_path: Path) -> None:
    lived = Lived(tmp_path, until=40)
    warning = lived.outbox.recent()[0].delivery.warning
    lived.act(Acknowledge(warning))
    lived.act(Shelve("sensor", "river-1", "works", lived.now + 1_000_000))
    answer = json.loads(explained(warning, "--state", lived.over(), "--json"))

    assert set(members(answer)) - documented() - ELSEWHERE == set()
