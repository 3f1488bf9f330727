"""The database is out of reach, then slow: warnings do not wait for it, and it gets everything in the end.

TOCSIN_OUTAGE_SECONDS=600 is the outage of ten minutes; its figures stand in docs/reliability.md.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.sights import Sights
from ingest.series.influx import InfluxStore
from simulators.proxy import FaultProxy
from simulators.victoria_metrics import VictoriaMetrics
from tests.faults.network import Network, Station, network, reconcile, stopped, until

OUTAGE = int(os.environ.get("TOCSIN_OUTAGE_SECONDS", "14"))
RATE = 500
# Every alarm is the first of its sensor.
SENSORS = 2_000 + OUTAGE * RATE // 30
BEFORE, SLOW = max(4, OUTAGE // 2), max(5, OUTAGE // 10)
TRICKLE = 4_000
GROWTH = 50_000_000


@dataclass
class Phase:
    """A stretch of the stream: its alarms, and the memory (bytes) that the daemon held meanwhile."""

    name: str
    alarms: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    processor: float = 0.0
    messages: int = 0

    async def last(self, seconds: float, net: Network, station: Station) -> "Phase":
        known, loop = set(net.source.alarms), asyncio.get_running_loop()
        end = loop.time() + seconds
        before, sent = station.daemon.processor(), len(net.source.sent)
        while loop.time() < end:
            await asyncio.sleep(0.5)
            self.memory.append(station.daemon.resident())
        self.processor, self.messages = station.daemon.processor() - before, len(net.source.sent) - sent
        self.alarms = [sensor for sensor in net.source.alarms if sensor not in known]
        return self

    def told(self, net: Network, seen: dict[str, int]) -> str:
        """From the publishing of an alarm to its line in the outbox."""
        delays = sorted((seen[sensor] - net.source.alarms[sensor]) / 1e6 for sensor in self.alarms)
        p50, p99 = (delays[int(len(delays) * part)] for part in (0.5, 0.99))
        least, most = min(self.memory) / 1e6, max(self.memory) / 1e6
        took = f"{len(delays)} alarms, p50 {p50:.1f} ms, p99 {p99:.1f} ms"
        spent = self.processor / self.messages * 1e6
        return f"{self.name}: {took}; {least:.0f} to {most:.0f} MB; {spent:.0f} us of processor a message"


@asynccontextmanager
async def linked_database(directory: Path) -> AsyncIterator[tuple[VictoriaMetrics, FaultProxy]]:
    database = VictoriaMetrics(directory)
    await database.start()
    link = FaultProxy(database.port)
    await link.start()
    try:
        yield database, link
    finally:
        await link.stop()
        await database.stop()


async def suffer(net: Network, station: Station, link: FaultProxy) -> Sequence[Phase]:
    """The stream goes on all the time; what is asserted here is seen while it does."""

    async def series_said() -> bool:
        return (await station.readyz())["problems"].keys() == {"series"}

    end = asyncio.Event()
    sending = asyncio.create_task(net.source.keep_on(RATE, end))
    phases = [await Phase("with it").last(BEFORE, net, station)]
    link.black_hole()
    phases.append(await Phase("without").last(OUTAGE, net, station))
    # A write that hangs is given up after 10 s.
    await until(series_said, 30)
    await link.heal()
    link.trickle(TRICKLE)
    phases.append(await Phase("slow").last(SLOW, net, station))
    behind = await station.daemon.figure("tocsin_series_lag_seconds")
    told = (await station.readyz())["notices"]
    await link.heal()
    end.set()
    await sending

    assert behind >= OUTAGE
    assert told["history"].startswith("the database is ")
    return phases


@pytest.mark.system
async def test_a_database_that_is_away_or_slow_costs_no_message_and_no_memory(tmp_path: Path) -> None:
    """500 messages a second: some seconds with it, without it, and with a trickle to it."""
    async with linked_database(tmp_path) as (database, link):
        series = {"series": {"store": "victoriametrics", "url": f"http://127.0.0.1:{link.port}"}}
        async with network(tmp_path, ["tocsin"], sensors=SENSORS, settings=lambda _: series) as net:
            station = net.stations["tocsin"]

            async def stored() -> bool:
                return await station.daemon.figure("tocsin_series_lag_entries") == 0

            async with Sights(station.daemon.state / "outbox.db") as sights:
                phases = await suffer(net, station, link)
                # Seldom: with thousands of open warnings a look at /metrics is work.
                await until(lambda: station.has_judged(len(net.source.sent)), 60, every=0.5)
                drained = await until(stored, 60 + OUTAGE, every=0.5)
                after = station.daemon.resident()
            for phase in phases:
                print(phase.told(net, sights.first))  # noqa: T201
            judge = await stopped(station)
            await database.get("/internal/force_flush")
            store = InfluxStore("victoriametrics", database.url, "", "", "")
            in_store = await asyncio.to_thread(store.count)
            store.close()

            reconcile(station, judge, net.source.sent)
            assert in_store == len(net.source.sent)
            assert net.source.alarms.keys() <= sights.first.keys()
            assert max(after, *(max(phase.memory) for phase in phases)) - max(phases[0].memory) <= GROWTH
    print(f"{in_store} messages stored, the last {drained:.1f} s after it healed; {after / 1e6:.0f} MB")  # noqa: T201
