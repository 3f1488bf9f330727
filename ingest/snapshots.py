"""The engine's arrays at one position of the journal, so that recovery need not begin at the first entry.

    file   = MAGIC head member* digest
    head   = length, JSON {"schema", "position", "bundle", "members"}
    member = length, JSON {"name", "dtype", "shape", "size"}, then `size` bytes; dtype null for plain bytes
    digest = BLAKE2b of everything before it

Lengths are 4 bytes, big-endian. A file that is not whole, or of another schema, is passed over for the one
before.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import numpy.typing as npt

from ingest.durable import UNFINISHED, whole_file

MAGIC = b"tocsin snapshot\n"
SCHEMA = 2
DIGEST = 32
LENGTH = 4
DAMAGED = "its checksum is wrong: it is torn or damaged"

Array = npt.NDArray[np.generic]


class SnapshotUnwritable(Exception):
    """A snapshot could not be written; those before it are as they were."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason} (recovery takes longer until one can be: look at the disk)")
        self.path = path
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """`state` after the journal's entry `position`, under the bundle with that hash."""

    position: int
    bundle: str
    state: dict[str, Array | bytes]


class Copies:
    """Copies of a state in memory that is kept: the memory of new arrays would cost more than the copying."""

    def __init__(self) -> None:
        self._kept: dict[str, Array] = {}

    def of(self, state: Mapping[str, Array | bytes]) -> dict[str, Array | bytes]:
        """A copy of all arrays; it lasts until the next one is made."""
        kept, self._kept = self._kept, {}
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                self._kept[name] = _copied(value, kept.get(name))
        return {name: self._kept.get(name, value) for name, value in state.items()}


def _copied(value: Array, into: Array | None) -> Array:
    if into is None or into.shape != value.shape or into.dtype != value.dtype:
        return value.copy()
    np.copyto(into, value)
    return into


class _Defect(Exception):
    """Why a file is passed over."""


class _Schema(msgspec.Struct):
    schema: int


class _Head(msgspec.Struct):
    schema: int
    position: int
    bundle: str
    members: int


class _Member(msgspec.Struct):
    name: str
    dtype: str | None
    shape: tuple[int, ...]
    size: int


class Snapshots:
    """The newest `keep` snapshots in one directory. Used by one thread at a time.

    `faults` says which files the last `newest` passed over, and why.
    """

    def __init__(self, directory: Path, keep: int = 2) -> None:
        self.directory = directory
        self.keep = keep
        self.faults: list[str] = []
        self._begun: Future[Snapshot | None] | None = None

    def begin(self) -> None:
        """Begin to read the newest on a thread, beside what else a start has to do; `newest` waits for it."""
        reading = ThreadPoolExecutor(1, "snapshot")
        self._begun = reading.submit(self._newest)
        reading.shutdown(wait=False)

    def write(self, position: int, bundle: str, state: Mapping[str, Array | bytes]) -> Path:
        """Write one snapshot durably, then remove the oldest beyond `keep`.

        Raises SnapshotUnwritable, and TypeError for an array that holds objects or records.
        """
        path = self.directory / f"snapshot-{position:012}.state"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as file:
                _write(file, _Head(SCHEMA, position, bundle, len(state)), state)
            self._prune()
        except OSError as error:
            raise SnapshotUnwritable(path, error.strerror or str(error)) from error
        return path

    def newest(self) -> Snapshot | None:
        """The newest snapshot that is whole; None if there is none."""
        begun, self._begun = self._begun, None
        return self._newest() if begun is None else begun.result()

    def _newest(self) -> Snapshot | None:
        self.faults = []
        for path in self._paths():
            try:
                return _read(path)
            except (_Defect, OSError, msgspec.MsgspecError) as error:
                self.faults.append(f"{path}: passed over: {error}")
        return None

    def _paths(self) -> list[Path]:
        return sorted(self.directory.glob("snapshot-*.state"), reverse=True)

    def _prune(self) -> None:
        for path in [*self._paths()[self.keep :], *self.directory.glob(f"snapshot-*.state{UNFINISHED}")]:
            path.unlink(missing_ok=True)


def _write(file: BinaryIO, head: _Head, state: Mapping[str, Array | bytes]) -> None:
    digest = blake2b(digest_size=DIGEST)

    def put(data: bytes | memoryview) -> None:
        digest.update(data)
        file.write(data)

    put(MAGIC)
    put(_framed(head))
    for name, value in state.items():
        content = _content(name, value)
        dtype, shape = (None, ()) if isinstance(value, bytes) else (value.dtype.str, value.shape)
        put(_framed(_Member(name, dtype, shape, len(content))))
        put(content)
    file.write(digest.digest())


def _framed(part: msgspec.Struct) -> bytes:
    encoded = msgspec.json.encode(part)
    return len(encoded).to_bytes(LENGTH, "big") + encoded


def _content(name: str, value: Array | bytes) -> bytes | memoryview:
    if isinstance(value, bytes):
        return value
    if value.dtype.hasobject or value.dtype.names:
        raise TypeError(
            f"state {name!r}: an array of {value.dtype} cannot be in a snapshot; use plain columns"
        )
    return np.ascontiguousarray(value).reshape(-1).view(np.uint8).data


class _Source:
    """A file that is read once, and digested meanwhile; it ends where its digest begins."""

    def __init__(self, file: BufferedReader, size: int) -> None:
        self.digest = blake2b(digest_size=DIGEST)
        self._file = file
        self._left = size

    def take(self, size: int) -> bytearray:
        """The next bytes; _Defect if there are not so many."""
        if not 0 <= size <= self._left:
            raise _Defect(DAMAGED)
        content = bytearray(size)
        self._file.readinto(content)
        self._left -= size
        self.digest.update(content)
        return content

    def framed(self) -> bytearray:
        """The next part that is preceded by its length."""
        return self.take(int.from_bytes(self.take(LENGTH), "big"))


def _read(path: Path) -> Snapshot:
    with path.open("rb") as file:
        source = _Source(file, path.stat().st_size - DIGEST)
        if source.take(len(MAGIC)) != MAGIC:
            raise _Defect("it is not a snapshot")
        described = source.framed()
        schema = msgspec.json.decode(described, type=_Schema).schema
        if schema != SCHEMA:
            raise _Defect(f"its schema is {schema}, this program reads {SCHEMA}")
        head = msgspec.json.decode(described, type=_Head)
        members = [_member(source) for _ in range(head.members)]
        if file.read() != source.digest.digest():
            raise _Defect(DAMAGED)
        # Only now is anything of it believed.
        state = {member.name: _value(member, content) for member, content in members}
        return Snapshot(head.position, head.bundle, state)


def _member(source: _Source) -> tuple[_Member, bytearray]:
    member = msgspec.json.decode(source.framed(), type=_Member)
    return member, source.take(member.size)


def _value(member: _Member, content: bytearray) -> Array | bytes:
    if member.dtype is None:
        return bytes(content)
    # Over a bytearray the array is writable, which the engine needs, and is not copied.
    return np.frombuffer(content, np.dtype(member.dtype)).reshape(member.shape)
