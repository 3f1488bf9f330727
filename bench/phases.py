"""A time of even load on a running daemon, and its figures."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.figures import Cost, Latency, Phase
from bench.fleet import Order, Sent
from bench.process import cpu_seconds, end, line, memory, python, thread_seconds
from bench.sights import Sights, Sounds
from bench.subject import Subject
from simulators.city.plan import Plan

# How long the daemon may need for what the broker has, in seconds.
JUDGED_WITHIN = 300.0
# How long an alarm may need from its transition to its horn, and how often is looked.
SOUNDED_WITHIN, LOOK_EVERY = 20.0, 0.2
# The daemon's thread that writes the history.
SERIES = "series"
# How often a city is heard before it counts: the first time is dear for the judge and a new database, and in
# the second they catch up.
ROUNDS = 2

Tell = Callable[[str], None]


class Behind(Exception):
    """The judge did not come to an end in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A phase to come, `timed` alarms a second.

    rate       messages/s; without one `messages` are published as fast as the broker takes them
    expected   messages/s that say when something happens in the city, where there is no rate
    rounds     how often every sensor is heard before anything is counted
    """

    seconds: float
    timed: float
    rate: float | None = None
    messages: int | None = None
    expected: float = 20_000.0
    rounds: int = 0


@dataclass(slots=True)
class Published:
    """What all phases so far published."""

    messages: int = 0
    absurd: int = 0
    timed: dict[str, int] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class _Begin:
    """CPU seconds of processes and threads when counting began, and the looks for transitions until then."""

    processes: dict[str, float] = field(default_factory=dict)
    threads: dict[str, float] = field(default_factory=dict)
    looked: int = 0


class Phases:
    """Loads a daemon in one phase after the other; `pids` are those of all processes but the fleet."""

    def __init__(
        self,
        plan: Plan,
        port: int,
        subject: Subject,
        pids: Mapping[str, int],
        watching: tuple[Sights, Sounds],
    ) -> None:
        self.published = Published()
        self._plan = plan
        self._port = port
        self._subject = subject
        self._pids = pids
        self._sights, self._sounds = watching

    async def run(self, load: Load, stored_within: float, tell: Tell) -> Phase:
        """Raises Behind."""
        begin = _Begin()

        def hear(sent: Sent) -> None:
            if sent.began and not begin.processes:
                begin.processes, begin.threads = self._cpu(), thread_seconds(self._subject.pid)
                begin.looked = len(self._sights.gaps)
            tell(progress(sent))

        sent = await self._publish(load, hear)
        tell("the judge has the rest")
        try:
            judged = await self._sights.of(sent.closing, JUDGED_WITHIN)
        except TimeoutError:
            raise Behind(f"the judge is not done {JUDGED_WITHIN:.0f} s after the broker") from None
        tell("the database has the rest")
        done, of_threads = self._cpu(), thread_seconds(self._subject.pid)
        stored = await self._stored(stored_within)
        acked = sent.began / 1e9 + sent.seconds + sent.settled
        history = _history(of_threads, thread_seconds(self._subject.pid))
        costs = {"fleet": sent.cpu, **_spent(begin.processes, done | self._after(done, history))}
        series = {name: of_threads[name] + spent for name, spent in history.items()}
        of_threads = _spent(begin.threads, of_threads | series)
        messages = sent.published - sent.early
        return Phase(
            asked=load.rate,
            messages=messages,
            offered=messages / sent.seconds,
            behind=sent.behind,
            acked=sent.settled,
            judged=max(judged / 1e9 - acked, 0),
            rate=messages / (judged - sent.began) * 1e9,
            stored=None if stored is None else max(stored - judged / 1e9, 0),
            transition=self._transitions(sent, begin.looked),
            horn=await self._horns(sent),
            processes=_costs(costs, messages),
            threads=_costs(of_threads, messages),
        )

    def memory(self) -> dict[str, tuple[int, int]]:
        """Bytes resident (now, at most) by process."""
        return {name: memory(pid) for name, pid in self._pids.items()}

    async def _publish(self, load: Load, hear: Callable[[Sent], None]) -> Sent:
        number = len(self.published.logs)
        log = self._subject.state.parent / f"sent-{number}.log"
        order = Order(
            port=self._port,
            plan=self._plan,
            seconds=load.seconds,
            expected=load.rate or load.expected,
            log=str(log),
            rate=load.rate,
            messages=load.messages,
            timed=load.timed,
            phase=number,
            rounds=load.rounds,
        )
        sent = await publish(order, log.with_name("fleet.log"), hear)
        self.published.messages += sent.published
        self.published.absurd += sent.refused
        self.published.timed |= sent.timed
        self.published.logs.append(log)
        return sent

    async def _stored(self, within: float) -> float | None:
        try:
            return await self._subject.stored(within)
        except TimeoutError:
            return None

    def _transitions(self, sent: Sent, looked: int) -> Latency:
        first = self._sights.first
        late = [(first[sensor] - at) / 1e6 for sensor, at in sent.timed.items() if sensor in first]
        return Latency.of(late, self._sights.gaps[looked:])

    async def _horns(self, sent: Sent) -> Latency:
        """Once every alarm has sounded, or those that have not are late beyond all bounds."""
        latest = time.perf_counter() + SOUNDED_WITHIN
        while len(late := list(self._sounded(sent))) < len(sent.timed) and time.perf_counter() < latest:
            await asyncio.sleep(LOOK_EVERY)
        # A horn's clock counts whole milliseconds.
        return Latency.of(late, [1e-3])

    def _sounded(self, sent: Sent) -> Iterator[float]:
        """Ms from the publish of each alarm that has reached a horn."""
        heard = self._sounds.heard()
        for sensor, at in sent.timed.items():
            if played := [heard[key] for key in self._sights.keys(sensor) if key in heard]:
                yield min(played) - at / 1e6

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self._pids.items()}

    def _after(self, judged: Mapping[str, float], history: Mapping[str, float]) -> dict[str, float]:
        """CPU of daemon and database with what the history took once the judge was done.

        The city is silent by then: what the judge makes of that is no cost of a message.
        """
        found = {"daemon": judged["daemon"] + sum(history.values())}
        return found | {name: cpu for name, cpu in self._cpu().items() if name == "database"}


async def publish(order: Order, log: Path, seen: Callable[[Sent], None]) -> Sent:
    """Run the fleet's process to its end; RuntimeError if it fails. `seen` is told once a second."""
    process = await python("bench.fleet", msgspec.json.encode(order).decode(), log=log)
    try:
        while not (sent := msgspec.json.decode(await line(process, log), type=Sent)).seconds:
            seen(sent)
    finally:
        # The last line is said before it hangs up; whoever fails before leaves a fleet that goes on.
        await end(process)
    return sent


def progress(sent: Sent) -> str:
    """What a fleet has done so far, in words."""
    return f"{sent.published:,} published, {sent.acked:,} acknowledged"


def _history(judged: Mapping[str, float], stored: Mapping[str, float]) -> dict[str, float]:
    """CPU of the thread that writes the history, since the judge was done."""
    return {name: stored.get(name, 0.0) - cpu for name, cpu in judged.items() if name == SERIES}


def _spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {name: cpu - before.get(name, 0.0) for name, cpu in after.items()}


def _costs(cpu: Mapping[str, float], messages: int) -> list[Cost]:
    return [Cost(name=name, cpu=spent, message=spent / messages * 1e6) for name, spent in cpu.items()]
