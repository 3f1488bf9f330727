"""Daemons as processes, each behind a fault proxy, at one real Mosquitto; what was sent, what came of it."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGTERM

from ingest.journal import Entry, EntryKind
from ingest.session.wire import Undecodable, messages
from ingest.snapshots import Snapshots
from notifiers.outbox.reader import OutboxReader, Progress
from rules.transition import Transition, line
from simulators.mosquitto import UNLIMITED, Mosquitto
from simulators.proxy import FaultProxy
from simulators.publisher import Publisher
from tests.faults.record import read
from tests.system.daemon_process import LOUDSPEAKER, DaemonProcess
from tocsin.bundle import Bundles
from tocsin.configuration import configure
from tocsin.judge import Basis, Judge
from tocsin.outages import RULE

QUIET, ALARM = 0.02, 0.21
# No divisor of a round number of sensors: sooner or later each has its alarm.
ALARM_EVERY = 53
HORNS = 'routes: [{hazard: "*", grades: [blue, yellow, orange, red], to: [horns], channels: [loudspeaker]}]\n'
ACCEPTED = 'tocsin_messages_total{outcome="accepted"}'
ZONES = ("old-town", "market-street", "riverside", "bridge-end", "tea-hill")


class Source:
    """Smoke detectors at one gateway: each numbers its messages, and no two are of one instant."""

    def __init__(self, publisher: Publisher, sensors: Sequence[str]) -> None:
        self.publisher = publisher
        self.sensors = sensors
        self.sent: set[tuple[str, int]] = set()
        # Sensor to the instant (ns) of its first alarm.
        self.alarms: dict[str, int] = {}
        self._stamp = 0
        self._seq = Counter[str]()

    def send(self, count: int) -> None:
        """The next `count` messages, sensor by sensor; every so often one is an alarm."""
        for _ in range(count):
            number = len(self.sent)
            sensor = self.sensors[number % len(self.sensors)]
            self._stamp = max(time.time_ns() // 1_000_000, self._stamp + 1)
            self._seq[sensor] += 1
            value = QUIET if number % ALARM_EVERY else ALARM
            if value == ALARM:
                self.alarms.setdefault(sensor, time.time_ns())
            payload = f'{{"t":{self._stamp},"seq":{self._seq[sensor]},"v":{{"smoke":{value},"battery":97}}}}'
            self.publisher.publish(topic(sensor), payload.encode())
            self.sent.add((sensor, self._stamp))
        self.publisher.send()

    async def keep_on(self, rate: int, end: asyncio.Event) -> None:
        """`rate` messages a second until the end, and the broker has them all."""
        loop = asyncio.get_running_loop()
        began, first = loop.time(), len(self.sent)
        while not end.is_set():
            self.send(max(int((loop.time() - began) * rate) - (len(self.sent) - first), 0))
            await asyncio.sleep(0.02)
        await self.publisher.flush()


@dataclass
class Station:
    """One daemon and its way to the broker."""

    daemon: DaemonProcess
    proxy: FaultProxy

    async def connected(self) -> bool:
        return await self.daemon.figure("tocsin_broker_connected") == 1

    async def disconnected(self) -> bool:
        return not await self.connected()

    async def has_judged(self, count: int) -> bool:
        return await self.daemon.figure(ACCEPTED) >= count

    async def readyz(self) -> dict[str, dict[str, str]]:
        answer = await self.daemon.get("/readyz")
        found: dict[str, dict[str, str]] = json.loads(answer.partition(b"\r\n\r\n")[2])
        return found

    def outbox(self) -> list[Transition]:
        reader = OutboxReader.reading(self.daemon.state / "outbox.db")
        found = [transition for _, transition in reader.transitions(0, 10**6)]
        reader.close()
        return found

    def deliveries(self, subject: str) -> dict[str, Progress]:
        """Where the messages about a sensor stand, by channel: of one recipient each."""
        reader = OutboxReader.reading(self.daemon.state / "outbox.db")
        of = {t.warning for _, t in reader.transitions(0, 10**6) if t.subject == subject}
        found = [p for p in reader.recent(1_000) if p.delivery.warning in of]
        reader.close()
        return {progress.delivery.channel: progress for progress in found}

    def blind_since(self, instant: int) -> list[Transition]:
        """The lines by which Tocsin said from `instant` on that it is blind."""
        return [t for t in self.outbox() if t.rule == RULE.id and t.after is not None and t.at >= instant]


@dataclass
class Network:
    mosquitto: Mosquitto
    source: Source
    stations: dict[str, Station] = field(default_factory=dict)


async def until(condition: Callable[[], Awaitable[object]], within: float, every: float = 0.05) -> float:
    """Poll with a deadline, `every` so many seconds; the seconds it took."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(within):
        while not await condition():
            await asyncio.sleep(every)
    return asyncio.get_running_loop().time() - began


