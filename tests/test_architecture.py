"""The house rules that a linter does not know."""

import ast
import re
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.marker import PACKAGES, foreign

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for package in (*PACKAGES, "bench") for path in (ROOT / package).rglob("*.py"))
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def functions() -> Iterator[tuple[str, int]]:
    """(place, lines of code without docstring) of each function."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, FUNCTIONS):
                body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                first, last = body[0].lineno, body[-1].end_lineno or body[-1].lineno
                yield f"{path.relative_to(ROOT)}:{node.name}", last - first + 1


def test_files_stay_small() -> None:
    """Those of the tests too."""
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py")]
    too_long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text().splitlines())) > 400}

    assert too_long == {}


def test_functions_stay_small() -> None:
    lengths = dict(functions())

    assert {place: n for place, n in lengths.items() if n > 50} == {}
    assert statistics.median(lengths.values()) <= 8
    assert sum(n <= 25 for n in lengths.values()) / len(lengths) >= 0.9


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        (r"\btime\.(time|monotonic|time_ns)\b", {"ingest/clock.py"}),
        (r"\bdatetime\.(now|utcnow|today)\b", set()),
        (r"(?<![.\w])(eval|exec)\(", set()),
        (r"\bpickle\b(?! *=? *False)", set()),
        (r"except Exception", set()),
    ],
)
def test_what_is_banned_appears_nowhere(pattern: str, allowed: set[str]) -> None:
    """The wall clock has one reader; nothing evaluates text; nothing swallows every error."""
    product = [path for path in SOURCES if path.parts[len(ROOT.parts)] != "bench"]
    guilty = {str(p.relative_to(ROOT)) for p in product if re.search(pattern, p.read_text())}

    assert guilty - allowed == set()


def test_rules_are_pure() -> None:
    """No I/O, no clock, no await: the engine is a function of readings and time."""
    impure = {"asyncio", "time", "os", "socket", "sqlite3", "pathlib", "threading", "random", "subprocess"}
    for path in (ROOT / "rules").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            assert not isinstance(node, ast.AsyncFunctionDef | ast.Await), path
            if isinstance(node, ast.Import):
                assert not impure & {alias.name.split(".")[0] for alias in node.names}, path
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in impure, path


def test_no_package_has_a_name_that_says_nothing() -> None:
    nothing = {"core", "common", "utils", "types", "models", "manager", "helper", "helpers", "util", "misc"}

    assert {path.stem for path in SOURCES} & nothing == set()


def test_every_package_is_our_own() -> None:
    assert foreign() == []


def test_a_foreign_package_is_named_with_its_place() -> None:
    [finding] = foreign(("json",))

    assert "json" in finding
    assert "environment of its own" in finding


def test_the_wheel_holds_our_packages_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")

    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}

    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)
    assert {f"tocsin/findings/{of}.md" for of in ("files", "routes", "rules", "whole")} <= set(names)


def test_the_lock_names_no_place() -> None:
    """No package index, no registry host, no path of a machine."""
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()

        assert "://" not in text
        assert "--index" not in text
        assert not re.search(r"(?m)^(/|\.\.?/)", text)
