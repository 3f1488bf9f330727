"""Messages that were refused: samples in a bounded ring to look at, and totals exact over recovery."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from ingest.quarantine.ring import (
    TABLES,
    Bounds,
    Position,
    add_more,
    count,
    count_topics,
    move,
    position,
    store,
    trim,
    trim_topics,
)
from ingest.quarantine.samples import Samples
from ingest.reading import Reason, Rejected

__all__ = ["Bounds", "Quarantine", "QuarantineRow", "QuarantineUnavailable", "UnregisteredTopic"]


class QuarantineUnavailable(Exception):
    """The quarantine cannot be read or written at present; nothing of the attempt was kept."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason} (look at free space, permissions and the disk itself)")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One refused message: entry, index within it, when (ms) it came, why, the first 16 KiB of `size`.

    `more` like it came in the same minute and are not held: of its reason and topic, or where too many topics
    came at once, of its reason.
    """

    sequence: int
    message: int
    received: int
    reason: Reason
    detail: str
    topic: str
    size: int
    payload: bytes
    more: int


class UnregisteredTopic(NamedTuple):
    """A topic no sensor is registered for: how many messages, when (ms) the first and the last came."""

    topic: str
    messages: int
    first: int
    last: int


class Quarantine:
    """The refused messages, in one SQLite file. All methods may be called from any thread.

    Its position in the journal is part of it: an entry counts once, however often it is added. All methods
    raise QuarantineUnavailable when the disk refuses.
    """

    def __init__(self, path: Path, mode: str, bounds: Bounds) -> None:
        """Use `Quarantine.open` or `Quarantine.open_read_only`."""
        self._path = path
        self._bounds = bounds
        self._lock = threading.Lock()
        # None: to be read again, since what it counted was not kept.
        self._samples: Samples | None = None
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        with _translated(path):
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    @classmethod
    def open(cls, path: Path, bounds: Bounds | None = None) -> Self:
        """Open or begin the quarantine in `path`."""
        quarantine = cls(path, "rwc", bounds or Bounds())
        try:
            with quarantine._locked() as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                # Enough: the journal derives again what a power cut takes, back to the last `settle`.
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.executescript(TABLES)
        except QuarantineUnavailable:
            quarantine.close()
            raise
        return quarantine

    @classmethod
    def open_read_only(cls, path: Path) -> Self:
        """The quarantine as a second process sees it while the daemon runs."""
        return cls(path, "ro", Bounds())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, sequence: int, received: int, rejected: list[Rejected]) -> None:
        """Keep and count the refused messages of the journal's entry `sequence`, received at `received` ms.

        Entries come in the journal's order; one that comes again, whole or in part, changes nothing for the
        messages already counted. Of several refusals of one message the first stands.
        """
        if not rejected:
            return
        with self._transaction() as connection:
            before = position(connection)
            if sequence < before.sequence:
                return
            counted = before.counted if sequence == before.sequence else frozenset[int]()
            fresh = {r.message: r for r in reversed(rejected) if r.message not in counted}
            if fresh:
                held = before.held + self._keep(sequence, received, [fresh[m] for m in sorted(fresh)])
                left = trim(connection, held, self._bounds)
                move(connection, Position(sequence, counted | fresh.keys(), left))

    def rows(self, limit: int, reason: Reason | None = None, device: str = "") -> list[QuarantineRow]:
        """The newest refused messages still held, newest first, of one reason or of all.

        `device` is a pattern of ids, as in file names: what came on the topic of such a sensor or gateway, or
        names one in its detail.
        """
        found = self._select(
            "SELECT sequence, message, received, reason, detail, topic, size, payload, ifnull(more, 0)"
            " FROM refused LEFT JOIN alike USING (id)"
            " WHERE (?1 IS NULL OR reason = ?1)"
            " AND (?3 = '' OR topic GLOB '*/*/*/*/' || ?3 || '/*' OR detail GLOB '*''' || ?3 || '''*')"
            " ORDER BY id DESC LIMIT ?2",
            (reason, limit, device),
        )
        return [
            QuarantineRow(sequence, message, received, Reason(why), *rest)
            for sequence, message, received, why, *rest in found
        ]

    def counts(self) -> dict[Reason, int]:
        """Messages refused ever, per reason, those the ring has dropped included."""
        found = self._select("SELECT reason, count FROM total ORDER BY count DESC, reason")
        return {Reason(reason): times for reason, times in found}

    def unregistered(self) -> list[UnregisteredTopic]:
        """Topics that wait for adoption, the busiest first; those silent longest give way to new ones."""
        found = self._select("SELECT topic, count, first, last FROM unregistered ORDER BY count DESC, topic")
        return [UnregisteredTopic(*row) for row in found]

    def settle(self) -> None:
        """Make durable what was added so far: to be called before a snapshot lets recovery begin later."""
        with self._locked() as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy:
            raise QuarantineUnavailable(self._path, "a reader keeps the file busy")

    def close(self) -> None:
        with self._locked() as connection:
            connection.close()

    def _keep(self, sequence: int, received: int, fresh: list[Rejected]) -> int:
        """Count them, and keep samples; the bytes these take."""
        connection = self._connection
        if self._samples is None:
            self._samples = Samples(connection, self._bounds)
        parted = self._samples.part(received, fresh)
        count(connection, parted.totals)
        count_topics(connection, received, parted.topics)
        trim_topics(connection, self._bounds)
        taken = store(connection, (sequence, received), parted.kept[-self._bounds.rows :])
        add_more(connection, parted.more)
        return taken

    def _select(self, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._locked() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._locked() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    self._samples = None
                    connection.execute("ROLLBACK")

    @contextmanager
    def _locked(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self._path):
            yield self._connection


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise QuarantineUnavailable(path, f"{error} [{name}]") from error
