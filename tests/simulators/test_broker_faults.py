"""What the loopback broker does and Mosquitto cannot: faults on demand, and the clock in our hands."""

import asyncio
from collections.abc import AsyncIterator

import pytest
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
    SubAckPacket,
    SubAckReasonCode,
    Will,
)

from ingest.clock import SECOND, LockstepClock
from simulators.broker import LoopbackBroker
from simulators.broker.wire import DEADLINE, Wires

ONCE = QoS.AT_LEAST_ONCE


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