def smoke(count: int) -> list[str]:
    return [f"s-{number:03}" for number in range(count)]


def place(sensor: str) -> str:
    """Neighbours lie in different zones: warnings of one zone are told as one."""
    return ZONES[int(sensor.removeprefix("s-")) % len(ZONES)]


def topic(sensor: str) -> str:
    return f"tocsin/v1/{place(sensor)}/smoke/{sensor}/telemetry"


def rows(sensors: Sequence[str]) -> list[str]:
    return ["id,kind,zone", *(f"{sensor},smoke,{place(sensor)}" for sensor in sensors)]


@asynccontextmanager
async def network(
    directory: Path,
    names: Sequence[str],
    limits: Sequence[str] = UNLIMITED,
    sensors: int = 50,
    *,
    settings: Callable[[str], dict[str, object]] = lambda _: {},
    prepare: Callable[[Path], None] = lambda _: None,
) -> AsyncIterator[Network]:
    """Ready daemons, one a name, all of which listen to the same sensors.

    `settings` by name stand beside the broker's; `prepare` changes the files of a configuration.
    """
    async with AsyncExitStack() as stack:
        mosquitto = Mosquitto(directory, limits)
        port = await mosquitto.start()
        stack.push_async_callback(mosquitto.stop)
        publisher = Publisher("127.0.0.1", port, "gateway", window=500)
        await publisher.connect()
        stack.push_async_callback(publisher.close)
        found = Network(mosquitto, Source(publisher, smoke(sensors)))
        for name in names:
            proxy = FaultProxy(port)
            await proxy.start()
            stack.push_async_callback(proxy.stop)
            mqtt = {"host": "127.0.0.1", "port": proxy.port, "client_id": name}
            whole = {"mqtt": mqtt, "channels": {"loudspeaker": LOUDSPEAKER}, **settings(name)}
            own = directory / name
            own.mkdir()
            daemon = DaemonProcess(own, whole, rows(found.source.sensors))
            (daemon.configs / "routes.yaml").write_text(HORNS)
            prepare(daemon.configs)
            await daemon.start()
            stack.push_async_callback(killed, daemon)
            found.stations[name] = Station(daemon, proxy)
        for station in found.stations.values():
            await station.daemon.ready()
        yield found


async def killed(daemon: DaemonProcess) -> None:
    """Whatever became of the test, nothing runs on."""
    try:
        await daemon.signal(SIGKILL)
    except ProcessLookupError:
        return


async def stopped(station: Station) -> Judge:
    """The judge of a daemon that ends in order, as its last snapshot has it."""
    async with asyncio.timeout(20):
        assert await station.daemon.signal(SIGTERM) == 0
    state = station.daemon.state
    snapshot = Snapshots(state / "snapshots").newest()
    assert snapshot is not None
    bundles = Bundles(state / "bundles")

    def load(bundle: str) -> Basis:
        return configure(bundles.load(bundle)).basis

    return Judge.resume(snapshot, load)


def arrivals(journal: Sequence[Entry]) -> tuple[Counter[tuple[str, int]], int]:
    """How often each message stands in the journal, and how many the broker marked as sent again."""
    arrived: Counter[tuple[str, int]] = Counter()
    again = 0
    for entry in journal:
        for packet in messages(entry.data) if entry.kind is EntryKind.MQTT else []:
            assert not isinstance(packet, Undecodable)
            arrived[packet.topic.split("/")[4], json.loads(packet.payload)["t"]] += 1
            again += packet.duplicate
    return arrived, again


def replayed(journal: Sequence[Entry], basis: Basis) -> list[bytes]:
    """What one uninterrupted life on one bundle would have said."""
    judge = Judge(basis, lambda _: basis)
    return [line(transition) for entry in journal for transition in judge.take(entry).transitions]


def reconcile(station: Station, judge: Judge, sent: set[tuple[str, int]]) -> int:
    """What was sent is journaled, and judged once, as in an uninterrupted life; returns what came again."""
    journal = read(station.daemon.state).entries
    arrived, again = arrivals(journal)
    assert set(arrived) == sent
    assert (judge.screen.accepted, judge.screen.quarantined) == (len(sent), 0)
    assert judge.screen.duplicates == arrived.total() - len(sent)
    assert judge.gaps.all().messages == 0
    end = journal[-1].received
    recorded = station.outbox()
    assert [line(t) for t in recorded if t.at <= end] == replayed(journal, judge.basis)
    assert len({(t.warning, t.ordinal) for t in recorded}) == len(recorded) > 0
    return again
