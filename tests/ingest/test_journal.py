"""The journal's contract: one gapless sequence over files, restarts and processes."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import ingest
from ingest.clock import HOUR, MINUTE
from ingest.journal import (
    Entry,
    EntryKind,
    Journal,
    JournalCorrupt,
    JournalUnavailable,
    Retention,
    open_read_only,
)

START = 1_700_000_000_000 // HOUR * HOUR
ROOT = Path(ingest.__file__).parents[1]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path, Retention()) as journal:
        yield journal


def fill(journal: Journal, received: int, entries: int) -> list[Entry]:
    return [journal.append(received, EntryKind.MQTT, 1, b"block %d" % n) for n in range(entries)]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("journal-*") if path.suffix in (".db", ".zz"))


def test_an_empty_journal_has_no_entries(journal: Journal) -> None:
    assert (journal.first, journal.last, journal.last_received, journal.read(0)) == (0, 0, 0, [])


def test_entries_come_back_as_they_were_appended(journal: Journal) -> None:
    appended = [
        journal.append(START, EntryKind.MQTT, 3, b"\x30\x00\xff"),
        journal.append(START + 1, EntryKind.BUNDLE, 0, b"hash"),
        journal.append(START + 1, EntryKind.BLIND, 0, b""),
    ]
    assert [entry.sequence for entry in appended] == [1, 2, 3]
    assert journal.read(0) == appended
    assert (journal.first, journal.last, journal.last_received) == (1, 3, START + 1)


def test_a_received_that_goes_back_is_raised_to_the_last_one(journal: Journal) -> None:
    journal.append(START + 5, EntryKind.MQTT, 1, b"a")
    assert journal.append(START, EntryKind.MQTT, 1, b"b").received == START + 5


def test_received_never_goes_back_over_a_restart(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, START + 5, 1)
    with Journal.open(tmp_path, Retention()) as journal:
        assert journal.last_received == START + 5
        assert journal.append(START, EntryKind.MQTT, 1, b"b") == Entry(2, START + 5, EntryKind.MQTT, 1, b"b")


def test_a_new_period_begins_a_new_file_named_by_its_first_entry(journal: Journal) -> None:
    fill(journal, START, 2)
    fill(journal, START + HOUR - 1, 1)
    fill(journal, START + HOUR, 1)
    assert names(journal.directory) == ["journal-000000000001.db", "journal-000000000004.db"]
    assert [entry.sequence for entry in journal.read(0)] == [1, 2, 3, 4]


def test_a_file_is_closed_before_it_could_fill_the_bound_alone(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(max_bytes=16 * 100_000)) as journal:
        for _ in range(10):
            journal.append(START, EntryKind.MQTT, 1, bytes(30_000))
        assert len(names(tmp_path)) >= 4
        assert [entry.sequence for entry in journal.read(0)] == list(range(1, 11))


def test_a_reopened_journal_goes_on_in_its_newest_file(tmp_path: Path) -> None:
    for minute in range(3):
        with Journal.open(tmp_path, Retention()) as journal:
            fill(journal, START + minute * MINUTE, 2)
    with Journal.open(tmp_path, Retention()) as journal:
        assert [entry.sequence for entry in journal.read(0)] == [1, 2, 3, 4, 5, 6]
    assert names(tmp_path) == ["journal-000000000001.db"]


def test_read_returns_at_most_limit_entries_across_files(journal: Journal) -> None:
    for hour in range(4):
        fill(journal, START + hour * HOUR, 3)
    journal.maintain(START + 4 * HOUR)
    assert [entry.sequence for entry in journal.read(1, 4)] == [2, 3, 4, 5]
    assert [entry.sequence for entry in journal.read(6, 1)] == [7]
    assert [entry.sequence for entry in journal.read(10)] == [11, 12]
    assert journal.read(12) == []


def test_appending_reading_and_maintaining_in_threads_loses_nothing(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention(period=10)) as journal:
        done = threading.Event()
        seen: list[int] = []

        def follow() -> None:
            while not done.is_set() or (seen[-1] if seen else 0) < journal.last:
                seen.extend(entry.sequence for entry in journal.read(seen[-1] if seen else 0, 7))

        def tidy() -> None:
            while not done.is_set():
                assert journal.maintain(START).faults == []

        threads = [threading.Thread(target=follow), threading.Thread(target=tidy)]
        for thread in threads:
            thread.start()
        for n in range(150):
            journal.append(START + n, EntryKind.MQTT, 1, bytes(100))
        done.set()
        for thread in threads:
            thread.join(30)
        assert seen == list(range(1, 151))


def test_a_cursor_only_moves_forward_and_survives_a_restart(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, START, 9)
        assert journal.cursor("series") == 0
        journal.move_cursor("series", 7)
        journal.move_cursor("series", 3)
        assert journal.cursor("series") == 7
    with Journal.open(tmp_path, Retention()) as journal:
        assert journal.cursor("series") == 7
        journal.drop_cursor("series")
        assert journal.cursor("series") == 0


def test_a_cursor_beyond_the_last_entry_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="'series': 1 lies beyond"):
        journal.move_cursor("series", 1)


def test_lost_files_do_not_bring_back_numbers_that_readers_have_seen(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, START, 5)
        journal.move_cursor("engine", 5)
    for path in tmp_path.glob("journal-*"):
        path.unlink()
    with Journal.open(tmp_path, Retention()) as journal:
        assert journal.append(START, EntryKind.MQTT, 1, b"x").sequence == 6
        assert [entry.sequence for entry in journal.read(5)] == [6]


def test_a_missing_file_between_others_is_named_not_passed_over(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        for hour in range(3):
            fill(journal, START + hour * HOUR, 2)
        journal.maintain(START)
    (tmp_path / "journal-000000000003-000000000004.blocks.zz").unlink()
    with Journal.open(tmp_path, Retention()) as journal:
        assert [entry.sequence for entry in journal.read(0)] == [1, 2]
        with pytest.raises(JournalCorrupt, match="entry 3"):
            journal.read(2)
        assert [entry.sequence for entry in journal.read(4)] == [5, 6]


def test_a_second_writer_is_refused(journal: Journal) -> None:
    with pytest.raises(JournalUnavailable, match="another process writes this journal"):
        Journal.open(journal.directory, Retention())


def test_a_newest_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "journal-000000000001.db").write_bytes(b"not a database" * 100)
    with pytest.raises(JournalCorrupt, match=r"journal-000000000001\.db"):
        Journal.open(tmp_path, Retention())


def test_an_unknown_kind_is_named_with_its_entry(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, START, 1)
    database = sqlite3.connect(tmp_path / "journal-000000000001.db")
    with closing(database), database:
        database.execute("UPDATE entry SET kind = 'later'")
    with (
        Journal.open(tmp_path, Retention()) as journal,
        pytest.raises(JournalCorrupt, match="entry 1: no kind"),
    ):
        journal.read(0)


def test_a_closed_journal_takes_no_entries(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, START, 1)
    with pytest.raises(ValueError, match="the journal is closed"):
        fill(journal, START, 1)


def test_a_directory_without_a_journal_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(JournalUnavailable, match="absent"):
        open_read_only(tmp_path / "absent")


def test_a_reader_follows_the_files_as_they_are_added_compressed_and_removed(journal: Journal) -> None:
    fill(journal, START, 2)
    with open_read_only(journal.directory) as reader:
        assert [entry.sequence for entry in reader.read(0)] == [1, 2]
        fill(journal, START + HOUR, 2)
        assert [entry.sequence for entry in reader.read(2)] == [3, 4]
        journal.maintain(START)
        assert [entry.sequence for entry in reader.read(0)] == [1, 2, 3, 4]
        journal.maintain(START + 30 * 24 * HOUR)
        assert (reader.first, reader.last) == (3, 4)
        assert [entry.sequence for entry in reader.read(0)] == [3, 4]


def test_a_reader_finds_what_was_compressed_after_it_listed_the_files(journal: Journal) -> None:
    fill(journal, START, 2)
    fill(journal, START + HOUR, 1)
    with open_read_only(journal.directory) as reader:
        journal.maintain(START)
        assert [entry.sequence for entry in reader.read(0)] == [1, 2, 3]


def test_a_reader_finds_what_was_received_before_an_instant_in_every_file(journal: Journal) -> None:
    with open_read_only(journal.directory) as reader:
        assert reader.before(START) == 0
        for hour in range(4):
            fill(journal, START + hour * HOUR, 3)
        journal.maintain(START)
        kept = {
            START + hour * HOUR + at: reader.before(START + hour * HOUR + at)
            for hour in range(4)
            for at in (0, 1)
        }
        journal.maintain(START + 30 * 24 * HOUR)

        assert list(kept.values()) == [0, 3, 3, 6, 6, 9, 9, 12]
        assert [reader.before(instant) for instant in kept] == [9] * 7 + [12]


READER = """
import sys
from contextlib import closing
from pathlib import Path
from ingest.journal import open_read_only
with open_read_only(Path(sys.argv[1])) as reader:
    for line in sys.stdin:
        print(reader.first, reader.last, *(entry.sequence for entry in reader.read(int(line))), flush=True)
"""


def test_a_second_process_reads_while_the_daemon_runs(journal: Journal) -> None:
    fill(journal, START, 2)
    command = [sys.executable, "-c", READER, str(journal.directory)]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(after: int) -> str:
            print(after, file=process.stdin, flush=True)
            return process.stdout.readline() if process.stdout else ""

        assert ask(0) == "1 2 1 2\n"
        fill(journal, START + HOUR, 2)
        assert ask(1) == "1 4 2 3 4\n"
        assert ask(2) == "1 4 3 4\n"
        journal.maintain(START + HOUR)
        fill(journal, START + HOUR, 1)
        assert ask(0) == "1 5 1 2 3 4 5\n"
        process.stdin.close()


def test_a_second_process_reads_when_no_daemon_runs(tmp_path: Path) -> None:
    with Journal.open(tmp_path, Retention()) as journal:
        fill(journal, START, 2)
    command = [sys.executable, "-c", READER, str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, text=True, input="0\n", stdout=subprocess.PIPE, check=True)
    assert ran.stdout == "1 2 1 2\n"
