"""What surrounds a daemon whose world is simulated: broker, phones, horns, sensors, records, people."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ingest.clock import MINUTE, LockstepClock
from ingest.namespace import Namespace
from ingest.registry import Registry
from simulators.broker import LoopbackBroker
from simulators.fleet import Fleet
from simulators.horn import Horn
from simulators.phone import PhoneGateway
from simulators.playback import Place, Playback
from simulators.publisher import Publisher
from tocsin.bundle import Bundle
from tocsin.channels import horns_of
from tocsin.configuration import Configuration, configure
from tocsin.drill.layout import Layout
from tocsin.drill.people import StaffedDaemon, officers_of
from tocsin.drill.realm import HOST, Ends, refuse_foreign, sealed
from tocsin.first_bundle import apply_first
from tocsin.storage import Storage
from tocsin.wiring import retention

CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Town:
    """Everything around a daemon: what reports to it, and what it speaks through.

    `bundle` and `configuration` are sealed: nothing that they name lies outside this process.
    """

    layout: Layout
    clock: LockstepClock
    bundle: Bundle
    configuration: Configuration
    broker: LoopbackBroker
    phone: PhoneGateway
    horn: Horn
    fleet: Fleet
    record: Playback

    @property
    def published(self) -> int:
        return self.fleet.published + self.record.published

    def hops(self) -> dict[str, Callable[[], bool]]:
        """Who has to be idle before simulated time moves on."""
        return {
            "fleet": self.fleet.idle,
            "record": self.record.idle,
            "broker": self.broker.idle,
            "phone": self.phone.idle,
            "horn": self.horn.idle,
        }


@asynccontextmanager
async def town_around(
    bundle: Bundle, layout: Layout, clock: LockstepClock, directory: Path
) -> AsyncIterator[Town]:
    """A town for `bundle`, which is sealed for it; the horns' key, of this town alone, lies in `directory`.

    ConfigurationError for what is wrong with the files, ValueError for sensors that cannot be simulated.
    """
    async with AsyncExitStack() as left:
        broker, phone = LoopbackBroker(), PhoneGateway(clock, layout.phones)
        port = await broker.start(HOST)
        left.push_async_callback(broker.stop)
        phone_port = await phone.start()
        left.push_async_callback(phone.stop)
        key = _horn_key(directory)
        bundle = sealed(bundle, Ends(port, phone_port, key))
        configuration = configure(bundle)
        registry = configuration.basis.registry
        publisher = Publisher(HOST, port, "record")
        left.push_async_callback(publisher.close)
        await publisher.connect()
        fleet = _fleet(layout, clock, port)
        left.push_async_callback(fleet.close)
        await fleet.connect()
        record = _playback(layout, registry, publisher, clock)
        horn = _horns(layout, registry, clock, port, key)
        yield Town(layout, clock, bundle, configuration, broker, phone, horn, fleet, record)


@asynccontextmanager
async def daemon_of(town: Town, state: Path) -> AsyncIterator[StaffedDaemon]:
    """The town's daemon over `state`, once it and the horns are connected; drained when it is left.

    ConfigurationError for a `state` of another realm, AlreadyRunning for one that is in use.
    """
    refuse_foreign(state)
    settings = town.configuration.settings
    storage = Storage.open(state, settings.realm, retention(settings.journal))
    try:
        apply_first(town.bundle, storage, town.clock)
        daemon, ended = StaffedDaemon(town.configuration, storage, town.clock), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(daemon.run(ended))
            answering = group.create_task(town.horn.run())
            await _connected(daemon, town)
            yield daemon
            ended.set()
            await running
            answering.cancel()
    finally:
        storage.close()


@asynccontextmanager
async def at_work(town: Town, daemon: StaffedDaemon) -> AsyncIterator[None]:
    """Sensors report and people answer as the clock is run; when it is left, what is under way may finish."""
    layout = town.layout
    officers = officers_of(daemon, town.phone, town.horn, layout)
    for name, idle in {**town.hops(), **daemon.hops(), "officers": officers.idle}.items():
        town.clock.hop(name, idle)
    async with asyncio.TaskGroup() as group:
        work = (town.fleet.run(), town.record.run(repeat=layout.repeat), officers.run())
        working = [group.create_task(each) for each in work]
        yield
        for task in working:
            task.cancel()
    # A horn that still plays.
    await town.clock.run(town.clock.now() + MINUTE)


def _horn_key(directory: Path) -> Path:
    """A key of this town alone."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "horns.key"
    path.write_text(secrets.token_hex(32), encoding="utf-8")
    return path


def _fleet(layout: Layout, clock: LockstepClock, port: int) -> Fleet:
    return Fleet(
        layout.sensors,
        layout.seed,
        clock,
        HOST,
        port,
        exclude=frozenset(row.sensor for row in layout.recorded),
        scenario=layout.scenario,
        tick=layout.tick,
        faults=layout.faults,
        mishaps=layout.mishaps,
        namespace=Namespace.DRILL,
    )


def _playback(layout: Layout, registry: Registry, publisher: Publisher, clock: LockstepClock) -> Playback:
    places = {sensor.id: Place(sensor.zone, sensor.kind) for sensor in registry.sensors}
    return Playback(list(layout.recorded), places, publisher, clock, namespace=Namespace.DRILL)


def _horns(layout: Layout, registry: Registry, clock: LockstepClock, port: int, key: Path) -> Horn:
    return Horn(
        horns_of(registry),
        HOST,
        port,
        clock,
        bytes.fromhex(key.read_text("utf-8")),
        conditions=layout.horns,
        namespace=Namespace.DRILL,
    )


async def _connected(daemon: StaffedDaemon, town: Town) -> None:
    """Time starts when everybody is there."""
    async with asyncio.timeout(CONNECT_SECONDS):
        while not (daemon.connected() and town.horn.connected):
            await asyncio.sleep(0.01)
