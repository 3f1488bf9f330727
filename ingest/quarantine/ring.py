"""The tables of the quarantine: the ring of refused messages, totals, unregistered topics, the position."""

import sqlite3
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ingest.reading import Rejected

PAYLOAD_BYTES = 16 * 1024
TEXT_CHARACTERS = 1_024

TABLES = """
CREATE TABLE IF NOT EXISTS refused (
    id INTEGER PRIMARY KEY, held INTEGER NOT NULL, sequence INTEGER NOT NULL, message INTEGER NOT NULL,
    received INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, topic TEXT NOT NULL,
    size INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS alike (id INTEGER PRIMARY KEY, more INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS total (reason TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unregistered (
    topic TEXT PRIMARY KEY, count INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (
    one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL,
    messages BLOB NOT NULL, held INTEGER NOT NULL);
INSERT OR IGNORE INTO position VALUES (1, 0, x'', 0);
"""

Row: TypeAlias = tuple[int, int, int, int, str, str, str, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the quarantine holds at most: messages, their bytes (payload and texts), unregistered topics.

    In a minute at most `alike` messages of one reason and topic are kept, and `a_minute` of one reason.
    """

    rows: int = 10_000
    bytes: int = 100_000_000
    topics: int = 10_000
    alike: int = 20
    a_minute: int = 1_000


@dataclass(frozen=True, slots=True)
class Position:
    """The newest entry seen, which of its messages are counted, and the bytes the ring holds."""

    sequence: int
    counted: frozenset[int]
    held: int


def position(connection: sqlite3.Connection) -> Position:
    """Where the quarantine stands in the journal."""
    sequence, messages, held = connection.execute("SELECT sequence, messages, held FROM position").fetchone()
    return Position(sequence, frozenset(array("I", messages)), held)


def move(connection: sqlite3.Connection, to: Position) -> None:
    """Note where the quarantine stands now."""
    messages = array("I", sorted(to.counted)).tobytes()
    connection.execute(
        "UPDATE position SET sequence = ?, messages = ?, held = ?", (to.sequence, messages, to.held)
    )


def store(connection: sqlite3.Connection, entry: tuple[int, int], kept: list[tuple[int, Rejected]]) -> int:
    """Add rows by id, oldest first, of an `entry` (sequence, received); the bytes they take."""
    rows = [_row(number, entry, refused) for number, refused in kept]
    connection.executemany(
        "INSERT INTO refused (id, sequence, message, received, reason, detail, topic, size, held, payload)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    return sum(held for *_, held, _ in rows)


def add_more(connection: sqlite3.Connection, more: Mapping[int, int]) -> None:
    """So many more messages like the row of that id, which were not kept."""
    connection.executemany(
        "INSERT INTO alike VALUES (?, ?) ON CONFLICT DO UPDATE SET more = more + excluded.more", more.items()
    )


def count(connection: sqlite3.Connection, totals: Mapping[str, int]) -> None:
    """Add to the totals per reason."""
    connection.executemany(
        "INSERT INTO total VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
        totals.items(),
    )


def count_topics(connection: sqlite3.Connection, received: int, topics: Mapping[str, int]) -> None:
    """Add to what is known of topics of no sensor."""
    connection.executemany(
        "INSERT INTO unregistered VALUES (?1, ?2, ?3, ?3)"
        " ON CONFLICT DO UPDATE SET count = count + excluded.count, last = excluded.last",
        [(topic, times, received) for topic, times in topics.items()],
    )


def trim(connection: sqlite3.Connection, held: int, bounds: Bounds) -> int:
    """Drop the oldest rows beyond the bounds; the bytes that are left. Row ids are consecutive."""
    (newest,) = connection.execute("SELECT max(id) FROM refused").fetchone()
    gone = 0
    for row, size in connection.execute("SELECT id, held FROM refused ORDER BY id"):
        if newest - row < bounds.rows and held <= bounds.bytes:
            break
        gone, held = row, held - size
    connection.execute("DELETE FROM refused WHERE id <= ?", (gone,))
    connection.execute("DELETE FROM alike WHERE id <= ?", (gone,))
    return held


def trim_topics(connection: sqlite3.Connection, bounds: Bounds) -> None:
    """Drop the topics that have been silent longest, so that invented ones cannot fill the disk."""
    (topics,) = connection.execute("SELECT count(*) FROM unregistered").fetchone()
    if topics > bounds.topics:
        connection.execute(
            "DELETE FROM unregistered"
            " WHERE topic IN (SELECT topic FROM unregistered ORDER BY last, topic LIMIT ?)",
            (topics - bounds.topics,),
        )


def printable(text: str) -> str:
    """`text` as SQLite can store it, shortened: a hostile topic may hold lone surrogates."""
    return text[:TEXT_CHARACTERS].encode("utf-8", "backslashreplace").decode()


def _row(number: int, entry: tuple[int, int], refused: Rejected) -> Row:
    sequence, received = entry
    detail, topic = printable(refused.detail), printable(refused.topic)
    payload = refused.payload[:PAYLOAD_BYTES]
    held = len(detail) + len(topic) + len(payload)
    reason, size = str(refused.reason), len(refused.payload)
    return number, sequence, refused.message, received, reason, detail, topic, size, held, payload
