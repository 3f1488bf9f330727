"""The session against a broker that does what each test says, fault by fault."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeVar

import mqtt5
import pytest
from mqtt5 import ConnAckReasonCode, DisconnectReasonCode, QoS, SubAckReasonCode

from ingest.clock import LockstepClock
from ingest.session import Batch, Broker, Change, LinkEvent, Session, SessionClosed
from ingest.session.wire import Undecodable, split

NOW = 1_718_000_000_000
DEADLINE = 5.0
AT_LEAST_ONCE = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
POISON = b"\x32\x08\x00\x01a\x00\x09\x02\x7f\x01"
Expected = TypeVar("Expected")


def publish(payload: bytes, packet_id: int) -> bytes:
    return mqtt5.PublishPacket("a/b", payload, qos=QoS.AT_LEAST_ONCE, packet_id=packet_id).write()


def payloads(batches: Iterable[Batch]) -> list[bytes]:
    return [p.payload for b in batches for p in b.packets if isinstance(p, mqtt5.PublishPacket)]


async def until(condition: Callable[[], bool]) -> None:
    """Poll a real socket's effect, with a deadline."""
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.002)


class Peer:
    """The broker's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._tail = b""
        self._packets: list[mqtt5.Packet | Undecodable] = []

    async def expect(self, kind: type[Expected]) -> Expected:
        """The next packet, which must be of this kind."""
        async with asyncio.timeout(DEADLINE):
            while not self._packets:
                data = await self.reader.read(65_536)
                assert data, f"the session hung up where {kind.__name__} was due"
                self._packets, used = split(memoryview(self._tail + data))
                self._tail = (self._tail + data)[used:]
        packet = self._packets.pop(0)
        assert isinstance(packet, kind)
        return packet

    async def hung_up(self) -> None:
        """Return once the session has gone, whatever it sent before."""
        async with asyncio.timeout(DEADLINE):
            with suppress(ConnectionError):
                while await self.reader.read(65_536):
                    pass

    async def greet(
        self, present: bool = False, granted: SubAckReasonCode = AT_LEAST_ONCE, then: bytes = b""
    ) -> None:
        """Accept the connection and the subscription; `then` follows the CONNACK in the same write."""
        await self.expect(mqtt5.ConnectPacket)
        self.writer.write(mqtt5.ConnAckPacket(session_present=present).write() + then)
        await self.expect(mqtt5.SubscribePacket)
        self.writer.write(mqtt5.SubAckPacket(1, [granted]).write())
        await self.expect(mqtt5.PingReqPacket)


@dataclass
class Bench:
    """A listening broker, the session under test and what it reported."""

    peers: asyncio.Queue[Peer] = field(default_factory=asyncio.Queue)
    events: list[LinkEvent] = field(default_factory=list)
    port: int = 0

    async def peer(self) -> Peer:
        """The next connection the session makes."""
        async with asyncio.timeout(DEADLINE):
            return await self.peers.get()

    async def greeted(self, present: bool = False) -> Peer:
        peer = await self.peer()
        await peer.greet(present)
        return peer

    async def told(self, what: Change, times: int = 1) -> LinkEvent:
        """The newest event of a kind, once there are so many."""
        await until(lambda: sum(e.what is what for e in self.events) >= times)
        return [e for e in self.events if e.what is what][-1]

    def broker(self, **settings: object) -> Broker:
        defaults: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "client_id": "tocsin",
            "topics": ("tocsin/#",),
            "linger": 0,
            "reconnect_min": 1,
            "reconnect_max": 5,
            "close_within": 20,
        }
        return Broker(**(defaults | settings))  # type: ignore[arg-type]

    @asynccontextmanager
    async def session(self, **settings: object) -> AsyncIterator[Session]:
        session = Session(self.broker(**settings), LockstepClock(NOW), self.events.append)
        running = asyncio.create_task(session.run())
        try:
            yield session
        finally:
            await session.close()
            async with asyncio.timeout(DEADLINE):
                await running


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    writers = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await bench.peers.put(Peer(reader, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    bench.port = server.sockets[0].getsockname()[1]
    yield bench
    server.close()
    for writer in writers:
        writer.transport.abort()


async def take(session: Session) -> Batch:
    async with asyncio.timeout(DEADLINE):
        return await session.next_batch()


async def test_messages_right_behind_the_connack_count_and_control_packets_are_cut_out(bench: Bench) -> None:
    messages = [publish(b"kept", 4), publish(b"since last time", 5)]
    async with bench.session() as session:
        peer = await bench.peer()
        await peer.greet(present=True, then=messages[0] + mqtt5.PingRespPacket().write() + messages[1])
        batch = await take(session)
        assert (session.epoch, session.received, session.session_present) == (1, 2, True)
    assert (batch.epoch, batch.data) == (1, b"".join(messages))


async def test_nothing_is_acknowledged_before_the_caller_says_so(bench: Bench) -> None:
    """PINGREQ is sent by `greet`'s end, so the next bytes from the session would be an acknowledgement."""
    async with bench.session() as session:
        peer = await bench.greeted()
        peer.writer.write(b"".join(publish(b"x", n) for n in (7, 3, 9)))
        batch = await take(session)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await peer.reader.read(1)
        session.ack(batch)
        assert [(await peer.expect(mqtt5.PubAckPacket)).packet_id for _ in range(3)] == [7, 3, 9]


