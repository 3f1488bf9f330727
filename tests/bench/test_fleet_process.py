"""A gateway counts what the broker takes; a fleet publishes what it was ordered to and keeps account."""

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import mqtt5
import pytest

from bench.fleet.city import City, Plan
from bench.fleet.gateway import Gateway
from bench.fleet.process import Fleet, Order, Sent
from bench.fleet.sent_log import Bursts
from simulators.broker import LoopbackBroker

PLAN = Plan(sensors=500, gateways=20, interval=1000)


@contextmanager
def connected(answer: mqtt5.ConnAckPacket) -> Iterator[tuple[Gateway, socket.socket]]:
    """A gateway, and the broker's end of its connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as broker:

        def accept() -> socket.socket:
            end, _ = listening.accept()
            end.recv(1024)
            end.sendall(answer.write())
            return end

        accepted = broker.submit(accept)
        try:
            gateway = Gateway(listening.getsockname()[1], "g")
        except RuntimeError:
            accepted.result().close()
            raise
        with accepted.result() as end:
            yield gateway, end
            gateway.close()


def collected(gateway: Gateway, expected: int) -> int:
    """What the gateway has counted once it has counted as many, or at the deadline."""
    for _ in range(2000):
        if gateway.collect() >= expected:
            break
        gateway.wait(0.005)
    return gateway.acked


def test_acknowledgements_are_counted_in_short_and_long_form_however_they_are_cut() -> None:
    short = b"".join(mqtt5.PubAckPacket(n).write() for n in range(1, 6))
    long = mqtt5.PubAckPacket(6, reason_code=mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS).write()
    assert len(short) == 20
    assert len(long) > 4
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        broker.sendall(short)
        assert collected(gateway, 5) == 5
        broker.sendall((long + short)[:7])
        assert collected(gateway, 6) == 6
        broker.sendall((long + short)[7:])
        assert collected(gateway, 11) == 11


def test_a_message_that_the_broker_refuses_is_no_acknowledgement() -> None:
    refusal = mqtt5.PubAckPacket(1, reason_code=mqtt5.PubAckReasonCode.NOT_AUTHORIZED).write()
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        broker.sendall(refusal)
        with pytest.raises(RuntimeError, match="no acknowledgement"):
            collected(gateway, 1)


def test_a_gateway_that_is_not_let_in_says_so() -> None:
    answer = mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.NOT_AUTHORIZED)
    with pytest.raises(RuntimeError, match="g is not let in"), connected(answer):
        pass


def test_no_more_waits_for_the_broker_than_it_allows() -> None:
    with connected(mqtt5.ConnAckPacket(receive_max=7)) as (gateway, _):
        assert gateway.window == 7


def test_what_the_socket_does_not_take_goes_out_later_and_whole() -> None:
    burst = memoryview(bytes(range(256)) * 40_000)
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        gateway.send(burst)
        assert not gateway.push()
        received = bytearray()
        while len(received) < len(burst):
            received += broker.recv(1 << 20)
            gateway.push()

    assert received == burst


async def played(order: Order) -> tuple[Sent, int]:
    """What the fleet says it sent, and what arrived at a broker."""
    broker = LoopbackBroker()
    port = await broker.start()

    def run() -> Sent:
        fleet = Fleet(Order(**{**{name: getattr(order, name) for name in order.__slots__}, "port": port}))
        sent = fleet.run()
        fleet.close()
        return sent

    try:
        sent = await asyncio.to_thread(run)
    finally:
        await broker.stop()
    return sent, broker.counters.published


async def test_a_fleet_keeps_its_rate_and_an_account_of_every_message(tmp_path: Path) -> None:
    order = Order(
        port=0, plan=PLAN, seconds=1, expected=500, rate=500, timed=5, log=str(tmp_path / "sent.npz")
    )
    sent, arrived = await played(order)
    keys = Bursts.read(tmp_path / "sent.npz").keys(City.of(PLAN)).tolist()

    assert sent.published == sent.acked == arrived == len(keys) == len(set(keys))
    assert 400 <= sent.published <= 600
    assert sent.closing in sent.timed
    assert all(at >= sent.began for at in sent.timed.values())


async def test_without_a_rate_as_many_messages_as_ordered_go_out_as_fast_as_they_can(tmp_path: Path) -> None:
    order = Order(port=0, plan=PLAN, seconds=60, expected=500, messages=2000, log=str(tmp_path / "sent.npz"))
    sent, arrived = await played(order)

    assert sent.published == arrived
    # A burst of each gateway of a group may come on top, and the closing one.
    assert 2000 <= sent.published <= 2300
    assert sent.seconds < 30


async def test_patient_gateways_come_back_to_a_broker_and_send_again_what_it_has_not_acknowledged(
    tmp_path: Path,
) -> None:
    """The broker, to which one gateway's link is dead, stops while the fleet speaks, and is back at once."""
    broker = LoopbackBroker()
    port = await broker.start()
    path = tmp_path / "sent.npz"
    order = Order(
        port=port, plan=PLAN, seconds=60, expected=500, rate=2000, messages=4000, log=str(path), patient=True
    )
    fleet = await asyncio.to_thread(Fleet, order)
    broker.freeze("gateway-0003")
    running = asyncio.create_task(asyncio.to_thread(fleet.run))
    async with asyncio.timeout(30):
        while broker.counters.published < 1000:
            await asyncio.sleep(0.01)
        await broker.stop()
        await broker.start(port=port)
        sent = await running
    await asyncio.to_thread(fleet.close)
    await broker.stop()

    assert sent.published == sent.acked == len(Bursts.read(path)) >= 4000
    assert broker.counters.published >= sent.published


async def test_gateways_that_are_not_patient_end_with_their_broker(tmp_path: Path) -> None:
    broker = LoopbackBroker()
    port = await broker.start()
    order = Order(port=port, plan=PLAN, seconds=60, expected=500, rate=2000, log=str(tmp_path / "sent.npz"))
    fleet = await asyncio.to_thread(Fleet, order)
    running = asyncio.create_task(asyncio.to_thread(fleet.run))
    async with asyncio.timeout(30):
        while broker.counters.published < 100:
            await asyncio.sleep(0.01)
        await broker.stop()
        with pytest.raises(OSError, match=r"hung up|reset|[Pp]ipe"):
            await running
    for gateway in fleet._gateways:
        gateway._socket.close()


def test_a_broker_that_says_goodbye_has_hung_up() -> None:
    goodbye = mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN).write()
    with connected(mqtt5.ConnAckPacket()) as (gateway, broker):
        broker.sendall(mqtt5.PubAckPacket(1).write() + goodbye)
        with pytest.raises(ConnectionResetError, match="the broker has hung up on g"):
            collected(gateway, 2)

        assert gateway.acked == 1
