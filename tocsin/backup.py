"""The state directory as one file, taken while the daemon runs, and a state directory out of it.

A gzipped tar with `manifest.json` last: SHA-256 of every member, realm, journal position. What is derived is
copied before what it is derived from, so that the copy is never ahead of its own journal: cursors, snapshots,
outbox and stores first, then the journal, then the bundles that its entries name.
"""

import hashlib
import io
import os
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ingest.durable import UNFINISHED, sync_directory, whole_file
from ingest.journal.reader import NAME

FORMAT = 1
MANIFEST = "manifest.json"
# In this order; what is not named (lock, socket, reserve, canary) belongs to a running process.
_ORDER = (
    "journal/cursors.db",
    "snapshots",
    "outbox.db",
    # What a feed has published, before it is said to be sent: what comes again changes nothing.
    "cap-*.db",
    "quarantine.db",
    "series.db",
    "journal",
    "bundles",
)
_TRIES = 5
# It holds the numbers of people, and any password of the settings.
_OURS = 0o600

Progress = Callable[[str], None]


class BackupError(Exception):
    """A backup that cannot be made or used; names the file, the reason and the way out."""


class Manifest(msgspec.Struct, frozen=True):
    """`files` by name in the state directory: SHA-256 in hex; `position` is the journal's last entry."""

    format: int
    realm: str
    position: int
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds, or what was restored."""

    files: int
    bytes: int
    realm: str
    position: int


def backup(state: Path, target: Path, progress: Progress = lambda _: None) -> Kept:
    """Write `target`, whole or not at all; `BackupError` for a directory that is no state, OSError."""
    if not (state / "outbox.db").exists():
        raise BackupError(f"{state}: no state directory; name the one the daemon runs with (--state)")
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent}: no such directory; make it, or name another file")
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as copies,
        whole_file(target, _OURS) as file,
        tarfile.open(fileobj=file, mode="w:gz") as archive,
    ):
        writer = _Writer(state, Path(copies), archive, progress)
        writer.write()
    return Kept(len(writer.files), writer.bytes, writer.realm, writer.position)


class _Writer:
    """Adds one member after another, and keeps account of them."""

    def __init__(self, state: Path, copies: Path, archive: tarfile.TarFile, progress: Progress) -> None:
        self.files: dict[str, str] = {}
        self.bytes = 0
        self.realm = ""
        self.position = 0
        self._state = state
        self._copies = copies
        self._archive = archive
        self._progress = progress

    def write(self) -> None:
        for path in (path for part in _ORDER for path in sorted(self._state.glob(part))):
            if path.name == "bundles":
                self._bundles(path)
            elif path.is_dir():
                self._directory(path)
            else:
                self._file(path)
        self._add(MANIFEST, msgspec.json.encode(Manifest(FORMAT, self.realm, self.position, self.files)))

    def _directory(self, directory: Path) -> None:
        """What is there now, and what takes its place while it is copied; nothing newer.

        A newer file of the journal would leave a gap behind the one that was the newest when it was copied.
        """
        newest = max(map(_first, _lasting(directory)), default=0)
        for _ in range(_TRIES):
            listed = [path for path in _lasting(directory) if _first(path) <= newest]
            if not [path for path in listed if not self._taken(path)]:
                return
        raise BackupError(f"{directory}: files go as soon as they are looked for; try again later")

    def _taken(self, path: Path) -> bool:
        if self._name(path) in self.files:
            return True
        try:
            self._file(path)
        except FileNotFoundError:
            return False
        return True

    def _file(self, path: Path) -> None:
        name = self._name(path)
        self._progress(name)
        source = path
        try:
            if path.suffix == ".db":
                source = self._copies / name.replace("/", "+")
                self._copy_database(path, source)
            self._account_for(path, source)
        except sqlite3.Error as error:
            way_out = "look at the disk, or go back to an earlier backup"
            raise BackupError(f"{path}: cannot be copied: {error}; {way_out}") from error
        with source.open("rb") as file:
            self.files[name] = hashlib.file_digest(file, "sha256").hexdigest()
        self.bytes += source.stat().st_size
        self._archive.add(source, name)
        if source is not path:
            source.unlink()

    def _copy_database(self, path: Path, copy: Path) -> None:
        if not path.exists():
            raise FileNotFoundError(path)
        with closing(_read_only(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)

    def _account_for(self, path: Path, copy: Path) -> None:
        """Realm and position are those of what was copied."""
        if path.name == "outbox.db":
            self.realm = str(_one(copy, "SELECT realm FROM meta"))
        elif match := NAME.fullmatch(path.name):
            last = match[2] or _one(copy, "SELECT ifnull(max(sequence), 0) FROM entry")
            self.position = max(self.position, int(last))

    def _bundles(self, directory: Path) -> None:
        """After the journal: a bundle is saved before its entry. Of those applied, what the journal knows."""
        for path in _lasting(directory):
            if path.name == "applied":
                rows = path.read_text("utf-8").splitlines(keepends=True)
                known = [row for row in rows if int(row.split()[0]) <= self.position]
                self._add(self._name(path), "".join(known).encode())
            else:
                self._file(path)

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self._archive.addfile(member, io.BytesIO(data))
        if name != MANIFEST:
            self.files[name] = hashlib.sha256(data).hexdigest()
            self.bytes += len(data)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._state).as_posix()


def restore(source: Path, state: Path, progress: Progress = lambda _: None) -> Kept:
    """A state directory out of a backup, whole or not at all.

    `BackupError` for a directory that holds anything, a backup that is damaged or of a later version.
    """
    if state.exists() and any(state.iterdir()):
        raise BackupError(f"{state}: holds something already; restore into a directory that is empty or new")
    state.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=state.parent, prefix=f".{state.name}.") as unpacked:
        fresh = Path(unpacked) / "state"
        manifest = _unpack(source, fresh)
        for name, digest in manifest.files.items():
            progress(name)
            _verify(source, fresh, name, digest)
        if state.exists():
            state.rmdir()
        # All of it is on the disk before it has its name: a power cut leaves a whole state, or none.
        os.sync()
        fresh.rename(state)
    sync_directory(state.parent)
    size = sum(path.stat().st_size for path in state.rglob("*") if path.is_file())
    return Kept(len(manifest.files), size, manifest.realm, manifest.position)


def _unpack(source: Path, fresh: Path) -> Manifest:
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(fresh, filter=_private)
        fresh.chmod(0o750)
        manifest = msgspec.json.decode((fresh / MANIFEST).read_bytes(), type=Manifest)
    except (tarfile.TarError, EOFError, zlib.error, FileNotFoundError, ValueError) as error:
        if not source.exists():
            raise
        raise BackupError(f"{source}: no whole backup: {error}; use another one") from error
    if manifest.format > FORMAT:
        raise BackupError(f"{source}: of a later version ({manifest.format}); restore it with that version")
    (fresh / MANIFEST).unlink()
    return manifest


def _private(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo:
    kept = tarfile.data_filter(member, path)
    return kept.replace(mode=_OURS) if kept.isfile() else kept


def _verify(source: Path, fresh: Path, name: str, digest: str) -> None:
    path = fresh / name
    if not path.is_relative_to(fresh) or not path.is_file():
        raise BackupError(f"{source}: {name} is missing; use another backup")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != digest:
        raise BackupError(f"{source}: {name} is damaged: its checksum is wrong; use another backup")
    if path.suffix == ".db" and (said := _integrity(path)) != "ok":
        raise BackupError(f"{source}: {name} was damaged when it was copied: {said}; use another backup")


def _integrity(path: Path) -> str:
    try:
        return str(_one(path, "PRAGMA integrity_check"))
    except sqlite3.DatabaseError as error:
        return str(error)


def _lasting(directory: Path) -> list[Path]:
    """The files of a directory that belong to its state, oldest names first."""
    passing = (UNFINISHED, "-wal", "-shm", "-journal")
    found = (path for path in directory.iterdir() if path.is_file() and not path.name.endswith(passing))
    return sorted(path for path in found if path.name not in ("lock", "cursors.db"))


def _first(path: Path) -> int:
    """The number of its first entry, for a file of the journal; 0 for any other."""
    match = NAME.fullmatch(path.name)
    return int(match[1]) if match else 0


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _one(path: Path, question: str) -> Any:
    with closing(_read_only(path)) as connection:
        return connection.execute(question).fetchone()[0]
