"""All layers of faults at once, a lost gateway and dropped connections, through a real daemon: sums close."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.clock import HOUR, LockstepClock
from ingest.journal import EntryKind, Retention
from ingest.series.store import instants
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.faults import FAULTS
from simulators.fleet import Fleet
from simulators.phone import PhoneGateway
from simulators.scenario import Scenario
from tests.simulators.faulty import SENSORS, basis, every_fault, files
from tests.tocsin.village import SETTINGS, START
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.judge import Judge
from tocsin.overview import Watcher
from tocsin.storage import Storage

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Station:
    """A daemon and the broker before it, in lockstep from START on."""

    clock: LockstepClock
    broker: LoopbackBroker
    port: int
    daemon: Daemon
    storage: Storage


@asynccontextmanager
async def station(state: Path) -> AsyncIterator[Station]:
    clock, broker = LockstepClock(START), LoopbackBroker()
    phone = PhoneGateway(clock)
    port, phone_port = await broker.start(), await phone.start()
    settings = SETTINGS.replace("port: 1883", f"port: {port}").replace(":9/", f":{phone_port}/")
    bundle = Bundle(files().main, {**files().texts, files().main: settings})
    storage = Storage.open(state, Realm.LIVE, Retention())
    apply_first(bundle, storage, clock)
    daemon, ended = Daemon(configure(bundle), storage, clock), asyncio.Event()
    running = asyncio.create_task(daemon.run(ended))
    try:
        async with asyncio.timeout(20):
            while not daemon.connected():
                assert not running.done(), running.exception()
                await asyncio.sleep(0.002)
        for name, idle in {"broker": broker.idle, "phone": phone.idle, **daemon.hops()}.items():
            clock.hop(name, idle)
        yield Station(clock, broker, port, daemon, storage)
    finally:
        ended.set()
        await running
        storage.close()
        await phone.stop()
        await broker.stop()


def points(storage: Storage) -> Iterator[tuple[int, int]]:
    """(Sensor, instant at which it is stored) of all that is journaled."""
    judge = Judge(basis(), lambda _: basis())
    for entry in storage.journal.read(0, 10**6):
        if entry.kind is EntryKind.MQTT and (block := judge.take(entry).block) is not None:
            yield from zip(block.readings.slot.tolist(), instants(block.readings).tolist(), strict=True)


async def test_every_message_is_found_again_whatever_goes_wrong_at_once(tmp_path: Path) -> None:
    (tmp_path / "sensors.csv").write_text(SENSORS, encoding="utf-8")
    layers = every_fault()
    async with station(tmp_path / "state") as at:
        fleet = Fleet(
            tmp_path / "sensors.csv",
            1,
            at.clock,
            HOST,
            at.port,
            scenario=Scenario(),
            mishaps=0,
            faults=layers,
        )
        await fleet.connect()
        at.clock.hop("fleet", fleet.idle)
        reporting = asyncio.create_task(fleet.run())
        await at.clock.run(START + HOUR)
        await fleet.lose("gw-1")
        await at.clock.run(START + 2 * HOUR)
        stored = fleet.published - fleet.acked
        await fleet.restore("gw-1")
        for client in ("gw-2", "fleet", "tocsin"):
            at.broker.drop(client)
        await at.clock.run(START + 6 * HOUR)
        reporting.cancel()
        await asyncio.wait([reporting])
        await at.clock.settle()
        watcher = Watcher(at.daemon)
        summary = watcher.summary(fleet.published, at.broker.counters.redelivered)
        watcher.close()
        await fleet.close()
        distinct = len(set(points(at.storage)))

    assert {layer.name for layer in layers if layer.happened} == set(FAULTS)
    assert stored > 0
    lost, unjudged, _ = summary.unexplained().values()
    assert (lost, unjudged) == (0, 0)
    assert min(summary.accepted, summary.duplicates, summary.quarantined) > 0
    # Wrong clocks and gateways' stamps put two readings of a sensor at one instant: there one stands.
    assert summary.stored == distinct > 0
