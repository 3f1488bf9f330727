"""Journal entries back into readings, each by the bundle that was in force at its position."""

from collections.abc import Callable

from ingest.decode import Decoder
from ingest.journal import Entry, EntryKind
from ingest.reading import Readings
from ingest.wire import messages
from tocsin.bundle import Bundles
from tocsin.judge import Basis


class JournalDecoder:
    """Callable on entries in journal order; None for an entry that holds no messages."""

    def __init__(self, bundles: Bundles, basis: Callable[[str], Basis]) -> None:
        self._bundles = bundles
        self._basis = basis
        self._bundle = ""
        self._decoder: Decoder | None = None

    def __call__(self, entry: Entry) -> Readings | None:
        if entry.kind is not EntryKind.MQTT:
            return None
        packets = messages(entry.data)
        return self._at(entry.sequence).decode(entry.sequence, entry.received, packets).readings

    def _at(self, sequence: int) -> Decoder:
        bundle = self._bundles.at(sequence)
        if self._decoder is None or bundle != self._bundle:
            basis = self._basis(bundle)
            self._bundle, self._decoder = bundle, Decoder(basis.kinds, basis.registry)
        return self._decoder
