"""The readings as they come in, with what is known against them: read from the journal, beside the daemon."""

import asyncio
import signal
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from ingest.clock import HOUR, Clock, SystemClock
from ingest.duration import format_duration
from ingest.journal import JournalReader
from tocsin.commands import STATE, USAGE, Json, State, fail, instant_of
from tocsin.commands.journal import reading, sensing
from tocsin.commands.language import Lang, spoken
from tocsin.following import follow
from tocsin.reading_lines import heading, json_line, text_line
from tocsin.selection import Refused, Seen, Selection, Wanted, Wish, unknown
from tocsin.sensing import Sensing

app = typer.Typer()

# What goes before the first line where the newest snapshot is of later: every check knows the last reports of
# a sensor then, except what compares with a longer past.
WARM_UP = HOUR
WARMED_UP = (
    f"quality control has seen {format_duration(WARM_UP)} before the first line: what follows from longer "
    "before, such as a value that is stuck, is not marked; without --since all is as the judge sees it"
)


@app.command()
def tail(
    state: State = STATE,
    sensor: Annotated[str, typer.Option(metavar="GLOB", help="Ids, with * and ? as in file names.")] = "*",
    zone: Annotated[str, typer.Option(help="The zone, with what lies in it.")] = "",
    kind: Annotated[str, typer.Option(help="Only sensors of this kind.")] = "",
    metric: Annotated[str, typer.Option(help="Only this metric.")] = "",
    quality: Annotated[list[Wish] | None, typer.Option(help="Only this quality; may be given twice.")] = None,
    since: Annotated[
        str, typer.Option(help="Begin a time ago (10min) or at an instant, ISO 8601; now if not given.")
    ] = "",
    following: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Go on with what comes in, until Ctrl-C.")
    ] = True,
    as_json: Json = False,
    lang: Lang = None,
) -> None:
    """The decoded readings with the quality the judge sees, and what was refused and why."""
    if not following and not since:
        fail("--no-follow shows what has been: say since when, for example --since 10min", USAGE)
    clock = SystemClock()
    begin = instant_of(since) if since else clock.now()
    wanted = Wanted(sensor, zone, kind, metric, frozenset(quality or ()))
    with reading(state) as journal:
        stages, exact = sensing(state, journal, begin, WARM_UP)
        if mistaken := unknown(wanted, stages.basis):
            fail(mistaken, USAGE)
        if not exact:
            typer.echo(WARMED_UP, err=True)
        show = _printer(as_json or not sys.stdout.isatty(), lang)
        asyncio.run(_tail(journal, stages, Selection(wanted), show, clock if following else None))


Show = Callable[[list[Seen | Refused]], None]


def _printer(as_json: bool, lang: Lang) -> Show:
    language = spoken(lang)
    if not as_json:
        typer.echo(heading(language))

    def show(found: list[Seen | Refused]) -> None:
        lines = [json_line(one).decode() if as_json else text_line(one, language) for one in found]
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()

    return show


async def _tail(
    journal: JournalReader, stages: Sensing, selection: Selection, show: Show, clock: Clock | None
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await follow(journal, stages, lambda sensed: show(list(selection.of(sensed))), clock, stop)
