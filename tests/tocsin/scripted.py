"""A session that hands out what it is fed, and notes what was acknowledged."""

import asyncio
from dataclasses import dataclass, field

from mqtt5 import PublishPacket

from ingest.journal import Journal
from ingest.session import Batch, SessionClosed


def batch(*packets: PublishPacket) -> Batch:
    return Batch(1, b"".join(packet.write() for packet in packets), list(packets))


@dataclass
class ScriptedSession:
    """`journaled_at_ack[i]` is the journal's last entry at the moment of the i-th acknowledgement."""

    journal: Journal
    waiting: asyncio.Queue[Batch | None] = field(default_factory=asyncio.Queue)
    received: int = 0
    acked: list[Batch] = field(default_factory=list)
    journaled_at_ack: list[int] = field(default_factory=list)
    asked: int = 0
    closed: bool = False

    def feed(self, *batches: Batch) -> None:
        for each in batches:
            self.received += len(each.packets)
            self.waiting.put_nowait(each)

    async def next_batch(self) -> Batch:
        self.asked += 1
        if (found := await self.waiting.get()) is None:
            raise SessionClosed
        return found

    def ack(self, batch: Batch) -> None:
        self.acked.append(batch)
        self.journaled_at_ack.append(self.journal.last)

    def quiesce(self) -> None:
        self.waiting.put_nowait(None)

    async def close(self) -> None:
        self.closed = True
