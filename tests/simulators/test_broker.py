"""One suite of MQTT 5 cases for two brokers, ours and Mosquitto; then what only ours can do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar

import aiomqtt
import mqtt5
import pytest
from aiomqtt import ProtocolVersion
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PublishPacket,
    QoS,
    RetainHandling,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    TopicFilter,
    UnsubAckPacket,
    UnsubAckReasonCode,
    UnsubscribePacket,
    Will,
)

from ingest.clock import SECOND, LockstepClock
from simulators.broker import LoopbackBroker
from simulators.broker_mosquitto import Mosquitto

P = TypeVar("P")
DEADLINE = 5.0  # s for anything that a broker does
ONCE = QoS.AT_LEAST_ONCE


class Wire:
    """An MQTT 5 client that sends exactly what a test says, and acknowledges nothing by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tail = b""
        self.present = False

    def send(self, *packets: mqtt5.Packet) -> None:
        self._writer.write(b"".join(packet.write() for packet in packets))

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    async def next(self, kind: type[P]) -> P:
        async with asyncio.timeout(DEADLINE):
            packet = await self._read()
        assert isinstance(packet, kind), packet
        return packet

    async def messages(self, count: int) -> list[PublishPacket]:
        return [await self.next(PublishPacket) for _ in range(count)]

    async def nothing(self) -> None:
        """Nothing was on its way: the answer to a ping comes first."""
        self.send(PingReqPacket())
        await self.next(PingRespPacket)

    async def rest(self) -> bytes:
        """What the broker still says before it hangs up."""
        async with asyncio.timeout(DEADLINE):
            return await self._reader.read()

    async def over(self) -> None:
        """The broker ends the connection, after whatever it still has to say."""
        with contextlib.suppress(ConnectionResetError):
            await self.rest()

    async def subscribe(self, pattern: str, **options: Any) -> SubAckReasonCode:
        options = {"max_qos": ONCE, "retain_as_published": False} | options
        self.send(SubscribePacket(9, [TopicFilter(pattern, **options)]))
        return (await self.next(SubAckPacket)).reason_codes[0]

    async def publish(self, topic: str, payload: bytes, **options: Any) -> None:
        self.send(PublishPacket(topic, payload, qos=ONCE, packet_id=7, **options))
        assert (await self.next(PubAckPacket)).packet_id == 7

    def ack(self, *messages: PublishPacket) -> None:
        self.send(*(PubAckPacket(message.packet_id or 0) for message in messages))

    async def hang_up(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def leave(self) -> None:
        self.send(DisconnectPacket())
        await self.over()

    async def _read(self) -> mqtt5.Packet:
        while True:
            if self._tail:
                with contextlib.suppress(IndexError):
                    packet, length = mqtt5.read(memoryview(self._tail))
                    self._tail = self._tail[length:]
                    return packet
            data = await self._reader.read(65_536)
            if not data:
                raise ConnectionResetError("the broker closed the connection")
            self._tail += data


class Wires:
    """Opens the wires of one test and hangs them all up after it."""

    def __init__(self) -> None:
        self._open: list[Wire] = []

    async def dial(self, port: int) -> Wire:
        wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
        self._open.append(wire)
        return wire

    async def enter(self, port: int, client_id: str, **options: Any) -> Wire:
        wire = await self.dial(port)
        wire.send(ConnectPacket(client_id, **options))
        answer = await wire.next(ConnAckPacket)
        assert answer.reason_code is ConnAckReasonCode.SUCCESS
        wire.present = answer.session_present
        return wire

    async def hang_up(self) -> None:
        for wire in self._open:
            await wire.hang_up()


def client(port: int, client_id: str | None = None, **options: Any) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", port, identifier=client_id, protocol=ProtocolVersion.V5, **options)


async def take(session: aiomqtt.Client, count: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    async with asyncio.timeout(DEADLINE):
        while len(found) < count:
            message = await anext(session.messages)
            found.append((str(message.topic), message.payload))
    return found


@pytest.fixture
async def wires() -> AsyncIterator[Wires]:
    opened = Wires()
    yield opened
    await opened.hang_up()


@pytest.fixture
async def broker() -> AsyncIterator[LoopbackBroker]:
    served = LoopbackBroker()
    yield served
    await served.stop()


@pytest.fixture
async def loopback(broker: LoopbackBroker) -> int:
    return await broker.start()


@pytest.fixture(params=["loopback", pytest.param("mosquitto", marks=pytest.mark.system)])
async def port(request: pytest.FixtureRequest, broker: LoopbackBroker, tmp_path: Path) -> AsyncIterator[int]:
    if request.param == "loopback":
        yield await broker.start()
        return
    real = Mosquitto(tmp_path)
    yield await real.start()
    await real.stop()


async def test_messages_reach_every_subscriber_once_and_in_order(port: int) -> None:
    async with client(port) as one, client(port) as other, client(port) as sender:
        await one.subscribe("tocsin/v1/#", qos=1)
        await other.subscribe("tocsin/+/north/#", qos=1)
        for number in range(200):
            zone = "north" if number % 2 else "south"
            await sender.publish(f"tocsin/v1/{zone}/rain", str(number), qos=1)
        expected = [(f"tocsin/v1/{'north' if n % 2 else 'south'}/rain", str(n).encode()) for n in range(200)]
        assert await take(one, 200) == expected
        assert await take(other, 100) == expected[1::2]


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("+/b", "/b", True),
        ("#", "a/b", True),
        ("#", "$own/a", False),
        ("+/a", "$own/a", False),
        ("$own/#", "$own/a", True),
    ],
)
async def test_filters_match_as_the_standard_says(
    wires: Wires, port: int, pattern: str, topic: str, expected: bool
) -> None:
    wire = await wires.enter(port, "reader")
    await wire.subscribe(pattern)
    await wire.subscribe("mark")
    sender = await wires.enter(port, "sender")
    await sender.publish(topic, b"x")
    await sender.publish("mark", b"x")
    topics = [message.topic for message in await wire.messages(2 if expected else 1)]
    assert topics == ([topic, "mark"] if expected else ["mark"])