async def test_a_poisonous_message_is_handed_out_and_acknowledged_like_any_other(bench: Bench) -> None:
    async with bench.session() as session:
        peer = await bench.greeted()
        peer.writer.write(publish(b"before", 1) + POISON + publish(b"after", 2))
        batch = await take(session)
        session.ack(batch)
        assert [(await peer.expect(mqtt5.PubAckPacket)).packet_id for _ in range(3)] == [1, 9, 2]
    assert batch.data == publish(b"before", 1) + POISON + publish(b"after", 2)
    assert isinstance(batch.packets[1], Undecodable)


async def test_an_acknowledgement_of_an_older_connection_is_dropped_whole(bench: Bench) -> None:
    """Packet id 1 of the second connection is another message, which a late ack would destroy."""
    async with bench.session() as session:
        peer = await bench.greeted()
        peer.writer.write(publish(b"old", 1) + publish(b"older", 2))
        old = await take(session)
        peer.writer.transport.abort()
        again = await bench.greeted(present=True)
        again.writer.write(publish(b"new", 1))
        new = await take(session)
        session.ack(old)
        assert (session.dropped_acks, old.epoch, new.epoch) == (2, 1, 2)
        session.ack(new)
        assert (await again.expect(mqtt5.PubAckPacket)).packet_id == 1
        await session.close()
        await again.expect(mqtt5.DisconnectPacket)


async def test_what_a_lost_connection_brought_is_still_handed_out(bench: Bench) -> None:
    async with bench.session(linger=60_000) as session:
        peer = await bench.greeted()
        peer.writer.write(publish(b"last words", 1) + publish(b"cut", 2)[:-1])
        await until(lambda: session.received == 1)
        peer.writer.close()
        batch = await take(session)
        assert payloads([batch]) == [b"last words"]
        assert session.pending == 0
        session.ack(batch)
        assert session.dropped_acks == 1


async def test_reading_pauses_above_the_backlog_and_nothing_is_lost(bench: Bench) -> None:
    """256 KiB is the most one read can add above the limit."""
    size, count, limit = 65_536, 320, 1_000_000
    async with bench.session(max_backlog=limit, batch_bytes=200_000) as session:
        peer = await bench.greeted()
        for n in range(count):
            peer.writer.write(publish(n.to_bytes(2, "big") + bytes(size), n + 1))
        await until(lambda: session.pending > limit)
        stuck = peer.writer.transport.get_write_buffer_size()
        assert stuck > 0
        received: list[bytes] = []
        while len(received) < count:
            assert session.pending <= limit + 256 * 1024 + size + 100
            received += payloads([await take(session)])
    assert [int.from_bytes(p[:2], "big") for p in received] == list(range(count))


async def test_a_refused_connection_is_told_once_with_the_brokers_words(bench: Bench) -> None:
    refusal = mqtt5.ConnAckPacket(
        reason_code=ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, reason_str="who are you"
    ).write()
    async with bench.session() as session:
        for _ in range(3):
            peer = await bench.peer()
            await peer.expect(mqtt5.ConnectPacket)
            peer.writer.write(refusal)
            await peer.hung_up()
        await bench.greeted()
        await bench.told(Change.CONNECTED)
        assert (session.epoch, session.connected) == (1, True)
    refused, connected = bench.events
    assert refused.what is Change.REFUSED
    assert refused.reason.endswith("BAD_USER_NAME_OR_PASSWORD (0x86) who are you")
    assert connected == LinkEvent(NOW, Change.CONNECTED, session_present=False, reason="")


@pytest.mark.parametrize(
    "granted", [SubAckReasonCode.NOT_AUTHORIZED, SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE]
)
async def test_a_subscription_below_qos_1_is_a_refusal_that_names_the_topic(
    bench: Bench, granted: SubAckReasonCode
) -> None:
    async with bench.session():
        peer = await bench.peer()
        await peer.expect(mqtt5.ConnectPacket)
        peer.writer.write(mqtt5.ConnAckPacket().write())
        await peer.expect(mqtt5.SubscribePacket)
        peer.writer.write(mqtt5.SubAckPacket(1, [granted]).write())
        event = await bench.told(Change.REFUSED)
        await peer.hung_up()
    assert "'tocsin/#'" in event.reason
    assert granted.name in event.reason


