"""Reading the journal over all its files, in the daemon or beside it."""

import re
import threading
from bisect import bisect_right
from pathlib import Path
from typing import Self, TypeAlias

from ingest.journal.archive import Archive
from ingest.journal.entry import Entry, JournalCorrupt, JournalUnavailable, translated
from ingest.journal.file import BlockFile

NAME = re.compile(r"journal-(\d{12,})(?:\.db|-(\d{12,})\.blocks\.zz)")

Volume: TypeAlias = BlockFile | Archive


def database_path(directory: Path, first: int) -> Path:
    """The SQLite file whose first entry has the sequence number `first`."""
    return directory / f"journal-{first:012}.db"


def archive_path(directory: Path, first: int, last: int) -> Path:
    """The compressed file that holds `first` to `last`, both included."""
    return directory / f"journal-{first:012}-{last:012}.blocks.zz"


def volumes_in(directory: Path) -> list[Volume]:
    """The journal's files in order; of a database and its archive, the archive. Raises JournalUnavailable."""
    found: dict[int, Volume] = {}
    with translated(directory):
        names = sorted(path.name for path in directory.iterdir())
    for match in filter(None, map(NAME.fullmatch, names)):
        first, path = int(match[1]), directory / match[0]
        if match[2]:
            found[first] = Archive(path, first, int(match[2]))
        elif first not in found:
            found[first] = BlockFile(path, first)
    return [found[first] for first in sorted(found)]


class JournalReader:
    """The journal as files; follows what the daemon adds, compresses and removes. Any thread."""

    def __init__(self, directory: Path) -> None:
        """Raises JournalUnavailable if `directory` is not there."""
        self.directory = directory
        self._lock = threading.Lock()
        self._volumes: tuple[Volume, ...] = tuple(volumes_in(directory))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def volumes(self) -> tuple[Volume, ...]:
        """The files as last listed, oldest first."""
        return self._volumes

    @property
    def first(self) -> int:
        """The oldest entry that is kept; 0 if there is none."""
        self.rescan()
        last, _ = self.newest()
        return self._volumes[0].first if self._volumes and self._volumes[0].first <= last else 0

    @property
    def last(self) -> int:
        """The newest entry; 0 if there never was one."""
        self.rescan()
        return self.newest()[0]

    def newest(self) -> tuple[int, int]:
        """Sequence and received of the newest entry; received is 0 if none is kept."""
        for volume in reversed(self._volumes):
            if (newest := volume.newest()) is not None:
                return newest
        return (self._volumes[-1].first - 1, 0) if self._volumes else (0, 0)

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        """At most `limit` (>= 1) entries with sequence > `after`, in order; none at the end.

        What retention has removed is passed over. Raises JournalCorrupt if the first entry to return cannot
        be read, JournalUnavailable if its file cannot be opened.
        """
        volumes = self._volumes
        try:
            entries = _collect(volumes, after, limit)
        except JournalUnavailable:
            self.rescan()
            if self._volumes is volumes:
                raise
            return _collect(self._volumes, after, limit)
        return _collect(self._volumes, after, limit) if not entries and self.rescan() else entries

    def before(self, instant: int) -> int:
        """The newest entry received before `instant` (ms); where none is kept, the one before the oldest.

        Raises as `read` does.
        """
        first, high = self.first, self.last
        low = first - 1 if first else high
        while low < high:
            middle = (low + high + 1) // 2
            if self.read(middle - 1, 1)[0].received < instant:
                low = middle
            else:
                high = middle - 1
        return low

    def rescan(self) -> bool:
        """List the directory again; whether the files are others than before."""
        with self._lock:
            known = {volume.path: volume for volume in self._volumes}
            listed = [known.pop(volume.path, volume) for volume in volumes_in(self.directory)]
            if not known and len(listed) == len(self._volumes):
                return False
            self._volumes = tuple(listed)
        for gone in known.values():
            gone.close()
        return True

    def close(self) -> None:
        for volume in self._volumes:
            volume.close()


def _collect(volumes: tuple[Volume, ...], after: int, limit: int) -> list[Entry]:
    entries: list[Entry] = []
    start = max(bisect_right(volumes, after + 1, key=lambda volume: volume.first) - 1, 0)
    for place in range(start, len(volumes)):
        volume = volumes[place]
        position = entries[-1].sequence if entries else max(after, volume.first - 1)
        end = volumes[place + 1].first - 1 if place + 1 < len(volumes) else position + limit
        wanted = min(limit - len(entries), end - position)
        try:
            found = contiguous(volume, position, wanted, place + 1 < len(volumes))
        except (JournalCorrupt, JournalUnavailable):
            if entries:
                return entries
            raise
        entries += found
        if len(found) < wanted or len(entries) == limit:
            break
    return entries


def contiguous(volume: Volume, after: int, wanted: int, closed: bool) -> list[Entry]:
    """The next `wanted` (>= 1) entries of one file, or fewer; a closed one must hold at least the first.

    JournalCorrupt if one is missing in between.
    """
    found = volume.read(after, wanted)
    missing = closed and not found
    if missing or (found and (found[0].sequence, found[-1].sequence) != (after + 1, after + len(found))):
        raise JournalCorrupt(volume.path, f"entry {after + 1}", "missing")
    return found
