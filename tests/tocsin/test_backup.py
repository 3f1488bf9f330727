"""A state directory as one file, and back."""

import errno
import gzip
import hashlib
import io
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import HOUR
from ingest.journal import EntryKind, Retention
from rules.realm import Realm
from tocsin.backup import BackupError, Manifest, backup, restore
from tocsin.bundle import Bundle
from tocsin.storage import Storage

START = 1_528_060_200_000
FILES = Bundle("tocsin.yaml", {"tocsin.yaml": ""})


def opened(state: Path) -> Storage:
    return Storage.open(state, Realm.LIVE, Retention(period=HOUR))


def append(storage: Storage, at: int, data: bytes, kind: EntryKind = EntryKind.MQTT) -> int:
    return storage.journal_thread.submit(storage.journal.append, at, kind, 1, data).result().sequence


def fill(storage: Storage) -> None:
    """A bundle, three journal files, an outbox position, a snapshot."""
    bundle = storage.bundles.save(FILES)
    storage.bundles.record(append(storage, START, bundle.encode(), EntryKind.BUNDLE), bundle)
    for hour in range(3):
        append(storage, START + hour * HOUR, b"block %d" % hour * 500)
    storage.outbox_thread.submit(storage.outbox.commit, 4, []).result()
    storage.snapshots.write(4, bundle, {"a": b"b"})
    storage.journal.maintain(START + 3 * HOUR, compress=True)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Storage]:
    """A state directory in use."""
    storage = opened(tmp_path / "state")
    fill(storage)
    yield storage
    storage.close()


def found(state: Path) -> tuple[object, ...]:
    storage = opened(state)
    try:
        snapshot = storage.snapshots.newest()
        return (
            [(e.sequence, e.kind, e.data) for e in storage.journal.read(0)],
            storage.outbox_thread.submit(lambda: storage.outbox.position).result(),
            snapshot and (snapshot.position, snapshot.state),
            storage.bundles.applied(),
            storage.bundles.load(storage.bundles.applied()[-1][1]),
        )
    finally:
        storage.close()


def test_a_backup_of_a_running_daemon_restores_to_what_it_was(living: Storage, tmp_path: Path) -> None:
    named: list[str] = []
    kept = backup(living.directory, tmp_path / "b.tar.gz", named.append)
    living.close()

    again = restore(tmp_path / "b.tar.gz", tmp_path / "again")

    assert (kept.files, kept.realm, kept.position) == (again.files, again.realm, again.position)
    assert (again.realm, again.position) == ("live", 4)
    assert found(tmp_path / "again") == found(living.directory)
    assert named.index("outbox.db") < min(i for i, name in enumerate(named) if "journal-" in name)


def test_it_holds_all_that_outlives_a_process_and_nothing_else(living: Storage, tmp_path: Path) -> None:
    with closing(sqlite3.connect(living.directory / "series.db")) as series:
        series.execute("CREATE TABLE point (at INTEGER)")
    living.journal_thread.submit(living.journal.move_cursor, "engine", 2).result()
    backup(living.directory, tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")

    of_the_process = {"lock", "reserve"}
    assert names(tmp_path / "again") == names(living.directory) - of_the_process
    assert {"series.db", "quarantine.db", "journal/cursors.db"} <= names(tmp_path / "again")


def names(state: Path) -> set[str]:
    """What is in it, without what SQLite keeps beside an open database."""
    found = (path for path in state.rglob("*") if path.is_file() and "-wal" not in path.name)
    return {path.relative_to(state).as_posix() for path in found if "-shm" not in path.name}


def test_what_is_journaled_after_the_copy_of_the_journal_is_left_out_with_its_bundle(
    living: Storage, tmp_path: Path
) -> None:
    def go_on(name: str) -> None:
        if name.startswith("bundles/"):
            late = living.bundles.save(Bundle("tocsin.yaml", {"tocsin.yaml": "late"}))
            living.bundles.record(append(living, START + 4 * HOUR, late.encode(), EntryKind.BUNDLE), late)

    assert backup(living.directory, tmp_path / "b.tar.gz", go_on).position == 4
    restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert found(tmp_path / "again")[3] == [(1, FILES.hash)]


def test_a_journal_file_begun_while_the_backup_runs_leaves_no_gap(living: Storage, tmp_path: Path) -> None:
    def go_on(name: str) -> None:
        if name.startswith("journal/journal-"):
            append(living, START + 3 * HOUR, b"late")
            append(living, START + 9 * HOUR, b"later still")

    backup(living.directory, tmp_path / "b.tar.gz", go_on)
    restore(tmp_path / "b.tar.gz", tmp_path / "again")
    entries = found(tmp_path / "again")[0]
    assert [entry[0] for entry in entries] == list(range(1, len(entries) + 1))


def test_the_register_of_a_feed_is_kept(living: Storage, tmp_path: Path) -> None:
    with closing(sqlite3.connect(living.directory / "cap-public.db")) as register:
        register.execute("CREATE TABLE issued (identifier TEXT)")
    backup(living.directory, tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert (tmp_path / "again" / "cap-public.db").exists()


def test_a_backup_is_whole_or_not_there(living: Storage, tmp_path: Path) -> None:
    def fail(name: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", name)

    with pytest.raises(OSError, match="No space left"):
        backup(living.directory, tmp_path / "b.tar.gz", fail)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]


def test_a_directory_that_holds_something_is_left_alone(living: Storage, tmp_path: Path) -> None:
    backup(living.directory, tmp_path / "b.tar.gz")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()

    with pytest.raises(BackupError, match="holds something already"):
        restore(tmp_path / "b.tar.gz", tmp_path / "full")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]


def test_nobody_else_can_read_a_backup_or_what_is_restored_from_it(living: Storage, tmp_path: Path) -> None:
    """It holds the numbers of people, and any password of the settings."""
    backup(living.directory, tmp_path / "b.tar.gz")
    restore(tmp_path / "b.tar.gz", tmp_path / "again")

    files = [tmp_path / "b.tar.gz", *(path for path in (tmp_path / "again").rglob("*") if path.is_file())]
    assert {path.name: path.stat().st_mode & 0o077 for path in files} == {path.name: 0 for path in files}
    assert (tmp_path / "again").stat().st_mode & 0o007 == 0


def test_a_database_that_cannot_be_copied_is_named_and_no_backup_is_left(
    living: Storage, tmp_path: Path
) -> None:
    living.close()
    (living.directory / "outbox.db").write_bytes(b"no database" * 1000)

    with pytest.raises(BackupError, match=r"outbox\.db: cannot be copied: file is not a database; .*earlier"):
        backup(living.directory, tmp_path / "b.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state"]


def test_a_directory_for_the_backup_that_is_not_there_is_named(living: Storage, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="usb: no such directory"):
        backup(living.directory, tmp_path / "usb" / "b.tar.gz")


def test_what_is_no_state_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="no state directory"):
        backup(tmp_path, tmp_path / "b.tar.gz")


