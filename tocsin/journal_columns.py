"""What the closed files of a journal decode to, kept beside it: a replay reads it instead of decoding again.

`columns/<first>-<last>-<key>.columns` belongs to the journal file of these entries; `key` says what it was
decoded by (`decoded_by`), so rules may change and it still holds. It is never needed: what is not there, is
of another key or is damaged is decoded from the journal.

    file    = MAGIC frame*
    frame   = header crc32(header) packed
    header  = TAG, first sequence, entries, crc32(packed), packed bytes
    packed  = raw, by zlib
    raw     = bytes of head, head (MessagePack), the columns one behind the other

Numbers are big-endian, the columns little-endian as `COLUMNS` says.
"""

import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from ingest.decode.rows import UNNUMBERED
from ingest.journal import Entry, EntryKind
from ingest.reading import Decoded, Numbered, Readings, Rejected
from tocsin.audit_trail import program
from tocsin.judge import Basis

MAGIC = b"tocsin columns 1\n"
TAG = b"TJC1"
HEADER = struct.Struct(">4sQIII")
CHECK = struct.Struct(">I")
SIZE = struct.Struct(">I")
PLACE = HEADER.size + CHECK.size
NAME = re.compile(r"(\d{12,})-(\d{12,})-[0-9a-f]{16}\.columns")
COLUMNS = {
    "message": "<i4", "slot": "<i4", "column": "<i2", "value": "<i8",
    "stamp": "<i8", "observed": "<i8", "period": "<i8", "quality": "<u1",
}  # fmt: skip
NUMBERED = ("slot", "seq", "boot")
# Values of one frame, and entries: so much is in memory at once.
FRAME_VALUES, FRAME_ENTRIES = 2**18, 2**12
LEVEL = 1
# Of the disk: with less left it is the journal's own.
FREE = 0.25
# For each journal file: two sets of sensors that are compared do not drive each other out.
KEPT = 2

ROOT = 0

Item = tuple[Entry, Decoded | None]


class Foreign(Exception):
    """A file that does not hold what its name says: what is wrong, and where."""


class Row(msgspec.Struct, array_like=True):
    """One entry; `messages` is -1 where nothing was decoded, then `data` is the entry's own."""

    received: int
    kind: str
    count: int
    data: bytes
    messages: int
    values: int
    numbered: int
    rejected: list[Rejected]


def decoded_by(basis: Basis) -> str:
    """What of a basis decides how bytes are decoded, as 16 hexadecimal digits."""
    digest = blake2b(f"{program()} {basis.namespace} {basis.kinds}".encode(), digest_size=8)
    for sensor in basis.registry.sensors:
        digest.update(msgspec.msgpack.encode((sensor.id, sensor.kind, sensor.zone, sensor.gateway)))
    return digest.hexdigest()


def columns_path(state: Path, first: int, last: int, key: str) -> Path:
    """Where the columns of one journal file are."""
    return state / "columns" / f"{first:012}-{last:012}-{key}.columns"


def is_room(state: Path) -> bool:
    """Whether the disk has room for what can be done without."""
    usage = shutil.disk_usage(state)
    return usage.free >= FREE * usage.total


def is_own(state: Path, account: int) -> bool:
    """Whether the owner can remove what this account makes there; not what root makes for another."""
    return account != ROOT or state.stat().st_uid == ROOT


def remove_before(state: Path, first: int) -> list[Path]:
    """Remove the columns of journal files that lie before that entry. Raises OSError."""
    gone = [path for path, last in _listed(state) if last < first]
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def remove_oldest(path: Path) -> None:
    """Of the files that belong to the same entries as `path`, keep the newest ones. Raises OSError."""
    same = path.parent.glob(f"{path.name.rpartition('-')[0]}-*.columns")
    for old in sorted(same, key=lambda each: each.stat().st_mtime_ns, reverse=True)[KEPT:]:
        old.unlink(missing_ok=True)


def _listed(state: Path) -> list[tuple[Path, int]]:
    directory = state / "columns"
    names = [(path, NAME.fullmatch(path.name)) for path in directory.iterdir()] if directory.is_dir() else []
    return [(path, int(match[2])) for path, match in names if match]