async def test_quality_of_service_is_the_lower_of_both(wires: Wires, port: int) -> None:
    wire, sender = await wires.enter(port, "reader"), await wires.enter(port, "sender")
    await wire.subscribe("low", max_qos=QoS.AT_MOST_ONCE)
    assert await wire.subscribe("high") is SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
    await sender.publish("low", b"x")
    sender.send(PublishPacket("high", b"x"))
    assert [message.qos.value for message in await wire.messages(2)] == [0, 0]


async def test_overlapping_filters_bring_one_copy_with_the_identifier(wires: Wires, port: int) -> None:
    wire, sender = await wires.enter(port, "reader"), await wires.enter(port, "sender")
    wire.send(SubscribePacket(1, [TopicFilter("horn/#", max_qos=ONCE)], subscription_id=17))
    await wire.next(SubAckPacket)
    await sender.publish("horn/3", b"sound")
    (message,) = await wire.messages(1)
    assert (message.payload, message.subscription_ids) == (b"sound", [17])
    await wire.nothing()


async def test_a_message_keeps_its_properties(wires: Wires, port: int) -> None:
    wire, sender = await wires.enter(port, "reader"), await wires.enter(port, "sender")
    await wire.subscribe("horn/3")
    await sender.publish(
        "horn/3",
        b"sound",
        content_type="application/json",
        response_topic="horn/3/played",
        correlation_data=b"\x01\x02",
        user_properties=[("grade", "red"), ("grade", "again")],
        message_expiry_interval=100,
    )
    (message,) = await wire.messages(1)
    assert message.content_type == "application/json"
    assert message.response_topic == "horn/3/played"
    assert message.correlation_data == b"\x01\x02"
    assert message.user_properties == [("grade", "red"), ("grade", "again")]
    assert message.message_expiry_interval in {99, 100}


async def test_a_retained_message_waits_for_later_subscribers_until_it_is_cleared(port: int) -> None:
    async with client(port) as sender, client(port) as early:
        await early.subscribe("state/#", qos=1)
        await sender.publish("state/pump", b"on", qos=1, retain=True)
        live = await anext(early.messages)
        assert (live.payload, live.retain) == (b"on", False)
        async with client(port) as late:
            await late.subscribe("state/+", qos=1)
            kept = await anext(late.messages)
            assert (kept.payload, kept.retain) == (b"on", True)
        await sender.publish("state/pump", b"", qos=1, retain=True)
        async with client(port) as latest:
            await latest.subscribe("state/+", qos=1)
            await sender.publish("state/other", b"x", qos=1)
            assert await take(latest, 1) == [("state/other", b"x")]


