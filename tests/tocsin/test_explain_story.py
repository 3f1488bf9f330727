"""The whole story of a warning: judged on what, told to whom, answered by whom, hidden by what."""

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import HOUR, MINUTE
from notifiers.action import Acknowledge, Arrive, Cancel, Handle, Shelve
from notifiers.outcome import Rejected
from tests.tocsin.lived import START, Lived
from tests.tocsin.program import Tocsin, program


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def number(state: Path, rule: str = "river") -> str:
    """The id of the warning of a rule."""
    connection = sqlite3.connect(state / "outbox.db")
    query = "SELECT DISTINCT warning FROM transitions WHERE json_extract(CAST(line AS TEXT), '$.rule') = ?"
    [(warning,)] = connection.execute(query, (rule,)).fetchall()
    connection.close()
    return str(warning)


def worked(state: Path) -> Path:
    """A flood of 40 minutes that Ana acknowledged, went to and saw to."""
    lived = Lived(state, until=40)
    warning = number(state)
    lived.act(Acknowledge(warning))
    lived.act(Arrive(warning[:6]), after=5 * MINUTE)
    lived.act(Handle(warning, "the gate is shut"), after=10 * MINUTE)
    return lived.over()


def asked(tocsin: Tocsin, state: Path, *more: str) -> dict[str, Any]:
    code, out, err = tocsin("explain", number(state)[:8], "--state", state, "--json", *more)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_each_line_has_its_condition_with_values_and_the_readings_that_led_to_it(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    found = asked(tocsin, worked(tmp_path))

    blue, yellow, orange, red = found["transitions"]
    assert [line["to"] for line in found["transitions"]] == ["blue", "yellow", "orange", "red"]
    assert yellow["evidence"]["text"] == "stage = 2.1 m >= site.warning_stage (2 m) ✓"
    assert [reading["value"] for reading in yellow["readings"]] == [1, 1.2, 1.6, 2.1]
    last = yellow["readings"][-1]
    assert (last["observed"], last["received"], last["quality"]) == (yellow["at"], yellow["at"], [])
    assert (blue["routed"], blue["at"]) == ("told", START + 10 * MINUTE)
    assert red["readings"][-1]["value"] == 4.2
    assert orange["earlier"] == 0


def test_blind_time_before_a_line_is_told(tmp_path: Path, tocsin: Tocsin) -> None:
    lived = Lived(tmp_path, until=30, blind=(6, 9))
    yellow = next(line for line in asked(tocsin, lived.over())["transitions"] if line["to"] == "yellow")
    _, out, _ = tocsin("explain", number(tmp_path), "--state", tmp_path, "--lang", "en")

    assert yellow["blind"] == [[START + 6 * MINUTE, START + 9 * MINUTE]]
    assert "nothing could arrive" in out


def test_a_warning_that_no_rule_raised_has_a_story_without_readings(tmp_path: Path, tocsin: Tocsin) -> None:
    state = Lived(tmp_path, until=30, blind=(6, 9)).over()
    code, out, _ = tocsin("explain", number(state, "ingest-blind"), "--state", state, "--lang", "en")

    assert code == 0
    assert "no readings: no rule raised it" in out


def test_it_is_told_beside_the_daemon_that_goes_on_writing(tmp_path: Path, tocsin: Tocsin) -> None:
    lived = Lived(tmp_path, until=30)
    before = len(asked(tocsin, tmp_path)["actions"])
    lived.act(Acknowledge(number(tmp_path)))

    assert (before, len(asked(tocsin, tmp_path)["actions"])) == (0, 1)
    lived.over()


def test_who_was_told_by_which_line_of_the_routes_over_what_and_how_it_stands(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    found = asked(tocsin, worked(tmp_path))

    first = found["deliveries"][0]
    assert (first["recipient"], first["channel"], first["why"]) == ("ana", "sms", "routes.yaml:2")
    assert (first["state"], first["receipt"], first["address"]) == ("accepted", "gateway-1", "+86…001")
    acts = [bulletin["act"] for bulletin in found["bulletins"]]
    assert [each for each in acts if each != "request"] == ["alert", "update", "update", "update"]
    assert "request" in acts


def test_what_people_did_stands_with_names_times_and_the_audit_of_it(tmp_path: Path, tocsin: Tocsin) -> None:
    found = asked(tocsin, worked(tmp_path))

    stages = [(stage["stage"], stage["user"], stage["note"]) for stage in found["stages"]]
    assert stages[1:] == [("arrived", "ana", ""), ("handled", "ana", "the gate is shut")]
    assert [did["action"]["type"] for did in found["actions"]] == ["ack", "arrive", "handle"]
    whats = [record["what"] for record in found["audit"]]
    assert {"bulletin", "outcome", "action"} <= set(whats)


def test_what_hid_it_and_what_took_it_back_are_part_of_the_story(tmp_path: Path, tocsin: Tocsin) -> None:
    lived = Lived(tmp_path, until=40)
    warning = number(tmp_path)
    lived.act(Cancel(warning, "the gauge was pulled out"))
    lived.act(Shelve("sensor", "river-1", "repair", lived.now + HOUR, maintenance=True))
    found = asked(tocsin, lived.over())
    code, out, _ = tocsin("explain", warning, "--state", tmp_path, "--lang", "en")

    assert (found["incident"]["cancelled"], found["cancelled"]) == ("the gauge was pulled out", "red")
    assert [(shelf["name"], shelf["reason"]) for shelf in found["shelves"]] == [("river-1", "repair")]
    assert found["bulletins"][-1]["act"] == "cancel"
    assert code == 0
    assert "cancelled: the gauge was pulled out" in out


def test_the_report_upward_is_one_sentence_in_each_language(tmp_path: Path, tocsin: Tocsin) -> None:
    state = worked(tmp_path)
    _, chinese, _ = tocsin("explain", number(state), "--state", state, "--sentence", "--lang", "zh")
    _, english, _ = tocsin("explain", number(state), "--state", state, "--sentence", "--lang", "en")

    assert "村，洪水红色预警（Ⅰ级），依据：river-1 stage = 4.2 m >= 4 m；已通知1方（安娜）；安娜" in chinese
    assert "处置完毕（the gate is shut）；未达：无。" in chinese
    assert chinese.count("。") == chinese.count("\n") == 1
    assert (
        "Village: River, RED warning (level I), on river-1 stage = 4.2 m >= 4 m; told to 1 (Ana)" in english
    )
    assert english.endswith("(the gate is shut); not reached: none.\n")


def test_who_was_not_reached_is_named(tmp_path: Path, tocsin: Tocsin) -> None:
    lived = Lived(tmp_path, until=40, outcome=Rejected("no such number"))
    warning = number(tmp_path)
    _, out, _ = tocsin("explain", warning, "--state", lived.over(), "--sentence", "--lang", "zh")

    assert out.endswith("尚未通知任何人；未达：安娜。\n")
    assert "missed" in [each["why"] for each in asked(tocsin, tmp_path)["unreached"]]


def test_the_text_has_every_section_that_has_something_in_it(tmp_path: Path, tocsin: Tocsin) -> None:
    state = worked(tmp_path)
    code, out, _ = tocsin("explain", number(state), "--state", state, "--lang", "en")

    sections = ("bulletins", "deliveries", "work", "what people did", "audit")
    assert code == 0
    assert [section for section in sections if f"\n{section}\n" not in out] == []
    assert "\nshelved\n" not in out
    assert "river-1\tstage 2.1 m\t" in out
    assert "Ana (ana)" in out


def test_without_a_journal_the_outbox_alone_is_told_and_that_readings_are_missing(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    state = worked(tmp_path)
    shutil.rmtree(state / "journal")

    found = asked(tocsin, state)
    assert "journal" in found["unread"]
    assert len(found["transitions"]) == 4


def test_nothing_in_the_state_directory_is_changed(tmp_path: Path, tocsin: Tocsin) -> None:
    state = worked(tmp_path)
    before = {path: path.read_bytes() for path in sorted(state.rglob("*")) if path.is_file()}
    asked(tocsin, state)

    kept = {path: data for path, data in before.items() if not path.name.endswith(("-shm", "-wal"))}
    assert {path: path.read_bytes() for path in kept} == kept


def test_an_id_that_is_not_there_short_or_of_several_says_so(tmp_path: Path, tocsin: Tocsin) -> None:
    state = worked(tmp_path)
    warning = number(state)
    typo = ("0" if warning[0] != "0" else "1") + warning[1:]

    code, _, err = tocsin("explain", typo, "--state", state)
    assert (code, f"did you mean {warning}?" in err) == (2, True)
    code, _, err = tocsin("explain", warning[:3], "--state", state)
    assert (code, "at least 4 characters" in err) == (2, True)
    code, _, err = tocsin("explain", warning, "--state", os.devnull)
    assert (code, "no daemon has run" in err) == (3, True)
