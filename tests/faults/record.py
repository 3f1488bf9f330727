"""What a daemon left in its state directory, read from a copy of its files."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from bench.soak.witness import due_until
from ingest.journal import Entry, EntryKind, JournalCorrupt, JournalUnavailable
from ingest.journal.reader import volumes_in
from ingest.snapshots import Snapshot, Snapshots
from rules.transition import line
from tocsin.judge import Basis, Judge

EVERYTHING = 2**31


@dataclass(frozen=True, slots=True)
class Line:
    """One transition as it stands in the outbox, or as a replay gives it after the entry `entry`."""

    warning: str
    ordinal: int
    at: int
    text: bytes
    entry: int = 0

    @property
    def name(self) -> tuple[str, int]:
        return self.warning, self.ordinal


@dataclass(frozen=True, slots=True)
class Sending:
    """One row of the outbox's deliveries."""

    key: str
    incident: str
    revision: int
    step: int
    channel: str
    recipient: str
    address: str
    state: str


@dataclass(slots=True)
class Record:
    """Everything of one state directory that the checker looks at; `findings` says what could not be read."""

    state: Path
    entries: list[Entry] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    sendings: list[Sending] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)
    faults: int = 0
    position: int = 0
    cursors: dict[str, int] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    findings: list[str] = field(default_factory=list)

    @property
    def last(self) -> int:
        return self.entries[-1].sequence if self.entries else 0


def read(state: Path) -> Record:
    """All of it; a part that is not there is empty, one that is damaged is a finding.

    To read what a crash left, SQLite has to roll it back or forward, which is not ours to do to the original.
    """
    if not state.exists():
        return Record(state)
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "state"
        shutil.copytree(state, copy, ignore=shutil.ignore_patterns("*-shm", "lock", "reserve", "*.sock"))
        record = _read(copy)
    record.state = state
    record.findings = [finding.replace(str(copy), str(state)) for finding in record.findings]
    return record


def _read(state: Path) -> Record:
    record = Record(state)
    for path in sorted(state.rglob("*.db")):
        record.findings += _damage(path)
    _read_journal(record)
    if _begun(state / "outbox.db", "meta"):
        _read_outbox(record)
    if _begun(path := state / "journal" / "cursors.db", "cursor"):
        record.cursors = dict(rows(path, "SELECT name, sequence FROM cursor"))
    snapshots = Snapshots(state / "snapshots")
    record.snapshot = snapshots.newest()
    record.findings += snapshots.faults
    return record


def rows(path: Path, query: str) -> list[tuple]:  # type: ignore[type-arg]
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
        return connection.execute(query).fetchall()


def _begun(path: Path, table: str) -> bool:
    """A start that failed may have left a database that is sound and has no tables yet."""
    query = f"SELECT 1 FROM sqlite_master WHERE name = '{table}'"
    return path.exists() and _damage(path) == [] and rows(path, query) != []


def replayed(record: Record, load: Callable[[str], Basis]) -> Iterator[Line]:
    """What one uninterrupted life would have told, up to the last instant the outbox tells of."""
    if not record.entries or record.entries[0].kind is not EntryKind.BUNDLE:
        return
    judge = Judge(load(record.entries[0].data.decode()), load)
    for entry in record.entries:
        for t in judge.take(entry).transitions:
            yield Line(t.warning, t.ordinal, t.at, line(t), entry.sequence)
    latest = max((told.at for told in record.lines), default=0)
    if latest > record.entries[-1].received:
        names = {told.name for told in record.lines}
        for t in due_until(judge, latest, names):
            yield Line(t.warning, t.ordinal, t.at, line(t), record.last)


def _damage(path: Path) -> list[str]:
    try:
        found = [text for (text,) in rows(path, "PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        return [f"{path}: {error}"]
    return [] if found == ["ok"] else [f"{path}: {text}" for text in found]


def _read_journal(record: Record) -> None:
    """File by file, without the reader's own checks: the numbers must follow one another."""
    directory = record.state / "journal"
    for volume in volumes_in(directory) if directory.exists() else []:
        try:
            record.entries += volume.read(0, EVERYTHING)
        except (JournalCorrupt, JournalUnavailable) as error:
            record.findings.append(f"journal: {error}")
        finally:
            volume.close()
    for number, entry in enumerate(record.entries):
        expected = record.entries[0].sequence + number
        if entry.sequence != expected:
            record.findings.append(f"journal: entry {entry.sequence} stands where {expected} is due")
            break
    if record.entries and record.entries[0].kind is not EntryKind.BUNDLE:
        record.findings.append("journal: it does not begin with the bundle that was applied first")


def _read_outbox(record: Record) -> None:
    path = record.state / "outbox.db"
    try:
        told = rows(path, "SELECT warning, ordinal, at, line FROM transitions ORDER BY id")
        record.lines = [Line(*row) for row in told]
        record.sendings = [
            Sending(*row)
            for row in rows(
                path,
                "SELECT key, incident, revision, step, channel, recipient, address, state"
                " FROM deliveries ORDER BY id",
            )
        ]
        record.members = dict(rows(path, "SELECT warning, incident FROM members"))
        [(record.faults,)] = rows(path, "SELECT count(*) FROM faults")
        [(record.position,)] = rows(path, "SELECT position FROM meta")
    except sqlite3.DatabaseError as error:
        record.findings.append(f"outbox: {error}")
