"""`tocsin demo`: a simulated county and a real flood through the real daemon, on embedded parts."""

import asyncio
import secrets
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
from notifiers.routes import Reach
from rules.grade import Grade
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from simulators.fleet import Fleet
from simulators.horn import Condition, Horn
from simulators.officers import FalseCall
from simulators.phone import PhoneGateway
from simulators.playback import Place, Playback
from simulators.publisher import Publisher
from simulators.readings_csv import Row, read_rows
from simulators.timetable import Timetable
from tocsin.bundle import Bundle
from tocsin.channel_settings import Apprise, Channel, Loudspeaker
from tocsin.channels import horns_of
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.demo_officers import StaffedDaemon, officers_of
from tocsin.first_bundle import apply_first
from tocsin.overview import Watcher
from tocsin.settings import Mqtt, SeriesSettings, Settings
from tocsin.storage import Storage
from tocsin.wiring import retention

HOST = "127.0.0.1"
CONNECT_SECONDS = 10
FOREVER = 2**62
# A horn that hears, plays and says nothing: the people of its place are reached by telephone instead.
DEAD = {"horn-riverside-2": Timetable(Condition(dead=True))}
# What somebody reports by telephone, and what turns out to be wrong.
CALL = FalseCall(
    "fire",
    "market-street",
    Grade.ORANGE.value,
    {"zh": "电话报警：集市街仓库起火", "en": "By telephone: a warehouse on fire in Market Street"},
)


@dataclass(slots=True)
class County:
    """Everything around the daemon: what reports to it, and what it speaks through."""

    broker: LoopbackBroker
    broker_port: int
    phone: PhoneGateway
    phone_port: int
    horn: Horn
    fleet: Fleet
    river: Playback
    seed: int

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

    def end(number: signal.Signals) -> None:
        """The first signal asks; a second one is not ours to handle, and ends the process."""
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    river = read_rows([configs / "demo" / "river.csv"])
    clock = LockstepClock(river[0].received - MINUTE, scale)
    bundle = read_bundle(configs / "tocsin.yaml")
    configuration = configure(bundle)
    sensors = configs / "sensors.csv"
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as directory:
        state, key = Path(directory, "state"), _horn_key(directory)
        fleet_key = bytes.fromhex(key.read_text("utf-8"))
        around = _around(configuration.basis.registry, clock, river, sensors, seed, key=fleet_key)
        async with around as county:
            settings = sealed(configuration.settings, county.broker_port, county.phone_port, key)
            configuration = replace(configuration, settings=settings)
            result = await _serve(bundle, configuration, clock, county, stop, state=state)
    Console().print(table(result))
    return result.reconciled


@asynccontextmanager
async def _around(
    registry: Registry, clock: LockstepClock, river: list[Row], sensors: Path, seed: int, *, key: bytes
) -> AsyncIterator[County]:
    """The county's broker, phones, horns and sensors."""
    broker, phone = LoopbackBroker(), PhoneGateway(clock)
    port, phone_port = await broker.start(HOST), await phone.start()
    publisher = Publisher(HOST, port, "river")
    await publisher.connect()
    recorded = frozenset(row.sensor for row in river)
    fleet = Fleet(sensors, seed, clock, HOST, port, exclude=recorded)
    await fleet.connect()
    horn = Horn(horns_of(registry), HOST, port, clock, key, conditions=DEAD)
    try:
        playback = Playback(river, _places(registry), publisher, clock)
        yield County(broker, port, phone, phone_port, horn, fleet, playback, seed)
    finally:
        await fleet.close()
        await publisher.close()
        await phone.stop()
        await broker.stop()


def _horn_key(directory: str) -> Path:
    """A key of this demo alone."""
    path = Path(directory, "horns.key")
    path.write_text(secrets.token_hex(32), encoding="utf-8")
    return path


def _places(registry: Registry) -> dict[str, Place]:
    return {sensor.id: Place(sensor.zone, sensor.kind) for sensor in registry.sensors}


def sealed(settings: Settings, broker: int, phone: int, key: Path) -> Settings:
    """A drill on two ports of loopback, with none of the gateways and credentials of the files.

    Every channel has a simulated one in its place, of the same name and reach.
    """
    mqtt = Mqtt(host=HOST, port=broker).model_copy(update={"linger": 0})
    channels = {name: _simulated(of.reach, phone, key) for name, of in settings.channels.items()}
    return settings.model_copy(
        update={
            "realm": Realm.DRILL,
            "mqtt": mqtt,
            "series": SeriesSettings(),
            "watchdog": None,
            "channels": channels,
        }
    )


def _simulated(reach: Reach, phone: int, key: Path) -> Channel:
    """What stands for a channel of that reach: the county's horns, or the phones, which show all else."""
    if reach is Reach.HORN:
        return Loudspeaker(via="loudspeaker", realm=Realm.DRILL, key_file=key)
    # The public has no number.
    to = "public" if reach is Reach.PUBLIC else "{recipient}"
    url = f"json://{HOST}:{phone}/sms?:to={to}&:key={{key}}"
    return Apprise(via="apprise", realm=Realm.DRILL, reach=reach, url=url, honours_keys=True, rate=1000)


async def _serve(
    bundle: Bundle,
    configuration: Configuration,
    clock: LockstepClock,
    county: County,
    stop: asyncio.Event,
    *,
    state: Path,
) -> Summary:
    """The daemon over a state directory of its own."""
    settings = configuration.settings
    storage = Storage.open(state, settings.realm, retention(settings.journal))
    try:
        apply_first(bundle, storage, clock)
        return await _play(StaffedDaemon(configuration, storage, clock), county, clock, stop)
    finally:
        storage.close()


async def _play(daemon: Daemon, county: County, clock: LockstepClock, stop: asyncio.Event) -> Summary:
    """Run everything until `stop`, let every hop finish, take the sums."""
    watcher, ended = Watcher(daemon), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(daemon.run(ended))
        answering = group.create_task(county.horn.run())
        await _connected(daemon, county)
        if not stop.is_set():
            await _drive(daemon, county, clock, stop, watcher)
        result = watcher.summary(county.published, county.broker.counters.redelivered)
        watcher.close()
        ended.set()
        await running
        answering.cancel()
    return result


async def _drive(
    daemon: Daemon, county: County, clock: LockstepClock, stop: asyncio.Event, watcher: Watcher
) -> None:
    """Time passes until `stop`; then what is under way, a horn that still plays, may finish."""
    officers = officers_of(daemon, county.phone, county.horn, county.seed, CALL)
    for name, idle in {**county.hops(), **daemon.hops(), "officers": officers.idle}.items():
        clock.hop(name, idle)
    async with asyncio.TaskGroup() as group:
        driven = [
            group.create_task(work)
            for work in (
                county.fleet.run(),
                county.river.run(repeat=True),
                officers.run(),
                clock.run(FOREVER),
                show(Console(), watcher.look),
            )
        ]
        await stop.wait()
        for task in driven:
            task.cancel()
    await clock.run(clock.now() + MINUTE)


async def _connected(daemon: Daemon, county: County) -> None:
    """Time starts when everybody is there."""
    async with asyncio.timeout(CONNECT_SECONDS):
        while not (daemon.connected() and county.horn.connected):
            await asyncio.sleep(0.01)
