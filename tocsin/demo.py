"""`tocsin demo`: a simulated county and a real flood through the real daemon, on embedded parts."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from console.live import show
from console.summary import Summary, table
from ingest.clock import MINUTE, LockstepClock
from ingest.registry import Registry
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.fleet import Fleet
from simulators.horn import Horn
from simulators.phone import PhoneGateway
from simulators.playback import Place, Playback
from simulators.publisher import Publisher
from simulators.readings_csv import Row, read_rows
from tocsin.configuration import configure, read_bundle
from tocsin.daemon import Daemon, apply_first
from tocsin.overview import Watcher
from tocsin.settings import Channels, Loudspeaker, Mqtt, SeriesSettings, Settings, Sms
from tocsin.storage import Storage
from tocsin.wiring import retention

HOST = "127.0.0.1"
CONNECT_SECONDS = 10
FOREVER = 2**62


@dataclass(slots=True)
class County:
    """Everything around the daemon: what reports to it, and what it speaks through."""

    broker: LoopbackBroker
    phone: PhoneGateway
    horn: Horn
    fleet: Fleet
    river: Playback

    @property
    def published(self) -> int:
        return self.fleet.published + self.river.published

    def hops(self) -> dict[str, Callable[[], bool]]:
        """Who has to be idle before simulated time moves on."""
        return {
            "fleet": self.fleet.idle,
            "river": self.river.idle,
            "broker": self.broker.idle,
            "phone": self.phone.idle,
            "horn": self.horn.idle,
        }


async def demonstrate(configs: Path, seconds: float | None, scale: float, seed: int) -> bool:
    """Run for `seconds` of real time, or until interrupted; whether everything reconciled."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    river = read_rows([configs / "demo" / "river.csv"])
    clock = LockstepClock(river[0].received - MINUTE, scale)
    async with _around(configs, clock, river, seed) as (county, settings):
        result = await _serve(configs, settings, clock, county, stop)
    Console().print(table(result))
    return result.reconciled


@asynccontextmanager
async def _around(
    configs: Path, clock: LockstepClock, river: list[Row], seed: int
) -> AsyncIterator[tuple[County, Settings]]:
    """The county's broker, phones, horns and sensors, and the settings that reach nothing else."""
    configuration = configure(read_bundle(configs / "tocsin.yaml"))
    registry = configuration.basis.registry
    broker, phone = LoopbackBroker(), PhoneGateway(clock)
    port = await broker.start(HOST)
    settings = _sealed(configuration.settings, port, await phone.start())
    publisher = Publisher(HOST, port, "river")
    await publisher.connect()
    recorded = frozenset(row.sensor for row in river)
    fleet = Fleet(configs / "sensors.csv", seed, clock, HOST, port, exclude=recorded)
    await fleet.connect()
    horn = Horn([h for zone in registry.zones.values() for h in zone.horns], HOST, port, clock)
    try:
        yield (
            County(broker, phone, horn, fleet, Playback(river, _places(registry), publisher, clock)),
            settings,
        )
    finally:
        await fleet.close()
        await publisher.close()
        await phone.stop()
        await broker.stop()


def _places(registry: Registry) -> dict[str, Place]:
    return {sensor.id: Place(sensor.zone, sensor.kind) for sensor in registry.sensors}


def _sealed(settings: Settings, broker: int, phone: int) -> Settings:
    """A drill on loopback, with none of the gateways and credentials of the files."""
    sms = Sms(url=f"json://{HOST}:{phone}/sms?:to={{recipient}}&:key={{key}}", honours_keys=True, rate=1000)
    mqtt = Mqtt(host=HOST, port=broker).model_copy(update={"linger": 0})
    return settings.model_copy(
        update={
            "realm": Realm.DRILL,
            "mqtt": mqtt,
            "series": SeriesSettings(),
            "channels": Channels(sms=sms, loudspeaker=Loudspeaker()),
        }
    )


async def _serve(
    configs: Path, settings: Settings, clock: LockstepClock, county: County, stop: asyncio.Event
) -> Summary:
    """The daemon over a state directory that goes when the demo ends."""
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as directory:
        storage = Storage.open(Path(directory), settings.realm, retention(settings.journal))
        try:
            applied = apply_first(read_bundle(configs / "tocsin.yaml"), storage, clock)
            daemon = Daemon(replace(applied, settings=settings), storage, clock)
            return await _play(daemon, county, clock, stop)
        finally:
            storage.close()


async def _play(daemon: Daemon, county: County, clock: LockstepClock, stop: asyncio.Event) -> Summary:
    """Run everything until `stop`, let every hop finish, take the sums."""
    for name, idle in {**county.hops(), **daemon.hops()}.items():
        clock.hop(name, idle)
    watcher, ended = Watcher(daemon), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(daemon.run(ended))
        answering = group.create_task(county.horn.run())
        await _connected(daemon, county)
        driven = [
            group.create_task(work)
            for work in (
                county.fleet.run(),
                county.river.run(repeat=True),
                clock.run(FOREVER),
                show(Console(), watcher.look),
            )
        ]
        await stop.wait()
        for task in driven:
            task.cancel()
        await asyncio.wait(driven)
        # Nothing new comes in; what is under way, a horn that still plays, may finish.
        await clock.run(clock.now() + MINUTE)
        result = watcher.summary(county.published, county.broker.counters.redelivered)
        watcher.close()
        ended.set()
        await running
        answering.cancel()
    return result


async def _connected(daemon: Daemon, county: County) -> None:
    """Time starts when everybody is there."""
    async with asyncio.timeout(CONNECT_SECONDS):
        while not (daemon.connected() and county.horn.connected):
            await asyncio.sleep(0.01)
