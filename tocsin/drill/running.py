"""A drill from its first instant to its record: its own daemon, stores, broker and clock."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text as Styled

from console.live import show
from console.summary import Summary
from ingest.clock import MINUTE, LockstepClock, SystemClock
from simulators.device import read_devices
from tocsin.bundle import Bundle
from tocsin.commands.language import Language
from tocsin.configuration import Configuration
from tocsin.drill.card import Real, Text
from tocsin.drill.card_words import clock as after
from tocsin.drill.card_words import told, words_of
from tocsin.drill.drill_file import Drill
from tocsin.drill.performance import Heard
from tocsin.drill.real import Feed
from tocsin.drill.record import STATE, Held, moment, write
from tocsin.drill.storyline import layout_of
from tocsin.drill.town import Town, at_work, daemon_of, town_around
from tocsin.overview import Watcher

# After its end what is under way may be delivered, answered and seen to.
AFTERWARDS = 10 * MINUTE
INTERRUPTED: Text = {"zh": "被人终止", "en": "somebody ended it"}
REAL: Text = {"zh": "收到真实预警", "en": "a real warning came"}
_COUNTS = (
    "published",
    "redelivered",
    "journaled",
    "accepted",
    "duplicates",
    "quarantined",
    "readings",
    "stored",
)


@dataclass(slots=True)
class Ending:
    """Asks a drill to end before its time; `why` by language, {} while nobody has asked."""

    why: Text = field(default_factory=dict)
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self, why: Text = INTERRUPTED) -> None:
        """The first one who asks says why."""
        self.why = self.why or why
        self._asked.set()

    async def wait(self) -> None:
        """Until somebody asks."""
        await self._asked.wait()


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and how a drill is held: `directory` is empty, `sensors` the CSV of the configuration's sensors.

    `held` is the real time (ms); `speed` simulated seconds a real one at most, None as fast as it goes.
    `live` is the state directory of the service whose real warnings are shown.
    """

    bundle: Bundle
    configuration: Configuration
    sensors: Path
    directory: Path
    held: int
    speed: float | None
    console: Console
    language: Language
    live: Path | None = None


async def hold(drill: Drill, stage: Stage, ending: Ending) -> None:
    """Play it and write its record. Raises ConfigurationError, NobodyThere, OSError."""
    feed = None if stage.live is None else Feed(stage.live, SystemClock())
    begin = drill.begin(stage.configuration.settings.zone_info)
    clock = LockstepClock(begin - MINUTE, stage.speed)
    layout = layout_of(drill, begin, stage.sensors, read_devices(stage.sensors))
    real: list[Real] = []
    async with town_around(stage.bundle, layout, clock, stage.directory) as town:
        async with daemon_of(town, stage.directory / STATE) as daemon:
            watcher = Watcher(daemon)
            try:
                async with at_work(town, daemon), _seeing(feed, drill, stage, clock, real, ending):
                    await _play(drill, stage, town, watcher, ending)
                summary = watcher.summary(town.published, town.broker.counters.redelivered)
            finally:
                watcher.close()
        held = _held(drill, stage, ending, (begin, clock.now()), summary, town, real)
        write(stage.directory, drill, held, _heard(town))


async def _play(drill: Drill, stage: Stage, town: Town, watcher: Watcher, ending: Ending) -> None:
    """Time passes to the end of the drill and beyond, or until somebody asks for its ending."""
    begin = town.clock.now() + MINUTE
    async with asyncio.TaskGroup() as group:
        passing = group.create_task(town.clock.run(begin + drill.file.lasts + AFTERWARDS))
        asked = group.create_task(ending.wait())
        shown = [
            group.create_task(show(stage.console, watcher.look)),
            group.create_task(_tell(drill, stage, town.clock, begin)),
        ]
        await asyncio.wait((passing, asked), return_when=asyncio.FIRST_COMPLETED)
        for task in (passing, asked, *shown):
            task.cancel()


@asynccontextmanager
async def _seeing(
    feed: Feed | None, drill: Drill, stage: Stage, clock: LockstepClock, real: list[Real], ending: Ending
) -> AsyncIterator[None]:
    """Meanwhile real warnings are shown at once, and end the drill if it says so."""
    if feed is None:
        yield
        return
    seeing = asyncio.create_task(_see(feed, drill, stage, clock, real, ending))
    try:
        yield
    finally:
        seeing.cancel()
        await asyncio.wait([seeing])


async def _see(
    feed: Feed, drill: Drill, stage: Stage, clock: LockstepClock, real: list[Real], ending: Ending
) -> None:
    async for warning in feed.warnings():
        stage.console.print(Styled(told(warning.text, stage.language), style="bold white on red"))
        grade = "" if warning.grade is None else str(warning.grade)
        real.append(Real(at=clock.now(), grade=grade, place=warning.place, text=warning.text))
        if drill.file.real == "stop":
            ending.ask(REAL)


async def _tell(drill: Drill, stage: Stage, clock: LockstepClock, begin: int) -> None:
    """What happens, when it happens: who leads the drill reads it, and whoever plays what is for them."""
    mark = words_of(stage.language)("EXERCISE")
    for entry in sorted(drill.file.storyline, key=lambda entry: entry.at):
        await clock.sleep_until(begin + entry.at)
        found = moment(entry)
        line = f"{mark} {after(entry.at)} {found.what} {told(found.text, stage.language)}"
        stage.console.print(Styled(line, style="bold"))


def _held(
    drill: Drill,
    stage: Stage,
    ending: Ending,
    span: tuple[int, int],
    summary: Summary,
    town: Town,
    real: Sequence[Real],
) -> Held:
    return Held(
        file=drill.document.source.name,
        held=stage.held,
        began=span[0],
        ended=min(span[1], span[0] + drill.file.lasts + AFTERWARDS),
        speed=stage.speed or 0.0,
        stopped=ending.why,
        real=tuple(real),
        counts={name: count for name, count in asdict(summary).items() if name in _COUNTS},
        faults=dict(town.fleet.happened),
    )


def _heard(town: Town) -> Iterator[Heard]:
    """What reached a phone or came out of a loudspeaker, in the order in which it did."""
    shown = [Heard(text.at, text.key) for text in town.phone.inbox]
    played = [Heard(one.at, one.id) for one in town.horn.played]
    yield from sorted([*shown, *played], key=lambda heard: (heard.at, heard.key))
