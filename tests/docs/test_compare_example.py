"""What the pages show of `tocsin diff` is what it prints, and docs/formats.md names its members."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest

from tests.tocsin.program import Ended, program

ROOT = Path(__file__).parent.parent.parent
SHOWN = re.compile(r"^\$ \.venv/bin/tocsin (diff .* --html .*)\n((?:[^`$].*\n)+)", re.MULTILINE)


@pytest.fixture
def tried(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[str], Ended]]:
    """The example as it is typed, in a directory of its own, with more arguments."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    shutil.copytree(ROOT / "configs" / "rules", tmp_path / "trial")
    river = tmp_path / "trial" / "river.yaml"
    text = river.read_text("utf-8")
    changed = text.replace("red: stage >= site.record_stage", "red: stage >= site.record_stage + 0.1 m")
    assert changed != text
    river.write_text(changed, "utf-8")
    with chdir(tmp_path):
        yield lambda line: program(capfd)(*line.split())


@pytest.mark.parametrize("page", ["docs/rules.md", "README.md", "README.zh-CN.md"])
def test_each_page_shows_what_it_prints(page: str, tried: Callable[[str], Ended]) -> None:
    [(line, shown)] = SHOWN.findall((ROOT / page).read_text("utf-8"))

    ended = tried(line)

    assert ended.code == 1
    printed = [row.rstrip() for row in (ended.out + ended.err).splitlines()]
    wanted = [row.rstrip() for row in shown.splitlines() if row != "[...]"]
    assert [row for row in wanted if row not in printed] == []
    assert Path("report.html").read_text("utf-8").startswith("<!doctype html>")


def test_the_members_are_those_of_the_page(tried: Callable[[str], Ended]) -> None:
    page = (ROOT / "docs" / "formats.md").read_text("utf-8")
    [example] = re.findall(r"^```json comparison\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)

    found = json.loads(tried("diff configs/rules trial --on configs/demo/river.csv --json").out)

    assert _members(json.loads(example)) == _members(found)


def _members(value: Any, path: str = "") -> set[str]:
    """Every path of members; what is named after rules, zones, people and channels is one."""
    if isinstance(value, list):
        return {name for each in value for name in _members(each, f"{path}[]")}
    if not isinstance(value, dict):
        return {path}
    named = path.split("/")[-1] in ("rules", "zones", "people", "channels")
    return {
        name
        for key, each in value.items()
        for name in _members(each, f"{path}/*" if named else f"{path}/{key}")
    }
