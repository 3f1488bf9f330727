"""One step of the series writer: some journal entries, decoded and written. All of it blocks."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from ingest.journal.entry import Entry
from ingest.series.cursor import Journaled
from ingest.series.store import Block, Store, StoreRefused

# Entries a write, and messages: a long write would take its time from whoever judges in the same process.
ENTRIES = 64
MESSAGES = 4_000


@dataclass(frozen=True, slots=True)
class Transferred:
    """`sequence` of the last entry done with, values written, (sequence, reason) of the blocks refused."""

    sequence: int
    points: int
    refused: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Transfer:
    """`decode` gives None for entries that hold no readings."""

    journal: Journaled
    decode: Callable[[Entry], Block | None]
    store: Store

    def after(self, position: int) -> Transferred:
        """Write the next entries beyond `position`.

        Raises StoreUnavailable, JournalUnavailable, JournalCorrupt; some may then be written.
        """
        last = self.journal.last
        entries = _some(self.journal.read(position, ENTRIES))
        if not entries:
            # Whatever lay there is gone, by retention or with a lost file.
            return Transferred(max(last, position), 0, ())
        decoded = [block for entry in entries if (block := self.decode(entry)) is not None]
        blocks = [block for block in decoded if len(block.readings)]
        refused = self._write(blocks) if blocks else []
        lost = {sequence for sequence, _ in refused}
        points = sum(len(b.readings) for b in blocks if b.readings.sequence not in lost)
        return Transferred(entries[-1].sequence, points, tuple(refused))

    def _write(self, blocks: list[Block]) -> list[tuple[int, str]]:
        """What is refused together is written one by one, so that only the guilty block is lost."""
        try:
            self.store.write(blocks)
        except StoreRefused as refusal:
            if len(blocks) == 1:
                return [(blocks[0].readings.sequence, refusal.reason)]
            return [found for block in blocks for found in self._write([block])]
        return []


def _some(entries: list[Entry]) -> list[Entry]:
    """The first entries, up to MESSAGES messages in all, but at least one entry."""
    counts = list(accumulate(entry.count for entry in entries))
    return entries[: max(bisect_right(counts, MESSAGES), 1)]
