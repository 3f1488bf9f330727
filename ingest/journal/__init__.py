"""The append-only record of every input of the engine, in arrival order: on disk before it is acknowledged.

A directory of files, each with the entries of one period: the newest are SQLite databases (journal_file), the
closed ones are compressed (journal_archive); `cursors.db` says how far each reader has come, and retention
(journal_retention) never removes what one of them still needs.
"""

import fcntl
import os
import threading
from pathlib import Path
from typing import Self

from ingest.journal.cursors import Cursors
from ingest.journal.entry import Entry, EntryKind, JournalCorrupt, JournalUnavailable, translated
from ingest.journal.file import BlockFile, BlockWriter, create
from ingest.journal.reader import JournalReader, database_path
from ingest.journal.retention import Maintenance, Retention, maintain, sweep

__all__ = [
    "Entry",
    "EntryKind",
    "Journal",
    "JournalCorrupt",
    "JournalReader",
    "JournalUnavailable",
    "Maintenance",
    "Retention",
    "open_read_only",
]


def open_read_only(directory: Path) -> JournalReader:
    """The journal as a second process sees it while the daemon runs: `read`, `first`, `last`, `close`."""
    return JournalReader(directory)


class Journal:
    """The journal of the one daemon that writes it. Methods block; any thread may call them."""

    def __init__(self, directory: Path, policy: Retention) -> None:
        """Use `Journal.open`."""
        self.directory = directory
        self.policy = policy
        self._appending = threading.Lock()
        self._maintaining = threading.Lock()
        self._writer: BlockWriter | None = None
        self._last = 0
        self._last_received = 0
        self._closed = False
        self._lock = _locked(directory)
        try:
            sweep(directory)
            self._recover()
        except BaseException:
            self._abandon_writer()
            os.close(self._lock)
            raise

    @classmethod
    def open(cls, directory: Path, policy: Retention) -> Self:
        """Open or begin the journal in `directory` and recover what a crash left unfinished.

        Raises JournalUnavailable if the disk refuses or another process writes it, JournalCorrupt if its
        newest file cannot be read.
        """
        return cls(directory, policy)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def last(self) -> int:
        """Sequence number of the newest entry; 0 if there never was one."""
        return self._last

    @property
    def last_received(self) -> int:
        """`received` of the newest entry, ms; 0 if there is none."""
        return self._last_received

    @property
    def first(self) -> int:
        """Sequence number of the oldest entry that is kept; 0 if there is none."""
        volumes = self._reader.volumes
        return volumes[0].first if volumes and volumes[0].first <= self._last else 0

    def append(self, received: int, kind: EntryKind, count: int, data: bytes) -> Entry:
        """Add one entry; it is durable when this returns.

        `received` (ms) is raised to that of the entry before if it lies behind. Raises JournalUnavailable and
        has then added nothing; the next call tries anew.
        """
        with self._appending:
            if self._closed:
                raise ValueError(f"{self.directory}: the journal is closed")
            entry = Entry(self._last + 1, max(received, self._last_received), kind, count, data)
            try:
                self._writer_for(entry).append(entry)
            except (JournalUnavailable, JournalCorrupt):
                self._abandon_writer()
                raise
            self._last, self._last_received = entry.sequence, entry.received
            return entry

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        """At most `limit` entries with sequence > `after`, in order; none at the end.

        What retention has removed is passed over. Raises JournalCorrupt if the first entry to return cannot
        be read, JournalUnavailable if its file cannot be opened.
        """
        left = self._last - max(after, self.first - 1)
        return self._reader.read(after, min(limit, left)) if left > 0 else []

    def cursor(self, name: str) -> int:
        """The last entry the reader `name` is done with; 0 if it never moved."""
        return self._cursors.position(name)

    def move_cursor(self, name: str, sequence: int) -> None:
        """Note durably that `name` is done up to `sequence`; going back changes nothing.

        A name, once moved (0 will do), holds back the removal of what lies beyond it. Raises ValueError
        beyond `last`.
        """
        if sequence > self._last:
            raise ValueError(f"cursor {name!r}: {sequence} lies beyond the journal's last entry {self._last}")
        self._cursors.move(name, sequence)

    def drop_cursor(self, name: str) -> None:
        """Forget a reader that is no more; it holds back nothing from now on."""
        self._cursors.drop(name)

    def maintain(self, now: int, *, compress: bool = True) -> Maintenance:
        """Remove what is due at `now` (ms) and compress closed files; appends and reads go on meanwhile.

        Compressing a file needs room for a part of it, which a full disk had better keep.
        """
        with self._maintaining:
            return maintain(self._reader, self._cursors, self.policy, now, compress=compress)

    def close(self) -> None:
        """Close all files; appending is a ValueError from now on. The directory can be opened again."""
        with self._appending, self._maintaining:
            self._closed = True
            self._reader.close()
            self._abandon_writer()
            self._cursors.close()
            os.close(self._lock)

    def _recover(self) -> None:
        self._reader = JournalReader(self.directory)
        if (newest := self._newest_database()) is not None:
            self._writer = BlockWriter(newest.path, last=None)
        last, self._last_received = self._reader.newest()
        self._cursors = Cursors(self.directory / "cursors.db")
        # Should files have been lost, no number that a reader has seen is given out again.
        self._last = max(last, self._cursors.furthest())
        if self._last > last:
            self._begin_file()

    def _newest_database(self) -> BlockFile | None:
        # What is listed may be older than a file that was begun and then could not be opened.
        self._reader.rescan()
        newest = self._reader.volumes[-1] if self._reader.volumes else None
        return newest if isinstance(newest, BlockFile) else None

    def _writer_for(self, entry: Entry) -> BlockWriter:
        if self._writer is None and (newest := self._newest_database()) is not None:
            self._writer = BlockWriter(newest.path, self._last)
        if self._writer is None or self._is_full(self._writer, entry):
            return self._begin_file()
        return self._writer

    def _is_full(self, writer: BlockWriter, entry: Entry) -> bool:
        if writer.began is None:
            return False
        period = self.policy.period
        later = entry.received // period != writer.began // period
        return later or writer.size + len(entry.data) > self.policy.file_bytes

    def _begin_file(self) -> BlockWriter:
        path = database_path(self.directory, self._last + 1)
        create(path)
        self._abandon_writer()
        self._writer = BlockWriter(path, self._last)
        self._reader.rescan()
        return self._writer

    def _abandon_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()


def _locked(directory: Path) -> int:
    """A descriptor that holds the right to write `directory`, which is made if need be."""
    with translated(directory):
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise JournalUnavailable(directory, "another process writes this journal; stop it first") from None
    return descriptor
