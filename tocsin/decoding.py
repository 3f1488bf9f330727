"""Journal entries back into readings, each by the bundle that was in force at its position."""

from collections.abc import Callable

from ingest.decode import Decoder
from ingest.journal import Entry, EntryKind
from ingest.series import Block
from ingest.session.wire import messages
from tocsin.bundle import Bundles
from tocsin.judge import Basis


class JournalDecoder:
    """Callable on entries in journal order; None for an entry that holds no messages."""

    def __init__(self, bundles: Bundles, basis: Callable[[str], Basis]) -> None:
        self._bundles = bundles
        self._load = basis
        self._basis: Basis | None = None
        self._decoder: Decoder | None = None
        # What this reader has passed: the judge, who records it, may not have come to it yet.
        self._passed: set[tuple[int, str]] = set()

    def __call__(self, entry: Entry) -> Block | None:
        if entry.kind is EntryKind.BUNDLE:
            self._passed.add((entry.sequence, entry.data.decode()))
        if entry.kind is not EntryKind.MQTT:
            return None
        basis, decoder = self._at(entry.sequence)
        decoded = decoder.decode(entry.sequence, entry.received, messages(entry.data))
        return Block(basis.kinds, basis.registry, decoded.readings)

    def _at(self, sequence: int) -> tuple[Basis, Decoder]:
        known = {*self._bundles.applied(), *self._passed}
        _, bundle = max(applied for applied in known if applied[0] <= sequence)
        if self._basis is None or self._decoder is None or self._basis.bundle != bundle:
            self._basis = self._load(bundle)
            self._decoder = Decoder(self._basis.kinds, self._basis.registry)
        return self._basis, self._decoder
