"""A soak from beginning to end.

It goes in watches of some minutes. In each the fleet publishes and keeps a sent-log, and the nemesis strikes;
then all that was sent must come to be journaled and stored, and the log goes. So nothing that the soak keeps
grows with its length but a line a fault and a few numbers a life of the daemon.
"""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bench.fleet import Order, Sent
from bench.machine import machine
from bench.phases import publish
from bench.process import memory, on_disk
from bench.soak.faults import FAULTS, stop
from bench.soak.figures import Course, Soaked
from bench.soak.nemesis import Nemesis
from bench.soak.plan import steps
from bench.soak.town import Town, town
from bench.soak.watching import Watching, figures_of
from bench.soak.witness import Witness
from notifiers.outbox.reader import OutboxReader
from simulators.city.plan import Longs, Plan
from simulators.sent_log import Bursts
from tocsin.reconciliation import Reconciled

# s that the daemon may need for what waits when a watch is over, and how often is looked.
DRAINED_WITHIN, LOOK_EVERY = 120.0, 1.0
FOLLOW_EVERY = 5.0
# s at least: of progress, and of what is not looked at in each life; long soaks take the rest between faults.
PROGRESS_EVERY, WARM_UP = 30.0, 60.0
ALARMS_A_SECOND = 0.2

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All times in s: the whole, a watch of it, the mean between two faults, the longest one."""

    plan: Plan
    rate: float
    seconds: float
    watch: float
    rest: float
    longest: float
    seed: int

    @property
    def watches(self) -> int:
        return max(round(self.seconds / self.watch), 1)

    @property
    def warm_up(self) -> float:
        return max(WARM_UP, self.rest)


class Soak:
    """Runs once, over parts that are there; `say` is told a line for what happens."""

    def __init__(self, parts: Town, directory: Path, options: Options, say: Say) -> None:
        self._town = parts
        self._directory = directory
        self._options = options
        self._began = time.monotonic()
        self._tell = say
        plan = steps(options.seed, FAULTS, options.rest, options.longest)
        self._nemesis = Nemesis(parts, plan, self._now, self._say)
        self._watching = Watching(parts, self._now, self._published, options.warm_up)
        self._witness = Witness(parts.daemon.state)
        # The witness belongs to one thread at a time.
        self._asking = asyncio.Lock()
        self._so_far = Sent()
        self._soaked = Soaked(
            machine=machine(directory), seed=options.seed, seconds=options.seconds, rate=options.rate,
            sensors=options.plan.sensors,
        )  # fmt: skip

    async def run(self) -> Soaked:
        """RuntimeError, OSError, alone or in an ExceptionGroup: a part failed."""
        async with asyncio.TaskGroup() as group:
            around = (self._watching.run(), self._follow(), self._progress())
            tasks = [group.create_task(part) for part in around]
            for number in range(self._options.watches):
                await self._watch(number)
            for task in tasks:
                task.cancel()
        await stop(self._town)
        await self._ask(self._witness.finish)
        return self._result()

    async def _watch(self, number: int) -> None:
        log = self._directory / f"sent-{number}.log"
        seconds = self._options.seconds / self._options.watches
        order = Order(
            port=self._town.broker.port, plan=self._options.plan, seconds=seconds, log=str(log), phase=number,
            rate=self._options.rate, expected=self._options.rate, timed=ALARMS_A_SECOND, patient=True,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            group.create_task(self._nemesis.rage(self._now() + seconds))
            sending = group.create_task(publish(order, self._directory / "fleet.log", self._seen))
        self._soaked.messages.published += sending.result().published
        self._so_far = Sent()
        await self._reconcile(log)
        own, _ = memory(os.getpid())
        self._soaked.own = self._soaked.own[0] or own, own

    async def _reconcile(self, log: Path) -> None:
        """Once everything is journaled and stored, or that is not done in time."""
        sent = Bursts.read(log).keys(self._town.city.number)
        latest = self._now() + DRAINED_WITHIN
        while not await self._drained(found := await self._found(sent)) and self._now() < latest:
            await asyncio.sleep(LOOK_EVERY)
        self._witness.turn(sent)
        self._town.sounds.forget()
        messages = self._soaked.messages
        messages.watches += 1
        messages.late += self._now() >= latest
        messages.journaled += found.journaled
        messages.lost += found.lost
        messages.duplicates += found.duplicates
        messages.foreign += found.foreign
        await asyncio.to_thread(log.unlink)
        self._say(
            f"watch {messages.watches}: {len(sent):,} sent, {found.lost:,} lost, {found.duplicates:,} twice, "
            f"{found.foreign:,} never sent; {self._witness.compared.equal:,} transitions compared so far"
        )

    async def _found(self, sent: Longs) -> Reconciled:
        await self._ask(self._witness.follow)
        return self._witness.watch(sent)

    async def _drained(self, found: Reconciled) -> bool:
        return not found.lost and (await figures_of(self._town)).get("tocsin_series_lag_entries") == 0

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_EVERY)
            await self._ask(self._witness.follow)

    async def _ask(self, question: Callable[[], None]) -> None:
        async with self._asking:
            await asyncio.to_thread(question)

    async def _progress(self) -> None:
        while True:
            await asyncio.sleep(max(PROGRESS_EVERY, self._options.rest))
            self._say(self._words())

    def _words(self) -> str:
        seen, published = self._watching.seen, self._published()
        behind = "no answer"
        if seen.behind is not None:
            behind = f"judge {seen.behind:,} messages, database {seen.lag:,} entries"
        return (
            f"{clock(self._options.seconds - self._now())} left; {published:,} published, "
            f"{published / self._now():,.0f}/s; {len(self._nemesis.struck)} faults; "
            f"{seen.resident / 1e6:,.0f} MB, {seen.handles} handles, {seen.threads} threads; journal "
            f"{seen.journal / 1e6:,.0f} MB; behind: {behind}"
        )

    def _published(self) -> int:
        return self._soaked.messages.published + self._so_far.published

    def _seen(self, sent: Sent) -> None:
        self._so_far = sent

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _say(self, text: str) -> None:
        self._tell(f"{time.strftime('%H:%M:%S')} {clock(self._now())}  {text}")

    def _result(self) -> Soaked:
        soaked, daemon = self._soaked, self._town.daemon
        soaked.struck = self._nemesis.struck
        soaked.compared = self._witness.compared
        soaked.bundles, soaked.blind = self._witness.bundles, self._witness.blind
        soaked.courses = {name: Course.of(gauge) for name, gauge in self._watching.gauges.items()}
        soaked.journal = on_disk(daemon.state / "journal")
        with closing(OutboxReader.reading(daemon.state / "outbox.db")) as outbox:
            counts = outbox.counts().get("loudspeaker", {})
        soaked.deliveries = {str(state): count for state, count in counts.items()}
        return soaked


def clock(seconds: float) -> str:
    """h:mm:ss."""
    minutes, left = divmod(int(max(seconds, 0)), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{left:02}"


async def soak(directory: Path, options: Options, say: Say) -> Soaked:
    """In a directory that is there; whatever comes of it, nothing runs on."""
    say(f"the daemon reads {options.plan.sensors:,} sensors")
    async with town(directory, options.plan) as parts:
        return await Soak(parts, directory, options, say).run()
