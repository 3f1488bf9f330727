"""One suite of MQTT 5 cases for two brokers: ours, and Mosquitto."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from aiomqtt import ProtocolVersion
from mqtt5 import (
    ConnAckPacket,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
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

from simulators.broker import LoopbackBroker
from simulators.broker.wire import DEADLINE, Wires
from simulators.mosquitto import Mosquitto

ONCE = QoS.AT_LEAST_ONCE


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
