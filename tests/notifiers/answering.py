"""A broker that answers packet by packet, and a stop that comes so many turns of the loop after an answer."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

import mqtt5
from mqtt5 import SubAckReasonCode

from ingest.session.wire import split
from notifiers.loudspeaker.signature import signed
from notifiers.loudspeaker.wire import Poll
from tests.notifiers.announced import AT
from tests.notifiers.sounding import DEADLINE, HERE, KEY

POLL = mqtt5.PublishPacket(f"{HERE}/horns/h-1/poll", signed(KEY, "h-1", Poll(nonce="n", at=AT)))


class Broker:
    """Answers subscriptions with `answer` and takes what is published; `answered` is told of each packet.

    Once it lets a horn hear polls, it sends one. `shut` lets nobody in any more.
    """

    def __init__(self, answer: SubAckReasonCode = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE) -> None:
        self.answered: Callable[[object], None] = lambda _: None
        self._answer = answer
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.shut = server.close
        yield server.sockets[0].getsockname()[1]
        server.close()
        # Who was stopped while it connected has not hung up.
        for writer in self._serving.values():
            writer.transport.abort()
        await asyncio.gather(*self._serving)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving[asyncio.create_task(self._serve(reader, writer))] = writer

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tail = b""
        # ConnectionError: it was cut off.
        with closing(writer), suppress(ConnectionError):
            while data := await reader.read(65_536):
                packets, used = split(memoryview(tail + data))
                tail = (tail + data)[used:]
                for packet in packets:
                    writer.write(self._to(packet))
                    self.answered(packet)

    def _to(self, packet: object) -> bytes:
        match packet:
            case mqtt5.ConnectPacket():
                return mqtt5.ConnAckPacket(session_present=False).write()
            case mqtt5.SubscribePacket():
                codes = [self._answer] * len(packet.topic_filters)
                answer = mqtt5.SubAckPacket(packet.packet_id, codes).write()
                polled = any(wanted.pattern == POLL.topic for wanted in packet.topic_filters)
                return answer + POLL.write() if polled else answer
            case mqtt5.PublishPacket(packet_id=int(number)):
                return mqtt5.PubAckPacket(number).write()
            case _:
                return b""


async def is_stopped(broker: Broker, part: Coroutine[Any, Any, None], kind: type, turns: int) -> bool:
    """Whether it ends when it is cancelled so many turns of the loop after the answer to the first `kind`."""
    running = asyncio.create_task(part)
    stopping: list[asyncio.Task[None]] = []
    told = broker.answered

    def stop(packet: object) -> None:
        told(packet)
        if isinstance(packet, kind) and not stopping:
            stopping.append(asyncio.create_task(cancel(running, turns)))

    broker.answered = stop
    await asyncio.wait([running], timeout=DEADLINE)
    return running.cancelled()


async def cancel(task: asyncio.Task[None], turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
