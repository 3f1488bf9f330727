"""`python -m bench.garbage_beside`: good messages at a rate that is sustained, and as many bad ones beside.

Two daemons one after the other, each with all shipped rules and warmed up: one is given the good fleet alone,
the other has garbage of all kinds in turn beside it. Alarms among the good messages are timed. Exit code 1 if
a message is not judged as it should be, or less than SHARE of the rate is kept.
"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from bench.figures import Phase
from bench.garbage_load import Order
from bench.measure import BROKERS
from bench.phases import Load, Phases
from bench.process import line, python
from bench.sights import Sights, Sounds
from bench.subject import Subject
from simulators.city.plan import City, Plan, plan_for

SHARE = 0.95
ALARMS_A_SECOND = 10.0
GATEWAYS = 50
# Rounds of all sensors before anything is measured, and s they may take.
WARM, LONGEST = 2, 600.0
# s the embedded store may need for what is left.
STORED_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Beside:
    """The good messages of a phase, those of them `unjudged`, and the `bad` ones beside them."""

    phase: Phase
    unjudged: int
    bad: int

    def cpu(self, thread: str) -> float:
        """CPU us of the daemon's thread for each message, good or bad."""
        [spent] = [cost.cpu for cost in self.phase.threads if cost.name == thread]
        return spent / (self.phase.messages + self.bad) * 1e6


@asynccontextmanager
async def bad_ones(order: Order, log: Path) -> AsyncIterator[list[int]]:
    """Garbage for as long as the block lasts; then the list holds how much."""
    process = await python("bench.garbage_load", msgspec.json.encode(order).decode(), log=log)
    sent: list[int] = []
    try:
        yield sent
    finally:
        process.terminate()
        sent.append(int(await line(process, log)))
        await process.wait()


async def measure(plan: Plan, rate: float, seconds: float, broker: str, bad: float) -> Beside:
    """A daemon of its own, warmed up, with `bad` messages/s beside; RuntimeError and Behind as for a city."""
    # The first reports of a sensor are dear.
    warm = Load(seconds=LONGEST, timed=1, messages=WARM * plan.sensors, expected=rate)
    load = Load(seconds=seconds, timed=ALARMS_A_SECOND, rate=rate)
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-garbage-")))
        server = await stack.enter_async_context(BROKERS[broker](place))
        mqtt = {"host": "127.0.0.1", "port": server.port, "linger": "20ms"}
        subject = Subject(place, City.of(plan), {"mqtt": mqtt, "series": {"store": "embedded"}}, None)
        await subject.start()
        stack.push_async_callback(subject.stop)
        sights = await stack.enter_async_context(Sights(subject.state / "outbox.db"))
        sounds = await stack.enter_async_context(Sounds(plan, server.port))
        pids = {"daemon": subject.pid, "broker": server.pid}
        phases = Phases(plan, server.port, subject, pids, (sights, sounds))
        await phases.run(warm, STORED_WITHIN, lambda _: None)
        async with bad_ones(Order(port=server.port, rate=bad, plan=plan), place / "garbage.log") as sent:
            phase = await phases.run(load, STORED_WITHIN, lambda _: None)
        unjudged = await _unjudged(phases, subject, sent[0])
        return Beside(phase, unjudged, sent[0])


async def _unjudged(phases: Phases, subject: Subject, bad: int) -> int:
    """Messages that were not accepted or, if they are bad, not refused, once all have been judged."""
    async with asyncio.timeout(STORED_WITHIN):
        while sum(judged := await subject.judged()) < phases.published.messages + bad:
            await asyncio.sleep(0.2)
    accepted, quarantined = judged
    refused = phases.published.absurd + bad
    return max(phases.published.messages + bad - refused - accepted, refused - quarantined)


def show(found: list[Beside], console: Console) -> float:
    """The table; the share of the rate that is left."""
    alone, beside = (one.phase for one in found)
    table = Table(box=None)
    for column in ("", "good alone", "as many bad ones beside"):
        table.add_column(column, justify="left" if not column else "right")
    for name, cells in {
        "good messages published": [f"{p.messages:,}" for p in (alone, beside)],
        "bad messages published": [f"{one.bad:,}" for one in found],
        "not judged as they should be": [f"{one.unjudged:,}" for one in found],
        "good messages/s, publish to judged": [f"{p.rate:,.0f}" for p in (alone, beside)],
        "judge behind the broker, s": [f"{p.judged:.2f}" for p in (alone, beside)],
        "publish to transition p50, ms": [f"{p.transition.p50:.0f}" for p in (alone, beside)],
        "publish to transition p99, ms": [f"{p.transition.p99:.0f}" for p in (alone, beside)],
        "alarms": [f"{p.transition.samples:,}" for p in (alone, beside)],
        "CPU us a message of any kind: main thread": [f"{one.cpu('main'):.1f}" for one in found],
        "outbox and quarantine thread": [f"{one.cpu('outbox'):.1f}" for one in found],
    }.items():
        table.add_row(name, *cells)
    console.print(table)
    share = beside.rate / alone.rate
    console.print(f"good throughput kept: {share:.1%}", highlight=False)
    return share


def main(
    rate: Annotated[float, typer.Option(min=100, help="Good messages/s, and as many bad ones.")] = 2_000.0,
    sensors: Annotated[int, typer.Option(min=1_000, max=400_000)] = 20_000,
    seconds: Annotated[float, typer.Option(min=5, max=3_600)] = 30.0,
    broker: Annotated[str, typer.Option(help=f"One of: {', '.join(BROKERS)}.")] = "Mosquitto",
) -> None:
    """Good messages at a rate that is sustained, and what as many bad ones beside them do to them."""
    plan = plan_for(sensors, GATEWAYS, rate)
    found = [asyncio.run(measure(plan, rate, seconds, broker, bad)) for bad in (0.0, rate)]
    console = Console(width=None if sys.stdout.isatty() else 120)
    share = show(found, console)
    if share < SHARE or any(one.unjudged for one in found):
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(main)
