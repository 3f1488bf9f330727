"""Whose packages are imported under our generic names."""

import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.marker import foreign

ROOT = Path(__file__).parents[2]


def test_a_package_that_is_not_there_is_named() -> None:
    [finding] = foreign(("no_such_package_of_ours",))

    assert finding == "top-level package 'no_such_package_of_ours' is missing; install Tocsin again"


def test_every_package_that_is_wrong_is_named() -> None:
    assert len(foreign(("json", "rules", "no_such_package_of_ours"))) == 2


@pytest.mark.parametrize("text", ["", "__project__ = 'somebody'\n"])
def test_a_foreign_package_in_front_of_ours_ends_the_program_with_3(tmp_path: Path, text: str) -> None:
    (tmp_path / "console").mkdir()
    (tmp_path / "console" / "__init__.py").write_text(text)
    program = "import sys; sys.path[:0] = sys.argv[1:]; from tocsin.marker import require_own; require_own()"

    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), str(ROOT)], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 3
    assert f"'console' is {tmp_path}/console/__init__.py" in ended.stderr
