"""Whatever ends the process or stops the disk: what was appended is there, once, in order, whole."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ingest
from ingest.clock import HOUR
from ingest.durable import unfinished
from ingest.journal import Entry, EntryKind, Journal, Retention
from ingest.journal.file import create
from ingest.journal.reader import database_path

START = 1_700_000_000_000 // HOUR * HOUR
ROOT = Path(ingest.__file__).parents[1]
PERIOD = 20

# Appends for ever what follows from the sequence number, in periods of 20 entries, and tidies up meanwhile.
APPENDING = """
import sys, threading
from pathlib import Path
from ingest.journal import EntryKind, Journal, Retention
journal = Journal.open(Path(sys.argv[1]), Retention(period=20))
def tidy():
    while True:
        assert not journal.maintain(0).faults
threading.Thread(target=tidy, daemon=True).start()
while True:
    sequence = journal.last + 1
    entry = journal.append(sequence, EntryKind.MQTT, 1, sequence.to_bytes(8, "big") * (sequence % 500))
    print(entry.sequence, flush=True)
"""


def everything(journal: Journal) -> list[Entry]:
    entries: list[Entry] = []
    while part := journal.read(entries[-1].sequence if entries else 0):
        entries += part
    return entries


def killed_after(lines: int, directory: Path) -> int:
    """Run APPENDING, kill it with SIGKILL after so many lines; the last number it printed."""
    command = [sys.executable, "-c", APPENDING, str(directory)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        printed += process.stdout.readlines()
    return int([line for line in printed if line.endswith("\n")][-1])


def test_what_was_appended_survives_sigkill_at_any_instant(tmp_path: Path) -> None:
    for lines in (1, 19, 20, 21, 50, 77, 103, 160):
        appended = killed_after(lines, tmp_path)
        with Journal.open(tmp_path, Retention(period=PERIOD)) as journal:
            assert appended <= journal.last <= appended + 1
            for sequence, entry in enumerate(everything(journal), 1):
                data = sequence.to_bytes(8, "big") * (sequence % 500)
                assert entry == Entry(sequence, sequence, EntryKind.MQTT, 1, data)
            assert entry.sequence == journal.last


# The disk refuses every file beyond a size, swept so that each write of an append fails once: the WAL, its
# index, a checkpoint, the next file's creation, an archive. The limit is soft, so it can be lifted again.
REFUSING = """
import random, resource, sys
from pathlib import Path
from ingest.journal import EntryKind, Journal, JournalUnavailable, Retention
def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
journal = Journal.open(Path(sys.argv[1]), Retention(period=20))
appended, refused, faults = [], 0, 0
for n, size in enumerate(range(0, 120_000, 1_500)):
    limit(size)
    data = random.Random(n).randbytes(12_000)
    for attempt in range(3):
        try:
            entry = journal.append(3 * n, EntryKind.MQTT, n, data)
            appended.append((entry.sequence, len(data), n))
        except JournalUnavailable:
            refused += 1
    faults += len(journal.maintain(0).faults)
    limit(resource.RLIM_INFINITY)
    appended.append((journal.append(3 * n, EntryKind.MQTT, n, data).sequence, len(data), n))
    assert not journal.maintain(0).faults
assert refused > 50 and faults > 2, (refused, faults)
found = []
while part := journal.read(found[-1].sequence if found else 0):
    found += part
assert [(e.sequence, len(e.data), e.count) for e in found] == appended
assert [e.sequence for e in found] == list(range(1, journal.last + 1))
assert all(e.data == random.Random(e.count).randbytes(12_000) for e in found)
journal.close()
print(journal.last)
"""


def test_a_disk_that_refuses_leaves_no_trace_and_appending_resumes_by_itself(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", REFUSING, tmp_path], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert ran.stderr == ""
    with Journal.open(tmp_path, Retention(period=PERIOD)) as journal:
        assert [entry.sequence for entry in everything(journal)] == list(range(1, int(ran.stdout) + 1))


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A journal with one closed file that is not compressed yet, its WAL not checkpointed."""
    journal = Journal.open(tmp_path / "origin", Retention())
    for hour in range(2):
        for number in range(3):
            journal.append(START + hour * HOUR, EntryKind.MQTT, 1, b"%d" % number)
    shutil.copytree(journal.directory, tmp_path / "before")
    journal.close()
    return tmp_path / "before"


