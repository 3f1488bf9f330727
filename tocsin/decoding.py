"""Journal entries back into readings, each by the bundle that was in force at its position."""

import threading
from collections.abc import Callable

from ingest.decode import Decoder
from ingest.journal import Entry, EntryKind
from ingest.series import Block
from ingest.session.wire import messages
from tocsin.bundle import Applied, Bundles
from tocsin.judge import Basis


class Recent:
    """The newest blocks that the judge decoded: a history that keeps up need not decode them again.

    The judge puts them in on one thread, the history takes them out on another.
    """

    def __init__(self, most: int = 128) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._blocks: dict[int, Block] = {}

    def put(self, block: Block) -> None:
        """Keep a block until it is taken, or `most` others have come."""
        with self._lock:
            self._blocks[block.readings.sequence] = block
            if len(self._blocks) > self._most:
                del self._blocks[next(iter(self._blocks))]

    def take(self, sequence: int) -> Block | None:
        """The block of that entry, once."""
        with self._lock:
            return self._blocks.pop(sequence, None)


class JournalDecoder:
    """Callable on entries in journal order; None for an entry that holds no messages."""

    def __init__(self, bundles: Bundles, basis: Callable[[str], Basis], recent: Recent) -> None:
        self._bundles = bundles
        self._load = basis
        self._recent = recent
        self._basis: Basis | None = None
        self._decoder: Decoder | None = None
        # What this reader has passed: the judge, who records it, may not have come to it yet.
        self._passed: set[tuple[int, str]] = set()

    def __call__(self, entry: Entry) -> Block | None:
        if entry.kind is EntryKind.BUNDLE:
            self._passed.add((entry.sequence, Applied.decode(entry.data).bundle))
        if entry.kind is not EntryKind.MQTT:
            return None
        if (block := self._recent.take(entry.sequence)) is not None:
            return block
        basis, decoder = self._at(entry.sequence)
        decoded = decoder.decode(entry.sequence, entry.received, messages(entry.data))
        return Block(basis.kinds, basis.registry, decoded.readings)

    def _at(self, sequence: int) -> tuple[Basis, Decoder]:
        known = {*self._bundles.applied(), *self._passed}
        _, bundle = max(applied for applied in known if applied[0] <= sequence)
        if self._basis is None or self._decoder is None or self._basis.bundle != bundle:
            self._basis = self._load(bundle)
            self._decoder = Decoder(self._basis.kinds, self._basis.registry, self._basis.namespace)
        return self._basis, self._decoder