async def test_a_broker_that_is_not_there_is_told_once_and_found_when_it_comes() -> None:
    bench = Bench()
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    bench.port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with bench.session():
        await bench.told(Change.REFUSED)

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await bench.peers.put(Peer(reader, writer))

        async with await asyncio.start_server(accept, "127.0.0.1", bench.port):
            peer = await bench.greeted()
            await bench.told(Change.CONNECTED)
            peer.writer.transport.abort()
    assert [e.what for e in bench.events[:2]] == [Change.REFUSED, Change.CONNECTED]


async def test_a_session_the_broker_lost_is_told_even_if_found_out_on_a_failed_attempt(bench: Bench) -> None:
    async with bench.session():
        peer = await bench.greeted()
        peer.writer.transport.abort()
        halfway = await bench.peer()
        await halfway.expect(mqtt5.ConnectPacket)
        halfway.writer.write(mqtt5.ConnAckPacket(session_present=False).write())
        await halfway.expect(mqtt5.SubscribePacket)
        halfway.writer.transport.abort()
        third = await bench.greeted(present=True)
        assert not (await bench.told(Change.CONNECTED, 2)).session_present
        third.writer.transport.abort()
        await bench.greeted(present=True)
        assert (await bench.told(Change.CONNECTED, 3)).session_present


async def test_a_session_that_was_taken_over_is_told_and_not_fought_for(bench: Bench) -> None:
    loop = asyncio.get_running_loop()
    async with bench.session(reconnect_min=0, reconnect_max=200):
        peer = await bench.greeted()
        began = loop.time()
        peer.writer.write(mqtt5.DisconnectPacket(reason_code=DisconnectReasonCode.SESSION_TAKEN_OVER).write())
        event = await bench.told(Change.LOST)
        await bench.peer()
        assert loop.time() - began >= 0.19
    assert "SESSION_TAKEN_OVER (0x8e)" in event.reason
    assert "'tocsin'" in event.reason


async def test_a_half_open_link_is_dropped_after_one_and_a_half_keep_alives(bench: Bench) -> None:
    """The peer swallows the pings, as a dead path does; 15 s in production make it 22.5 s."""
    loop = asyncio.get_running_loop()
    async with bench.session(keep_alive=200):
        peer = await bench.greeted()
        began = loop.time()
        await peer.expect(mqtt5.PingReqPacket)
        event = await bench.told(Change.LOST)
        assert 0.2 < loop.time() - began < 0.6
        await bench.peer()
    assert "silent" in event.reason


async def test_a_broker_that_only_answers_pings_is_alive(bench: Bench) -> None:
    async with bench.session(keep_alive=60) as session:
        peer = await bench.greeted()
        for _ in range(6):
            peer.writer.write(mqtt5.PingRespPacket().write())
            await peer.expect(mqtt5.PingReqPacket)
        assert session.connected
    assert [e.what for e in bench.events] == [Change.CONNECTED]


async def test_a_session_kept_shorter_than_asked_for_is_told(bench: Bench) -> None:
    async with bench.session():
        peer = await bench.peer()
        await peer.expect(mqtt5.ConnectPacket)
        peer.writer.write(mqtt5.ConnAckPacket(session_expiry_interval=60).write())
        await peer.expect(mqtt5.SubscribePacket)
        peer.writer.write(mqtt5.SubAckPacket(1, [AT_LEAST_ONCE]).write())
        event = await bench.told(Change.CONNECTED)
    assert "60 s of the 86400 s" in event.reason


async def test_quiesce_hands_out_and_acknowledges_what_has_arrived_then_close_says_goodbye(
    bench: Bench,
) -> None:
    async with bench.session(linger=60_000) as session:
        peer = await bench.greeted()
        peer.writer.write(publish(b"in time", 1))
        await until(lambda: session.received == 1)
        session.quiesce()
        peer.writer.write(publish(b"too late", 2))
        batch = await take(session)
        session.ack(batch)
        with pytest.raises(SessionClosed):
            await take(session)
        await session.close()
        assert (await peer.expect(mqtt5.PubAckPacket)).packet_id == 1
        await peer.expect(mqtt5.DisconnectPacket)
    assert (batch.packet_ids, session.received) == ([1], 1)
    assert [e.what for e in bench.events] == [Change.CONNECTED]


async def test_close_ends_a_consumer_that_waits_and_an_attempt_that_hangs(bench: Bench) -> None:
    async with bench.session() as session:
        await bench.peer()
        waiting = asyncio.create_task(session.next_batch())
        await asyncio.sleep(0)
        await session.close()
        with pytest.raises(SessionClosed):
            await waiting


async def test_cancelling_run_hangs_up(bench: Bench) -> None:
    session = Session(bench.broker(), LockstepClock(NOW), bench.events.append)
    running = asyncio.create_task(session.run())
    peer = await bench.greeted()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await peer.hung_up()
    assert not session.connected
