"""A disk in memory: what each part keeps on it, what a crash takes back, and when it refuses.

Each part behaves as the real one does (`test_memory_parts.py` puts both through the same steps). A kill of
the process takes nothing back; a power cut takes what was not synced.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ingest.journal import Entry, EntryKind, JournalUnavailable, Maintenance
from ingest.quarantine import QuarantineUnavailable
from ingest.reading import Reason, Rejected
from ingest.snapshots import Array, Snapshot, SnapshotUnwritable
from tocsin.bundle import Bundle

NOWHERE = Path("/simulated")


@dataclass
class Faults:
    """Parts of the disk that refuse at present, by name."""

    broken: set[str] = field(default_factory=set)

    def refuses(self, part: str) -> bool:
        return part in self.broken


class Roomy:
    """A reserve on a disk that is never full."""

    held = True

    def relieve(self, error: Exception) -> None:
        """There is room: what was refused was refused for another reason."""

    async def run(self) -> None:
        await asyncio.Event().wait()


class MemoryJournal:
    """`everything` is what was ever durable; retention hides its beginning.

    `appended` is told of each entry once it is durable, `moved` of each move of a cursor.
    """

    directory = NOWHERE / "journal"

    def __init__(
        self,
        faults: Faults,
        appended: Callable[[Entry], None] = lambda _: None,
        moved: Callable[[str, int], None] = lambda *_: None,
    ) -> None:
        self._faults = faults
        self._appended = appended
        self._moved = moved
        self.everything: list[Entry] = []
        self._first = 1
        self._last = 0
        self._cursors: dict[str, int] = {}
        self._synced: dict[str, int] = {}

    @property
    def last(self) -> int:
        return self._last

    @property
    def last_received(self) -> int:
        return self.everything[-1].received if self.everything else 0

    @property
    def first(self) -> int:
        return self._first if self._first <= self._last else 0

    def append(self, received: int, kind: EntryKind, count: int, data: bytes) -> Entry:
        self._check()
        entry = Entry(self._last + 1, max(received, self.last_received), kind, count, data)
        self.everything.append(entry)
        self._last = entry.sequence
        self._appended(entry)
        return entry

    def read(self, after: int, limit: int = 256) -> list[Entry]:
        start = max(after, self._first - 1)
        return self.everything[start : start + max(min(limit, self._last - start), 0)]

    def cursor(self, name: str) -> int:
        return self._cursors.get(name, 0)

    def move_cursor(self, name: str, sequence: int) -> None:
        if sequence > self._last:
            raise ValueError(f"cursor {name!r}: {sequence} lies beyond the journal's last entry {self._last}")
        self._check()
        self._cursors[name] = max(sequence, self._cursors.get(name, 0))
        self._moved(name, sequence)

    def drop_cursor(self, name: str) -> None:
        self._cursors.pop(name, None)

    def maintain(self, _: int, *, compress: bool = True) -> Maintenance:
        """As short of room as a disk can be: everything goes that no cursor holds back."""
        self._check()
        self._first = max(self._first, min(self._cursors.values(), default=0) + 1)
        return Maintenance()

    def reopen(self) -> None:
        """No number that a reader has seen is given out again."""
        self._last = max(self._last, max(self._cursors.values(), default=0))

    def sync(self) -> None:
        """The system wrote its buffers."""
        self._synced = dict(self._cursors)

    def crash(self, power: bool) -> None:
        if power:
            self._cursors = dict(self._synced)
        self.sync()

    def _check(self) -> None:
        if self._faults.refuses("journal"):
            raise JournalUnavailable(self.directory, "disk I/O error")


class MemoryQuarantine:
    """Counts, by entry and message; durable up to the last `settle`."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._last = 0
        self._counted: frozenset[int] = frozenset()
        self._totals: dict[Reason, int] = {}
        self._synced: tuple[int, frozenset[int], dict[Reason, int]] = (0, frozenset(), {})

    def add(self, sequence: int, _: int, rejected: list[Rejected]) -> None:
        self._check()
        if not rejected or sequence < self._last:
            return
        counted = self._counted if sequence == self._last else frozenset()
        fresh = {r.message: r.reason for r in reversed(rejected) if r.message not in counted}
        if not fresh:
            return
        self._last, self._counted = sequence, counted | fresh.keys()
        for reason in fresh.values():
            self._totals[reason] = self._totals.get(reason, 0) + 1

    def counts(self) -> dict[Reason, int]:
        return dict(self._totals)

    def settle(self) -> None:
        self._check()
        self._sync()

    def crash(self, power: bool) -> None:
        if power:
            last, counted, totals = self._synced
            self._last, self._counted, self._totals = last, counted, dict(totals)
        self._sync()

    def _sync(self) -> None:
        self._synced = (self._last, self._counted, dict(self._totals))

    def _check(self) -> None:
        if self._faults.refuses("outbox"):
            raise QuarantineUnavailable(NOWHERE / "quarantine.db", "disk I/O error")


class MemorySnapshots:
    """The newest two; `damage` spoils the newest, as a torn page would."""

    def __init__(self, faults: Faults, keep: int = 2) -> None:
        self._faults = faults
        self._keep = keep
        self._kept: list[Snapshot] = []
        self.faults: list[str] = []
        self.damaged = False

    def write(self, position: int, bundle: str, state: Mapping[str, Array | bytes]) -> Path:
        path = NOWHERE / f"snapshot-{position:012}.state"
        if self._faults.refuses("snapshots"):
            raise SnapshotUnwritable(path, "disk I/O error")
        others = [kept for kept in self._kept if kept.position != position]
        written = [*others, Snapshot(position, bundle, {name: _copied(v) for name, v in state.items()})]
        self._kept = sorted(written, key=lambda kept: kept.position)[-self._keep :]
        self.damaged = False
        return path

    def newest(self) -> Snapshot | None:
        self.faults = []
        if self.damaged and self._kept:
            self.faults.append(f"{self._kept.pop().position}: passed over: its checksum is wrong")
            self.damaged = False
        if not self._kept:
            return None
        newest = self._kept[-1]
        state = {name: _copied(value) for name, value in newest.state.items()}
        return Snapshot(newest.position, newest.bundle, state)


class MemoryBundles:
    """Whole files: durable when written."""

    def __init__(self) -> None:
        self._saved: dict[str, Bundle] = {}
        self._applied: list[tuple[int, str]] = []

    def save(self, bundle: Bundle) -> str:
        self._saved[bundle.hash] = bundle
        return bundle.hash

    def load(self, hash_: str) -> Bundle:
        return self._saved[hash_]

    def applied(self) -> list[tuple[int, str]]:
        return self._applied

    def record(self, sequence: int, hash_: str) -> None:
        self._applied = sorted({*self._applied, (sequence, hash_)})

    def at(self, sequence: int) -> str:
        found = [hash_ for first, hash_ in self._applied if first <= sequence]
        if not found:
            raise KeyError(f"no bundle was in force at journal entry {sequence}")
        return found[-1]


def _copied(value: Array | bytes) -> Array | bytes:
    return value if isinstance(value, bytes) else np.array(value)
