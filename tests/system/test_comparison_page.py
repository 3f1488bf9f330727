"""The report of `tocsin diff` in a real browser: it opens without an error and shows all that is wanted."""

import re
import struct
from pathlib import Path

import pytest

from tests.system.browser import HEIGHT, WIDTH, browse
from tests.tocsin.program import program

pytestmark = pytest.mark.system

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def report(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    """Of the shipped rules against others, on the shipped record without half an hour of it."""
    rules = tmp_path / "rules"
    rules.mkdir()
    for path in sorted((ROOT / "configs" / "rules").iterdir()):
        text = path.read_text("utf-8")
        text = text.replace(
            "yellow: stage >= site.warning_stage", "yellow: stage >= site.warning_stage - 0.1 m"
        )
        (rules / path.name).write_text(text.replace("stage >= site.record_stage", "stage >= 2.5 m"), "utf-8")
    rows = (ROOT / "configs" / "demo" / "river.csv").read_text().splitlines(keepends=True)
    record = tmp_path / "river.csv"
    record.write_text("".join(row for row in rows if not row.startswith("2018-06-03T22:")))
    page, config = tmp_path / "report.html", ROOT / "configs" / "tocsin.yaml"
    ended = program(capfd)(
        "diff", ROOT / "configs" / "rules", rules, "--on", record, "--config", config, "--html", page
    )
    assert ended.code == 0
    return page


async def test_it_opens_without_an_error_and_shows_tables_ribbons_and_gaps(
    report: Path, tmp_path: Path
) -> None:
    dom, log = await browse("--dump-dom", report.as_uri(), home=tmp_path / "home")

    assert "CONSOLE" not in log, log
    assert dom.count("<figure>") == dom.count("<svg") >= 1
    assert re.search(r'<rect class="red"', dom)
    assert re.search(r'<rect class="gap"', dom)
    assert re.search(r'<polyline class="curve" points="[\d., ]{50,}"', dom)
    for shown in ("By rule", "Who would be told", "red I", "river-stage", "stage [m]"):
        assert shown in dom


async def test_a_picture_of_it_has_the_size_of_a_small_screen(report: Path, tmp_path: Path) -> None:
    shot = tmp_path / "report.png"

    await browse(f"--screenshot={shot}", report.as_uri(), home=tmp_path / "home")

    assert struct.unpack(">II", shot.read_bytes()[16:24]) == (WIDTH, HEIGHT)
    # A blank page of that size takes a few kilobytes.
    assert shot.stat().st_size > 30_000
