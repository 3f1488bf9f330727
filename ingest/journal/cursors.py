"""How far each reader of the journal has come, in one small SQLite file."""

import sqlite3
import threading
from pathlib import Path

from ingest.journal.entry import translated


class Cursors:
    """Named positions that only move forward; after a power cut one may be behind, never ahead.

    All methods may be called from any thread and raise JournalUnavailable.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with translated(path):
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            try:
                self._positions = self._load()
            except BaseException:
                self._connection.close()
                raise

    def _load(self) -> dict[str, int]:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS cursor"
            " (name TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID"
        )
        return dict(self._connection.execute("SELECT name, sequence FROM cursor"))

    def position(self, name: str) -> int:
        """The last sequence number `name` is done with; 0 for a name that never moved."""
        return self._positions.get(name, 0)

    def move(self, name: str, sequence: int) -> None:
        """Note that `name` is done up to `sequence`; one that lies behind changes nothing."""
        with self._lock, translated(self._path):
            if sequence <= self._positions.get(name, -1):
                return
            self._connection.execute("INSERT OR REPLACE INTO cursor VALUES (?, ?)", (name, sequence))
            self._positions[name] = sequence

    def drop(self, name: str) -> None:
        """Forget a reader that will not come back, so that it holds back nothing."""
        with self._lock, translated(self._path):
            self._connection.execute("DELETE FROM cursor WHERE name = ?", (name,))
            self._positions.pop(name, None)

    def slowest(self) -> tuple[str, int] | None:
        """Name and position of the reader that is furthest behind."""
        with self._lock:
            return min(self._positions.items(), key=lambda item: item[1], default=None)

    def furthest(self) -> int:
        """The highest position of all; 0 if there is no cursor."""
        with self._lock:
            return max(self._positions.values(), default=0)

    def close(self) -> None:
        with self._lock, translated(self._path):
            self._connection.close()
