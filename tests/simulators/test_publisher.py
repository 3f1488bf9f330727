"""What a publisher was given arrives, in order and at least once, whatever happens to the broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from aiomqtt import ProtocolVersion
from mqtt5 import ConnectPacket, Will
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.broker import LoopbackBroker
from simulators.mosquitto import Mosquitto
from simulators.publisher import Publisher
from simulators.publisher.link import RefusedError

DEADLINE = 10.0  # s for anything that a broker does


def keeper(port: int, **options: Any) -> aiomqtt.Client:
    """A subscriber whose session waits for it."""
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    return aiomqtt.Client(
        "127.0.0.1",
        port,
        identifier="keeper",
        protocol=ProtocolVersion.V5,
        clean_start=False,
        properties=properties,
        **options,
    )


async def take(session: aiomqtt.Client, last: int) -> list[int]:
    """The numbers that arrive, up to and with `last`."""
    found: list[int] = []
    async with asyncio.timeout(DEADLINE):
        while last not in found:
            message = await anext(session.messages)
            assert isinstance(message.payload, bytes)
            found.append(int(message.payload))
    return found


def first_sights(numbers: list[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.001)


def publish(publisher: Publisher, numbers: range) -> None:
    for number in numbers:
        publisher.publish("tocsin/a", str(number).encode())


@pytest.fixture
async def broker() -> AsyncIterator[LoopbackBroker]:
    served = LoopbackBroker()
    yield served
    await served.stop()


@pytest.fixture
async def port(broker: LoopbackBroker) -> int:
    return await broker.start()


@pytest.fixture
async def publisher(port: int) -> AsyncIterator[Publisher]:
    connected = Publisher("127.0.0.1", port, "gateway", window=100)
    await connected.connect()
    yield connected
    await connected.close()


async def test_flush_returns_when_the_broker_has_every_message(
    broker: LoopbackBroker, port: int, publisher: Publisher
) -> None:
    async with keeper(port) as reader:
        await reader.subscribe("tocsin/#", qos=1)
        publish(publisher, range(1000))
        assert (publisher.unacked, publisher.idle()) == (1000, False)
        await publisher.flush()
        assert (publisher.published, publisher.acked, publisher.redelivered) == (1000, 1000, 0)
        assert (publisher.unacked, publisher.idle(), broker.counters.published) == (0, True, 1000)
        assert await take(reader, 999) == list(range(1000))


async def test_nothing_leaves_before_it_is_sent(broker: LoopbackBroker, publisher: Publisher) -> None:
    publisher.publish("a", b"1")
    assert broker.counters.published == 0
    publisher.send()
    await eventually(publisher.idle)
    assert broker.counters.published == 1


async def test_a_retained_message_is_kept_by_the_broker(port: int, publisher: Publisher) -> None:
    publisher.publish("tocsin/a", b"7", retain=True)
    await publisher.flush()
    async with keeper(port) as reader:
        await reader.subscribe("tocsin/a")
        assert await take(reader, 7) == [7]


async def test_no_more_than_the_window_is_out_and_drain_waits_for_room(
    broker: LoopbackBroker, publisher: Publisher
) -> None:
    broker.hold_acks("gateway", True)
    publish(publisher, range(250))
    waiting = asyncio.create_task(publisher.drain(200))
    await eventually(lambda: broker.counters.published == 100)
    assert not waiting.done()
    broker.hold_acks("gateway", False)
    await asyncio.wait_for(waiting, DEADLINE)
    assert publisher.unacked < 200
    await publisher.flush()


async def test_the_receive_maximum_of_the_broker_narrows_the_window() -> None:
    broker = LoopbackBroker(receive_max=5)
    publisher = Publisher("127.0.0.1", await broker.start(), "gateway")
    await publisher.connect()
    broker.hold_acks("gateway", True)
    publish(publisher, range(20))
    publisher.send()
    await eventually(lambda: broker.counters.published == 5)
    broker.hold_acks("gateway", False)
    await publisher.flush()
    assert publisher.redelivered == 0
    await publisher.close()
    await broker.stop()


async def test_a_drop_with_held_acks_sends_all_of_them_again_in_order(
    broker: LoopbackBroker, port: int, publisher: Publisher
) -> None:
    async with keeper(port) as reader:
        await reader.subscribe("tocsin/#", qos=1)
        publish(publisher, range(150))
        broker.hold_acks("gateway", True)
        publisher.send()
        await eventually(lambda: broker.counters.published == 100)
        broker.drop("gateway")
        broker.hold_acks("gateway", False)
        await publisher.flush()
        assert publisher.redelivered == 100
        assert publisher.acked == publisher.published == 150
        assert await take(reader, 149) == [*range(100), *range(150)]


async def test_drops_at_any_moment_lose_nothing(
    broker: LoopbackBroker, port: int, publisher: Publisher
) -> None:
    async with keeper(port) as reader:
        await reader.subscribe("tocsin/#", qos=1)
        for number in range(600):
            publish(publisher, range(number, number + 1))
            publisher.send()
            if number % 20 == 0:
                await asyncio.sleep(0)
            if number in {137, 411}:
                await publisher.drain(50)
                broker.drop("gateway")
        await publisher.flush()
        assert first_sights(await take(reader, 599)) == list(range(600))
    assert publisher.redelivered > 0


async def test_messages_published_while_the_broker_is_down_are_stored_and_forwarded(
    broker: LoopbackBroker, port: int, publisher: Publisher
) -> None:
    async with keeper(port) as reader:
        await reader.subscribe("tocsin/#", qos=1)
    await broker.stop()
    publish(publisher, range(300))
    waiting = asyncio.create_task(publisher.flush())
    await broker.start(port=port)
    await asyncio.wait_for(waiting, DEADLINE)
    async with keeper(port) as reader:
        assert await take(reader, 299) == list(range(300))


async def test_a_half_open_connection_is_noticed_and_replaced(port: int, broker: LoopbackBroker) -> None:
    publisher = Publisher("127.0.0.1", port, "gateway", keep_alive=1)
    await publisher.connect()
    broker.freeze("gateway")
    publish(publisher, range(10))
    await asyncio.wait_for(publisher.flush(), DEADLINE)
    assert (publisher.acked, publisher.redelivered) == (10, 10)
    await publisher.close()


async def test_pings_keep_a_quiet_connection_where_a_silent_one_is_thrown_out(
    port: int, broker: LoopbackBroker
) -> None:
    publisher = Publisher("127.0.0.1", port, "gateway", keep_alive=1, will=Will("last", payload=b"x"))
    await publisher.connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ConnectPacket("silent", keep_alive=1).write())
    await asyncio.wait_for(reader.read(-1), DEADLINE)
    writer.close()
    assert (publisher.connected, broker.counters.published) == (True, 0)
    await publisher.close()


async def test_a_goodbye_sends_no_will_and_a_broken_connection_does(
    port: int, broker: LoopbackBroker
) -> None:
    publisher = Publisher("127.0.0.1", port, "gateway", will=Will("last", payload=b"x"))
    await publisher.connect()
    await publisher.close()
    await publisher.connect()
    broker.drop("gateway")
    assert broker.counters.published == 1
    await publisher.close()


async def test_without_a_broker_the_error_names_the_place(port: int, broker: LoopbackBroker) -> None:
    await broker.stop()
    publisher = Publisher("127.0.0.1", port, "gateway")
    with pytest.raises(ConnectionError, match=rf"gateway at 127\.0\.0\.1:{port} has no broker"):
        await publisher.connect()
    publisher.publish("a", b"x")
    with pytest.raises(ConnectionError, match="1 messages wait and there is no connection"):
        await publisher.flush()


async def test_a_wrong_password_is_refused_for_good() -> None:
    broker = LoopbackBroker(credentials={"tocsin": "secret"})
    port = await broker.start()
    publisher = Publisher("127.0.0.1", port, "gateway", username="tocsin", password="wrong")
    with pytest.raises(RefusedError, match="BAD_USER_NAME_OR_PASSWORD"):
        await publisher.connect()
    right = Publisher("127.0.0.1", port, "gateway", username="tocsin", password="secret")
    await right.connect()
    publish(right, range(3))
    await right.flush()
    await right.close()
    await broker.stop()


async def test_a_password_that_changed_meanwhile_fails_the_flush_instead_of_hanging() -> None:
    passwords = {"tocsin": "secret"}
    broker = LoopbackBroker(credentials=passwords)
    port = await broker.start()
    publisher = Publisher("127.0.0.1", port, "gateway", username="tocsin", password="secret")
    await publisher.connect()
    passwords["tocsin"] = "changed"
    broker.drop("gateway")
    publish(publisher, range(3))
    with pytest.raises(RefusedError, match="BAD_USER_NAME_OR_PASSWORD"):
        await asyncio.wait_for(publisher.flush(), DEADLINE)
    await publisher.close()
    await broker.stop()


async def test_two_publishers_with_one_id_do_not_fight(port: int, publisher: Publisher) -> None:
    second = Publisher("127.0.0.1", port, "gateway")
    await second.connect()
    publish(publisher, range(3))
    with pytest.raises(RefusedError, match="another connection uses the client id 'gateway'"):
        await asyncio.wait_for(publisher.flush(), DEADLINE)
    publish(second, range(3))
    await second.flush()
    await second.close()


async def test_connections_that_do_not_last_are_sought_ever_more_slowly(
    broker: LoopbackBroker, publisher: Publisher
) -> None:
    """Mosquitto does not tell a client that another one has its id; the two must not fight at full speed."""
    loop = asyncio.get_running_loop()
    outages = []
    for _ in range(4):
        broker.drop("gateway")
        began = loop.time()
        publish(publisher, range(1))
        await asyncio.wait_for(publisher.flush(), DEADLINE)
        outages.append(loop.time() - began)
    # 50 ms doubled three times, less half of it as the least jitter.
    assert outages[3] >= 0.2


async def test_closing_ends_a_flush_that_waits(broker: LoopbackBroker, publisher: Publisher) -> None:
    broker.hold_acks("gateway", True)
    publish(publisher, range(3))
    waiting = asyncio.create_task(publisher.flush())
    await eventually(lambda: broker.counters.published == 3)
    await publisher.close()
    with pytest.raises(ConnectionError, match="3 messages wait"):
        await waiting
    await publisher.connect()
    broker.hold_acks("gateway", False)
    await publisher.flush()
    assert publisher.redelivered == 3


async def test_something_that_does_not_speak_mqtt_is_named() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x00\x00 hello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(RefusedError, match="does not speak MQTT 5"):
        await Publisher("127.0.0.1", port, "gateway").connect()
    server.close()
    await server.wait_closed()


@pytest.mark.system
async def test_a_message_that_mosquitto_refuses_fails_the_flush_once(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite open/#\n")
    mosquitto = Mosquitto(tmp_path, settings=(f"acl_file {acl}",))
    publisher = Publisher("127.0.0.1", await mosquitto.start(), "gateway")
    await publisher.connect()
    publisher.publish("open/a", b"x")
    publisher.publish("shut/a", b"x")
    with pytest.raises(RefusedError, match="did not take 1 messages"):
        await publisher.flush()
    assert (publisher.acked, publisher.refused, publisher.unacked) == (1, 1, 0)
    await publisher.flush()
    await publisher.close()
    await mosquitto.stop()


@pytest.mark.system
async def test_mosquitto_killed_with_messages_unacknowledged_loses_none_of_them(tmp_path: Path) -> None:
    """It loses what it acknowledged and did not save, so here it acknowledges nothing before the kill."""
    mosquitto = Mosquitto(tmp_path)
    port = await mosquitto.start()
    async with keeper(port) as reader:
        await reader.subscribe("tocsin/#", qos=1)
    await mosquitto.save()
    publisher = Publisher("127.0.0.1", port, "gateway", window=500)
    await publisher.connect()
    mosquitto.pause()
    publish(publisher, range(2000))
    publisher.send()
    await mosquitto.kill()
    waiting = asyncio.create_task(publisher.flush())
    await mosquitto.start()
    await asyncio.wait_for(waiting, DEADLINE)
    assert (publisher.acked, publisher.redelivered) == (2000, 500)
    async with keeper(port, max_inflight_messages=1000) as reader:
        assert await take(reader, 1999) == list(range(2000))
    await publisher.close()
    await mosquitto.stop()


@pytest.mark.system
async def test_mosquitto_killed_under_load_gets_again_all_that_it_had_not_acknowledged(
    tmp_path: Path,
) -> None:
    mosquitto = Mosquitto(tmp_path)
    port = await mosquitto.start()
    async with keeper(port) as reader:
        await reader.subscribe("tocsin/#", qos=1)
    await mosquitto.save()
    publisher = Publisher("127.0.0.1", port, "gateway", window=200)
    await publisher.connect()
    publish(publisher, range(5000))
    await publisher.drain(4000)
    await mosquitto.kill()
    await eventually(lambda: not publisher.connected)
    acked = publisher.acked
    await mosquitto.start()
    await asyncio.wait_for(publisher.flush(), DEADLINE)
    assert 0 < acked < publisher.acked == 5000
    async with keeper(port) as reader:
        assert await take(reader, 4999) == list(range(acked, 5000))
    await publisher.close()
    await mosquitto.stop()


async def test_whoever_is_cut_while_it_seeks_stays_away(broker: LoopbackBroker, port: int) -> None:
    publisher = Publisher("127.0.0.1", port, "gateway")
    await publisher.connect()
    await broker.stop()
    await eventually(lambda: not publisher.connected)
    await publisher.cut()
    publish(publisher, range(3))
    await broker.start(port=port)

    with pytest.raises(ConnectionError, match="3 messages wait and there is no connection"):
        await publisher.flush()
    await publisher.connect()
    await publisher.flush()
    assert publisher.acked == 3
    await publisher.close()
