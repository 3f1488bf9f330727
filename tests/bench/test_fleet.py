"""The fleet of a bench publishes what it was ordered to, and keeps account."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bench.fleet import Load, Order, Sent
from simulators.broker import LoopbackBroker
from simulators.city.plan import City, Plan
from simulators.sent_log import Bursts

PLAN = Plan.usual(sensors=500, gateways=20, interval=1000)


async def played(order: Order) -> tuple[Sent, int]:
    """What the fleet says it sent, and what arrived at a broker."""
    broker = LoopbackBroker()
    port = await broker.start()

    def run() -> Sent:
        load = Load(replace(order, port=port))
        sent = load.run()
        load.close()
        return sent

    try:
        sent = await asyncio.to_thread(run)
    finally:
        await broker.stop()
    return sent, broker.counters.published


async def test_a_fleet_keeps_its_rate_and_an_account_of_every_message(tmp_path: Path) -> None:
    order = Order(
        port=0, plan=PLAN, seconds=1, expected=500, rate=500, timed=5, log=str(tmp_path / "sent.log")
    )
    sent, arrived = await played(order)
    keys = Bursts.read(tmp_path / "sent.log").keys(City.of(PLAN).number).tolist()

    assert sent.published == sent.acked == arrived == len(keys) == len(set(keys))
    assert 400 <= sent.published <= 600
    assert sent.closing in sent.timed
    assert all(at >= sent.began for at in sent.timed.values())


async def test_without_a_rate_as_many_messages_as_ordered_go_out_as_fast_as_they_can(tmp_path: Path) -> None:
    order = Order(port=0, plan=PLAN, seconds=60, expected=500, messages=2000, log=str(tmp_path / "sent.log"))
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
    path = tmp_path / "sent.log"
    order = Order(
        port=port, plan=PLAN, seconds=60, expected=500, rate=2000, messages=4000, log=str(path), patient=True
    )
    load = await asyncio.to_thread(Load, order)
    broker.freeze("gateway-0003")
    running = asyncio.create_task(asyncio.to_thread(load.run))
    async with asyncio.timeout(30):
        while broker.counters.published < 1000:
            await asyncio.sleep(0.01)
        await broker.stop()
        await broker.start(port=port)
        sent = await running
    await asyncio.to_thread(load.close)
    await broker.stop()

    assert sent.published == sent.acked == len(Bursts.read(path)) >= 4000
    assert broker.counters.published >= sent.published


async def test_gateways_that_are_not_patient_end_with_their_broker(tmp_path: Path) -> None:
    broker = LoopbackBroker()
    port = await broker.start()
    order = Order(port=port, plan=PLAN, seconds=60, expected=500, rate=2000, log=str(tmp_path / "sent.log"))
    load = await asyncio.to_thread(Load, order)
    running = asyncio.create_task(asyncio.to_thread(load.run))
    async with asyncio.timeout(30):
        while broker.counters.published < 100:
            await asyncio.sleep(0.01)
        await broker.stop()
        with pytest.raises(OSError, match=r"hung up|reset|[Pp]ipe"):
            await running
    load.close()