async def test_a_subscriber_says_which_retained_messages_it_wants(wires: Wires, port: int) -> None:
    wire, sender = await wires.enter(port, "reader"), await wires.enter(port, "sender")
    await sender.publish("state/pump", b"on", retain=True)
    await wire.subscribe("state/#", retain_handling=RetainHandling.SEND_NEVER)
    await wire.nothing()
    if_new = RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS
    await wire.subscribe("state/#", retain_handling=if_new)
    await wire.nothing()
    await wire.subscribe("state/+", retain_handling=if_new)
    (message,) = await wire.messages(1)
    assert (message.payload, message.retain) == (b"on", True)


async def test_retain_as_published_keeps_the_flag_of_a_live_message(wires: Wires, port: int) -> None:
    wire, sender = await wires.enter(port, "reader"), await wires.enter(port, "sender")
    await wire.subscribe("state/#", retain_as_published=True)
    await sender.publish("state/pump", b"on", retain=True)
    (message,) = await wire.messages(1)
    assert message.retain


async def test_no_local_spares_a_client_its_own_messages(wires: Wires, port: int) -> None:
    wire, other = await wires.enter(port, "wire"), await wires.enter(port, "other")
    await wire.subscribe("talk", no_local=True)
    await wire.publish("talk", b"mine")
    await other.publish("talk", b"theirs")
    assert [message.payload for message in await wire.messages(1)] == [b"theirs"]


async def test_unsubscribing_ends_delivery(wires: Wires, port: int) -> None:
    wire, sender = await wires.enter(port, "reader"), await wires.enter(port, "sender")
    await wire.subscribe("a")
    wire.send(UnsubscribePacket(3, ["a", "never"]))
    codes = (await wire.next(UnsubAckPacket)).reason_codes
    assert codes == [UnsubAckReasonCode.SUCCESS, UnsubAckReasonCode.NO_SUBSCRIPTION_EXISTED]
    await sender.publish("a", b"x")
    await wire.nothing()


async def test_a_will_is_sent_when_the_connection_breaks_and_not_after_a_goodbye(
    wires: Wires, port: int
) -> None:
    async with client(port) as watcher:
        await watcher.subscribe("last/#", qos=1)
        polite = await wires.enter(port, "polite", will=Will("last/polite", payload=b"gone", qos=ONCE))
        await polite.leave()
        broken = await wires.enter(port, "broken", will=Will("last/broken", payload=b"gone", qos=ONCE))
        await broken.hang_up()
        assert await take(watcher, 1) == [("last/broken", b"gone")]


async def test_a_goodbye_can_ask_for_the_will(wires: Wires, port: int) -> None:
    async with client(port) as watcher:
        await watcher.subscribe("last", qos=1)
        wire = await wires.enter(port, "wire", will=Will("last", payload=b"gone", qos=ONCE))
        wire.send(DisconnectPacket(reason_code=DisconnectReasonCode.DISCONNECT_WITH_WILL_MESSAGE))
        assert await take(watcher, 1) == [("last", b"gone")]


async def test_a_persistent_session_gets_what_came_while_it_was_away(wires: Wires, port: int) -> None:
    away = await wires.enter(port, "keeper", session_expiry_interval=3600)
    await away.subscribe("tocsin/#")
    await away.leave()
    async with client(port) as sender:
        for number in range(300):
            await sender.publish("tocsin/a", str(number), qos=1)
    back = await wires.enter(port, "keeper", session_expiry_interval=3600, receive_max=20_000)
    assert back.present
    messages = await back.messages(300)
    assert [message.payload for message in messages] == [str(n).encode() for n in range(300)]
    assert not any(message.duplicate for message in messages)


