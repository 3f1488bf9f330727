"""Session to journal to acknowledgement: what is acked is on disk."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import structlog
from msgspec import structs

from ingest.clock import Clock
from ingest.journal import Entry, EntryKind, Journal, JournalUnavailable
from ingest.session import Batch, Session, SessionClosed
from ingest.session.wire import Message
from notifiers.action import Answer, Taken
from tocsin.bundle import Applied
from tocsin.sight import Blind

log = structlog.get_logger()

# Between two attempts to write to a journal that failed; the batch stays unacked meanwhile.
RETRY_SECONDS = 0.5
# How long a person's action waits for what came before it to be written.
PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Handed:
    """A journaled entry on its way to the judge, with its packets if they are at hand.

    `answer` is what the person who acted, or who applied a bundle, waits for.
    """

    entry: Entry
    packets: Sequence[Message] | None
    answer: asyncio.Future[Answer] | None = None


class Intake:
    """Appends each batch as one block, acks it, and hands it on; bounded by `backlog` blocks.

    A full queue takes nothing from the session, so blocks grow while the judge is behind: one of 4,000
    messages costs it far less than forty of 100. Then reading stops: the broker is the buffer. `disk` is a
    single-thread executor, so entries are written in the order they are given. Without `room` the disk counts
    as one that cannot be written. `wakeful` returns once it is noted if the process stood still, which is to
    stand in the journal before what arrived meanwhile.
    """

    def __init__(
        self,
        session: Session,
        journal: Journal,
        clock: Clock,
        disk: Executor,
        *,
        room: Callable[[], bool] = lambda: True,
        wakeful: Callable[[], Awaitable[None]] | None = None,
        backlog: int = 2,
    ) -> None:
        self._session = session
        self._journal = journal
        self._clock = clock
        self._disk = disk
        self._room = room
        self._wakeful = wakeful
        # Who appends first hands on first: a full queue lets a later one pass.
        self._order = asyncio.Lock()
        self._writing = 0
        self._noting = False
        self._ended = asyncio.Event()
        self._stopping = False
        self.queue: asyncio.Queue[Handed] = asyncio.Queue(backlog)
        self.handed = 0
        self.available = True
        self.messages = 0

    async def run(self) -> None:
        """Until the session is quiesced and everything it took in is on disk."""
        try:
            while True:
                batch = await self._session.next_batch()
                if self._wakeful is not None:
                    await self._wakeful()
                await self._take(batch)
        except SessionClosed:
            pass
        except JournalUnavailable:
            log.error("stopping with messages that are not on disk; the broker still has them")
        finally:
            self._ended.set()

    async def _take(self, batch: Batch) -> None:
        async with self._order:
            entry = await self.append(EntryKind.MQTT, len(batch.packets), batch.data)
            self._session.ack(batch)
            self.messages += entry.count
            await self._hand(Handed(entry, batch.packets))

    async def _hand(self, handed: Handed) -> None:
        self.handed += 1
        await self.queue.put(handed)

    async def apply(self, applied: Applied) -> Handed:
        """Journal that a bundle is in force from here on, and hand the entry to the judge.

        The future of what is returned holds what it did to the open warnings.
        """
        async with self._order:
            entry = await self.append(EntryKind.BUNDLE, 0, applied.encode())
            handed = Handed(entry, None, asyncio.get_running_loop().create_future())
            await self._hand(handed)
            return handed

    async def blind(self, blind: Blind, settled: Callable[[], int]) -> Entry:
        """Journal that nothing could arrive, or can again, and hand the entry to the judge.

        Blind time begins no earlier than `settled()` (ms): what fell due in the moments since the loss stays
        settled in a replay. While it is noted nothing falls due, however long the disk refuses.
        """
        async with self._order:
            self._noting = True
            try:
                since = blind.since if blind.ended else max(blind.since, settled())
                return await self._note(EntryKind.BLIND, structs.replace(blind, since=since).data)
            finally:
                self._noting = False

    async def act(self, taken: Taken) -> asyncio.Future[Answer]:
        """Journal what a person did and hand it to the judge; the future holds what became of it.

        Raises JournalUnavailable soon if it cannot be written: a person must know whether they were heard.
        Not to be cancelled: what is journaled must be handed on.
        """
        await self._turn()
        try:
            entry = await self._append(EntryKind.ACTION, 0, taken.encode())
            answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            await self._hand(Handed(entry, None, answer))
            return answer
        finally:
            self._order.release()

    async def _turn(self) -> None:
        """Have the order, unless a batch holds it that the disk does not take.

        As before a batch it is noted first if the process stood still: an action settles what is due, too.
        """
        try:
            async with asyncio.timeout(PATIENCE_SECONDS if self.available else 0):
                if self._wakeful is not None:
                    await self._wakeful()
                await self._order.acquire()
        except TimeoutError:
            raise JournalUnavailable(
                self._journal.directory, "the disk does not take what came before"
            ) from None

    async def _note(self, kind: EntryKind, data: bytes) -> Entry:
        entry = await self.append(kind, 0, data)
        await self._hand(Handed(entry, None))
        return entry

    async def append(self, kind: EntryKind, count: int, data: bytes) -> Entry:
        """Durable when it returns; a journal that cannot be written is tried until it can.

        Raises JournalUnavailable only once the daemon stops: what is not acked will come again.
        """
        while True:
            try:
                return await self._append(kind, count, data)
            except JournalUnavailable:
                if self._stopping:
                    raise
            await asyncio.sleep(RETRY_SECONDS)

    async def _append(self, kind: EntryKind, count: int, data: bytes) -> Entry:
        """Once."""
        loop = asyncio.get_running_loop()
        self._writing += 1
        try:
            if not self._room():
                raise JournalUnavailable(self._journal.directory, "the disk is full")
            entry = await loop.run_in_executor(
                self._disk, self._journal.append, self._clock.now(), kind, count, data
            )
        except JournalUnavailable as error:
            self._report(error)
            raise
        finally:
            self._writing -= 1
        if not self.available:
            log.info("journal writable again", path=str(self._journal.directory))
        self.available = True
        return entry

    def _report(self, error: JournalUnavailable) -> None:
        if self.available:
            log.error("journal unavailable: nothing is acked until it can be written", reason=str(error))
        self.available = False

    def settled(self) -> bool:
        """No entry is on its way: time may pass without one of an earlier instant still to come."""
        return not self._writing and not self._noting and self.queue.empty()

    def idle(self) -> bool:
        return self.messages == self._session.received and self.settled()

    async def stop(self) -> None:
        """Take no more from the broker, keep and ack what has arrived; the rest will come again."""
        self._stopping = True
        self._session.quiesce()
        await self._ended.wait()
        await self._session.close()
