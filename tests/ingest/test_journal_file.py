"""One SQLite file of the journal: what it begins with and what it forgets."""

import shutil
from pathlib import Path

import pytest

from ingest.journal import Entry, EntryKind, JournalUnavailable
from ingest.journal.file import BlockFile, BlockWriter, create


def entries(count: int) -> list[Entry]:
    return [Entry(n, 10 * n, EntryKind.MQTT, 1, b"%d" % n) for n in range(1, count + 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with three entries, all still in its WAL: the state a killed process leaves."""
    origin = tmp_path / "origin"
    origin.mkdir()
    create(origin / "journal.db")
    writer = BlockWriter(origin / "journal.db", None)
    for entry in entries(3):
        writer.append(entry)
    shutil.copytree(origin, tmp_path / "killed")
    writer.close()
    return tmp_path / "killed" / "journal.db"


def content(path: Path) -> list[Entry]:
    file = BlockFile(path, 1)
    found = file.read(0, 100)
    file.close()
    return found


def test_recovery_keeps_every_committed_entry_when_nothing_else_is_known(path: Path) -> None:
    BlockWriter(path, None).close()
    assert content(path) == entries(3)


def test_recovery_forgets_an_entry_whose_append_had_failed(path: Path) -> None:
    """After a failed fsync the log can hold an entry whole that was never confirmed."""
    BlockWriter(path, last=2).close()
    assert content(path) == entries(2)


def test_recovery_moves_everything_out_of_the_log(path: Path) -> None:
    assert path.with_name("journal.db-wal").stat().st_size > 0
    writer = BlockWriter(path, None)
    assert path.with_name("journal.db-wal").stat().st_size == 0
    assert (writer.began, content(path)) == (10, entries(3))
    writer.close()


def test_a_file_begun_anew_has_nothing_of_one_that_had_its_name(path: Path) -> None:
    create(path)
    assert content(path) == []


def test_a_file_that_is_gone_is_not_made_by_looking(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="unable to open"):
        BlockWriter(tmp_path / "gone.db", None)
    with pytest.raises(JournalUnavailable, match="unable to open"):
        BlockFile(tmp_path / "gone.db", 1).newest()
    assert list(tmp_path.iterdir()) == []
