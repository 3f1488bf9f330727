"""Which identifier each bulletin was issued under: given once, never to another, whatever ends in between.

A later bulletin of an incident refers to the earlier ones by them, so the register outlives the process, and
belongs to what is backed up.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.clock import SECOND
from notifiers.bulletin import Bulletin

_IN_A_SECOND = 10
_BEIJING = timedelta(hours=8)

# second: of the identifier, s since the epoch; serial: 0 to 9 within it. published: 1 once its file stands.
_TABLES = """
CREATE TABLE IF NOT EXISTS issued (
    incident TEXT NOT NULL,
    revision INTEGER NOT NULL,
    sender TEXT NOT NULL,
    office TEXT NOT NULL,
    second INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    title TEXT NOT NULL,
    published INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (incident, revision),
    UNIQUE (office, second, serial)
);
CREATE INDEX IF NOT EXISTS issued_newest ON issued (sent, second, serial) WHERE published = 1;
CREATE INDEX IF NOT EXISTS issued_unexpired ON issued (expires) WHERE published = 1;
"""
_COLUMNS = "incident, revision, sender, office, second, serial, sent, expires, title, published"


@dataclass(frozen=True, slots=True)
class Issued:
    """A row of the register; `sent` and `expires` in ms, `second` in s."""

    incident: str
    revision: int
    sender: str
    office: str
    second: int
    serial: int
    sent: int
    expires: int
    title: str
    published: int

    @property
    def identifier(self) -> str:
        """The national form, `ZZZZZZDDDUUUXX_YYYYMMDDhhmmss_N`: office, Beijing time, serial."""
        beijing = datetime.fromtimestamp(self.second, UTC) + _BEIJING
        return f"{self.office}_{beijing:%Y%m%d%H%M%S}_{self.serial}"


class Register:
    """A SQLite file at `path`, for one thread at a time. Raises sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.executescript(_TABLES)

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that the body writes stands durably when it ends; an error in it leaves nothing."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def assign(self, bulletin: Bulletin, sender: str, office: str, title: str) -> Issued:
        """The row of `bulletin`, a new one if it has none.

        Its second is the one in which it was sent, or the next that has a serial left.
        """
        found = self.find(bulletin.incident, bulletin.revision)
        if found is not None:
            return found
        second, serial = self._free(office, bulletin.sent // SECOND)
        new = Issued(
            bulletin.incident,
            bulletin.revision,
            sender,
            office,
            second,
            serial,
            bulletin.sent,
            bulletin.expires,
            title,
            0,
        )
        values = tuple(getattr(new, column) for column in _COLUMNS.split(", "))
        self._database.execute(f"INSERT INTO issued VALUES ({', '.join('?' * len(values))})", values)
        return new

    def find(self, incident: str, revision: int) -> Issued | None:
        rows = self._rows("WHERE incident = ? AND revision = ?", incident, revision)
        return rows[0] if rows else None

    def publish(self, issued: Issued) -> None:
        """Its file stands."""
        self._database.execute(
            "UPDATE issued SET published = 1 WHERE incident = ? AND revision = ?",
            (issued.incident, issued.revision),
        )

    def published(self, incident: str) -> list[Issued]:
        """What readers can have seen of an incident, oldest first."""
        return self._rows("WHERE incident = ? AND published = 1 ORDER BY revision", incident)

    def shown(self, now: int, newest: int) -> list[Issued]:
        """The `newest` that are out and all others that have not expired at `now` (ms), newest first."""
        return self._rows(
            "WHERE published = 1 AND (expires > ? OR rowid IN (SELECT rowid FROM issued"
            " WHERE published = 1 ORDER BY sent DESC, second DESC, serial DESC LIMIT ?))"
            " ORDER BY sent DESC, second DESC, serial DESC",
            now,
            newest,
        )

    def _free(self, office: str, second: int) -> tuple[int, int]:
        while (taken := self._taken(office, second)) >= _IN_A_SECOND:
            second += 1
        return second, taken

    def _taken(self, office: str, second: int) -> int:
        # Serials are given in order and never back, so their number is the next.
        query = "SELECT count(*) FROM issued WHERE office = ? AND second = ?"
        count: int = self._database.execute(query, (office, second)).fetchone()[0]
        return count

    def _rows(self, where: str, *values: str | int) -> list[Issued]:
        return [
            Issued(*row) for row in self._database.execute(f"SELECT {_COLUMNS} FROM issued {where}", values)
        ]
