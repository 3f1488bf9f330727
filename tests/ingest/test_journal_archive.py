"""Archives: what is whole comes back, what is damaged is named by file and byte."""

import random
from pathlib import Path

import pytest

from ingest.journal import Entry, EntryKind, JournalCorrupt
from ingest.journal.archive import FRAME_BYTES, FRAME_ENTRIES, Archive, write_archive

FIRST = 42


def made(path: Path, entries: list[Entry]) -> Archive:
    with path.open("wb") as file:
        write_archive(file, entries)
    return Archive(path, entries[0].sequence, entries[-1].sequence)


def small(count: int) -> list[Entry]:
    return [Entry(FIRST + n, 1000 + n, EntryKind.MQTT, n, b"data %d" % n) for n in range(count)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.blocks.zz"


def test_entries_come_back_from_any_position(path: Path) -> None:
    entries = small(2 * FRAME_ENTRIES + 10)
    archive = made(path, entries)
    assert archive.read(0, 10_000) == entries
    assert archive.read(FIRST + 300, 2) == entries[301:303]
    assert archive.read(FIRST + FRAME_ENTRIES - 2, 2) == entries[FRAME_ENTRIES - 1 : FRAME_ENTRIES + 1]
    assert archive.read(entries[-1].sequence, 5) == []
    assert archive.newest() == (entries[-1].sequence, entries[-1].received)


def test_large_entries_close_a_frame_each(path: Path) -> None:
    entries = [Entry(n, n, EntryKind.MQTT, 1, random.Random(n).randbytes(FRAME_BYTES)) for n in range(1, 4)]
    assert made(path, entries).read(1, 10) == entries[1:]


def test_empty_data_of_every_kind_comes_back(path: Path) -> None:
    entries = [Entry(n, 0, kind, 0, b"") for n, kind in enumerate(EntryKind, 1)]
    assert made(path, entries).read(0, 10) == entries


def test_whatever_byte_is_damaged_nothing_wrong_is_returned(path: Path) -> None:
    entries = small(5)
    made(path, entries)
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with pytest.raises(JournalCorrupt, match=r"journal\.blocks\.zz: byte \d+: "):
            Archive(path, FIRST, FIRST + 4).read(0, 10)


def test_wherever_an_archive_is_torn_the_tear_is_named(path: Path) -> None:
    made(path, small(5))
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(JournalCorrupt, match=r"byte \d+"):
            Archive(path, FIRST, FIRST + 4).read(0, 10)


def test_what_lies_before_a_tear_can_be_read(path: Path) -> None:
    entries = small(FRAME_ENTRIES + 10)
    made(path, entries)
    path.write_bytes(path.read_bytes()[:-1])
    torn = Archive(path, FIRST, entries[-1].sequence)
    assert torn.read(0, 10_000) == entries[:FRAME_ENTRIES]
    with pytest.raises(JournalCorrupt, match="ends inside the frame of entry"):
        torn.read(FIRST + FRAME_ENTRIES - 1, 10)
    with pytest.raises(JournalCorrupt):
        torn.newest()


def test_a_name_that_promises_other_entries_is_a_defect(path: Path) -> None:
    made(path, small(5))
    with pytest.raises(JournalCorrupt, match="more than entry"):
        Archive(path, FIRST, FIRST + 3).verify()
    with pytest.raises(JournalCorrupt, match="ends before"):
        Archive(path, FIRST, FIRST + 5).verify()
    with pytest.raises(JournalCorrupt, match="entry 42 where 41 belongs"):
        Archive(path, FIRST - 1, FIRST + 4).verify()


def test_a_restored_archive_can_be_read_without_a_restart(path: Path) -> None:
    entries = small(5)
    archive = made(path, entries)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(JournalCorrupt):
        archive.read(0, 10)
    path.write_bytes(whole)
    assert archive.read(0, 10) == entries
