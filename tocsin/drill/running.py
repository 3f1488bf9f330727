"""A drill from its first instant to its record: its own daemon, stores, broker and clock."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text as Styled

from console.live import show
from console.summary import Summary
from ingest.clock import MINUTE, LockstepClock, SystemClock
from ingest.finding import Finding
from simulators.device import read_devices
from tocsin.bundle import Bundle
from tocsin.commands.language import Language
from tocsin.configuration import Configuration
from tocsin.drill.card import Real, Text
from tocsin.drill.card_words import clock as after
from tocsin.drill.card_words import happening, told, words_of
from tocsin.drill.drill_file import Drill
from tocsin.drill.people import StaffedDaemon
from tocsin.drill.performance import Heard
from tocsin.drill.real import Feed, RealWarning
from tocsin.drill.record import STATE, Held, moment, write
from tocsin.drill.storyline import layout_of
from tocsin.drill.town import Town, at_work, daemon_of, town_around
from tocsin.overview import Watcher
from tocsin.wording import in_language

# After its end what is under way may be delivered, answered and seen to.
AFTERWARDS = 10 * MINUTE
INTERRUPTED: Text = {"zh": "被人终止", "en": "somebody ended it"}
REAL: Text = {"zh": "收到真实预警", "en": "a real warning came"}
# Of a message, hop by hop, as the record has them.
COUNTS = (
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
    await _Holding(drill, stage, ending).hold()


class _Holding:
    """One drill while it is held; `begin` and `until` in ms of its own clock."""

    def __init__(self, drill: Drill, stage: Stage, ending: Ending) -> None:
        self.drill, self.stage, self.ending = drill, stage, ending
        self.feed = None if stage.live is None else Feed(stage.live, SystemClock())
        self.real: list[Real] = []
        self.begin = drill.begin(stage.configuration.settings.zone_info)
        self.until = self.begin + drill.file.lasts + AFTERWARDS
        self.clock = LockstepClock(self.begin - MINUTE, stage.speed)

    async def hold(self) -> None:
        """See `hold`."""
        stage = self.stage
        layout = layout_of(self.drill, self.begin, stage.sensors, read_devices(stage.sensors))
        async with town_around(stage.bundle, layout, self.clock, stage.directory) as town:
            async with daemon_of(town, stage.directory / STATE) as daemon:
                summary = await self._played(town, daemon)
            write(stage.directory, self.drill, self._held(town, summary), _heard(town))

    async def _played(self, town: Town, daemon: StaffedDaemon) -> Summary:
        watcher = Watcher(daemon)
        try:
            async with at_work(town, daemon):
                await self._play(watcher)
            return watcher.summary(town.published, town.broker.counters.redelivered)
        finally:
            watcher.close()

    async def _play(self, watcher: Watcher) -> None:
        """Time passes to the end of the drill and beyond, or until somebody asks for its ending."""
        async with asyncio.TaskGroup() as group:
            passing = group.create_task(self.clock.run(self.until))
            asked = group.create_task(self.ending.wait())
            shown = [
                group.create_task(each)
                for each in (show(self.stage.console, watcher.look), self._tell(), self._see())
            ]
            await asyncio.wait((passing, asked), return_when=asyncio.FIRST_COMPLETED)
            for task in (passing, asked, *shown):
                task.cancel()

    async def _tell(self) -> None:
        """What happens, when it happens: who leads the drill reads it, and whoever plays what is for them."""
        mark = words_of(self.stage.language)("EXERCISE")
        for entry in sorted(self.drill.file.storyline, key=lambda entry: entry.at):
            await self.clock.sleep_until(self.begin + entry.at)
            found = moment(entry)
            what = happening(found.what, self.stage.language)
            line = f"{mark} {after(entry.at)} {what} {told(found.text, self.stage.language)}"
            self.stage.console.print(Styled(line, style="bold"))

    async def _see(self) -> None:
        """Real warnings are shown at once, and that none can be seen: silence must not look like safety."""
        if self.feed is None:
            return
        async for news in self.feed.news():
            if isinstance(news, Finding):
                [told_] = in_language([news], self.stage.language)
                self.stage.console.print(Styled(str(told_), style="bold red"))
            else:
                self._show(news)

    def _show(self, warning: RealWarning) -> None:
        said = told(warning.text, self.stage.language)
        self.stage.console.print(Styled(said, style="bold white on red"))
        grade = "" if warning.grade is None else str(warning.grade)
        self.real.append(Real(at=self.clock.now(), grade=grade, place=warning.place, text=warning.text))
        if self.drill.file.real == "stop":
            self.ending.ask(REAL)

    def _held(self, town: Town, summary: Summary) -> Held:
        return Held(
            file=self.drill.document.source.name,
            held=self.stage.held,
            began=self.begin,
            ended=min(self.clock.now(), self.until),
            speed=self.stage.speed or 0.0,
            stopped=self.ending.why,
            real=tuple(self.real),
            counts={name: count for name, count in asdict(summary).items() if name in COUNTS},
            faults=dict(town.fleet.happened),
        )


def _heard(town: Town) -> Iterator[Heard]:
    """What reached a phone or came out of a loudspeaker, in the order in which it did."""
    shown = [Heard(text.at, text.key) for text in town.phone.inbox]
    played = [Heard(one.at, one.id) for one in town.horn.played]
    yield from sorted([*shown, *played], key=lambda heard: (heard.at, heard.key))