async def test_a_session_without_expiry_ends_with_its_connection(wires: Wires, port: int) -> None:
    first = await wires.enter(port, "guest", session_expiry_interval=0)
    await first.subscribe("a")
    await first.leave()
    again = await wires.enter(port, "guest", clean_start=False)
    assert not again.present


async def test_a_clean_start_forgets_the_session(wires: Wires, port: int) -> None:
    first = await wires.enter(port, "keeper", session_expiry_interval=3600)
    await first.subscribe("a")
    await first.leave()
    sender = await wires.enter(port, "sender")
    await sender.publish("a", b"x")
    again = await wires.enter(port, "keeper", clean_start=True)
    assert not again.present
    await again.nothing()


async def test_unacknowledged_messages_come_again_as_duplicates_in_their_order(
    wires: Wires, port: int
) -> None:
    first = await wires.enter(port, "keeper", session_expiry_interval=3600, receive_max=100)
    await first.subscribe("a")
    sender = await wires.enter(port, "sender")
    for number in range(5):
        await sender.publish("a", str(number).encode())
    seen = await first.messages(5)
    first.ack(seen[1])
    await first.nothing()
    await first.hang_up()
    again = await wires.enter(port, "keeper", session_expiry_interval=3600, receive_max=100)
    messages = await again.messages(4)
    await sender.publish("a", b"5")
    messages += await again.messages(1)
    assert [message.payload for message in messages] == [b"0", b"2", b"3", b"4", b"5"]
    assert [message.duplicate for message in messages] == [True, True, True, True, False]
    assert [m.packet_id for m in messages[:4]] == [seen[n].packet_id for n in (0, 2, 3, 4)]


async def test_a_client_that_acknowledges_nothing_gets_its_receive_maximum(wires: Wires, port: int) -> None:
    wire, sender = await wires.enter(port, "reader", receive_max=2), await wires.enter(port, "sender")
    await wire.subscribe("a")
    for number in range(5):
        await sender.publish("a", str(number).encode())
    first = await wire.messages(2)
    await wire.nothing()
    wire.ack(*first)
    assert [message.payload for message in await wire.messages(2)] == [b"2", b"3"]


async def test_a_second_connection_with_the_same_id_throws_the_first_out(wires: Wires, port: int) -> None:
    first = await wires.enter(port, "twin", session_expiry_interval=60)
    second = await wires.enter(port, "twin", session_expiry_interval=60)
    await first.over()
    assert second.present
    await second.nothing()


async def test_an_empty_client_id_gets_one_assigned(wires: Wires, port: int) -> None:
    wire = await wires.dial(port)
    wire.send(ConnectPacket("", clean_start=True))
    assert (await wire.next(ConnAckPacket)).assigned_client_id


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"\x32\x08\x00\x03a/+\x00\x01\x00", id="a topic with a wildcard"),
        pytest.param(
            b"\x30\x04\x00\x01\xff\x00",
            id="a topic that is not UTF-8",
            # The codec panics on it: besides raising, it reports the UnicodeDecodeError as unraisable.
            marks=pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
        ),
        pytest.param(b"\x00\x00", id="a packet type that does not exist"),
        pytest.param(ConnectPacket("again").write(), id="a second CONNECT"),
    ],
)
async def test_one_bad_client_is_thrown_out_and_the_others_stay(
    wires: Wires, port: int, packet: bytes
) -> None:
    good, bad = await wires.enter(port, "good"), await wires.enter(port, "bad")
    bad.send_raw(packet)
    await bad.over()
    await good.nothing()


async def test_each_ack_makes_room_for_one_message(wires: Wires, loopback: int) -> None:
    """Mosquitto 2.0.11 sends two for each, so this is ours alone."""
    wire, sender = await wires.enter(loopback, "reader", receive_max=2), await wires.enter(loopback, "sender")
    await wire.subscribe("a")
    for number in range(5):
        await sender.publish("a", str(number).encode())
    wire.ack((await wire.messages(2))[0])
    assert [message.payload for message in await wire.messages(1)] == [b"2"]
    await wire.nothing()


async def test_whoever_is_thrown_out_by_a_namesake_is_told_so(wires: Wires, loopback: int) -> None:
    """Mosquitto 2.0.11 hangs up without a word, so this is ours alone."""
    first = await wires.enter(loopback, "twin")
    await wires.enter(loopback, "twin")
    goodbye = await first.next(DisconnectPacket)
    assert goodbye.reason_code is DisconnectReasonCode.SESSION_TAKEN_OVER


