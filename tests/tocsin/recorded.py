"""A state directory as a daemon of the village leaves it: journal, bundles, and snapshots where asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mqtt5 import PublishPacket

from ingest.clock import MINUTE
from ingest.journal import Entry, EntryKind, Journal, Retention
from tests.tocsin.village import START, block, bundle
from tocsin.bundle import Bundle, Bundles
from tocsin.configuration import basis_of
from tocsin.judge import Judge
from tocsin.storage import snapshots_in


class Recorded:
    """What is journaled is judged at once; minutes are those after `START`, or after `start` (ms)."""

    def __init__(self, state: Path, journal: Journal, start: int) -> None:
        self.state = state
        self.journal = journal
        self._start = start
        self._bundles = Bundles(state / "bundles")
        self.apply(0, bundle())
        self.judge = Judge(basis_of(bundle()), lambda hash_: basis_of(self._bundles.load(hash_)))

    def apply(self, minute: float, of: Bundle) -> None:
        """As `apply_first` and a reload do."""
        self._bundles.save(of)
        entry = self._append(minute, EntryKind.BUNDLE, 0, of.hash.encode())
        self._bundles.record(entry.sequence, of.hash)

    def receive(self, minute: float, *packets: PublishPacket) -> Entry:
        raw = block(0, 0, packets)
        return self._append(minute, EntryKind.MQTT, raw.count, raw.data)

    def _append(self, minute: float, kind: EntryKind, count: int, data: bytes) -> Entry:
        return self.journal.append(self._start + int(minute * MINUTE), kind, count, data)

    def keep(self) -> None:
        """Judge what is journaled, and write a snapshot."""
        for entry in self.journal.read(self.judge.position, 10_000):
            self.judge.take(entry)
        snapshots_in(self.state).write(*self.judge.snapshot())


@contextmanager
def recorded(state: Path, start: int = START) -> Iterator[Recorded]:
    with Journal.open(state / "journal", Retention()) as journal:
        yield Recorded(state, journal, start)
