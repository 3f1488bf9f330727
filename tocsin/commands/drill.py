"""`tocsin drill`: hold a drill, and read its score card or those of several side by side."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from ingest.clock import SystemClock
from ingest.finding import ConfigurationError, Finding
from simulators.events import NobodyThere
from tocsin.commands import FINDINGS, USAGE, fail
from tocsin.commands.language import Lang, Language, spoken
from tocsin.commands.sheet import show
from tocsin.configuration import Configuration, configure, read_bundle, read_text
from tocsin.drill.card import Card
from tocsin.drill.card_page import card_page
from tocsin.drill.card_tables import headline, sheets, side_by_side
from tocsin.drill.drill_file import Drill, read_drill
from tocsin.drill.names import strangers
from tocsin.drill.record import NoDrillError, Record, read_record
from tocsin.drill.running import Ending, Stage, hold
from tocsin.log import configure as configure_log
from tocsin.wording import in_language

app = typer.Typer(help="Drills: a storyline against a daemon of its own, and the score card of it.")

RECORDS = Path("drills")


class Format(StrEnum):
    """How a score card is written."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


Config = Annotated[Path, typer.Option("--config", "-c", help="The settings whose places are drilled.")]


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="The drill, YAML.")],
    speed: Annotated[
        float | None, typer.Option(min=0, help="Simulated seconds in a real one; 0 is as fast as it goes.")
    ] = None,
    config: Config = Path("configs/tocsin.yaml"),
    record: Annotated[Path | None, typer.Option(help="An empty directory for its record.")] = None,
    live: Annotated[
        Path | None, typer.Option(help="The state directory whose real warnings are shown meanwhile.")
    ] = None,
    lang: Lang = None,
) -> None:
    """Hold a drill with its own daemon, stores, broker and clock; nothing of it leaves this process."""
    language, console = spoken(lang), Console()
    bundle = read_bundle(config)
    configuration = configure(bundle)
    drill = read(file, configuration, language)
    configure_log("error" if sys.stdout.isatty() else "warning", plain=True)
    held = SystemClock().now()
    directory = record or RECORDS / f"{file.stem}-{datetime.fromtimestamp(held / 1000):%Y%m%d-%H%M%S}"
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        fail(f"{directory} is not empty; name an empty directory with --record", USAGE)
    pace = drill.file.speed if speed is None else speed
    sensors = config.parent / _sensors(configuration)
    stage = Stage(bundle, configuration, sensors, directory, held, pace or None, console, language, live)
    try:
        asyncio.run(_hold(drill, stage))
    except NobodyThere as error:
        fail(f"{file}: {error}", FINDINGS)
    found = read_record(directory)
    _print(found.card(), found, language)
    typer.echo(f"\n{headline(found.card(), language)}")
    typer.echo(f"tocsin drill report {directory} --format html")
    if not found.card().passed:
        raise SystemExit(FINDINGS)


@app.command()
def report(
    records: Annotated[list[Path], typer.Argument(help="Records of drills; of several, a table.")],
    format_: Annotated[Format, typer.Option("--format", help="Of the score card.")] = Format.TEXT,
    lang: Lang = None,
) -> None:
    """The score card of a drill that was held, or of several side by side."""
    language = spoken(lang)
    try:
        found = [read_record(directory) for directory in records]
    except NoDrillError as error:
        fail(str(error), USAGE)
    cards = [each.card() for each in found]
    if len(found) > 1:
        _beside(cards, found, format_, language)
    elif format_ is Format.JSON:
        typer.echo(_json(cards[0]))
    elif format_ is Format.HTML:
        typer.echo(card_page(cards[0], found[0].configuration.settings.zone_info, language), nl=False)
    else:
        _print(cards[0], found[0], language)


async def _hold(drill: Drill, stage: Stage) -> None:
    """The first signal ends it early, with its record; a second one ends the process."""
    ending, loop = Ending(), asyncio.get_running_loop()

    def end(number: signal.Signals) -> None:
        ending.ask()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
    await hold(drill, stage, ending)


def read(file: Path, configuration: Configuration, language: Language) -> Drill:
    """A drill that fits a configuration. Raises ConfigurationError, in the language that is spoken."""
    findings: list[Finding] = []
    text = read_text(file, findings)
    drill, wrong = (None, findings) if findings else read_drill(str(file), text)
    if drill is not None:
        wrong = [*strangers(drill, configuration)]
    if drill is None or wrong:
        raise ConfigurationError(in_language(wrong, language))
    return drill


def _sensors(configuration: Configuration) -> str:
    names = [name for name in configuration.settings.sensors if name.endswith(".csv")]
    if len(names) != 1:
        fail(f"sensors: a drill plays those of one CSV, and the settings name {len(names)}", FINDINGS)
    return names[0]


def _print(card: Card, record: Record, language: Language) -> None:
    typer.echo(headline(card, language))
    for sheet in sheets(card, language):
        typer.echo()
        show(sheet.title, sheet.columns, sheet.rows)


def _beside(cards: Sequence[Card], records: Sequence[Record], format_: Format, language: Language) -> None:
    if format_ is Format.HTML:
        fail("a page shows one drill; name one, or leave out --format html", USAGE)
    if format_ is Format.JSON:
        for card in cards:
            typer.echo(_json(card))
        return
    sheet = side_by_side(cards, records[0].configuration.settings.zone_info, language)
    show(sheet.title, sheet.columns, sheet.rows)


def _json(card: Card) -> str:
    return msgspec.json.format(msgspec.json.encode(card)).decode()
