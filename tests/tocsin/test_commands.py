"""What an operator types and is shown, over a real socket: texts, tables, JSON and exit codes."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.clock import HOUR
from notifiers.action import Acknowledge, Shelve
from notifiers.outbox.desk import Desk as Reading
from notifiers.outcome import Rejected
from tests.notifiers.duty import START, commit, raised, send
from tests.tocsin.bureau import BY, Bureau, served
from tests.tocsin.program import Tocsin, program
from tocsin.commands.proposals import _waiting

SINCE = ("--since", "2018-06-01T00:00Z")


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def refused_by_gateway(at: Bureau) -> None:
    commit(at.outbox, BY, raised())
    send(at.outbox, outcome=Rejected("no such number"))


def shelved(at: Bureau) -> None:
    at.act(Shelve("sensor", "riverside", "works", START + HOUR, red=True))


def acknowledged(at: Bureau) -> None:
    at.act(Acknowledge("5f2a"), "ana")


def decided(state: Path) -> list[tuple[str, bool, str]]:
    desk = Reading.reading(state / "outbox.db")
    found = [(acted.user, acted.done, acted.said) for acted in desk.actions(0)]
    desk.close()
    return found


def test_status_shows_what_is_open_who_has_it_and_who_is_on_duty(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.told, acknowledged) as state:
        code, out, _ = tocsin("status", "--state", state)

    assert code == 0
    assert "DRILL" in out
    assert "PROBLEM  broker: away" in out
    assert "Ⅱ 橙 orange\t5f2a9c0e\triver\triverside\t1\tacknowledged\tana" in out
    assert "on duty (nights): lin until" in out
    assert "storm\t暴雨 Storm\train\train\t3h\t" in out


def test_warnings_are_shown_with_grade_words_and_what_to_mind(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.told) as state:
        code, out, _ = tocsin("warnings", "--state", state)

    assert code == 0
    [columns, row] = [line.split("\t") for line in out.splitlines()]
    assert dict(zip(columns, row, strict=True)) | {"since": ""} == {
        "grade": "Ⅱ 橙 orange",
        "warning": "5f2a9c0e",
        "incident": "5f2a9c0e",
        "what": "洪水 River flood",
        "place": "河边 Riverside gauge-7",
        "since": "",
        "value": "stage = 3.4 m",
        "mind": "blind",
    }


@pytest.mark.parametrize("since", ["0001-01-01T00:00Z", "9999-12-31T23:59-12:00"])
def test_an_instant_that_no_calendar_shows_is_a_mistake_in_typing(
    tmp_path: Path, tocsin: Tocsin, since: str
) -> None:
    with served(tmp_path, Bureau.told) as state:
        code, _, err = tocsin("handover", "--since", since, "--state", state)

    assert code == 2
    assert "between 1970" in "".join(err.split("│"))


def test_unreached_ends_with_1_if_there_is_anybody_and_with_0_if_not(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.told) as state:
        nobody = tocsin("unreached", "--state", state)
    (tmp_path / "other").mkdir()
    with served(tmp_path / "other", refused_by_gateway) as state:
        somebody = tocsin("unreached", "--state", state)
        listed = tocsin("unreached", "--state", state, "--json")

    assert (nobody.code, nobody.out) == (0, "unreached: none\n")
    assert somebody.code == listed.code == 1
    assert "missed\tⅡ 橙 orange\t5f2a9c0e\triverside\triver\tana" in somebody.out
    assert [found["who"] for found in json.loads(listed.out)] == ["ana"]


@pytest.mark.parametrize(
    "question",
    [
        ("status",), ("warnings",), ("proposals",), ("shelves",), ("whoami",), ("shed", *SINCE),
        ("handover", *SINCE), ("actions", *SINCE), ("audit", "verify"), ("audit", "show", *SINCE),
    ],
)  # fmt: skip
def test_every_question_is_answered_as_json_too(
    tmp_path: Path, tocsin: Tocsin, question: tuple[str, ...]
) -> None:
    with served(tmp_path, Bureau.proposed, shelved) as state:
        code, out, _ = tocsin(*question, "--state", state, "--json")
        plain = tocsin(*question, "--state", state)

    assert (code, plain.code) == (0, 0)
    assert json.loads(out)
    assert plain.out


def test_a_dead_letter_says_for_whom_it_was_and_why_it_was_given_up(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, refused_by_gateway) as state:
        code, out, _ = tocsin("deadletters", "--state", state)
        as_json = tocsin("deadletters", "--state", state, "--json")

    assert code == 0
    assert "\tana\tsms\tfailed\t1\tno such number" in out
    assert [found["recipient"] for found in json.loads(as_json.out)] == ["ana"]


def test_a_proposal_is_shown_and_released_with_the_hash_that_was_shown(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    with served(tmp_path, Bureau.proposed, account="wu") as state:
        listed = tocsin("proposals", "--state", state)
        unread = tocsin("release", "5f2a", "--state", state)
        done = tocsin("release", "5f2a", "--yes", "--state", state)
        again = tocsin("release", "5f2a", "--yes", "--state", state)
        record = decided(state)

    assert "lin, wei, level 1" in listed.out
    assert unread.code == 2
    assert "--yes" in unread.err
    assert done.code == 0
    assert "area    Riverside (no code)" in done.out
    assert "to      ana over sms" in done.out
    shown = done.out.partition("hash    ")[2].split()[0]
    assert shown in listed.out
    assert "released no. 0, orange, to 1 addresses" in done.out
    assert (again.code, again.err) == (1, "nothing of 5f2a waits for a release\n")
    assert [(user, done_) for user, done_, _ in record] == [("wu", True)]


def test_another_revision_than_the_one_that_waits_is_not_released(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.proposed) as state:
        code, _, err = tocsin("release", "5f2a", "9", "--yes", "--state", state)
        record = decided(state)

    assert (code, record) == (1, [])
    assert "no. 9 does not wait" in err


def test_whoever_breaks_the_glass_says_why(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.proposed) as state:
        without = tocsin("release", "5f2a", "--yes", "--break-glass", "--state", state)
        loud = tocsin("release", "5f2a", "--yes", "--break-glass", "--reason", "alone here", "--state", state)

    assert without.code == 2
    assert (loud.code, "by you alone" in loud.out) == (0, True)


@pytest.mark.parametrize(("answer", "code", "released"), [("n", 1, []), ("y", 0, [("wu", True)])])
def test_on_a_terminal_a_release_is_asked_about(
    tmp_path: Path, answer: str, code: int, released: list[tuple[str, bool]]
) -> None:
    ours, theirs = pty.openpty()
    with served(tmp_path, Bureau.proposed, account="wu") as state:
        os.write(ours, f"{answer}\n".encode())
        command = [sys.executable, "-m", "tocsin", "release", "5f2a", "--state", str(state)]
        ended = subprocess.run(command, stdin=theirs, capture_output=True, timeout=60)
        record = decided(state)
    os.close(ours)
    os.close(theirs)

    assert ended.returncode == code, ended.stderr
    assert b"Release this" in ended.stdout + ended.stderr
    assert [(user, done) for user, done, _ in record] == released


def test_what_is_refused_ends_with_1_and_says_why(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.told, account="stranger") as state:
        asked = tocsin("warnings", "--state", state)
        done = tocsin("ack", "5f2a", "--state", state)
    (tmp_path / "other").mkdir()
    with served(tmp_path / "other", Bureau.told, account="wu") as state:
        forbidden = tocsin("shelve", "zone", "town", "--for", "1h", "--reason", "x", "--state", state)
        as_json = tocsin("ack", "dead", "--state", state, "--json")

    assert (asked.code, done.code, forbidden.code, as_json.code) == (1, 1, 1, 1)
    assert "account: stranger" in asked.err
    assert "wu is no operator" in forbidden.err
    assert json.loads(as_json.out)["done"] is False


def test_what_is_refused_ends_with_1_as_json_too(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path) as state:
        code, out, _ = tocsin("ack", "dead", "--json", "--state", state)

    assert (code, json.loads(out)["done"]) == (1, False)


def test_of_two_that_wait_a_person_says_which(capfd: pytest.CaptureFixture[str]) -> None:
    two = [{"revision": 3, "grade": "red"}, {"revision": 2, "grade": "blue"}]

    with pytest.raises(SystemExit) as ended:
        _waiting(two, "5f2a", None)

    assert ended.value.code == 2
    assert "two wait: no. 3 (red) and no. 2 (blue); say which" in capfd.readouterr().err
    assert _waiting(two, "5f2a", 2) == two[1]


def test_a_person_takes_an_incident_on_from_the_command_line(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.told) as state:
        steps = [tocsin(*s, "--state", state).code for s in (("ack", "5f2a"), ("arrive", "5f2a"))]
        handled = tocsin("handle", "5f2a", "--note", "gates closed", "--state", state)
        passed_on = tocsin("handover", *SINCE, "--state", state)
        acted = tocsin("actions", *SINCE, "--state", state)

    assert steps == [0, 0]
    assert handled.out == "handled: orange river in riverside\n"
    assert "handled\tlin\tgates closed" in passed_on.out
    assert acted.out.count("account:lin") == 3


def test_a_shelf_shows_whether_it_hides_red(tmp_path: Path, tocsin: Tocsin) -> None:
    with served(tmp_path, Bureau.told, shelved, account="wu") as state:
        before = tocsin("shelves", "--state", state)
        number = before.out.splitlines()[1].split("\t")[0]
        agreed = tocsin("agree", number, "--state", state)
        after = tocsin("shelves", "--state", state)

    assert "sensor riverside\tⅡ 橙 orange\tworks\tlin\tnobody yet" in before.out
    assert "orange river riverside" in before.out
    assert agreed.code == 0
    assert "Ⅰ 红 red\tworks\tlin\twu" in after.out


def test_without_a_daemon_a_question_ends_with_3_and_says_how_to_start_one(
    tmp_path: Path, tocsin: Tocsin
) -> None:
    code, _, err = tocsin("status", "--state", tmp_path)

    assert code == 3
    assert "tocsin run" in err


@pytest.mark.parametrize("since", ["yesterday", "2018-06-01T00:00"])
def test_a_time_that_is_none_is_wrong_usage(tmp_path: Path, tocsin: Tocsin, since: str) -> None:
    assert tocsin("handover", "--since", since, "--state", tmp_path).code == 2


def test_on_a_terminal_there_is_a_table_in_colour(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "200", "TERM": "xterm-256color"}
    with served(tmp_path, Bureau.told) as state:
        command = [sys.executable, "-m", "tocsin", "warnings", "--state", str(state)]
        ended = subprocess.run(command, stdout=theirs, timeout=60, env=environment)
    os.close(theirs)
    drawn = os.read(ours, 1 << 16).decode()
    os.close(ours)

    assert ended.returncode == 0
    assert "open warnings" in drawn
    assert "\x1b[1;30;48;5;208mⅡ 橙 orange" in drawn
