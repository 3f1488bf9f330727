"""What people are told from an instant on, for whoever only looks: each bulletin once, in its order.

A bulletin that waits for a person's release is told when it is let out, however long after it was written.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from notifiers.bulletin import Bulletin
from notifiers.outbox.schema import OutboxError, verified
from rules.realm import Realm

Known: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """How far somebody has looked: the newest delivery, and the bulletins that waited to be let out."""

    delivery: int
    held: frozenset[Known]


@dataclass(frozen=True, slots=True)
class News:
    """A bulletin that somebody is told, and the zone of its incident, '' where it is of none."""

    bulletin: Bulletin
    zone: str


class Onlooker:
    """One look at an outbox that another process writes; nothing of it changes. Belongs to one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use `onlooking`."""
        self._connection = connection
        (realm,) = connection.execute("SELECT realm FROM meta").fetchone()
        self.realm = Realm(realm)

    def mark(self) -> Mark:
        """From where on something is news."""
        (newest,) = self._connection.execute("SELECT ifnull(max(id), 0) FROM deliveries").fetchone()
        return Mark(newest, frozenset(self._connection.execute(_WAITING)))

    def since(self, mark: Mark) -> tuple[list[News], Mark]:
        """What is told beyond `mark`, and the mark to go on from."""
        fresh = self._connection.execute(_FRESH, (mark.delivery,)).fetchall()
        news: list[News] = []
        held: set[Known] = set()
        for known in dict.fromkeys([*sorted(mark.held), *((i, r) for i, r, _ in fresh)]):
            waits, told = self._connection.execute(_TOLD, known).fetchone()
            if told and (known in mark.held or self._begins(known, mark)):
                news.append(self._news(known))
            elif waits and not told:
                held.add(known)
        news.sort(key=lambda each: (each.bulletin.sent, each.bulletin.incident, each.bulletin.revision))
        return news, Mark(max([mark.delivery, *(last for _, _, last in fresh)]), frozenset(held))

    def _begins(self, known: Known, mark: Mark) -> bool:
        """Not where only another way is tried with what was told before."""
        return self._connection.execute(_BEFORE, (*known, mark.delivery)).fetchone() is None

    def _news(self, known: Known) -> News:
        body, zone = self._connection.execute(_BULLETIN, known).fetchone()
        return News(Bulletin.decode(body), zone)


@contextmanager
def onlooking(path: Path) -> Iterator[Onlooker]:
    """A look at one instant; OutboxError for a file that nobody writes now, or that cannot be read."""
    with closing(connect_leaving_no_trace(path)) as connection:
        try:
            connection.execute("BEGIN")
            yield Onlooker(connection)
        except sqlite3.Error as error:
            raise OutboxError(f"{path}: {error}; is it being begun anew?") from error


def connect_leaving_no_trace(path: Path) -> sqlite3.Connection:
    """A connection of another process, that changes no byte: not even the marks of readers in shared memory.

    It needs that memory to be there: `OutboxError` for a file that nobody writes now, or of another version.
    """
    # SQLite would begin it, although it may only read.
    if not _is_shared(path):
        raise OutboxError(f"{path}: no service writes it now")
    connection = _untouched(path, "readonly_shm=1")
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA busy_timeout = 1000")
        return verified(connection, path, None)
    except sqlite3.Error as error:
        connection.close()
        raise OutboxError(f"{path}: {error}; does the service run that writes it?") from error


def realm_of(path: Path) -> Realm:
    """What realm a file holds, whoever writes it now or once did; changes no byte. Raises `OutboxError`."""
    way = "readonly_shm=1" if _is_shared(path) else "immutable=1"
    try:
        with closing(_untouched(path, way)) as connection:
            return Realm(connection.execute("SELECT realm FROM meta").fetchone()[0])
    except sqlite3.Error as error:
        raise OutboxError(f"{path}: {error}; is it an outbox?") from error


def _is_shared(path: Path) -> bool:
    """Whether the log and the memory of its readers lie beside it."""
    return all(path.with_name(path.name + part).exists() for part in ("-shm", "-wal"))


def _untouched(path: Path, way: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&{way}", uri=True, isolation_level=None)


_WAITING = "SELECT incident, revision FROM proposals WHERE state = 'waiting'"
# A request tells nobody of anything but that it waits.
_FRESH = """
SELECT d.incident, d.revision, max(d.id) FROM deliveries AS d
JOIN bulletins AS b ON b.incident = d.incident AND b.revision = d.revision
WHERE d.id > ? AND d.asks = 0 AND d.realm = 'live' AND b.act <> 'request'
GROUP BY d.incident, d.revision ORDER BY min(d.id)
"""
# Those of which a digest tells are told by its own bulletin.
_TOLD = """
SELECT ifnull(max(state = 'held'), 0),
    ifnull(max(state NOT IN ('held', 'digested', 'superseded', 'withdrawn') OR attempt > 0), 0)
FROM deliveries WHERE incident = ? AND revision = ? AND asks = 0
"""
_BEFORE = "SELECT 1 FROM deliveries WHERE incident = ? AND revision = ? AND asks = 0 AND id <= ? LIMIT 1"
_BULLETIN = """
SELECT b.body, ifnull(i.zone, '') FROM bulletins AS b LEFT JOIN incidents AS i ON i.id = b.incident
WHERE b.incident = ? AND b.revision = ?
"""
