"""The audit from the command line: from the state directory itself, with no daemon there."""

import json
import sqlite3
from pathlib import Path

import pytest

from notifiers.action import Acknowledge
from tests.tocsin.bureau import opened
from tests.tocsin.program import Tocsin, program


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Four records: told, and acknowledged."""
    at = opened(tmp_path)
    at.told()
    at.act(Acknowledge("5f2a9c0e"))
    at.outbox.close()
    return tmp_path


def edit(state: Path, statement: str) -> None:
    connection = sqlite3.connect(state / "outbox.db")
    with connection:
        connection.execute(statement)
    connection.close()


def head_of(tocsin: Tocsin, state: Path) -> str:
    return str(json.loads(tocsin("audit", "verify", "--state", state, "--json").out)["head"])


def test_a_whole_chain_is_said_to_be_whole_with_its_head(tocsin: Tocsin, state: Path) -> None:
    head = head_of(tocsin, state)
    code, out, _ = tocsin("audit", "verify", "--head", head, "--state", state)

    assert code == 0
    assert head in out
    assert int(head.split(":")[0]) >= 2


def test_an_edited_record_is_found_and_named(tocsin: Tocsin, state: Path) -> None:
    edit(state, "UPDATE audit SET user = 'wu' WHERE sequence = 2")

    code, _, err = tocsin("audit", "verify", "--state", state)
    assert (code, err) == (1, "record 2 does not follow from the one before it\n")


def test_a_chain_that_was_cut_short_shows_against_a_head_that_was_noted_down(
    tocsin: Tocsin, state: Path
) -> None:
    head = head_of(tocsin, state)
    edit(state, "DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)")

    assert tocsin("audit", "verify", "--state", state).code == 0
    found = tocsin("audit", "verify", "--head", head, "--state", state)
    assert (found.code, "is missing" in found.err) == (1, True)


@pytest.mark.parametrize("head", ["12", "1:xyz", "one:" + "0" * 64])
def test_a_head_that_is_none_is_wrong_usage(tocsin: Tocsin, state: Path, head: str) -> None:
    assert tocsin("audit", "verify", "--head", head, "--state", state).code == 2


def test_without_a_state_directory_there_is_nothing_to_verify(tocsin: Tocsin, tmp_path: Path) -> None:
    code, _, err = tocsin("audit", "verify", "--state", tmp_path)

    assert code == 3
    assert "no daemon has run" in err


def test_a_file_that_is_no_database_is_a_finding(tocsin: Tocsin, state: Path) -> None:
    for path in state.glob("outbox.db*"):
        path.write_bytes(b"not a database " * 1000)

    code, _, err = tocsin("audit", "verify", "--state", state)
    assert code == 1
    assert "is damaged" in err


def test_records_are_shown_in_order_with_who_and_what(tocsin: Tocsin, state: Path) -> None:
    code, out, _ = tocsin("audit", "show", "--since", "2018-06-01T00:00Z", "--state", state)

    rows = [line.split("\t") for line in out.splitlines()[1:]]
    assert code == 0
    assert [row[0] for row in rows] == [str(n) for n in range(1, len(rows) + 1)]
    assert ["lin", "action"] in [row[2:4] for row in rows]
