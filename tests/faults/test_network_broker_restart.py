"""The broker starts anew: with its session nothing is lost; without it, the daemon says what may be."""

from pathlib import Path

import pytest

from ingest.clock import SystemClock
from rules.transition import iso
from tests.faults.network import Network, network, stopped, until

SENSORS = 10
now = SystemClock().now
QUEUE = 1_000


async def cut_off(net: Network) -> None:
    """The daemon's link is down and stays so, the devices' is not."""
    proxy = net.stations["tocsin"].proxy
    proxy.refuse()
    proxy.reset()
    await until(net.stations["tocsin"].disconnected, 10)


async def send(net: Network, count: int) -> None:
    """Every message is acknowledged by the broker."""
    net.source.send(count)
    await net.source.publisher.flush()


async def heal(net: Network) -> None:
    station = net.stations["tocsin"]
    await station.proxy.heal()
    await until(station.connected, 20)


async def restarted(net: Network) -> None:
    """In order: sessions and messages are saved."""
    await net.mosquitto.stop()
    await net.mosquitto.start()


@pytest.mark.system
async def test_a_broker_that_forgot_is_told_of_and_one_that_did_not_costs_nothing(tmp_path: Path) -> None:
    """It stops in order, with us connected and with mail for us; then it dies and leaves no file behind."""
    async with network(tmp_path, ["tocsin"], sensors=SENSORS) as net:
        station = net.stations["tocsin"]
        await send(net, 200)
        await restarted(net)
        await send(net, 100)
        await until(station.connected, 20)
        await cut_off(net)
        await send(net, 300)
        await restarted(net)
        await heal(net)
        await send(net, 100)
        await until(lambda: station.has_judged(700), 20)
        with_session = await station.readyz()
        kept = set(net.source.sent)

        await cut_off(net)
        first = now()
        await send(net, 250)
        last = now()
        await net.mosquitto.kill()
        (tmp_path / "mosquitto.db").unlink(missing_ok=True)
        await net.mosquitto.start()
        await heal(net)
        gone = net.source.sent - kept
        await send(net, 100)
        await until(lambda: station.has_judged(800), 20)
        without = await station.readyz()
        lost = await station.daemon.figure("tocsin_missing_messages_total")
        judge = await stopped(station)
        loss = judge.outages.loss

        assert with_session == {"ready": True, "problems": {}, "notices": {}}
        assert without["problems"] == {}
        assert lost == len(gone) == 250
        assert {gap.missing for gap in judge.gaps.all().worst} == {250 // SENSORS}
        assert loss is not None
        assert loss.since <= first <= last <= loss.until
        notice = without["notices"]["session"]
        assert f": messages between {iso(loss.since)} and {iso(loss.until)} may be lost" in notice
        assert all(f"{sensor} 25" in notice for sensor in net.source.sensors)


@pytest.mark.system
async def test_what_a_full_queue_of_the_broker_dropped_is_counted_to_the_message(tmp_path: Path) -> None:
    """Mosquitto drops the newest and tells nobody: 5,000 sent, a queue of 1,000, hence 4,000 are missing."""
    limits = ("max_inflight_messages 0", f"max_queued_messages {QUEUE}")
    async with network(tmp_path, ["tocsin"], limits, SENSORS) as net:
        station = net.stations["tocsin"]
        await send(net, 100)
        await until(lambda: station.has_judged(100), 20)
        await cut_off(net)
        await send(net, 5_000)
        await heal(net)
        await until(lambda: station.has_judged(100 + QUEUE), 20)
        await send(net, SENSORS)
        await until(lambda: station.has_judged(100 + QUEUE + SENSORS), 20)
        notices = (await station.readyz())["notices"]
        judge = await stopped(station)

        assert judge.gaps.all().messages == judge.gaps.noticed == 5_000 - QUEUE
        assert notices.keys() == {"sequence"}
        assert notices["sequence"].startswith(f"sequence numbers that never came: 4000 of {SENSORS} sensors")
