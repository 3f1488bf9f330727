"""`tocsin demo`: a simulated county and a real flood through the real daemon, on embedded parts."""

import asyncio
import signal
import tempfile
from pathlib import Path

from rich.console import Console

from console.live import show
from console.summary import Summary, table
from ingest.clock import MINUTE, LockstepClock
from rules.grade import Grade
from simulators.horn import Condition
from simulators.officers import FalseCall
from simulators.readings_csv import read_rows
from simulators.timetable import Timetable
from tocsin.configuration import read_bundle
from tocsin.drill.layout import Layout
from tocsin.drill.town import Town, at_work, daemon_of, town_around
from tocsin.overview import Watcher

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
    layout = Layout(
        sensors=configs / "sensors.csv",
        seed=seed,
        recorded=river,
        repeat=True,
        horns=DEAD,
        call=CALL,
    )
    bundle = read_bundle(configs / "tocsin.yaml")
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as directory:
        async with town_around(bundle, layout, clock, Path(directory)) as town:
            result = await _play(town, Path(directory, "state"), stop)
    Console().print(table(result))
    return result.reconciled


async def _play(town: Town, state: Path, stop: asyncio.Event) -> Summary:
    """Run everything until `stop`, let every hop finish, take the sums."""
    async with daemon_of(town, state) as daemon:
        watcher = Watcher(daemon)
        if not stop.is_set():
            async with at_work(town, daemon):
                await _show(town, watcher, stop)
        result = watcher.summary(town.published, town.broker.counters.redelivered)
        watcher.close()
    return result


async def _show(town: Town, watcher: Watcher, stop: asyncio.Event) -> None:
    """Time passes, and is looked at, until `stop`."""
    async with asyncio.TaskGroup() as group:
        passing = [
            group.create_task(work) for work in (town.clock.run(FOREVER), show(Console(), watcher.look))
        ]
        await stop.wait()
        for task in passing:
            task.cancel()
