"""One entry of the journal, and what can be wrong with the journal that holds it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from sqlite3 import SQLITE_CORRUPT, SQLITE_NOTADB
from sqlite3 import Error as DatabaseError


class EntryKind(StrEnum):
    """What an entry's `data` holds.

    MQTT    the raw PUBLISH packets of one batch, concatenated
    BUNDLE  the hash of a bundle that was applied
    ACTION  what a person did, as JSON
    BLIND   JSON {"since", "ended"}: nothing could arrive from `since` (ms) up to the entry that says ended
    ACTION  what a person did (`notifiers.action.Taken`)
    """

    MQTT = "mqtt"
    BUNDLE = "bundle"
    BLIND = "blind"
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Entry:
    """`sequence` counts 1, 2, 3, ... without a gap; `received` in ms, never decreasing; `count` messages."""

    sequence: int
    received: int
    kind: EntryKind
    count: int
    data: bytes


class JournalUnavailable(Exception):
    """The journal cannot be written or read at present; it goes on by itself when the cause is gone."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason} (look at free space, permissions and the disk itself)")
        self.path = path
        self.reason = reason


class JournalCorrupt(Exception):
    """A file of the journal does not hold what it must; `place` is a byte offset or a sequence number."""

    def __init__(self, path: Path, place: str, reason: str) -> None:
        super().__init__(f"{path}: {place}: {reason} (restore the file from a backup, or move it away)")
        self.path = path
        self.place = place
        self.reason = reason


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise about `path` into the journal's own errors."""
    try:
        yield
    except DatabaseError as error:
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (SQLITE_CORRUPT, SQLITE_NOTADB):
            raise JournalCorrupt(path, "the database", f"{error} [{name}]") from error
        raise JournalUnavailable(path, f"{error} [{name}]") from error
    except OSError as error:
        raise JournalUnavailable(path, error.strerror or str(error)) from error


def entry_kind(path: Path, sequence: int, name: str) -> EntryKind:
    """The kind called `name`; JournalCorrupt if this version has no such kind."""
    try:
        return EntryKind(name)
    except ValueError:
        raise JournalCorrupt(path, f"entry {sequence}", f"no kind {name!r} is known here") from None
