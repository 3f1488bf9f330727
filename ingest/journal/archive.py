"""Closed files of the journal: one sequential file of compressed frames, `journal-<first>-<last>.blocks.zz`.

    file    = MAGIC frame*
    frame   = header crc32(header) packed
    header  = TAG, first sequence, entries, received of the last, raw bytes, packed bytes
    packed  = raw, by zlib, which adds its own checksum
    raw     = (item(received, count, bytes of kind, bytes of data) kind data)*

Numbers are big-endian. A frame can be read alone, and headers are enough to find it, so a reader streams the
file or starts anywhere in it without more than one frame in memory.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ingest.journal.entry import Entry, JournalCorrupt, entry_kind, translated

MAGIC = b"tocsin journal 1\n"
TAG = b"TJF1"
HEADER = struct.Struct(">4sQIqII")
CHECK = struct.Struct(">I")
ITEM = struct.Struct(">qIBI")
PLACE = HEADER.size + CHECK.size

FRAME_BYTES = 1 << 20
FRAME_ENTRIES = 256
# The highest speed: an hour of a whole city must be packed in minutes beside everything else.
LEVEL = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """Where one frame lies; `offset` is that of its header, `received` that of its last entry."""

    first: int
    entries: int
    received: int
    raw: int
    packed: int
    offset: int

    @property
    def last(self) -> int:
        return self.first + self.entries - 1


def write_archive(file: BinaryIO, entries: Iterable[Entry]) -> None:
    """Write `entries`, which are in order without a gap, as one archive."""
    file.write(MAGIC)
    frame: list[Entry] = []
    size = 0
    for entry in entries:
        frame.append(entry)
        size += len(entry.data)
        if size >= FRAME_BYTES or len(frame) >= FRAME_ENTRIES:
            file.write(_packed(frame))
            frame, size = [], 0
    if frame:
        file.write(_packed(frame))


def _packed(entries: list[Entry]) -> bytes:
    raw = b"".join(part for entry in entries for part in _item(entry))
    packed = zlib.compress(raw, LEVEL)
    header = HEADER.pack(TAG, entries[0].sequence, len(entries), entries[-1].received, len(raw), len(packed))
    return header + CHECK.pack(zlib.crc32(header)) + packed


def _item(entry: Entry) -> tuple[bytes, bytes, bytes]:
    kind = entry.kind.value.encode("ascii")
    return ITEM.pack(entry.received, entry.count, len(kind), len(entry.data)), kind, entry.data


class Archive:
    """One archive as its readers see it; everything before a defect can be read."""

    def __init__(self, path: Path, first: int, last: int) -> None:
        self.path = path
        self.first = first
        self.last = last
        self._index: list[Frame] | None = None

    def read(self, after: int, limit: int) -> list[Entry]:
        """At most `limit` entries with sequence > `after`, in order. Any thread.

        JournalCorrupt if the first of them cannot be read; what lies before a defect is returned first.
        """
        found: list[Entry] = []
        try:
            for entry in self._entries(after):
                found.append(entry)
                if len(found) >= limit:
                    break
        except JournalCorrupt:
            if not found:
                raise
        return found

    def newest(self) -> tuple[int, int] | None:
        """Sequence and received of the last entry; JournalCorrupt if the file does not reach it."""
        frames, defect = self._frames()
        if defect is not None:
            raise defect
        return (frames[-1].last, frames[-1].received) if frames else None

    def verify(self) -> None:
        """Read everything; JournalCorrupt names the first byte that is wrong."""
        for _ in self._entries(0):
            pass

    def close(self) -> None:
        """Nothing is held open between two reads."""

    def _entries(self, after: int) -> Iterator[Entry]:
        frames, defect = self._frames()
        with translated(self.path), self.path.open("rb") as file:
            for frame in frames:
                if frame.last > after:
                    yield from (entry for entry in self._unpacked(file, frame) if entry.sequence > after)
        if defect is not None:
            raise defect

    def _unpacked(self, file: BinaryIO, frame: Frame) -> list[Entry]:
        file.seek(frame.offset + PLACE)
        try:
            raw = zlib.decompress(file.read(frame.packed))
        except zlib.error as error:
            raise self._corrupt(frame.offset, f"damaged frame: {error}") from error
        if len(raw) != frame.raw:
            raise self._corrupt(frame.offset, f"{len(raw)} bytes in a frame of {frame.raw}")
        return list(self._items(raw, frame.first))

    def _items(self, raw: bytes, sequence: int) -> Iterator[Entry]:
        at = 0
        while at < len(raw):
            received, count, named, size = ITEM.unpack_from(raw, at)
            start = at + ITEM.size + named
            kind = entry_kind(self.path, sequence, raw[at + ITEM.size : start].decode("ascii"))
            at = start + size
            yield Entry(sequence, received, kind, count, raw[start:at])
            sequence += 1

    # A sound index is kept; a defective file is looked at anew, for it may be restored meanwhile.
    def _frames(self) -> tuple[list[Frame], JournalCorrupt | None]:
        if self._index is not None:
            return self._index, None
        frames: list[Frame] = []
        try:
            with translated(self.path), self.path.open("rb") as file:
                self._scan(file, frames)
        except JournalCorrupt as defect:
            return frames, defect
        self._index = frames
        return frames, None

    def _scan(self, file: BinaryIO, frames: list[Frame]) -> None:
        size = self.path.stat().st_size
        if file.read(len(MAGIC)) != MAGIC:
            raise self._corrupt(0, f"not an archive that begins with {MAGIC!r}")
        offset, expected = len(MAGIC), self.first
        while expected <= self.last:
            frame = self._header(file, offset)
            if frame.first != expected or not frame.entries:
                raise self._corrupt(offset, f"entry {frame.first} where {expected} belongs")
            if offset + PLACE + frame.packed > size:
                raise self._corrupt(offset, f"ends inside the frame of entry {expected}")
            frames.append(frame)
            offset, expected = offset + PLACE + frame.packed, frame.last + 1
        if expected != self.last + 1 or offset != size:
            raise self._corrupt(offset, f"more than entry {self.last}, the last by the file's name")

    def _header(self, file: BinaryIO, offset: int) -> Frame:
        file.seek(offset)
        block = file.read(PLACE)
        if len(block) < PLACE:
            raise self._corrupt(offset, "ends before its last entry")
        tag, first, entries, received, raw, packed = HEADER.unpack_from(block)
        if tag != TAG or CHECK.unpack_from(block, HEADER.size)[0] != zlib.crc32(block[: HEADER.size]):
            raise self._corrupt(offset, "damaged frame header")
        return Frame(first, entries, received, raw, packed, offset)

    def _corrupt(self, offset: int, reason: str) -> JournalCorrupt:
        return JournalCorrupt(self.path, f"byte {offset}", reason)
