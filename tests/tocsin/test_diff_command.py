"""`tocsin diff` as it is typed: what OLD, NEW and --on can be, what is shown, and the exit codes."""

import json
import shutil
from pathlib import Path

import pytest

from tests.tocsin.program import Tocsin, program
from tests.tocsin.test_recorded import NEW, OLD, flood, journaled
from tests.tocsin.village import START, write

ROOT = Path(__file__).parent.parent.parent
RIVER = ROOT / "configs" / "demo" / "river.csv"
MINUTE = 60_000


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture
def village(tmp_path: Path) -> Path:
    """The settings file of the village under its old rules; those of `new` raise red half a metre lower."""
    write(tmp_path / "new", NEW)
    return write(tmp_path / "old", OLD)


@pytest.fixture
def flooded(tmp_path: Path) -> Path:
    """A state directory: a flood, and in the middle of it the new rules were applied."""
    journaled(tmp_path / "state", flood())
    return tmp_path / "state"


def river_csv(path: Path, stages: list[float]) -> Path:
    rows = [f"{START + n * 5 * MINUTE},river-1,stage,{stage}\n" for n, stage in enumerate(stages)]
    path.write_text("time,sensor,metric,value\n" + "".join(rows))
    return path


def test_the_shipped_rules_against_themselves_on_the_shipped_record_show_no_difference(
    tocsin: Tocsin,
) -> None:
    rules, config = ROOT / "configs" / "rules", ROOT / "configs" / "tocsin.yaml"

    ended = tocsin("diff", rules, rules, "--on", RIVER, "--config", config, "--fail-on", "any")

    assert (ended.code, ended.out) == (0, "No difference\n")


def test_a_changed_threshold_is_shown_by_rule_zone_lead_time_and_messages(
    tocsin: Tocsin, village: Path, tmp_path: Path
) -> None:
    csv = river_csv(tmp_path / "river.csv", [1.0, 2.1, 3.6, 3.8, 4.2, 2.0, *[1.0] * 5])

    ended = tocsin("diff", village, tmp_path / "new", "--on", csv)

    assert ended.code == 0
    assert "1 of 1 warnings differ: earlier 1" in ended.out
    assert "red I" in ended.out
    assert "-10 min" in ended.out
    assert "people told" in ended.out


def test_a_directory_of_rules_takes_the_rest_from_the_configuration(
    tocsin: Tocsin, village: Path, tmp_path: Path
) -> None:
    csv = river_csv(tmp_path / "river.csv", [1.0, 2.1, 3.6, 3.8, 3.0, 2.0, *[1.0] * 5])
    sides = village.parent / "rules", tmp_path / "new" / "rules"

    ended = tocsin("diff", *sides, "--on", csv, "--config", village, "--json", "--fail-on", "added-red,lost")

    found = json.loads(ended.out)
    assert ended.code == 1
    assert ended.err.startswith("added-red: river river-1: orange from ")
    assert [each["kinds"] for each in found["warnings"]] == [["earlier", "stronger"]]
    assert found["told"]["old"]["people"].keys() == {"ana"}


def test_sensors_can_be_others_than_those_of_the_configuration(
    tocsin: Tocsin, village: Path, tmp_path: Path
) -> None:
    csv = river_csv(tmp_path / "elsewhere.csv", [1.0, 4.5, 1.0])
    csv.write_text(csv.read_text().replace("river-1", "brook-7"))
    sensors = tmp_path / "brooks.csv"
    sensors.write_text(
        "id,kind,zone,lon,lat,gateway,heartbeat,site\nbrook-7,stage,dale,,,,,warning_stage=2 m\n"
    )
    rules = village.parent / "rules"

    ended = tocsin(
        "diff",
        rules,
        tmp_path / "new" / "rules",
        "--on",
        csv,
        "--config",
        village,
        "--sensors",
        sensors,
        "--json",
    )

    assert ended.code == 0
    assert json.loads(ended.out)["zones"]["dale"]["old"] == 1


def test_what_was_applied_is_compared_on_the_journal_by_name_and_by_the_beginning_of_its_hash(
    tocsin: Tocsin, flooded: Path
) -> None:
    ended = tocsin("diff", OLD.hash[:6], "applied", "--on", flooded, "--json")

    found = json.loads(ended.out)
    assert ended.code == 0
    [pair] = [each for each in found["warnings"] if each["rule"] == "river"]
    assert pair["kinds"] == ["earlier"]
    assert pair["shifts_ms"]["red"] < 0


def test_only_the_rule_files_of_a_directory_are_put_in_the_place_of_those_in_force(
    tocsin: Tocsin, flooded: Path, tmp_path: Path
) -> None:
    """What was applied in the middle of the flood counts no more: its rules are replaced, too."""
    directory = tmp_path / "rules"
    directory.mkdir()
    (directory / "all.yaml").write_text(OLD.texts["rules/all.yaml"])

    ended = tocsin("diff", OLD.hash, directory, "--on", flooded, "--fail-on", "any")

    assert (ended.code, ended.out) == (0, "No difference\n")


def test_a_name_that_stands_for_nothing_says_what_there_is(tocsin: Tocsin, flooded: Path) -> None:
    ended = tocsin("diff", "nowhere", "applied", "--on", flooded)

    assert ended.code == 2
    assert ended.err.startswith("nowhere: is no file, directory or applied bundle; applied here: ")
    assert OLD.hash in ended.err
    assert NEW.hash in ended.err


def test_an_applied_bundle_needs_a_state_directory(tocsin: Tocsin, village: Path, tmp_path: Path) -> None:
    ended = tocsin("diff", village, "applied", "--on", river_csv(tmp_path / "river.csv", [1.0]))

    assert ended.code == 2
    assert "give --state DIRECTORY" in ended.err


def test_a_condition_that_is_not_known_is_a_mistake_of_usage(tocsin: Tocsin, village: Path) -> None:
    ended = tocsin("diff", village, village, "--on", RIVER, "--fail-on", "lost-rad")

    assert ended.code == 2
    assert "did you mean lost-red?" in ended.err


def test_the_page_is_written_in_chinese_and_names_come_out_as_they_are(
    tocsin: Tocsin, village: Path, tmp_path: Path
) -> None:
    csv = river_csv(tmp_path / "river.csv", [1.0, 2.1, 3.6, 3.8, 4.2, 2.0, *[1.0] * 5])
    nasty = tmp_path / "<script>alert(1)<"
    shutil.copytree(tmp_path / "new", nasty)
    page = tmp_path / "report.html"

    ended = tocsin("diff", village, nasty, "--on", csv, "--html", page, "--lang", "zh")

    text = page.read_text("utf-8")
    assert ended.code == 0
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;" in text
    assert "两套规则对比" in text
    assert "红 Ⅰ" in text
    assert "提前" in text
    assert text.count("<svg") == 1
    assert "http://" not in text
    assert "https://" not in text


def test_a_record_without_a_reading_says_so(tocsin: Tocsin, village: Path, tmp_path: Path) -> None:
    ended = tocsin("diff", village, village, "--on", river_csv(tmp_path / "river.csv", []))

    assert ended.code == 1
    assert "no reading in it" in ended.err


def test_nothing_is_written_into_the_state_directory(tocsin: Tocsin, flooded: Path) -> None:
    before = {path: path.read_bytes() for path in sorted(flooded.rglob("*")) if path.is_file()}

    tocsin("diff", OLD.hash, NEW.hash, "--on", flooded)

    # SQLite lays its own files for reading beside the journal's.
    assert {path: path.read_bytes() for path in before} == before
