"""One set-up: a daemon between its servers, a fleet in front of them, and what is on disk at the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.figures import Counts, Measured, Memory
from bench.phases import Load, Phases, Published, Tell
from bench.process import on_disk
from bench.reconcile import journaled
from bench.servers import loopback, mosquitto, victoria_metrics
from bench.sights import Sights, Sounds
from bench.subject import Subject
from simulators.city.plan import City, Plan
from simulators.sent_log import Bursts
from tocsin.reconciliation import reconcile

STORED_WITHIN = 300.0
BROKERS = {"loopback": loopback, "Mosquitto": mosquitto}


@dataclass(frozen=True, slots=True)
class Setup:
    """A broker (a key of BROKERS), and VictoriaMetrics or the embedded store."""

    broker: str
    database: bool = False

    @property
    def name(self) -> str:
        return f"{self.broker}, VictoriaMetrics" if self.database else self.broker


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The same for every set-up. No `rules` are the shipped ones; `linger` in ms.

    `stored_within` s after the judge the database is to have everything; if not, the phase says so.
    """

    plan: Plan
    loads: tuple[Load, ...]
    rules: Mapping[str, str] | None = None
    linger: int = 20
    stored_within: float = STORED_WITHIN


class Bench:
    """Measures one set-up in a directory of its own."""

    def __init__(self, directory: Path, options: Options, tell: Tell) -> None:
        self._directory = directory
        self._options = options
        self._tell = tell

    async def measure(self, setup: Setup) -> Measured:
        """RuntimeError shows the log of a process that ended; Behind: the judge cannot follow."""
        self._tell("the daemon reads its city")
        city = City.of(self._options.plan)
        async with AsyncExitStack() as stack:
            port, pids, series = await servers(setup, self._directory, stack)
            subject = await stack.enter_async_context(self._daemon(city, port, series))
            pids = {"daemon": subject.pid, **pids}
            sights = await stack.enter_async_context(Sights(subject.state / "outbox.db"))
            sounds = await stack.enter_async_context(Sounds(self._options.plan, port))
            phases = Phases(self._options.plan, port, subject, pids, (sights, sounds))
            within = self._options.stored_within
            measured = [await phases.run(load, within, self._tell) for load in self._options.loads]
            resident = [Memory(name=n, resident=r, peak=p) for n, (r, p) in phases.memory().items()]
            judged = await subject.judged()
        self._tell("what is on disk is counted")
        messages = phases.published.messages
        return Measured(
            setup=setup.name,
            phases=measured,
            counts=_counts(phases.published, city, subject, judged, sights),
            memory=resident,
            journal=on_disk(subject.state / "journal") / messages,
            database=self._stored(subject, setup) / messages,
        )

    @asynccontextmanager
    async def _daemon(self, city: City, port: int, series: Mapping[str, str]) -> AsyncIterator[Subject]:
        mqtt = {"host": "127.0.0.1", "port": port, "linger": f"{self._options.linger}ms"}
        subject = Subject(self._directory, city, {"mqtt": mqtt, "series": series}, self._options.rules)
        await subject.start()
        try:
            yield subject
        finally:
            await subject.stop()

    def _stored(self, subject: Subject, setup: Setup) -> int:
        """Bytes of the database."""
        if setup.database:
            return on_disk(self._directory / "data")
        return sum(path.stat().st_blocks * 512 for path in subject.state.glob("series.db*"))


async def servers(
    setup: Setup, directory: Path, stack: AsyncExitStack
) -> tuple[int, dict[str, int], dict[str, str]]:
    """The broker's port, the processes by name, and the settings of the store."""
    broker = await stack.enter_async_context(BROKERS[setup.broker](directory))
    if not setup.database:
        return broker.port, {"broker": broker.pid}, {"store": "embedded"}
    database = await stack.enter_async_context(victoria_metrics(directory))
    series = {"store": "victoriametrics", "url": f"http://127.0.0.1:{database.port}"}
    return broker.port, {"broker": broker.pid, "database": database.pid}, series


def _counts(
    published: Published, city: City, subject: Subject, judged: tuple[int, int], sights: Sights
) -> Counts:
    sent = np.concatenate([Bursts.read(log).keys(city.number) for log in published.logs])
    found = reconcile(sent, journaled(subject.state / "journal"))
    accepted, quarantined = judged
    return Counts(
        published=published.messages,
        journaled=found.journaled,
        lost=found.lost,
        duplicates=found.duplicates,
        foreign=found.foreign,
        unjudged=published.messages - accepted - quarantined,
        quarantined=quarantined,
        absurd=published.absurd,
        raising=len(published.timed),
        unraised=len(published.timed.keys() - sights.first.keys()),
    )
