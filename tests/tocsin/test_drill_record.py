"""The record of a drill: what is written is what is read, and what is no record says so."""

import json
import shutil
from pathlib import Path

import pytest

from ingest.clock import MINUTE, LockstepClock
from ingest.finding import ConfigurationError
from tests.tocsin.holding import SHIPPED, drill_of
from tests.tocsin.performance import BEGAN, CONFIGS
from tests.tocsin.scored import both
from tocsin.configuration import configure, read_bundle
from tocsin.drill.card import Moment, Real
from tocsin.drill.drill_file import Drill, read_drill
from tocsin.drill.performance import Heard
from tocsin.drill.realm import Ends, sealed
from tocsin.drill.record import DRILL, HELD, RECEIVED, STATE, Held, NoDrillError, moment, read_record, write
from tocsin.first_bundle import apply_first
from tocsin.storage import Storage
from tocsin.wiring import retention

FILES = {path.stem: path for path in SHIPPED}
HEARD = (Heard(BEGAN + MINUTE, "a"), Heard(BEGAN + MINUTE, "b"), Heard(BEGAN + 2 * MINUTE, "a"))


def held_of(drill: Drill) -> Held:
    return Held(
        file="market.yaml", held=BEGAN, began=BEGAN, ended=BEGAN + 50 * MINUTE, speed=30.0,
        stopped=both("被人终止", "somebody ended it"),
        real=(Real(at=BEGAN + MINUTE, grade="red", place=both("河边", "Riverside"), text=both("真", "R")),),
        counts={"published": 3}, faults={"duplicates": 1},
    )  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a drill in which nothing happened."""
    directory = tmp_path_factory.mktemp("written")
    bundle = sealed(read_bundle(CONFIGS / "tocsin.yaml"), Ends(1, 2, directory / "horns.key"))
    settings = configure(bundle).settings
    storage = Storage.open(directory / STATE, settings.realm, retention(settings.journal))
    try:
        apply_first(bundle, storage, LockstepClock(BEGAN))
    finally:
        storage.close()
    drill = drill_of(FILES["market-fire"])
    write(directory, drill, held_of(drill), HEARD)
    return directory


@pytest.fixture
def record(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(written, tmp_path / "record"))


def test_what_is_written_is_what_is_read(record: Path) -> None:
    drill = drill_of(FILES["market-fire"])

    read = read_record(record)

    assert read.held == held_of(drill)
    assert read.drill.file == drill.file
    assert (record / DRILL).read_text("utf-8") == FILES["market-fire"].read_text("utf-8")
    assert len((record / RECEIVED).read_bytes().splitlines()) == len(HEARD)
    assert (read.performance.began, read.performance.ended) == (BEGAN, BEGAN + 50 * MINUTE)


def test_the_card_counts_from_the_start_of_the_drill(record: Path) -> None:
    card = read_record(record).card()

    assert (card.lasted, card.planned) == (50 * MINUTE, 40 * MINUTE)
    assert [real.at for real in card.real] == [MINUTE]
    assert card.stopped["en"] == "somebody ended it"
    assert not card.passed


def test_a_score_is_that_of_the_configuration_that_was_drilled(record: Path) -> None:
    """Not of the files as they are when it is read."""
    text = (record / DRILL).read_text("utf-8")
    (record / DRILL).write_text(text.replace("{rule: smoke, ", "{rule: no-such-rule, "), "utf-8")

    [item] = [item for item in read_record(record).card().items if "no-such-rule" in item.what["en"]]

    assert item.came is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(HELD, None, id="one that did not come to its end"),
        pytest.param(HELD, b"{}", id="one that says nothing"),
        pytest.param(RECEIVED, b'{"at": 1', id="one that was cut off"),
        pytest.param(DRILL, b"\xff", id="one in no UTF-8"),
        pytest.param(STATE, None, id="one without a state"),
    ],
)
def test_a_damaged_record_is_none_and_the_way_out_is_told(
    record: Path, name: str, content: bytes | None
) -> None:
    path = record / name
    if content is None:
        path.rename(record / "away")
    else:
        path.write_bytes(content)

    with pytest.raises(NoDrillError, match=r"holds no drill that came to its end .*; name the --record"):
        read_record(record)


def test_a_directory_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoDrillError, match=rf"^{tmp_path}/none holds no drill"):
        read_record(tmp_path / "none")


def test_a_drill_file_that_was_spoiled_is_told_with_its_place(record: Path) -> None:
    text = (record / DRILL).read_text("utf-8")
    (record / DRILL).write_text(text.replace("lasts: 40min", "lasts: 40"), "utf-8")

    with pytest.raises(ConfigurationError) as raised:
        read_record(record)

    assert raised.value.findings[0].file == str(record / DRILL)


def moments(storyline: str) -> list[Moment]:
    text = (
        f'title: {{en: T}}\npurpose: {{en: P}}\nstart: "2026-07-01 08:00"\nlasts: 1h\nstoryline:\n{storyline}'
        "expect: {no_other: [red]}\n"
    )
    drill, findings = read_drill("drill.yaml", text)
    assert drill is not None, findings
    return [moment(entry) for entry in drill.file.storyline]


def test_what_happens_is_told_by_what_tells_it_from_another() -> None:
    found = moments(
        "  - {at: 1min, horns: {which: [horn-1, horn-2], are: dead}}\n"
        "  - {at: 2min, fault: {kind: late, gateways: gw-1, share: 0.5, lasts: 5min}}\n"
        "  - {at: 3min, storm: {place: old-town, depth: 50 mm, lasts: 1h}}\n"
    )

    assert [(each.at // MINUTE, each.what, each.text["en"]) for each in found] == [
        (1, "horns", "horn-1, horn-2, dead"),
        (2, "fault", "late, gw-1"),
        (3, "storm", "old-town"),
    ]
    assert [each.text["zh"] for each in found] == ["horn-1、horn-2、无应答", "迟报、gw-1", "old-town"]


def test_an_inject_says_whom_it_is_for() -> None:
    [found] = moments("  - {at: 1min, inject: {to: [lin, wu], text: {zh: 快去, en: go}}}\n")

    assert found.text == both("lin, wu: 快去", "lin, wu: go")


def test_a_record_is_json_that_a_program_reads(record: Path) -> None:
    assert json.loads((record / HELD).read_bytes())["stopped"]["zh"] == "被人终止"
