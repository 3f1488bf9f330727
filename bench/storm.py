"""`python -m bench storm`: ten thousand warnings in a second, one of them red, through outbox and dispatcher.

Warnings come in blocks, as the judge commits them, on a disk; the channels take everything at once. Timed is
how long until all is durable, until all is routed, and from the red's arrival until its channels have it.
"""

import asyncio
import resource
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.engine_figures import Figure
from bench.storm_town import HORN, RED, SMS, WARNINGS, Shape, router, storm
from ingest.clock import SystemClock
from notifiers.delivery import Delivery
from notifiers.dispatcher import Dispatcher
from notifiers.outbox import Outbox
from notifiers.outbox.shed import account
from notifiers.outcome import Outcome
from notifiers.recorder import Recorder
from rules.realm import Realm
from rules.transition import Transition

BLOCK = 500
# How long the warnings take to come, s.
WITHIN = 1.0
# s, and MiB of the whole process (design, section 5; failure F24).
DURABLE, RED_HANDED, MEMORY = 10.0, 2.0, 512.0
_LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class Passed:
    """One storm: seconds until each, and how many warnings were accounted for, as the duty room sees it."""

    durable: float
    routed: float
    red: float
    accounted: int


class _Watch(Recorder):
    """Notes when the red came."""

    red: float | None = None

    async def send(self, delivery: Delivery) -> Outcome:
        if delivery.bulletin.rule == RED and self.red is None:
            self.red = perf_counter()
        return await super().send(delivery)


def measure(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Every shape `runs` times, each from an empty outbox."""
    figures: list[Figure] = []
    for shape in Shape:
        passed = [asyncio.run(_pass(shape, seed)) for seed in range(runs)]
        say(f"{shape}: {runs} storms")
        figures += _figures(shape, passed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        *figures,
        Figure(name="memory of the process", value=peak, unit="MiB", limit=MEMORY, at_most=True),
    ]


def _figures(shape: Shape, passed: Sequence[Passed]) -> Iterator[Figure]:
    durable, routed = max(p.durable for p in passed), max(p.routed for p in passed)
    yield Figure(name=f"{shape}: all durable", value=durable, unit="s", limit=DURABLE, at_most=True)
    yield Figure(name=f"{shape}: all routed", value=routed, unit="s", limit=DURABLE, at_most=True)
    red = sorted(p.red for p in passed)
    p99 = red[min(len(red) - 1, round(0.99 * len(red)))]
    yield Figure(
        name=f"{shape}: red with its channel, p99", value=p99, unit="s", limit=RED_HANDED, at_most=True
    )
    least = min(p.accounted for p in passed)
    most = max(p.accounted for p in passed)
    yield Figure(name=f"{shape}: accounted for, least", value=least, unit="warnings", limit=WARNINGS)
    yield Figure(
        name=f"{shape}: accounted for, most", value=most, unit="warnings", limit=WARNINGS, at_most=True
    )


async def _pass(shape: Shape, seed: int) -> Passed:
    lines = storm(shape, seed)
    with tempfile.TemporaryDirectory() as directory, _opened(Path(directory)) as (outbox, worker):
        channels = [_Watch(Realm.DRILL, name) for name in (SMS, HORN)]
        dispatcher = Dispatcher(outbox, router(shape), channels, SystemClock(), worker)
        running = asyncio.create_task(dispatcher.run())
        try:
            return await asyncio.wait_for(_timed(lines, outbox, worker, dispatcher, channels), _LONGEST)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def _timed(
    lines: list[Transition],
    outbox: Outbox,
    worker: ThreadPoolExecutor,
    dispatcher: Dispatcher,
    channels: Sequence[_Watch],
) -> Passed:
    loop, blocks = asyncio.get_running_loop(), [lines[n : n + BLOCK] for n in range(0, len(lines), BLOCK)]
    began = perf_counter()
    came = 0.0
    for number, block in enumerate(blocks):
        at = began + WITHIN * number / len(blocks)
        await asyncio.sleep(max(at - perf_counter(), 0))
        if any(line.rule == RED for line in block):
            came = at
        await loop.run_in_executor(worker, outbox.commit, number + 1, block)
        dispatcher.notify()
    durable = perf_counter() - began
    routed = 0.0
    while not routed or not dispatcher.idle():
        await asyncio.sleep(0.05)
        if not routed and not await loop.run_in_executor(worker, _behind, outbox):
            routed = perf_counter() - began
    red = max(channel.red - came for channel in channels if channel.red is not None)
    return Passed(durable, routed, red, await loop.run_in_executor(worker, _accounted, outbox))


def _behind(outbox: Outbox) -> bool:
    with outbox.transaction() as connection:
        return bool(
            connection.execute("SELECT EXISTS (SELECT 1 FROM transitions WHERE routed IS NULL)").fetchone()[0]
        )


def _accounted(outbox: Outbox) -> int:
    with outbox.transaction() as connection:
        found = account(connection, "officer-0", SMS)
    return found.single + found.digested + found.noticed + found.waiting


@contextmanager
def _opened(directory: Path) -> Iterator[tuple[Outbox, ThreadPoolExecutor]]:
    with ThreadPoolExecutor(1) as worker:
        outbox = worker.submit(Outbox.open, directory / "outbox.sqlite", Realm.DRILL).result()
        try:
            yield outbox, worker
        finally:
            worker.submit(outbox.close).result()
