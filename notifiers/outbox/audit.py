"""What was decided, sent, heard, answered and changed, in a chain: no record changes without a trace.

Each record's hash is over the one before it, so whoever edits, deletes, inserts or reorders records has to
forge every later one. That the newest records are missing shows only against a head kept elsewhere.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

BEGIN = bytes(32)
"""What stands in for the hash before the first record."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record: what to note down elsewhere, so that a shortened chain is found out."""

    sequence: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """What `user` ('' for Tocsin itself) did at `at` (ms)."""

    sequence: int
    at: int
    what: str
    user: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first record that is not what was written, or is missing."""

    sequence: int
    why: str


def append(connection: sqlite3.Connection, at: int, what: str, user: str, facts: Mapping[str, Any]) -> None:
    """Record that `user` ('' for Tocsin itself) did `what` at `at` (ms); `facts` are plain JSON values."""
    before = head(connection)
    sequence, body = before.sequence + 1, msgspec.json.encode(facts, order="sorted")
    connection.execute(
        "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
        (sequence, at, what, user, body, _hash(before.hash, (sequence, at, what, user, body))),
    )


def head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1").fetchone()
    return Head(0, BEGIN) if row is None else Head(*row)


def records(connection: sqlite3.Connection, since: int, limit: int) -> list[Record]:
    """The newest `limit` of those from `since` (ms) on, oldest first."""
    rows = connection.execute(
        "SELECT sequence, at, what, user, facts FROM audit WHERE at >= ? ORDER BY sequence DESC LIMIT ?",
        (since, limit),
    ).fetchall()
    return [_record(row) for row in reversed(rows)]


def records_of(connection: sqlite3.Connection, what: str) -> list[Record]:
    """All of one kind, oldest first."""
    rows = connection.execute(
        "SELECT sequence, at, what, user, facts FROM audit WHERE what = ? ORDER BY sequence", (what,)
    )
    return [_record(row) for row in rows]


def _record(row: tuple[int, int, str, str, bytes]) -> Record:
    sequence, at, what, user, facts = row
    return Record(sequence, at, what, user, msgspec.json.decode(facts))


def verify(connection: sqlite3.Connection, anchor: Head | None = None) -> Broken | None:
    """The first record that is wrong, None if all are right; `anchor` is a head that was noted down."""
    before = Head(0, BEGIN)
    for *row, recorded in connection.execute("SELECT * FROM audit ORDER BY sequence"):
        if row[0] != before.sequence + 1:
            return Broken(before.sequence + 1, "is missing")
        if recorded != _hash(before.hash, row):
            return Broken(row[0], "does not follow from the one before it")
        if anchor is not None and anchor.sequence == row[0] and anchor.hash != recorded:
            return Broken(row[0], "is not the one whose hash was noted down")
        before = Head(row[0], recorded)
    if anchor is not None and anchor.sequence > before.sequence:
        return Broken(before.sequence + 1, f"is missing, as is all up to {anchor.sequence}")
    return None


def _hash(before: bytes, row: Sequence[Any]) -> bytes:
    """Over canonical JSON; facts of another type than was written are none."""
    *known, facts = row
    body = msgspec.Raw(facts if isinstance(facts, bytes) else b"null")
    return sha256(before + msgspec.json.encode([*known, body])).digest()