async def test_a_broken_connection_is_redelivered_after_a_drop(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire = await wires.enter(loopback, "keeper", session_expiry_interval=60, will=Will("last", payload=b"x"))
    await wire.subscribe("a")
    watcher = await wires.enter(loopback, "watcher")
    await watcher.subscribe("last")
    await watcher.publish("a", b"1")
    await wire.messages(1)
    broker.drop("keeper")
    assert [message.payload for message in await watcher.messages(1)] == [b"x"]
    await wire.over()
    again = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    assert again.present
    assert (await again.messages(1))[0].duplicate
    assert broker.counters.redelivered == 1


async def test_a_forgotten_session_is_gone_and_its_packet_ids_start_afresh(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    await wire.subscribe("a")
    sender = await wires.enter(loopback, "sender")
    await sender.publish("a", b"lost")
    assert (await wire.messages(1))[0].packet_id == 1
    broker.forget("keeper")
    await wire.over()
    again = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    assert not again.present
    await again.subscribe("a")
    await sender.publish("a", b"kept")
    (message,) = await again.messages(1)
    assert (message.packet_id, message.payload, message.duplicate) == (1, b"kept", False)


async def test_an_offline_session_can_be_forgotten(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    await wire.leave()
    broker.forget("keeper")
    assert not (await wires.enter(loopback, "keeper", session_expiry_interval=60)).present


async def test_an_ack_from_before_a_lost_session_destroys_a_new_message(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    """What Mosquitto does (E16), so that a session which sends stale acks is caught by our tests too."""
    wire = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    await wire.subscribe("a")
    sender = await wires.enter(loopback, "sender")
    await sender.publish("a", b"old")
    old = await wire.messages(1)
    broker.forget("keeper")
    again = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    await again.subscribe("a")
    await sender.publish("a", b"new")
    again.ack(*old)
    await again.next(PublishPacket)
    await again.nothing()
    assert broker.idle()


async def test_held_acks_leave_delivery_alone_and_come_later(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire, sender = await wires.enter(loopback, "reader"), await wires.enter(loopback, "sender")
    await wire.subscribe("a")
    broker.hold_acks("sender", True)
    sender.send(*(PublishPacket("a", b"x", qos=ONCE, packet_id=n) for n in (1, 2)))
    wire.ack(*await wire.messages(2))
    await sender.nothing()
    broker.hold_acks("sender", False)
    assert [(await sender.next(PubAckPacket)).packet_id for _ in range(2)] == [1, 2]


async def test_held_acks_die_with_the_connection(wires: Wires, broker: LoopbackBroker, loopback: int) -> None:
    sender = await wires.enter(loopback, "sender")
    broker.hold_acks("sender", True)
    sender.send(PublishPacket("a", b"x", qos=ONCE, packet_id=1))
    await sender.nothing()
    broker.drop("sender")
    again = await wires.enter(loopback, "sender")
    broker.hold_acks("sender", False)
    await again.nothing()


async def test_a_repeated_message_comes_under_new_packet_ids(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire, sender = await wires.enter(loopback, "reader"), await wires.enter(loopback, "sender")
    await wire.subscribe("#")
    broker.repeat("rain/+", 3)
    await sender.publish("rain/1", b"x")
    await sender.publish("smoke/1", b"x")
    messages = await wire.messages(4)
    assert [(m.topic, m.packet_id, m.duplicate) for m in messages] == [
        ("rain/1", 1, False),
        ("rain/1", 2, False),
        ("rain/1", 3, False),
        ("smoke/1", 4, False),
    ]
    broker.repeat("rain/+", 1)
    await sender.publish("rain/1", b"y")
    assert (await wire.messages(1))[0].payload == b"y"
    await wire.nothing()


async def test_a_frozen_connection_is_mute_until_another_takes_over(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    await wire.subscribe("a")
    broker.freeze("keeper")
    sender = await wires.enter(loopback, "sender")
    await sender.publish("a", b"1")
    assert not broker.idle()
    wire.send(PingReqPacket())
    again = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    (message,) = await again.messages(1)
    assert (message.payload, message.duplicate) == (b"1", True)
    await broker.stop()
    await wire.over()
    with pytest.raises(ConnectionResetError):
        await wire.next(PingRespPacket)


async def test_a_fault_for_an_unknown_client_names_those_there_are(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    await wires.enter(loopback, "here")
    for fault in (broker.drop, broker.freeze, broker.forget):
        with pytest.raises(LookupError, match=r"'nobody'.*\['here'\]"):
            fault("nobody")


async def test_the_broker_is_idle_when_connected_clients_have_acknowledged_all(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    away = await wires.enter(loopback, "away", session_expiry_interval=60)
    await away.subscribe("a")
    await away.leave()
    wire, sender = await wires.enter(loopback, "reader"), await wires.enter(loopback, "sender")
    await wire.subscribe("a")
    await sender.publish("a", b"x")
    assert not broker.idle()
    wire.ack(*await wire.messages(1))
    await wire.nothing()
    assert broker.idle()
    counters = broker.counters
    assert (counters.published, counters.delivered, counters.acked, counters.dropped) == (1, 1, 1, 0)


async def test_sessions_survive_a_restart_of_the_broker(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire = await wires.enter(loopback, "keeper", session_expiry_interval=60)
    await wire.subscribe("a")
    sender = await wires.enter(loopback, "sender")
    await sender.publish("a", b"x")
    await wire.messages(1)
    await broker.stop()
    assert (await wire.next(DisconnectPacket)).reason_code is DisconnectReasonCode.SERVER_SHUTTING_DOWN
    again = await wires.enter(await broker.start(), "keeper", session_expiry_interval=60)
    assert again.present
    assert (await again.messages(1))[0].duplicate


async def test_a_full_queue_drops_the_newest(wires: Wires) -> None:
    broker = LoopbackBroker(max_queued=2)
    port = await broker.start()
    wire, sender = await wires.enter(port, "reader", receive_max=1), await wires.enter(port, "sender")
    await wire.subscribe("a")
    for number in range(5):
        await sender.publish("a", str(number).encode())
    seen: list[bytes] = []
    for _ in range(3):
        (message,) = await wire.messages(1)
        seen.append(message.payload)
        wire.ack(message)
    await wire.nothing()
    assert seen == [b"0", b"1", b"2"]
    assert broker.counters.dropped == 2
    await broker.stop()


async def test_only_known_users_come_in(wires: Wires) -> None:
    broker = LoopbackBroker(credentials={"tocsin": "secret"})
    port = await broker.start()
    for user, password in (("tocsin", b"wrong"), ("nobody", b"secret"), (None, None)):
        wire = await wires.dial(port)
        wire.send(ConnectPacket("wire", username=user, password=password))
        answer = await wire.next(ConnAckPacket)
        assert answer.reason_code is ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD
        await wire.over()
    await wires.enter(port, "wire", username="tocsin", password=b"secret")
    await broker.stop()


async def test_sessions_end_and_delayed_wills_are_sent_by_the_brokers_clock(wires: Wires) -> None:
    clock = LockstepClock(0)
    broker = LoopbackBroker(clock)
    port = await broker.start()
    watcher = await wires.enter(port, "watcher")
    await watcher.subscribe("last")
    will = Will("last", payload=b"gone", qos=ONCE, will_delay_interval=10)
    for _ in range(2):
        wire = await wires.enter(port, "keeper", session_expiry_interval=60, will=will)
        broker.drop("keeper")
        await clock.run(clock.now() + 9 * SECOND)
        await watcher.nothing()
    await clock.run(clock.now() + 1 * SECOND)
    watcher.ack(*await watcher.messages(1))
    await clock.run(clock.now() + 49 * SECOND)
    wire = await wires.enter(port, "keeper", session_expiry_interval=60)
    assert wire.present
    broker.drop("keeper")
    await clock.run(clock.now() + 60 * SECOND)
    assert not (await wires.enter(port, "keeper")).present
    await broker.stop()


async def test_an_expired_message_is_not_delivered_and_a_younger_one_says_what_is_left(wires: Wires) -> None:
    clock = LockstepClock(0)
    broker = LoopbackBroker(clock)
    port = await broker.start()
    wire = await wires.enter(port, "keeper", session_expiry_interval=3600)
    await wire.subscribe("horn")
    await wire.leave()
    sender = await wires.enter(port, "sender")
    await sender.publish("horn", b"old", message_expiry_interval=30)
    await sender.publish("horn", b"young", message_expiry_interval=90)
    await clock.run(30 * SECOND)
    wire = await wires.enter(port, "keeper", session_expiry_interval=3600)
    (message,) = await wire.messages(1)
    assert (message.payload, message.message_expiry_interval) == (b"young", 60)
    assert broker.counters.dropped == 1
    await broker.stop()


async def test_a_silent_client_is_thrown_out_after_its_keep_alive(wires: Wires, loopback: int) -> None:
    wire = await wires.enter(loopback, "wire", keep_alive=1)
    goodbye = await wire.next(DisconnectPacket)
    assert goodbye.reason_code is DisconnectReasonCode.KEEP_ALIVE_TIMEOUT


async def test_a_packet_larger_than_the_client_takes_is_dropped_for_it(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire = await wires.enter(loopback, "reader", max_packet_size=100)
    sender = await wires.enter(loopback, "sender")
    await wire.subscribe("a")
    await sender.publish("a", bytes(200))
    await sender.publish("a", b"small")
    assert [message.payload for message in await wire.messages(1)] == [b"small"]
    assert broker.counters.dropped == 1


async def test_quality_two_and_shared_subscriptions_are_refused_by_name(wires: Wires, loopback: int) -> None:
    wire = await wires.enter(loopback, "wire")
    assert await wire.subscribe("$share/g/a") is SubAckReasonCode.SHARED_SUBSCRIPTIONS_NOT_SUPPORTED
    wire.send(PublishPacket("a", b"x", qos=QoS.EXACTLY_ONCE, packet_id=1))
    assert (await wire.next(DisconnectPacket)).reason_code is DisconnectReasonCode.QOS_NOT_SUPPORTED


async def test_a_malformed_filter_is_refused_and_nothing_else(wires: Wires, loopback: int) -> None:
    wire = await wires.enter(loopback, "wire")
    wire.send_raw(b"\x82\x0f\x00\x01\x00\x00\x05a/#/b\x01\x00\x01a\x01")
    codes = (await wire.next(SubAckPacket)).reason_codes
    assert codes == [SubAckReasonCode.TOPIC_FILTER_INVALID, SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE]


async def test_a_client_of_the_old_protocol_is_told_so(wires: Wires, loopback: int) -> None:
    wire = await wires.dial(loopback)
    wire.send_raw(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04late")
    assert await wire.rest() == b"\x20\x02\x00\x01"


async def test_packet_ids_wrap_and_skip_those_in_flight(
    wires: Wires, broker: LoopbackBroker, loopback: int
) -> None:
    wire = await wires.enter(loopback, "reader", receive_max=65_535)
    await wire.subscribe("a", max_qos=ONCE)
    sender = await wires.enter(loopback, "sender")
    broker.repeat("a", 65_535)
    await sender.publish("a", b"x")
    messages = await wire.messages(65_535)
    assert sorted(message.packet_id or 0 for message in messages) == list(range(1, 65_536))
    wire.ack(*(message for message in messages if message.packet_id != 1))
    broker.repeat("a", 1)
    await sender.publish("a", b"y")
    assert [message.packet_id for message in await wire.messages(1)] == [2]


@pytest.mark.system
async def test_the_mosquitto_clients_work_with_the_loopback_broker(wires: Wires, loopback: int) -> None:
    options = ("-h", "127.0.0.1", "-p", str(loopback), "-V", "5", "-q", "1", "-t", "tocsin/a")
    kept = await wires.enter(loopback, "kept")
    sent = await asyncio.create_subprocess_exec("mosquitto_pub", *options, "-r", "-m", "hello")
    assert await sent.wait() == 0
    reader = await asyncio.create_subprocess_exec(
        "mosquitto_sub", *options, "-C", "1", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(reader.communicate(), DEADLINE)
    assert output == b"hello\n"
    await kept.nothing()
