"""The connection to a broker that refuses, and a stop that comes at the worst moment."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import mqtt5
import pytest
from mqtt5 import SubAckReasonCode

from ingest.clock import LockstepClock
from ingest.session.wire import split
from notifiers.loudspeaker import LoudspeakerChannel
from notifiers.loudspeaker.signature import signed
from notifiers.loudspeaker.wire import Poll
from simulators.horn import Horn
from tests.notifiers.announced import AT
from tests.notifiers.sounding import DEADLINE, KEY, Heard, channel_at, eventually

POLL = mqtt5.PublishPacket("tocsin/horns/h-1/poll", signed(KEY, "h-1", Poll(nonce="n", at=AT)))
SUBSCRIBED, PUBLISHED = mqtt5.SubscribePacket, mqtt5.PublishPacket
PARTS: dict[str, Callable[[int], Any]] = {
    "channel": lambda port: channel_at(port, LockstepClock(AT), Heard(), horns=["h-1", "h-2"]),
    "horn": lambda port: Horn(["h-1"], "127.0.0.1", port, LockstepClock(AT), KEY),
}


class Broker:
    """Answers subscriptions with `answer` and takes what is published; `answered` is told of each packet.

    Once it lets a horn hear polls, it sends one. `shut` lets nobody in any more.
    """

    def __init__(self, answer: SubAckReasonCode = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE) -> None:
        self.answered: Callable[[object], None] = lambda _: None
        self._answer = answer

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.shut = server.close
        yield server.sockets[0].getsockname()[1]
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tail = b""
        while data := await reader.read(65_536):
            packets, used = split(memoryview(tail + data))
            tail = (tail + data)[used:]
            for packet in packets:
                writer.write(self._to(packet))
                self.answered(packet)
        writer.close()

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


@pytest.mark.parametrize("part", PARTS)
async def test_a_broker_that_lets_it_hear_nothing_is_no_connection(part: str) -> None:
    """Every command would fail for want of a receipt, and nothing would say why."""
    broker, asked = Broker(SubAckReasonCode.NOT_AUTHORIZED), list[object]()
    broker.answered = lambda packet: asked.extend([packet] if isinstance(packet, SUBSCRIBED) else [])
    async with broker.listening() as port:
        made = PARTS[part](port)
        trying = asyncio.create_task(made.run())
        await eventually(lambda: len(asked) >= 2)
        assert not made.connected
        assert not trying.done()
        trying.cancel()
        await asyncio.wait([trying], timeout=DEADLINE)
        assert trying.done()


@pytest.mark.parametrize("turns", range(7))
@pytest.mark.parametrize(
    ("part", "kind"), [(part, kind) for part in PARTS for kind in (SUBSCRIBED, PUBLISHED)]
)
async def test_a_stop_is_heeded_at_any_turn_after_the_broker_has_answered(
    part: str, kind: type, turns: int
) -> None:
    assert await stopped(part, Broker(), kind, turns)


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("part", PARTS)
async def test_a_stop_is_heeded_when_the_broker_refuses_and_goes(part: str, turns: int) -> None:
    broker = Broker(SubAckReasonCode.NOT_AUTHORIZED)
    broker.answered = lambda _: broker.shut()
    assert await stopped(part, broker, SUBSCRIBED, turns)


async def stopped(part: str, broker: Broker, kind: type, turns: int) -> bool:
    """Whether it ends when it is cancelled so many turns of the loop after the answer to the first `kind`."""
    async with broker.listening() as port:
        made: LoudspeakerChannel | Horn = PARTS[part](port)
        running = asyncio.create_task(made.run())
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
