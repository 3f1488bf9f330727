"""The series writer: follows the journal and writes what it decodes into a time-series store.

A slow, absent or forgetful database costs history time, never a reading, and delays no warning.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

import structlog

from ingest.clock import Clock
from ingest.journal_entry import Entry, JournalCorrupt, JournalUnavailable
from ingest.series_store import Block, Point, Store, StoreRefused, StoreUnavailable

__all__ = ["Block", "Journaled", "Point", "SeriesWriter", "Store", "StoreRefused", "StoreUnavailable"]

log = structlog.get_logger()

T = TypeVar("T")

# Journal entries a write, at most half a megabyte each.
ENTRIES = 16
# The first and the longest pause (seconds, of the loop) after a failure, before the jitter.
PAUSES = (0.5, 10.0)
REFUSED_KEPT = 1_000


class Journaled(Protocol):
    """What the writer needs of the journal."""

    @property
    def last(self) -> int: ...

    def read(self, after: int, limit: int) -> list[Entry]: ...

    def cursor(self, name: str) -> int: ...

    def move_cursor(self, name: str, sequence: int) -> None: ...


@dataclass(frozen=True, slots=True)
class _Written:
    """One write: the last entry it covers, values written, and (sequence, reason) of blocks refused."""

    sequence: int
    points: int
    refused: list[tuple[int, str]]


class SeriesWriter:
    """Writes each entry at least once, in order.

    The durable cursor follows `store.trail` behind, and after a failure or a restart of the store everything
    beyond the cursor is written again; points overwrite themselves. `worker` runs all that blocks.

    available       whether the last attempt succeeded; `reason` says why not
    points_written  values, those written again included
    failures        attempts that failed
    refused         sequence -> reason of blocks the store will never take, the newest REFUSED_KEPT
    """

    def __init__(
        self,
        journal: Journaled,
        decode: Callable[[Entry], Block | None],
        store: Store,
        clock: Clock,
        worker: Executor,
        *,
        name: str = "series",
        pauses: tuple[float, float] = PAUSES,
    ) -> None:
        self._journal = journal
        self._decode = decode
        self._store = store
        self._clock = clock
        self._worker = worker
        self._name = name
        self._pauses = pauses
        self._position = journal.cursor(name)
        # (last sequence, instant) of the writes the cursor has not passed, oldest first.
        self._trailing: deque[tuple[int, int]] = deque()
        self._moved = 0
        self._incarnation: str | None = None
        self._attempt = 0
        self._woken = asyncio.Event()
        self._turned = asyncio.Event()
        self.available = True
        self.reason = ""
        self.points_written = 0
        self.failures = 0
        self.refused: dict[int, str] = {}

    @property
    def lag(self) -> int:
        """Entries the store has not been given yet."""
        return self._journal.last - self._position

    def idle(self) -> bool:
        """Everything journaled is written (the cursor may still trail)."""
        return self._position == self._journal.last

    def notify(self) -> None:
        """Something was appended to the journal."""
        self._woken.set()

    async def run(self) -> None:
        """Follow the journal until cancelled; failures are retried for ever, with growing pauses."""
        while True:
            try:
                await self._round()
            except (StoreUnavailable, JournalUnavailable, JournalCorrupt) as error:
                self._fall_back(str(error))
                await self._pause()
            self._turned.set()
            if self.available and self.idle():
                await self._rest()

    async def drain(self, deadline_seconds: float = 5.0) -> None:
        """Return when all is written, when the store fails, or at the deadline (of the loop).

        What is left is still in the journal.
        """
        self.notify()
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_seconds):
                while self.available and not self.idle():
                    self._turned.clear()
                    await self._turned.wait()

    async def _round(self) -> None:
        self._woken.clear()
        if self._incarnation is None:
            self._incarnation = await self._call(self._attach)
        await self._move_cursor()
        written = await self._call(self._transfer, self._position)
        if written.sequence > self._position:
            self._note(written)
        if not self.available:
            log.info("series store available again", behind=self.lag)
        self.available, self.reason, self._attempt = True, "", 0

    def _note(self, written: _Written) -> None:
        self._position = written.sequence
        self._trailing.append((written.sequence, self._clock.now()))
        self.points_written += written.points
        for sequence, reason in written.refused:
            log.error("series store refused a block: its readings are in the journal alone", entry=sequence)
            self.refused[sequence] = reason
        for oldest in list(self.refused)[:-REFUSED_KEPT]:
            del self.refused[oldest]
