"""One set-up: as fast as it goes, then at a moderate rate, then what is on disk is counted."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.figures import Counts, Latency, Measured, Sustained, percentile
from bench.load import Order, Sent
from bench.process import cpu_seconds, failure, line, peak_memory, python
from bench.servers import Server, loopback, mosquitto, victoria_metrics
from bench.sights import Sights
from bench.subject import Subject

SEED = 1
# Of what the set-up sustained: the rate at which latency is measured.
MODERATE = 0.5
# Warnings: so many a second at full speed, and one in so many messages at the moderate rate.
RAISES_A_SECOND = 20.0
ONE_IN = 100
# How long the daemon may need for what the broker has, in seconds.
JUDGED_WITHIN = 120.0
STORED_WITHIN = 120.0

Tell = Callable[[str], None]
BROKERS = {"loopback": loopback, "Mosquitto": mosquitto}


@dataclass(frozen=True, slots=True)
class Setup:
    """A broker (a key of BROKERS), and VictoriaMetrics or the embedded store."""

    broker: str
    database: bool = False

    @property
    def name(self) -> str:
        return f"{self.broker}, VictoriaMetrics" if self.database else self.broker


@dataclass(frozen=True, slots=True)
class Options:
    """`seconds` of each phase; `rate` in messages/s of the second one, None is MODERATE of the first."""

    seconds: float
    rate: float | None
    sensors: int


class Bench:
    """A daemon between its servers, and the publisher in front of them."""

    def __init__(self, directory: Path, options: Options, tell: Tell) -> None:
        self._directory = directory
        self._options = options
        self._tell = tell
        self._published = 0
        self._raising: dict[str, int] = {}

    async def measure(self, setup: Setup) -> Measured:
        """RuntimeError: a process ended, or did not come to an end in time; it shows the daemon's log."""
        async with AsyncExitStack() as stack:
            broker = await stack.enter_async_context(BROKERS[setup.broker](self._directory))
            database = None
            if setup.database:
                database = await stack.enter_async_context(victoria_metrics(self._directory))
            subject = Subject(self._directory, self._options.sensors, broker.port, _series(database))
            await subject.start()
            stack.push_async_callback(subject.stop)
            sights = await stack.enter_async_context(Sights(subject.state / "outbox.db"))
            try:
                sustained = await self._sustain(subject, broker, database, sights)
                rate = self._options.rate or sustained.rate * MODERATE
                latency = await self._time(subject, broker, sights, rate)
            except TimeoutError:
                raise failure(f"{setup.name}: the daemon is not done in time", subject.log) from None
            memory, accepted = peak_memory(subject.pid), await subject.accepted()
        counts = self._count(subject, accepted, sights)
        return Measured(setup=setup.name, counts=counts, sustained=sustained, latency=latency, memory=memory)

    async def _sustain(
        self, subject: Subject, broker: Server, database: Server | None, sights: Sights
    ) -> Sustained:
        pids = [subject.pid, broker.pid, *([] if database is None else [database.pid])]
        before = [cpu_seconds(pid) for pid in pids]
        sent = await self._publish(subject, broker, 0, None)
        judged = await sights.of(list(sent.raises)[-1], JUDGED_WITHIN)
        stored = await subject.stored(STORED_WITHIN)
        costs = [
            (cpu_seconds(pid) - cpu) / sent.published * 1e6 for pid, cpu in zip(pids, before, strict=True)
        ]
        acked = sent.began / 1e9 + sent.seconds
        return Sustained(
            messages=sent.published,
            offered=sent.published / sent.seconds,
            rate=sent.published / (judged - sent.began) * 1e9,
            judged=max(judged / 1e9 - acked, 0),
            stored=max(stored - acked, 0),
            daemon=costs[0],
            broker=costs[1],
            publisher=sent.cpu / sent.published * 1e6,
            database=costs[2] if database is not None else None,
        )

    async def _time(self, subject: Subject, broker: Server, sights: Sights, rate: float) -> Latency:
        looked = len(sights.gaps)
        sent = await self._publish(subject, broker, 1, rate)
        await sights.of(list(sent.raises)[-1], JUDGED_WITHIN)
        late = [(sights.first[s] - at) / 1e6 for s, at in sent.raises.items() if s in sights.first]
        await subject.stored(STORED_WITHIN)
        return Latency(
            rate=sent.published / sent.seconds,
            samples=len(late),
            p50=percentile(late, 0.5),
            p99=percentile(late, 0.99),
            most=percentile(late, 1.0),
            resolution=percentile(sights.gaps[looked:], 0.99) * 1e3,
        )

    async def _publish(self, subject: Subject, broker: Server, phase: int, rate: float | None) -> Sent:
        order = Order(
            port=broker.port,
            sensors=str(subject.sensors),
            client=f"load-{phase}",
            seed=SEED + phase,
            seconds=self._options.seconds,
            rate=rate,
            raising=raising(
                subject.sensors, phase, self._options.seconds * (rate / ONE_IN if rate else RAISES_A_SECOND)
            ),
        )
        sent = await publish(order, self._directory / "load.log", self._tell)
        self._published += sent.published
        self._raising |= sent.raises
        return sent

    def _count(self, subject: Subject, accepted: int, sights: Sights) -> Counts:
        journaled, distinct = subject.journaled()
        return Counts(
            published=self._published,
            journaled=journaled,
            lost=self._published - distinct,
            duplicates=journaled - distinct,
            unjudged=self._published - accepted,
            raising=len(self._raising),
            unraised=len(self._raising.keys() - sights.first.keys()),
        )


async def publish(order: Order, log: Path, tell: Tell) -> Sent:
    """Run the publisher's process to its end; RuntimeError if it fails."""
    process = await python("bench.load", msgspec.json.encode(order).decode(), log=log)
    try:
        while not (sent := msgspec.json.decode(await line(process, log), type=Sent)).seconds:
            tell(f"{sent.published:,} published")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    return sent


def raising(sensors: Path, phase: int, count: float) -> list[str]:
    """Up to `count` smoke sensors, at least one, that smell smoke in this phase (0 or 1) and in no other."""
    ids = [row.partition(",")[0] for row in sensors.read_text().splitlines() if ",smoke," in row]
    return ids[phase::2][: max(int(count), 1)]


def _series(database: Server | None) -> dict[str, str]:
    if database is None:
        return {"store": "embedded"}
    return {"store": "victoriametrics", "url": f"http://127.0.0.1:{database.port}"}
