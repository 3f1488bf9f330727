"""`tocsin drill` as it is typed: a drill of three minutes, its score card in every form, what is refused."""

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from tests.tocsin.holding import drill_of, held
from tests.tocsin.performance import CONFIGS
from tests.tocsin.program import Ended, Tocsin, program
from tocsin.drill.record import HELD

FILE = """\
title: {{zh: 厨房火灾, en: Kitchen fire}}
purpose: {{zh: 叫应, en: Who answers}}
start: "2026-07-11 20:10"
lasts: 3min
storyline:
  - {{at: 1s, fire: {{place: {place}, growth: ultra-fast, peak: 900 kW}}}}
expect:
  warnings: [{{rule: smoke, zone: market-street, grade: red, by: {by}}}]
"""


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def drill(directory: Path, place: str = "smoke-market-street-07", by: str = "3min") -> Path:
    path = directory / "kitchen.yaml"
    path.write_text(FILE.format(place=place, by=by), "utf-8")
    return path


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a drill that was passed."""
    directory = tmp_path_factory.mktemp("record")
    asyncio.run(held(drill_of(drill(tmp_path_factory.mktemp("file"))), directory))
    return directory


def hold(tocsin: Tocsin, file: Path, record: Path, *more: str) -> Ended:
    config = CONFIGS / "tocsin.yaml"
    return tocsin("drill", "run", file, "--speed", "0", "--record", record, "--config", config, *more)


def rows(out: str) -> list[list[str]]:
    """Of tables that no terminal shows."""
    return [line.split("\t") for line in out.splitlines() if "\t" in line]


def test_a_drill_is_held_and_its_score_card_is_printed(tocsin: Tocsin, tmp_path: Path) -> None:
    record = tmp_path / "record"

    ended = hold(tocsin, drill(tmp_path), record, "--lang", "en")

    assert ended.code == 0, ended
    told, card = ended.out.split("passed: ", 1)
    assert "EXERCISE 0:00:01 fire smoke-market-street-07" in told
    assert card.startswith("1 of 1 expectations met; played 0:03:00 of 0:03:00\n")
    assert card.endswith(f"\npassed: {card.splitlines()[0]}\ntocsin drill report {record} --format html\n")
    again = tocsin("drill", "report", record, "--lang", "en")
    assert again.out.removeprefix("passed: ") in card


def test_a_drill_that_is_not_passed_is_exit_code_1(tocsin: Tocsin, tmp_path: Path) -> None:
    ended = hold(tocsin, drill(tmp_path, by="1s"), tmp_path / "record", "--lang", "zh")

    assert ended.code == 1
    assert "【演练】 0:00:01" in ended.out
    assert "未通过：达成 0 项，共 1 项" in ended.out
    assert "✗ 超时" in ended.out


def test_a_directory_that_is_not_empty_is_a_usage_error_and_stays_as_it_is(
    tocsin: Tocsin, tmp_path: Path, record: Path
) -> None:
    before = (record / HELD).read_bytes()

    ended = hold(tocsin, drill(tmp_path), record)

    assert ended.code == 2
    assert ended.err == f"{record} is not empty; name an empty directory with --record\n"
    assert (record / HELD).read_bytes() == before


def test_what_is_wrong_in_a_drill_is_told_with_its_place_and_nothing_is_held(
    tocsin: Tocsin, tmp_path: Path
) -> None:
    file, record = drill(tmp_path, place="smoke-market-street-070"), tmp_path / "record"

    english, chinese = (hold(tocsin, file, record, "--lang", lang) for lang in ("en", "zh"))

    assert english.code == chinese.code == 1
    assert english.err.startswith(f"{file}:6:28: E402 no zone or sensor smoke-market-street-070\n")
    assert "did you mean smoke-market-street-07?" in english.err
    assert chinese.err.startswith(f"{file}:6:28: E402 没有")
    assert not record.exists()


def test_a_file_that_is_not_there_is_told(tocsin: Tocsin, tmp_path: Path) -> None:
    ended = hold(tocsin, tmp_path / "none.yaml", tmp_path / "record", "--lang", "en")

    assert ended.code == 1
    assert ended.err.startswith(f"{tmp_path}/none.yaml")
    assert "E001" in ended.err


def test_the_score_card_is_there_in_both_languages(tocsin: Tocsin, record: Path) -> None:
    english, chinese = (tocsin("drill", "report", record, "--lang", lang) for lang in ("en", "zh"))

    assert english.code == chinese.code == 0
    assert english.out.startswith("passed: 1 of 1 expectations met")
    assert chinese.out.startswith("通过：达成 1 项，共 1 项")
    [first, second] = [rows(ended.out)[:2] for ended in (english, chinese)]
    assert first[0] == ["expected", "due", "came", "result", "detail"]
    assert second[0] == ["预期", "时限", "实际", "结果", "说明"]
    assert first[1][:2] == ["Smoke: red in Market Street", "0:03:00"]
    assert second[1][:2] == ["烟雾火灾预警：集市街红色", "0:03:00"]
    assert first[1][2] == second[1][2]


def test_the_score_card_is_there_for_programs_and_as_a_page(tocsin: Tocsin, record: Path) -> None:
    page = tocsin("drill", "report", record, "--format", "html", "--lang", "zh")
    card = json.loads(tocsin("drill", "report", record, "--format", "json").out)

    assert page.out.startswith("<!doctype html>")
    assert "【演练】 厨房火灾" in page.out
    assert [item["verdict"] for item in card["items"]] == ["met"]
    assert {"title", "courses", "acts", "missing", "real", "counts", "faults"} < set(card)


def test_several_drills_stand_side_by_side_the_oldest_first(
    tocsin: Tocsin, record: Path, tmp_path: Path
) -> None:
    earlier = Path(shutil.copytree(record, tmp_path / "earlier"))
    written = json.loads((earlier / HELD).read_bytes())
    (earlier / HELD).write_text(json.dumps({**written, "held": written["held"] - 30 * 86_400_000}))

    ended = tocsin("drill", "report", record, earlier, "--lang", "en")

    assert ended.code == 0
    columns, first, second = rows(ended.out)
    assert columns[:3] == ["drill", "held", "met"]
    assert first[:1] + first[2:] == second[:1] + second[2:]
    assert first[1] < second[1]


def test_several_drills_are_an_object_each_for_programs_and_no_page(tocsin: Tocsin, record: Path) -> None:
    objects = tocsin("drill", "report", record, record, "--format", "json")
    page = tocsin("drill", "report", record, record, "--format", "html")

    first, end = json.JSONDecoder().raw_decode(objects.out)
    assert json.loads(objects.out[end:]) == first
    assert page.code == 2
    assert page.out == ""
    assert "a page shows one drill" in page.err


def test_a_report_of_what_is_no_record_is_a_usage_error(tocsin: Tocsin, tmp_path: Path) -> None:
    ended = tocsin("drill", "report", tmp_path)

    assert ended.code == 2
    assert ended.err.startswith(f"{tmp_path} holds no drill that came to its end")