def test_a_page_that_was_damaged_before_the_copy_is_found_at_the_restore(
    living: Storage, tmp_path: Path
) -> None:
    backup(living.directory, tmp_path / "b.tar.gz")
    page = damaged_database(tmp_path / "b.tar.gz", "outbox.db")
    rewrite(tmp_path / "b.tar.gz", {"outbox.db": page})

    with pytest.raises(BackupError, match=r"outbox\.db was damaged when it was copied"):
        restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_backup_of_a_later_version_is_refused(living: Storage, tmp_path: Path) -> None:
    backup(living.directory, tmp_path / "b.tar.gz")
    later = msgspec.json.encode(Manifest(2, "live", 4, {}))
    rewrite(tmp_path / "b.tar.gz", {"manifest.json": later}, trusted=False)

    with pytest.raises(BackupError, match="later version"):
        restore(tmp_path / "b.tar.gz", tmp_path / "again")


@settings(max_examples=60)
@given(st.data())
def test_any_byte_that_changes_is_found_and_nothing_is_restored(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    tmp_path = tmp_path_factory.mktemp("backup")
    storage = opened(tmp_path / "state")
    fill(storage)
    backup(tmp_path / "state", tmp_path / "b.tar.gz")
    storage.close()
    raw = bytearray(gzip.decompress((tmp_path / "b.tar.gz").read_bytes()))
    at = data.draw(st.sampled_from(places_of_contents(bytes(raw))))
    raw[at] ^= data.draw(st.integers(1, 255))
    (tmp_path / "b.tar.gz").write_bytes(gzip.compress(bytes(raw), 1))

    with pytest.raises(BackupError):
        restore(tmp_path / "b.tar.gz", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def places_of_contents(raw: bytes) -> list[int]:
    """Every 97th byte of what the members hold; padding between them is nobody's."""
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        members = archive.getmembers()
    return [at for m in members for at in range(m.offset_data, m.offset_data + m.size, 97)]


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive.getmembers()}  # type: ignore[union-attr]


def damaged_database(path: Path, name: str) -> bytes:
    """The database with the content of a page of its own overwritten."""
    copy = path.with_name("copy.db")
    copy.write_bytes(contents(path)[name])
    with closing(sqlite3.connect(copy)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'transitions'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    spoilt = bytearray(copy.read_bytes())
    spoilt[(root - 1) * size : root * size] = b"\xff" * size
    copy.unlink()
    return bytes(spoilt)


def rewrite(path: Path, changed: dict[str, bytes], *, trusted: bool = True) -> None:
    """The backup with other members; `trusted`: the manifest vouches for them."""
    held = contents(path) | changed
    if trusted:
        manifest = msgspec.json.decode(held["manifest.json"], type=Manifest)
        digests = {name: hashlib.sha256(held[name]).hexdigest() for name in manifest.files}
        held["manifest.json"] = msgspec.json.encode(msgspec.structs.replace(manifest, files=digests))
    with tarfile.open(path, "w:gz") as archive:
        for name, data in held.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
