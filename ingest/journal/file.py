"""The files of the journal that are not compressed yet: SQLite in WAL mode, one row a block."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

from ingest.durable import sync_directory, unfinished
from ingest.journal.entry import Entry, JournalUnavailable, entry_kind, translated

COMPANIONS = ("-journal", "-wal", "-shm")


def create(path: Path) -> None:
    """Make an empty file, durably; it has its table from the first instant it has its name.

    One that already has the name goes, with its companions, which SQLite would take for those of the new one:
    it was begun for an entry that never was.
    """
    temporary = unfinished(path)
    with translated(path):
        remove(temporary)
        remove(path)
        connection = sqlite3.connect(temporary, isolation_level=None)
        try:
            # Before WAL mode, so that it is in the file itself: closing would copy it there out of a WAL, but
            # says nothing of a disk that refuses, and the WAL does not take part in the new name.
            connection.execute(
                "CREATE TABLE entry (sequence INTEGER PRIMARY KEY, received INTEGER NOT NULL,"
                " kind TEXT NOT NULL, count INTEGER NOT NULL, data BLOB NOT NULL)"
            )
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        finally:
            connection.close()
        if mode != "wal":
            raise JournalUnavailable(path, f"it cannot be made: SQLite stays in its mode {mode}")
        temporary.replace(path)
        sync_directory(path.parent)


def remove(path: Path) -> None:
    """Remove a database and its companions; those that are already gone do not matter. Raises OSError."""
    for name in (path.name, *(path.name + suffix for suffix in COMPANIONS)):
        path.with_name(name).unlink(missing_ok=True)


class BlockWriter:
    """The newest file, written by one thread at a time.

    Opening makes everything in it durable anew: after a failed fsync the kernel may show pages that never
    reached the disk, and a checkpoint writes them a second time, elsewhere.
    """

    def __init__(self, path: Path, last: int | None) -> None:
        """Open `path`; entries beyond `last`, which nobody was told of, go. None trusts what is there."""
        self.path = path
        with translated(path):
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False
            )
            try:
                self._recover(last)
            except BaseException:
                self._connection.close()
                raise

    def _recover(self, last: int | None) -> None:
        self._connection.execute("PRAGMA synchronous = FULL")
        busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise JournalUnavailable(self.path, "a reader keeps the file busy")
        if last is not None:
            self._connection.execute("DELETE FROM entry WHERE sequence > ?", (last,))
        row = self._connection.execute("SELECT received FROM entry ORDER BY sequence LIMIT 1").fetchone()
        self.began: int | None = row and row[0]
        self.size = self.path.stat().st_size

    def append(self, entry: Entry) -> None:
        """Write one entry; it is durable when this returns, and absent when this raises."""
        values = (entry.sequence, entry.received, entry.kind.value, entry.count, entry.data)
        with translated(self.path):
            self._connection.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?)", values)
        self.size += len(entry.data)
        if self.began is None:
            self.began = entry.received

    def close(self) -> None:
        with translated(self.path):
            self._connection.close()


class BlockFile:
    """One file as its readers see it: one read-only connection, opened when first needed."""

    def __init__(self, path: Path, first: int) -> None:
        self.path = path
        self.first = first
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def read(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries with sequence > `after`, in order. Any thread."""
        rows = self._select(
            "SELECT sequence, received, kind, count, data FROM entry"
            " WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (after, limit),
        )
        return [
            Entry(sequence, received, entry_kind(self.path, sequence, kind), count, data)
            for sequence, received, kind, count, data in rows
        ]

    def newest(self) -> tuple[int, int] | None:
        """Sequence and received of the last entry; None if there is none."""
        rows = self._select("SELECT sequence, received FROM entry ORDER BY sequence DESC LIMIT 1", ())
        return rows[0] if rows else None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()

    def _select(self, query: str, values: tuple[int, ...]) -> list[Any]:
        with self._lock, translated(self.path):
            if self._closed:
                raise JournalUnavailable(self.path, "compressed or removed while it was read")
            if self._connection is None:
                self._connection = sqlite3.connect(
                    f"{self.path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
                )
            return self._connection.execute(query, values).fetchall()
