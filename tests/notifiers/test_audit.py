"""The chain of what was done: any single edit of it is found, and where."""

import os
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifiers.outbox.audit import BEGIN, Broken, Head, append, head, verify
from notifiers.outbox.schema import INCIDENTS

# `make test-deep` takes 10,000.
ROWS = int(os.environ.get("TOCSIN_AUDIT_ROWS", "300"))
AT = 1_528_060_200_000


def chain(rows: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in INCIDENTS.split(";\n"):
        connection.execute(statement)
    for number in range(rows):
        append(connection, AT + number, "action", "lin", {"said": f"第{number}条", "done": number % 2 == 0})
    return connection


@pytest.fixture(scope="module")
def whole() -> Iterator[sqlite3.Connection]:
    """Each edit is made in a transaction that is rolled back."""
    connection = chain(ROWS)
    yield connection
    connection.close()


def test_an_empty_chain_and_a_whole_one_are_right(whole: sqlite3.Connection) -> None:
    assert verify(chain(0)) is None
    assert head(chain(0)) == Head(0, BEGIN)
    assert verify(whole) is None
    assert verify(whole, head(whole)) is None
    assert head(whole).sequence == ROWS


EDITS = {
    "at": "UPDATE audit SET at = at + 1 WHERE sequence = :n",
    "what": "UPDATE audit SET what = 'release' WHERE sequence = :n",
    "user": "UPDATE audit SET user = '' WHERE sequence = :n",
    "hash": "UPDATE audit SET hash = zeroblob(32) WHERE sequence = :n",
    "no facts": "UPDATE audit SET facts = 0 WHERE sequence = :n",
    "another's facts": "UPDATE audit SET facts ="
    " (SELECT facts FROM audit WHERE sequence = :m) WHERE sequence = :n",
    "delete": "DELETE FROM audit WHERE sequence = :n",
    "insert": "INSERT INTO audit"
    " SELECT :last + 1, at, what, user, facts, hash FROM audit WHERE sequence = :n",
}


@given(st.sampled_from(sorted(EDITS)), st.integers(1, ROWS), st.integers(1, ROWS - 1))
def test_any_single_edit_is_found_where_it_is(
    whole: sqlite3.Connection, edit: str, n: int, shift: int
) -> None:
    m, anchor = (n + shift - 1) % ROWS + 1, head(whole)
    whole.execute("BEGIN")
    try:
        whole.execute(EDITS[edit], {"n": n, "m": m, "last": ROWS})
        broken = verify(whole, anchor)
    finally:
        whole.execute("ROLLBACK")
    assert broken is not None
    assert broken.sequence == (ROWS + 1 if edit == "insert" else n)


@given(st.integers(1, ROWS), st.integers(0, 7), st.data())
def test_any_flipped_bit_of_the_facts_is_found(
    whole: sqlite3.Connection, n: int, bit: int, data: st.DataObject
) -> None:
    (facts,) = whole.execute("SELECT facts FROM audit WHERE sequence = ?", (n,)).fetchone()
    place = data.draw(st.integers(0, len(facts) - 1))
    flipped = bytes(b ^ (1 << bit if i == place else 0) for i, b in enumerate(facts))
    whole.execute("BEGIN")
    whole.execute("UPDATE audit SET facts = ? WHERE sequence = ?", (flipped, n))
    broken = verify(whole)
    whole.execute("ROLLBACK")
    assert broken == Broken(n, "does not follow from the one before it")


@settings(max_examples=40)
@given(st.integers(1, ROWS), st.integers(1, ROWS - 1))
def test_records_that_changed_places_are_found_at_the_first(
    whole: sqlite3.Connection, n: int, shift: int
) -> None:
    m = (n + shift - 1) % ROWS + 1
    whole.execute("BEGIN")
    for old, new in ((n, -1), (m, n), (-1, m)):
        whole.execute("UPDATE audit SET sequence = ? WHERE sequence = ?", (new, old))
    broken = verify(whole)
    whole.execute("ROLLBACK")
    assert broken is not None
    assert broken.sequence == min(n, m)


def test_missing_newest_records_show_only_against_a_head_that_was_noted_down() -> None:
    connection = chain(9)
    noted = head(connection)
    connection.execute("DELETE FROM audit WHERE sequence > 6")
    assert verify(connection) is None
    assert verify(connection, noted) == Broken(7, "is missing, as is all up to 9")


def test_a_chain_that_was_written_anew_shows_against_a_head_that_was_noted_down() -> None:
    noted, other = head(chain(5)), chain(0)
    for number in range(6):
        append(other, AT + number, "action", "lin", {"forged": True})
    assert verify(other) is None
    assert verify(other, noted) == Broken(5, "is not the one whose hash was noted down")
