"""What becomes of closed files: compressed, kept, removed oldest first, held back by readers."""

import random
from pathlib import Path

from ingest.clock import DAY, HOUR
from ingest.journal import EntryKind, Journal, Retention

START = 1_700_000_000_000 // HOUR * HOUR


def noise(seed: int, size: int) -> bytes:
    """Data that compression does not shrink, so that sizes can be foretold."""
    return random.Random(seed).randbytes(size)


def fill(journal: Journal, hours: int) -> None:
    for hour in range(hours):
        for number in range(3):
            journal.append(START + hour * HOUR, EntryKind.MQTT, 1, noise(hour + number, 1000))


def test_closed_files_are_compressed_and_the_open_one_is_left(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, 3)
        before = journal.read(0)
        done = journal.maintain(START)
        assert [path.name for path in done.compressed] == [
            "journal-000000000001-000000000003.blocks.zz",
            "journal-000000000004-000000000006.blocks.zz",
        ]
        assert sorted(path.name for path in tmp_path.glob("journal-*.db")) == ["journal-000000000007.db"]
        assert journal.read(0) == before
        assert journal.maintain(START).compressed == []


def test_on_a_full_disk_what_is_due_goes_and_nothing_is_compressed(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(keep=DAY)) as journal:
        fill(journal, 3)
        done = journal.maintain(START + HOUR + DAY + 1, compress=False)

    assert (done.compressed, len(done.removed)) == ([], 2)


def test_the_oldest_files_go_when_they_are_older_than_keep(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(keep=DAY)) as journal:
        fill(journal, 4)
        assert journal.maintain(START + DAY).removed == []
        assert len(journal.maintain(START + HOUR + DAY + 1).removed) == 2
        assert (journal.first, journal.last) == (7, 12)
        assert [entry.sequence for entry in journal.read(0, 2)] == [7, 8]


def test_the_newest_file_is_kept_however_old_it_is(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(keep=DAY)) as journal:
        fill(journal, 2)
        journal.maintain(START + 1000 * DAY)
        assert (journal.first, journal.last) == (4, 6)


def test_the_oldest_files_go_when_the_bound_is_exceeded(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(max_bytes=2_000_000)) as journal:
        for number in range(30):
            journal.append(START, EntryKind.MQTT, 1, noise(number, 100_000))
            done = journal.maintain(START)
            assert done.used <= 2_000_000
            assert done.fill == done.used / 2_000_000
        assert (10 < journal.first < 20, journal.last) == (True, 30)


def test_nothing_beyond_the_slowest_cursor_is_removed_and_its_name_is_told(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(keep=DAY)) as journal:
        fill(journal, 4)
        journal.move_cursor("series", 5)
        journal.move_cursor("engine", 12)
        done = journal.maintain(START + 9 * DAY)
        assert (len(done.removed), done.held_by, done.alarm, journal.first) == (1, "series", True, 4)
        journal.move_cursor("series", 6)
        assert len(journal.maintain(START + 9 * DAY).removed) == 1
        journal.drop_cursor("series")
        done = journal.maintain(START + 9 * DAY)
        assert (done.held_by, done.alarm, journal.first) == (None, False, 10)


def test_a_journal_that_is_nearly_full_is_an_alarm(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(max_bytes=600_000)) as journal:
        journal.append(START, EntryKind.MQTT, 1, bytes(1000))
        assert not journal.maintain(START).alarm
        for number in range(8):
            journal.append(START, EntryKind.MQTT, 1, noise(number, 60_000))
        done = journal.maintain(START)
        assert done.alarm
        assert done.fill == done.used / 600_000


def test_a_damaged_closed_file_is_a_fault_that_stops_nothing_else(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, 3)
    (tmp_path / "journal-000000000001.db").write_bytes(b"rubbish" * 1000)
    with Journal.open(tmp_path, Retention()) as journal:
        done = journal.maintain(START)
        assert len(done.faults) == 1
        assert "journal-000000000001.db" in done.faults[0]
        assert done.alarm
        assert [path.name for path in done.compressed] == ["journal-000000000004-000000000006.blocks.zz"]
        assert (tmp_path / "journal-000000000001.db").exists()
        assert journal.append(START + 3 * HOUR, EntryKind.MQTT, 1, b"x").sequence == 10
