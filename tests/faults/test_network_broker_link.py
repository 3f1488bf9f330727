"""The link between daemon and broker goes bad: it is noticed, said, and costs no message."""

import asyncio
import random
import time
from pathlib import Path

import pytest

from tests.faults.network import Station, network, reconcile, stopped, until

RATE = 100
KEEP_ALIVE_WITHIN = 25.0  # s, of a keep-alive of 15 s
BLIND_WITHIN = 30_000  # ms
RESETS = 12


async def dead(station: Station, name: str) -> str:
    """A link that says nothing and does not end: found by its silence, warned of, replaced when it heals."""
    await until(lambda: station.has_judged(200), 20)
    broken = time.time_ns() // 1_000_000
    if name == "half-open":
        station.proxy.half_open()
    else:
        station.proxy.black_hole()
    found = await until(station.disconnected, KEEP_ALIVE_WITHIN)

    async def warned() -> bool:
        return bool(station.blind_since(broken))

    await until(warned, 15)
    said = station.blind_since(broken)[0].at - broken
    assert said <= BLIND_WITHIN
    await station.proxy.heal()
    back = await until(station.connected, 20)
    return f"{name}: found after {found:.1f} s, warned of after {said / 1000:.1f} s, back {back:.1f} s after"


async def bad(station: Station) -> str:
    """Latency, a trickle below the rate of the stream, and resets with messages in flight."""
    await until(lambda: station.has_judged(200), 20)
    station.proxy.delay(0.2, 0.3)
    await until(lambda: station.has_judged(500), 30)
    station.proxy.trickle(4_000)
    await until(lambda: station.has_judged(600), 30)
    await station.proxy.heal()
    chance = random.Random(4)
    before = station.proxy.connections
    for _ in range(RESETS):
        await until(station.connected, 20)
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        station.proxy.reset()
    await until(station.connected, 20)
    return f"bad: {station.proxy.connections - before} connections after {RESETS} resets"


@pytest.mark.system
async def test_dead_and_bad_links_are_noticed_and_lose_and_change_nothing(tmp_path: Path) -> None:
    """Three daemons side by side hear the same stream; what each says equals an uninterrupted replay."""
    async with network(tmp_path, ["half-open", "black-hole", "bad"]) as net:
        end = asyncio.Event()
        sending = asyncio.create_task(net.source.keep_on(RATE, end))
        cases = [bad(s) if name == "bad" else dead(s, name) for name, s in net.stations.items()]
        told = await asyncio.gather(*cases)
        end.set()
        await sending
        for name, station in net.stations.items():
            await until(lambda station=station: station.has_judged(len(net.source.sent)), 30)
            again = reconcile(station, await stopped(station), net.source.sent)
            assert again > 0 or name != "bad", "no reset landed with messages in flight"
            told.append(f"{name}: {len(net.source.sent)} messages, {again} sent again by the broker")
    print("\n".join(told))  # noqa: T201
