"""`python -m bench recovery`: the daemon is killed under load, and started again at once.

A whole city reports on meanwhile; the broker keeps what nobody takes. Each round has its own instant, which
follows from the seed: anywhere between two snapshots.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from bench.fleet import Order, Sent
from bench.measure import Options, Setup, servers
from bench.phases import JUDGED_WITHIN, Behind, Tell, publish
from bench.reconcile import journaled
from bench.recovery_figures import Kept, Round
from bench.sights import Sights, Sounds
from bench.subject import Subject
from simulators.city.plan import City
from simulators.sent_log import Bursts
from tocsin.reconciliation import reconcile

# Of a round: the earliest and the latest instant of its kill. What comes after it is for catching up.
EARLIEST, LATEST = 0.2, 0.5
# The judge has caught up when it has what the broker had a second ago; how often is looked, s.
LOOK_EVERY = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Kills:
    """So many kills, one in each round of `seconds`; the first round begins after `warm` s.

    A daemon that has not heard every sensor judges at a multiple of the price.
    """

    rounds: int
    seconds: float
    warm: float
    seed: int = 1

    def instants(self) -> Iterator[float]:
        """Seconds from the begin of the load."""
        chance = random.Random(self.seed)
        for number in range(self.rounds):
            yield self.warm + (number + chance.uniform(EARLIEST, LATEST)) * self.seconds

    @property
    def length(self) -> float:
        """Seconds of load."""
        return self.warm + self.rounds * self.seconds


class Recoveries:
    """A daemon between its servers, in front of a fleet, that does not live long."""

    def __init__(self, directory: Path, options: Options, tell: Tell) -> None:
        self._directory = directory
        self._options = options
        self._tell = tell
        self._sent = Sent()

    async def measure(self, setup: Setup, kills: Kills) -> tuple[list[Round], Kept]:
        """RuntimeError shows the log of a process that ended; Behind: the judge cannot follow."""
        self._tell("the daemon reads its city")
        city = City.of(self._options.plan)
        async with AsyncExitStack() as stack:
            port, _, series = await servers(setup, self._directory, stack)
            mqtt = {"host": "127.0.0.1", "port": port, "linger": f"{self._options.linger}ms"}
            subject = Subject(self._directory, city, {"mqtt": mqtt, "series": series}, self._options.rules)
            await subject.start("info")
            stack.push_async_callback(subject.stop)
            sights = await stack.enter_async_context(Sights(subject.state / "outbox.db"))
            await stack.enter_async_context(Sounds(self._options.plan, port))
            rounds = await self._load(subject, port, kills)
            self._tell("the judge has the rest")
            try:
                await sights.of(self._sent.closing, JUDGED_WITHIN)
            except TimeoutError:
                raise Behind(f"the judge is not done {JUDGED_WITHIN:.0f} s after the broker") from None
            accepted, _ = await subject.judged()
        return rounds, self._kept(city, subject, accepted, sights)

    async def _load(self, subject: Subject, port: int, kills: Kills) -> list[Round]:
        [load] = self._options.loads
        assert load.rate is not None
        order = Order(
            port=port,
            plan=self._options.plan,
            seconds=kills.length,
            expected=load.rate,
            log=str(self._log),
            rate=load.rate,
            timed=load.timed,
        )
        fleet = asyncio.create_task(publish(order, self._directory / "fleet.log", self._hear))
        try:
            while not self._sent.published:
                await asyncio.wait([fleet], timeout=LOOK_EVERY)
                if fleet.done():
                    fleet.result()
            rounds = await self._rounds(subject, kills)
            self._sent = await fleet
        finally:
            fleet.cancel()
            await asyncio.wait([fleet])
        return rounds

    async def _rounds(self, subject: Subject, kills: Kills) -> list[Round]:
        began = time.perf_counter()
        rounds = list[Round]()
        for number, instant in enumerate(kills.instants()):
            await asyncio.sleep(began + instant - time.perf_counter())
            self._tell(f"kill {number + 1} of {kills.rounds}")
            rounds.append(await self._round(subject, began + kills.warm + (number + 1) * kills.seconds))
        return rounds

    async def _round(self, subject: Subject, end: float) -> Round:
        """Kill, start, and look until the judge has caught up or the round is over."""
        said, killed, began = subject.log.stat().st_size, time.time(), time.perf_counter()
        await subject.kill()
        await subject.start("info")
        ready = time.perf_counter() - began
        backlog = self._sent.acked - sum(await subject.judged())
        caught_up = None
        while caught_up is None and time.perf_counter() < end:
            expected = self._sent.acked
            await asyncio.sleep(LOOK_EVERY)
            if sum(await subject.judged()) >= expected:
                caught_up = time.perf_counter() - began
        return told(subject.log.read_bytes()[said:], killed, ready, max(backlog, 0), caught_up)

    def _hear(self, sent: Sent) -> None:
        self._sent = sent

    @property
    def _log(self) -> Path:
        return self._directory / "sent.log"

    def _kept(self, city: City, subject: Subject, accepted: int, sights: Sights) -> Kept:
        self._tell("what is on disk is counted")
        found = reconcile(Bursts.read(self._log).keys(city.number), journaled(subject.state / "journal"))
        return Kept(
            published=self._sent.published,
            journaled=found.journaled,
            lost=found.lost,
            again=found.duplicates,
            foreign=found.foreign,
            unjudged=self._sent.published - self._sent.refused - accepted,
            raising=len(self._sent.timed),
            unraised=len(self._sent.timed.keys() - sights.first.keys()),
        )


def told(log: bytes, killed: float, ready: float, backlog: int, caught_up: float | None) -> Round:
    """What the log of a life that began after the kill says of its start."""
    events = {event["event"]: event for event in map(msgspec.json.decode, reversed(log.splitlines()))}
    started = events["started"]
    connected = datetime.fromisoformat(events["broker connected"]["timestamp"]).timestamp() - killed
    return Round(
        ready=ready,
        phases=started["seconds"],
        cpu=(events["serving"]["cpu"], started["cpu"]),
        entries=events["recovered"]["entries"],
        connected=connected,
        backlog=backlog,
        caught_up=caught_up,
    )
