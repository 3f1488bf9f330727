"""Every shipped drill is held on the virtual clock and meets what it expects, whole and accounted for."""

import json
from pathlib import Path

import pytest

from tests.tocsin.holding import SHIPPED, drill_of, held
from tests.tocsin.performance import BEGAN
from tocsin.drill.card import Verdict
from tocsin.drill.record import HELD, RECEIVED, STATE
from tocsin.drill.running import INTERRUPTED, Ending

DRILLS = {path.stem: path for path in SHIPPED}


def made(directory: Path) -> Path:
    directory.mkdir()
    return directory


@pytest.mark.parametrize("name", DRILLS)
async def test_a_shipped_drill_meets_its_expectations_and_its_sums_close(name: str, tmp_path: Path) -> None:
    drill = drill_of(DRILLS[name])

    card = (await held(drill, tmp_path)).card()

    failed = [(item.kind, item.what["en"], item.verdict, item.came, item.detail) for item in card.items]
    assert card.passed, [each for each in failed if each[2] is not Verdict.MET]
    counts = card.counts
    assert counts["published"] + counts["redelivered"] == counts["journaled"] > 1000
    assert counts["journaled"] == counts["accepted"] + counts["duplicates"] + counts["quarantined"]
    assert counts["readings"] == counts["stored"]
    faults = [entry.fault.kind for entry in drill.file.storyline if entry.fault is not None]
    assert {*faults} == {name for name, happened in card.faults.items() if happened}


async def test_the_same_drill_ends_the_same(tmp_path: Path) -> None:
    drill = drill_of(DRILLS["market-fire"])

    one = await held(drill, made(tmp_path / "one"))
    other = await held(drill, made(tmp_path / "other"))

    assert one.card() == other.card()
    assert one.performance == other.performance


async def test_a_drill_that_somebody_ends_has_a_record_that_says_so(tmp_path: Path) -> None:
    ending = Ending()
    ending.ask()

    record = await held(drill_of(DRILLS["market-fire"]), tmp_path, ending=ending)

    card = record.card()
    assert card.stopped == INTERRUPTED
    assert not card.passed
    assert card.lasted < card.planned


async def test_the_record_of_a_drill_holds_nothing_of_live_service(tmp_path: Path) -> None:
    ending = Ending()
    ending.ask()
    await held(drill_of(DRILLS["market-fire"]), tmp_path, ending=ending)

    written = json.loads((tmp_path / HELD).read_bytes())
    assert written["held"] == BEGAN
    assert (tmp_path / RECEIVED).exists()
    bundles = [*(tmp_path / STATE / "bundles").glob("*.json")]
    assert bundles
    for path in bundles:
        settings = json.loads(json.loads(path.read_text("utf-8"))["texts"]["tocsin.yaml"])
        assert settings["realm"] == "drill"
        assert {channel["realm"] for channel in settings["channels"].values()} == {"drill"}