class ColumnsWriter:
    """Writes what becomes of the entries of one journal file, in order. Raises OSError."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._items: list[Item] = []
        self._values = 0
        file.write(MAGIC)

    def add(self, entry: Entry, decoded: Decoded | None) -> None:
        """The next entry."""
        self._items.append((entry, decoded))
        self._values += 0 if decoded is None else len(decoded.readings)
        if self._values >= FRAME_VALUES or len(self._items) >= FRAME_ENTRIES:
            self.flush()

    def flush(self) -> None:
        """Write what is still held."""
        if not self._items:
            return
        packed = zlib.compress(_raw(self._items), LEVEL)
        first = self._items[0][0].sequence
        header = HEADER.pack(TAG, first, len(self._items), zlib.crc32(packed), len(packed))
        self._file.write(header + CHECK.pack(zlib.crc32(header)) + packed)
        self._items, self._values = [], 0


def _raw(items: list[Item]) -> bytes:
    head = msgspec.msgpack.encode([_row(entry, decoded) for entry, decoded in items])
    known = [decoded for _, decoded in items if decoded is not None]
    columns = [
        np.concatenate([np.zeros(0, kind), *(getattr(d.readings, name) for d in known)]).astype(kind)
        for name, kind in COLUMNS.items()
    ]
    numbers = [
        np.concatenate([np.zeros(0, "<i8"), *(getattr(d.numbered, name) for d in known)]).astype("<i8")
        for name in NUMBERED
    ]
    return b"".join([SIZE.pack(len(head)), head, *(array.tobytes() for array in (*columns, *numbers))])


def _row(entry: Entry, decoded: Decoded | None) -> Row:
    if decoded is None:
        return Row(entry.received, entry.kind, entry.count, entry.data, -1, 0, 0, [])
    values, numbered = len(decoded.readings), len(decoded.numbered.slot)
    return Row(
        entry.received, entry.kind, entry.count, b"", decoded.messages, values, numbered, decoded.rejected
    )


class ColumnsFile:
    """The columns of the entries `first` to `last`. Raises Foreign unless every byte is as it was written."""

    def __init__(self, path: Path, first: int, last: int) -> None:
        self._path = path
        self._frames = self._checked(first, last)

    def items(self, after: int) -> Iterator[Item]:
        """The entries with sequence > `after`, and what is decoded of them. Raises Foreign, OSError."""
        with self._path.open("rb") as file:
            for first, entries, offset, size in self._frames:
                if first + entries - 1 > after:
                    file.seek(offset)
                    yield from (
                        i for i in _unpacked(zlib.decompress(file.read(size)), first) if i[0].sequence > after
                    )

    def _checked(self, first: int, last: int) -> list[tuple[int, int, int, int]]:
        frames, expected = [], first
        with self._path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise self._foreign(0, "does not begin as these files do")
            while header := file.read(PLACE):
                at = file.tell() - len(header)
                tag, begin, entries, check, size = self._header(header, at)
                packed = file.read(size)
                if tag != TAG or begin != expected or len(packed) != size or zlib.crc32(packed) != check:
                    raise self._foreign(at, f"damaged before entry {expected + entries}")
                frames.append((begin, entries, at + PLACE, size))
                expected += entries
        if expected != last + 1:
            raise self._foreign(self._path.stat().st_size, f"ends before entry {expected} of {last}")
        return frames

    def _header(self, header: bytes, at: int) -> tuple[bytes, int, int, int, int]:
        if len(header) != PLACE or CHECK.unpack_from(header, HEADER.size)[0] != zlib.crc32(
            header[: HEADER.size]
        ):
            raise self._foreign(at, "damaged frame header")
        found: tuple[bytes, int, int, int, int] = HEADER.unpack_from(header)
        return found

    def _foreign(self, at: int, reason: str) -> Foreign:
        return Foreign(f"{self._path}: byte {at}: {reason}")


_rows = msgspec.msgpack.Decoder(list[Row]).decode


def _unpacked(raw: bytes, sequence: int) -> Iterator[Item]:
    (size,) = SIZE.unpack_from(raw)
    rows = _rows(raw[SIZE.size : SIZE.size + size])
    values, numbered = sum(row.values for row in rows), sum(row.numbered for row in rows)
    at = SIZE.size + size
    columns = {}
    for name, kind in COLUMNS.items():
        columns[name] = np.frombuffer(raw, kind, values, at)
        at += columns[name].nbytes
    numbers = np.frombuffer(raw, "<i8", numbered * len(NUMBERED), at).reshape(len(NUMBERED), -1)
    ends = accumulate(row.values for row in rows)
    told = accumulate(row.numbered for row in rows)
    for number, (row, end, last) in enumerate(zip(rows, ends, told, strict=True), start=sequence):
        entry = Entry(number, row.received, EntryKind(row.kind), row.count, row.data)
        if row.messages < 0:
            yield entry, None
            continue
        some = {name: column[end - row.values : end] for name, column in columns.items()}
        readings = Readings(number, row.received, **some)
        yield (
            entry,
            Decoded(readings, row.rejected, row.messages, _numbered(numbers, last - row.numbered, last)),
        )


def _numbered(numbers: npt.NDArray[np.int64], begin: int, end: int) -> Numbered:
    return Numbered(*(array[begin:end] for array in numbers)) if end > begin else UNNUMBERED
