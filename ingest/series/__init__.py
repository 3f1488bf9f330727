"""The series writer: follows the journal and writes what it decodes into a time-series store.

A slow, absent or forgetful database delays the history and loses none of it; warnings never wait for it.
"""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import ParamSpec, TypeVar

import structlog

from ingest.clock import Clock
from ingest.journal.entry import Entry, JournalCorrupt, JournalUnavailable
from ingest.series.cursor import Journaled, TrailingCursor
from ingest.series.store import Block, Point, Store, StoreRefused, StoreUnavailable
from ingest.series.transfer import Transfer, Transferred

__all__ = ["Block", "Journaled", "Point", "SeriesWriter", "Store", "StoreRefused", "StoreUnavailable"]

log = structlog.get_logger()

P = ParamSpec("P")
T = TypeVar("T")

# The first and the longest pause after a failure, in seconds of the loop, before jitter.
PAUSES = (0.5, 10.0)
REFUSED_KEPT = 1_000
# Seconds of the loop between two looks at whether to give way.
WAIT = 0.005


class SeriesWriter:
    """Writes every entry at least once, in order.

    The durable cursor trails by `store.trail`; after a failure, and when the store was started anew, all that
    lies beyond the cursor is written again, and points overwrite themselves. `worker` runs what blocks;
    `give_way` says that something more urgent is behind, and a write then waits, at most `patience` s.

    available       whether the last attempt succeeded; if not, `reason` says why
    points_written  values, those written again included
    failures        attempts that failed
    refused         entry -> reason, for blocks the store will never take: the newest REFUSED_KEPT
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
        give_way: Callable[[], bool] = lambda: False,
        patience: float = 0.5,
    ) -> None:
        self._journal = journal
        self._store = store
        self._clock = clock
        self._worker = worker
        self._first_pause, self._longest_pause = pauses
        self._give_way = give_way
        self._patience = patience
        self._transfer = Transfer(journal, decode, store)
        self._cursor = TrailingCursor(journal, name, store.trail)
        self._position = self._cursor.position
        # Of the store that everything beyond the cursor was written to; None before the first write to it.
        self._incarnation: str | None = None
        self._attempt = 0
        # All that was journaled by `_current` is written; `_mark` is the end of the journal a little later.
        self._set_mark(clock.now())
        self._resting = False
        self._woken = asyncio.Event()
        self._turned = asyncio.Event()
        self.available = True
        # Whether the journal knows what this writer still needs of it.
        self.claimed = False
        self.reason = ""
        self.points_written = 0
        self.failures = 0
        self.refused: dict[int, str] = {}

    @property
    def lag(self) -> int:
        """Journal entries that are not written yet."""
        return self._journal.last - self._position

    @property
    def behind(self) -> int:
        """ms that the history lies back at most; 0 once everything is written."""
        return 0 if self._resting or self.idle() else self._clock.now() - self._current

    def idle(self) -> bool:
        """Everything journaled is written; the cursor may still trail."""
        return self.lag == 0

    def notify(self) -> None:
        """Something was appended to the journal."""
        self._woken.set()

    async def run(self) -> None:
        """Follow the journal until cancelled; what fails is tried for ever, with growing pauses."""
        while True:
            self._woken.clear()
            await self._wait_for_way()
            try:
                await self._round()
            except (StoreUnavailable, JournalUnavailable, JournalCorrupt) as error:
                self._fall_back(str(error))
                self._turned.set()
                await self._pause()
            else:
                if self._position >= self._mark[0]:
                    self._set_mark(self._mark[1])
                self._turned.set()
                if self.idle():
                    self._resting = True
                    await self._rest()
                    self._resting = False
                    self._set_mark(self._clock.now())

    async def drain(self, deadline_seconds: float = 5.0) -> None:
        """Return when all is written, when the store fails, or at the deadline (loop time).

        What is left stays in the journal.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline_seconds):
                while self.available and not self.idle():
                    self.notify()
                    self._turned.clear()
                    await self._turned.wait()

    async def _wait_for_way(self) -> None:
        """History lets judgement go first, but comes to its turn."""
        loop = asyncio.get_running_loop()
        latest = loop.time() + self._patience
        while self._give_way() and loop.time() < latest:
            await asyncio.sleep(WAIT)

    async def _round(self) -> None:
        if self._incarnation is None:
            self._incarnation = await self._blocking(self._attach)
        await self._move_cursor()
        done = await self._blocking(self._transfer.after, self._position)
        if done.sequence > self._position:
            self._note(done)
        if not self.available:
            log.info("series store available again", behind=self.lag)
        self.available, self.reason, self._attempt = True, "", 0

    def _set_mark(self, current: int) -> None:
        self._current, self._mark = current, (self._journal.last, self._clock.now())

    def _attach(self) -> str:
        """Claims the journal from the cursor on, so that retention waits, and meets the store."""
        self._cursor.move(self._cursor.position)
        self.claimed = True
        return self._store.incarnation()

    async def _move_cursor(self) -> None:
        now, due = self._clock.now(), self._cursor.due()
        if due is not None and due <= now:
            sequence = self._cursor.reach(now)
            await self._blocking(self._confirm, sequence)
            self._cursor.passed(sequence, now)

    def _confirm(self, sequence: int) -> None:
        if self._store.incarnation() != self._incarnation:
            raise StoreUnavailable("series store", "it was restarted; what it may have lost is written again")
        self._cursor.move(sequence)

    def _note(self, done: Transferred) -> None:
        self._position = done.sequence
        self._cursor.wrote(done.sequence, self._clock.now())
        self.points_written += done.points
        for sequence, reason in done.refused:
            log.error("series store refused a block; the journal still has it", entry=sequence, reason=reason)
            self.refused[sequence] = reason
        for oldest in list(self.refused)[:-REFUSED_KEPT]:
            del self.refused[oldest]

    def _fall_back(self, reason: str) -> None:
        if self.available:
            log.warning("series store unavailable; history waits in the journal", reason=reason)
        self.failures += 1
        self.available, self.reason = False, reason
        self._incarnation = None
        self._position = self._cursor.fall_back()

    async def _pause(self) -> None:
        longest = min(self._first_pause * 2**self._attempt, self._longest_pause)
        self._attempt = min(self._attempt + 1, 16)
        await asyncio.sleep(longest * random.uniform(0.5, 1.0))

    async def _rest(self) -> None:
        """Until something is appended or the cursor can move."""
        waits: list[asyncio.Task[object]] = [asyncio.create_task(self._woken.wait())]
        if (due := self._cursor.due()) is not None:
            waits.append(asyncio.create_task(self._clock.sleep_until(due)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _blocking(self, call: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, call, *args)