@pytest.fixture
def after(before: Path, tmp_path: Path) -> Path:
    """The same after maintenance."""
    shutil.copytree(before, tmp_path / "after")
    with Journal.open(tmp_path / "after", Retention()) as journal:
        assert len(journal.maintain(START).compressed) == 1
    return tmp_path / "after"


def assert_sound(directory: Path) -> None:
    """The journal has its six entries, can be maintained, and keeps no leftovers."""
    with Journal.open(directory, Retention()) as journal:
        expected = [(n + 1, b"%d" % (n % 3)) for n in range(6)]
        assert [(entry.sequence, entry.data) for entry in everything(journal)] == expected
        assert journal.maintain(START).faults == []
        assert [(entry.sequence, entry.data) for entry in everything(journal)] == expected
        assert journal.append(START, EntryKind.MQTT, 1, b"").sequence == 7
    names = sorted(path.name for path in directory.glob("journal-*"))
    assert names == ["journal-000000000001-000000000003.blocks.zz", "journal-000000000004.db"]


def archive_in(directory: Path) -> Path:
    return next(directory.glob("journal-*.blocks.zz"))


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_crash_while_an_archive_is_written_leaves_the_database(
    before: Path, after: Path, share: float
) -> None:
    whole = archive_in(after).read_bytes()
    unfinished(before / archive_in(after).name).write_bytes(whole[: int(share * len(whole))])
    assert_sound(before)


def test_a_crash_before_the_database_is_removed_leaves_the_archive(before: Path, after: Path) -> None:
    shutil.copy(archive_in(after), before)
    assert_sound(before)


def test_of_a_database_and_its_archive_the_archive_is_read(before: Path, after: Path) -> None:
    shutil.copy(archive_in(after), before)
    (before / "journal-000000000001.db").write_bytes(b"half removed")
    assert_sound(before)


@pytest.mark.parametrize("left", [["-wal", "-shm"], ["-wal"], ["-shm"]])
def test_a_crash_while_the_database_is_removed_leaves_the_archive(after: Path, left: list[str]) -> None:
    for suffix in left:
        (after / f"journal-000000000001.db{suffix}").write_bytes(b"left over")
    assert_sound(after)


def test_a_crash_while_a_file_is_begun_leaves_those_before_it(before: Path) -> None:
    (before / "journal-000000000007.db.tmp").write_bytes(b"half a header")
    (before / "journal-000000000007.db.tmp-wal").write_bytes(b"half a log")
    assert_sound(before)


def test_a_file_begun_and_never_written_to_is_gone_on_with(before: Path) -> None:
    create(database_path(before, 7))
    with Journal.open(before, Retention()) as journal:
        assert (journal.last, journal.last_received) == (6, START + HOUR)
        assert journal.append(START + 2 * HOUR, EntryKind.MQTT, 1, b"x").sequence == 7
        assert [entry.sequence for entry in everything(journal)] == [1, 2, 3, 4, 5, 6, 7]


def test_a_torn_last_transaction_is_no_entry(before: Path) -> None:
    """Cut the newest WAL everywhere a page begins: each entry is there whole or not at all."""
    wal = before / "journal-000000000004.db-wal"
    whole = wal.read_bytes()
    lasts = set()
    for size in range(len(whole), 0, -2060):
        shutil.copytree(before, cut := before.with_name(f"cut-{size}"))
        (cut / wal.name).write_bytes(whole[:size])
        with Journal.open(cut, Retention()) as journal:
            entries = everything(journal)
            assert [(e.sequence, e.data) for e in entries] == [
                (n + 1, b"%d" % (n % 3)) for n in range(len(entries))
            ]
            lasts.add(journal.last)
    assert lasts == {3, 4, 5, 6}
