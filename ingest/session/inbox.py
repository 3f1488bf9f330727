"""What has arrived and is not handed out yet: whole messages gathered into batches."""

import asyncio
from collections import deque
from dataclasses import dataclass

from ingest.clock import SECOND
from ingest.session.wire import Message


class SessionClosed(Exception):
    """The session is closed and every batch has been handed out."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Messages of one connection, in the order of their arrival.

    `data` is the raw PUBLISH packets exactly as they came, concatenated; `epoch` numbers the connection,
    since packet ids mean nothing on another one.
    """

    epoch: int
    data: bytes
    packets: list[Message]

    @property
    def packet_ids(self) -> list[int]:
        """The ids that ask for an acknowledgement, in order of arrival."""
        return [p.packet_id for p in self.packets if p.packet_id]


class Inbox:
    """Batches for one consumer. `linger` in ms; `backlog` counts the bytes not handed out.

    A batch that has lingered long enough goes to a consumer that waits, and grows on while the consumer is
    busy: the slower the disk, the larger the blocks.
    """

    def __init__(self, linger: int, batch_bytes: int) -> None:
        self.received = 0
        self.backlog = 0
        self._linger = linger
        self._batch_bytes = batch_bytes
        self._sealed: deque[Batch] = deque()
        self._epoch = 0
        self._reads: list[bytes] = []
        self._packets: list[Message] = []
        self._size = 0
        self._due: asyncio.TimerHandle | None = None
        self._ripe = False
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    def add(self, epoch: int, data: bytes, packets: list[Message]) -> None:
        """Take in the messages of one read; no batch holds messages of two connections."""
        if epoch != self._epoch:
            self.seal()
            self._epoch = epoch
        self._reads.append(data)
        self._packets += packets
        self._size += len(data)
        self.received += len(packets)
        self.backlog += len(data)
        if self._size >= self._batch_bytes:
            self.seal()
        elif self._linger == 0:
            self._ripen()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(self._linger / SECOND, self._ripen)

    def seal(self) -> None:
        """Close the open batch, if there is one."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._ripe = False
        if self._packets:
            self._sealed.append(Batch(self._epoch, b"".join(self._reads), self._packets))
            self._reads, self._packets, self._size = [], [], 0
            self._wake()

    def close(self) -> None:
        """No more will come: `take` hands out what is left, then raises SessionClosed."""
        self.seal()
        self._closed = True
        self._wake()

    async def take(self) -> Batch:
        """The oldest batch, as soon as there is one."""
        if self._waiter is not None:
            raise RuntimeError("a session has one consumer, and it is waiting already")
        if self._ripe and not self._sealed:
            self.seal()
        while not self._sealed:
            if self._closed:
                raise SessionClosed
            await self._arrival()
        batch = self._sealed.popleft()
        self.backlog -= len(batch.data)
        return batch

    def _ripen(self) -> None:
        self._ripe = True
        if self._waiter is not None:
            self.seal()

    async def _arrival(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
