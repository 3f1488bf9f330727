"""What becomes of closed files of the journal: compressed, kept for a while, removed oldest first."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from ingest.clock import DAY, HOUR
from ingest.durable import UNFINISHED, sync_directory, unfinished, whole_file
from ingest.journal.archive import Archive, write_archive
from ingest.journal.cursors import Cursors
from ingest.journal.entry import Entry, JournalCorrupt, JournalUnavailable, translated
from ingest.journal.file import BlockFile, remove
from ingest.journal.reader import JournalReader, Volume, archive_path, contiguous

# Entries held in memory while a file is compressed: a block has up to half a megabyte.
STRIDE = 16


@dataclass(frozen=True, slots=True)
class Retention:
    """A file covers one `period`; what is older than `keep` or beyond `max_bytes` goes (ms, bytes)."""

    period: int = HOUR
    keep: int = 7 * DAY
    max_bytes: int = 20_000_000_000

    @property
    def file_bytes(self) -> int:
        """A file is closed at this size too: whole files are removed, so none may fill the bound alone."""
        return self.max_bytes // 16


@dataclass(slots=True, kw_only=True)
class Maintenance:
    """What was done and what to tell people.

    `used` bytes on disk, `fill` the share of `max_bytes`; `held_by` the reader without which more would have
    been removed; `faults` the files that could not be dealt with, and why.
    """

    ALARM_FILL = 0.8

    compressed: list[Path] = field(default_factory=list)
    removed: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    held_by: str | None = None
    used: int = 0
    fill: float = 0.0

    @property
    def alarm(self) -> bool:
        """Whether a person has to look at it: nearly full, held back, or a file that cannot be dealt with."""
        return self.fill >= self.ALARM_FILL or self.held_by is not None or bool(self.faults)


def maintain(
    reader: JournalReader, cursors: Cursors, policy: Retention, now: int, *, compress: bool = True
) -> Maintenance:
    """Remove what is due, then compress closed files, then remove again by what is used now.

    Removal comes first because a full disk leaves no room to compress anything. A file that cannot be dealt
    with is a fault of the result. Raises JournalUnavailable if the directory cannot be listed.
    """
    done = Maintenance()
    reader.rescan()
    _retain(reader, cursors, policy, now, done)
    if compress:
        _compress(reader, done)
        _retain(reader, cursors, policy, now, done)
    done.used = used_bytes(reader.directory)
    done.fill = done.used / policy.max_bytes
    return done


def archive(volume: BlockFile, last: int) -> Path:
    """Compress a closed file, which stays; `last` is its last entry. The archive has been read back.

    Raises JournalCorrupt if the file or what was written of it is not sound, JournalUnavailable for the disk.
    """
    path = archive_path(volume.path.parent, volume.first, last)
    with translated(path), whole_file(path) as file:
        write_archive(file, _entries(volume, last))
        file.flush()
        Archive(unfinished(path), volume.first, last).verify()
    return path


def used_bytes(directory: Path) -> int:
    """What the journal's files take on disk, unfinished ones and companions of SQLite included."""
    with translated(directory):
        return sum(_size(path) for path in directory.glob("journal-*"))


def sweep(directory: Path) -> None:
    """Remove what a crash left behind in a journal that nothing writes."""
    with translated(directory):
        for path in list(directory.glob(f"journal-*{UNFINISHED}*")):
            path.unlink()
        for path in list(directory.glob("journal-*.db-*")):
            if not path.with_name(path.name.rpartition("-")[0]).exists():
                path.unlink()


def remove_superseded(directory: Path) -> None:
    """Remove the databases that have an archive, once the archive's name is durable."""
    with translated(directory):
        sync_directory(directory)
        for path in directory.glob("journal-*.blocks.zz"):
            remove(path.with_name(f"{path.name.rpartition('-')[0]}.db"))


def _retain(reader: JournalReader, cursors: Cursors, policy: Retention, now: int, done: Maintenance) -> None:
    slowest = cursors.slowest()
    done.held_by = None
    with _reported(done):
        for volume, successor in pairwise(reader.volumes):
            if used_bytes(reader.directory) <= policy.max_bytes and not _older(volume, now - policy.keep):
                break
            if slowest is not None and slowest[1] < successor.first - 1:
                done.held_by = slowest[0]
                break
            with translated(volume.path):
                remove(volume.path)
            done.removed.append(volume.path)
    reader.rescan()


def _older(volume: Volume, instant: int) -> bool:
    newest = volume.newest()
    return newest is None or newest[1] < instant


def _compress(reader: JournalReader, done: Maintenance) -> None:
    for volume, successor in pairwise(reader.volumes):
        if isinstance(volume, BlockFile):
            with _reported(done):
                done.compressed.append(archive(volume, successor.first - 1))
    reader.rescan()
    with _reported(done):
        remove_superseded(reader.directory)


def _entries(volume: BlockFile, last: int) -> Iterator[Entry]:
    position = volume.first - 1
    while position < last:
        found = contiguous(volume, position, min(STRIDE, last - position), closed=True)
        yield from found
        position = found[-1].sequence


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        # SQLite removes its companions when it likes.
        return 0


@contextmanager
def _reported(done: Maintenance) -> Iterator[None]:
    try:
        yield
    except (JournalCorrupt, JournalUnavailable) as error:
        if str(error) not in done.faults:
            done.faults.append(str(error))
