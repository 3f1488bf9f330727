"""Why a rule did not fire, or did, at an instant: from a journal or from CSV, down to what was missing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import HOUR, MINUTE
from ingest.journal import EntryKind
from notifiers.action import Shelve
from notifiers.outbox import Outbox
from rules.realm import Realm
from rules.transition import iso
from tests.tocsin.lived import START, Lived
from tests.tocsin.program import Tocsin, program
from tests.tocsin.test_recorded import STAGES, flood, journaled
from tests.tocsin.village import KINDS, block, bundle, report, write
from tocsin.bundle import Bundles


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def minute(number: float) -> str:
    return iso(START + round(number * MINUTE))


def asked(tocsin: Tocsin, *arguments: object) -> dict[str, Any]:
    code, out, err = tocsin("explain", *arguments, "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def of(found: dict[str, Any], grade: str) -> dict[str, Any]:
    return next(each for each in found["account"]["grades"] if each["grade"] == grade)


def test_at_an_instant_each_grade_tells_what_it_lacked(tmp_path: Path, tocsin: Tocsin) -> None:
    journaled(tmp_path, flood())
    found = asked(tocsin, "river", "river-1", "--at", minute(32), "--state", tmp_path)

    [red] = of(found, "red")["parts"]
    assert (red["text"], red["missing"], red["unit"]) == ("stage = 3.3 m >= 4 m ✗", 0.7, "m")
    assert of(found, "orange")["parts"][0]["left"] == 3 * MINUTE
    assert of(found, "yellow")["raised"] == START + 15 * MINUTE
    assert found["account"]["grade"] == "yellow"
    assert found["account"]["newest"][0]["received"] == START + 30 * MINUTE


def test_it_goes_by_the_bundle_that_was_in_force(tmp_path: Path, tocsin: Tocsin) -> None:
    """From minute 35 on red begins at 3.5 m."""
    journaled(tmp_path, flood())

    thresholds = [
        of(asked(tocsin, "river", "river-1", "--at", minute(at), "--state", tmp_path), "red")["parts"][0][
            "threshold"
        ]
        for at in (34, 35)
    ]
    assert thresholds == [4, 3.5]


def test_the_last_word_of_a_device_that_reports_on_change_is_found_however_long_ago_it_came(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    periodic = "reporting: periodic 5min\n    heartbeat: 5min"
    kinds = KINDS.replace(periodic, "reporting: on_change\n    heartbeat: 6h")
    rules = "rules:\n  - {id: river, for_each: stage sensor, grades: {red: stage >= 4 m}}\n"
    slow = bundle(others={"kinds.yaml": kinds, "rules/all.yaml": rules})
    Bundles(tmp_path / "bundles").save(slow)
    Outbox.open(tmp_path / "outbox.db", Realm.LIVE).close()
    spoke = (START, EntryKind.MQTT, block(1, START, [report("river-1", START, 3.5)]).data)
    others = [
        (START + n * HOUR, EntryKind.MQTT, block(1, START, [report("river-2", START, 1)]).data)
        for n in (5, 9)
    ]
    journaled(tmp_path, [(START, EntryKind.BUNDLE, slow.hash.encode()), spoke, *others])
    found = asked(tocsin, "river", "river-1", "--at", minute(9 * 60), "--state", tmp_path)

    assert of(found, "red")["parts"][0]["missing"] == 0.5


def test_the_words_are_there_in_both_languages(tmp_path: Path, tocsin: Tocsin) -> None:
    journaled(tmp_path, flood())
    _, english, _ = tocsin(
        "explain", "river", "river-1", "--at", minute(32), "--state", tmp_path, "--lang", "en"
    )
    _, chinese, _ = tocsin(
        "explain", "river", "river-1", "--at", minute(32), "--state", tmp_path, "--lang", "zh"
    )

    assert "Ⅰ 红 red  not reached\n    stage = 3.3 m >= 4 m ✗\n      3.3 m of 4 m: 0.7 m missing\n" in english
    assert "Ⅰ 红 red  未达到\n    stage = 3.3 m >= 4 m ✗\n      3.3 m / 4 m，还差 0.7 m\n" in chinese


def test_over_a_span_it_finds_when_each_grade_was_nearest(tmp_path: Path, tocsin: Tocsin) -> None:
    journaled(tmp_path, flood())
    span = ("--from", minute(20), "--to", minute(34))
    found = asked(tocsin, "river", "river-1", *span, "--state", tmp_path)

    nearest = {each["grade"]: (each["at"], each["reached"]) for each in found["closest"]}
    assert nearest["red"] == (START + 30 * MINUTE, False)
    assert nearest["yellow"] == (START + 20 * MINUTE, True)


def test_readings_from_csv_are_explained_by_files_or_by_the_settings(tmp_path: Path, tocsin: Tocsin) -> None:
    settings = write(tmp_path / "configs", bundle())
    rows = [f"{START + n * 5 * MINUTE},river-1,stage,{stage}\n" for n, stage in enumerate(STAGES)]
    csv = tmp_path / "river.csv"
    csv.write_text("time,sensor,metric,value\n" + "".join(rows))
    configs = settings.parent
    files = [f"--{name}" for name in ("rules", "sensors", "zones", "kinds")]
    named = ["rules", "sensors.csv", "zones.geojson", "kinds.yaml"]
    pairs = [each for flag, name in zip(files, named, strict=True) for each in (flag, configs / name)]

    asking = ("river", "river-1", "--at", minute(32), "--on", csv)
    by_files, by_settings = asked(tocsin, *asking, *pairs), asked(tocsin, *asking, "--config", settings)
    assert by_files["account"] == by_settings["account"]
    assert of(by_files, "red")["parts"][0]["missing"] == 0.7


@pytest.mark.parametrize(
    ("subject", "why", "wanted", "found"),
    [("rain-1", "kind", "stage", "rain"), ("village", "what", "sensor", "zone")],
)
def test_who_is_not_for_the_rule_is_told_why(
    tmp_path: Path, tocsin: Tocsin, subject: str, why: str, wanted: str, found: str
) -> None:
    journaled(tmp_path, flood())
    answer = asked(tocsin, "river", subject, "--at", minute(32), "--state", tmp_path)

    assert answer["apart"] == {"why": why, "wanted": wanted, "found": found}
    assert answer["account"] is None


def test_a_sensor_that_never_reported_says_so(tmp_path: Path, tocsin: Tocsin) -> None:
    journaled(tmp_path, flood())
    code, out, _ = tocsin(
        "explain", "river", "river-2", "--at", minute(32), "--state", tmp_path, "--lang", "en"
    )

    assert code == 0
    assert "it has reported no metric of the rule" in out


def test_who_shelved_it_and_what_the_daemon_told_then_is_said_beside_it(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    lived = Lived(tmp_path, until=30)
    lived.act(Shelve("zone", "village", "works", lived.now + HOUR))
    state = lived.over()
    found = asked(tocsin, "river", "river-1", "--at", minute(32), "--state", state)
    before = asked(tocsin, "river", "river-1", "--at", minute(30), "--state", state)

    assert [(shelf["scope"], shelf["reason"]) for shelf in found["shelves"]] == [("zone", "works")]
    assert before["shelves"] == []
    assert found["told"]["to"] == "yellow"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("rivr", "river-1", "--at", minute(5)), 2, "did you mean river?"),
        (("river", "rivr-1", "--at", minute(5)), 2, "did you mean river-1?"),
        (("river", "river-1", "--at", minute(-500)), 3, "lies before all that is recorded"),
        (("river", "river-1"), 2, "--from"),
        (("river", "river-1", "--from", minute(5), "--to", minute(1)), 2, "is not before"),
        (("river", "--at", minute(5)), 2, "name a subject"),
    ],
)
def test_what_cannot_be_answered_says_why_and_the_way_out(
    tmp_path: Path, tocsin: Tocsin, arguments: tuple[str, ...], code: int, said: str
) -> None:
    journaled(tmp_path, flood())
    found, _, err = tocsin("explain", *arguments, "--state", tmp_path)

    assert (found, said in " ".join(err.replace("│", " ").split())) == (code, True)


def test_without_an_outbox_the_journal_alone_is_asked(tmp_path: Path, tocsin: Tocsin) -> None:
    state = Lived(tmp_path, until=30).over()
    for name in ("outbox.db", "outbox.db-wal", "outbox.db-shm"):
        (state / name).unlink(missing_ok=True)
    shutil.rmtree(state / "snapshots", ignore_errors=True)

    assert asked(tocsin, "river", "river-1", "--at", minute(32), "--state", state)["told"] is None
