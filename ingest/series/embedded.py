"""The store that needs no server: one SQLite file, durable when `write` returns."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ingest.series.store import Block, Point, StoreUnavailable, instants, quantities

TABLES = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, metric TEXT NOT NULL, zone TEXT NOT NULL,
    UNIQUE (sensor, metric, zone)
);
CREATE TABLE IF NOT EXISTS point (
    series INTEGER NOT NULL, observed INTEGER NOT NULL, value REAL NOT NULL, quality INTEGER NOT NULL,
    PRIMARY KEY (series, observed)
) WITHOUT ROWID;
"""


class EmbeddedStore:
    """Points by series (sensor, metric, zone) and instant. Any thread may call any method.

    The file is opened when it is first needed, and anew after every error: what is wrong with it is the
    history's trouble and keeps nobody from starting.
    """

    trail = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._series = _SeriesIds()

    def write(self, blocks: Sequence[Block]) -> None:
        """One transaction for all blocks."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for block in blocks:
                rows = self._rows(connection, block)
                connection.executemany("INSERT OR REPLACE INTO point VALUES (?, ?, ?, ?)", rows)
            connection.execute("COMMIT")

    def read(self, sensor: str, metric: str, start: int, end: int) -> list[Point]:
        """Where a sensor has points of one instant in two zones, the zone it came to later stands."""
        with self._opened() as connection:
            rows = connection.execute(
                "SELECT observed, value, quality FROM series JOIN point ON point.series = series.id"
                " WHERE sensor = ? AND metric = ? AND observed >= ? AND observed < ? ORDER BY observed, id",
                (sensor, metric, start, end),
            ).fetchall()
        return list({row[0]: Point(*row) for row in rows}.values())

    def count(self) -> int:
        """Distinct (sensor, instant)."""
        with self._opened() as connection:
            rows = "SELECT DISTINCT sensor, observed FROM point JOIN series ON series.id = point.series"
            return int(connection.execute(f"SELECT count(*) FROM ({rows})").fetchone()[0])

    def prune(self, before: int) -> int:
        """Remove the points observed before `before` ms; returns how many. Their space is used again."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            # By series, as the table is ordered: a scan for old instants would read all of it.
            removed = connection.executemany(
                "DELETE FROM point WHERE series = ? AND observed < ?",
                [(row[0], before) for row in connection.execute("SELECT id FROM series").fetchall()],
            ).rowcount
            connection.execute("COMMIT")
        return max(removed, 0)

    def incarnation(self) -> str:
        """Always the same: nothing that was taken is ever lost by a restart."""
        return ""

    def ping(self) -> bool:
        """Whether the file can be opened and read."""
        try:
            with self._opened() as connection:
                connection.execute("SELECT 1 FROM point LIMIT 1")
        except StoreUnavailable:
            return False
        return True

    def close(self) -> None:
        """A later call opens the file again."""
        with self._lock:
            self._abandon()

    def _rows(self, connection: sqlite3.Connection, block: Block) -> Iterable[tuple[int, int, float, int]]:
        return zip(
            self._series.of(connection, block),
            instants(block.readings).tolist(),
            quantities(block).tolist(),
            block.readings.quality.tolist(),
            strict=True,
        )

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _connect(self._path)
                yield self._connection
            except sqlite3.Error as error:
                # Closing rolls back what was begun.
                self._abandon()
                name = getattr(error, "sqlite_errorname", type(error).__name__)
                hint = "look at free space, permissions and the disk itself"
                raise StoreUnavailable(str(self._path), f"{error} [{name}] ({hint})") from error

    def _abandon(self) -> None:
        connection, self._connection = self._connection, None
        self._series = _SeriesIds()
        if connection is not None:
            connection.close()


class _SeriesIds:
    """The ids of series, remembered by slot and column for as long as the bundle stays the same."""

    def __init__(self) -> None:
        self._basis: tuple[object, object] = (None, None)
        self._ids: dict[int, int] = {}

    def of(self, connection: sqlite3.Connection, block: Block) -> list[int]:
        """The series of every row of the block; new ones are added in the transaction that is open."""
        if self._basis[0] is not block.kinds or self._basis[1] is not block.registry:
            self._basis, self._ids = (block.kinds, block.registry), {}
        columns = len(block.kinds.columns)
        keys = (block.readings.slot.astype(np.int64) * columns + block.readings.column).tolist()
        for key in set(keys) - self._ids.keys():
            slot, column = divmod(key, columns)
            sensor = block.registry.sensors[slot]
            self._ids[key] = _series_id(
                connection, (sensor.id, block.kinds.columns[column].name, sensor.zone)
            )
        return [self._ids[key] for key in keys]


def _series_id(connection: sqlite3.Connection, series: tuple[str, str, str]) -> int:
    connection.execute("INSERT OR IGNORE INTO series (sensor, metric, zone) VALUES (?, ?, ?)", series)
    found = connection.execute("SELECT id FROM series WHERE (sensor, metric, zone) = (?, ?, ?)", series)
    return int(found.fetchone()[0])


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(TABLES)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
