"""`tocsin shadow`: what other rules make of what comes in now; told to nobody."""

import asyncio
import signal
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ingest.clock import SystemClock
from rules.transition import Transition, line
from tocsin.candidate import candidate
from tocsin.commands import STATE, State
from tocsin.commands.changes import Candidate, bundles_in
from tocsin.shadow import Compared, Shadow, follow

app = typer.Typer()


@app.command()
def shadow(
    wanted: Candidate,
    state: State = STATE,
    to: Annotated[Path | None, typer.Option(help="Append the lines to this file instead.")] = None,
    compare: Annotated[bool, typer.Option(help="Count how they differ from the live ones.")] = False,
) -> None:
    """What comes in judged by other rules, too, until stopped: one JSON line a transition."""
    of = Shadow(state, candidate(wanted, bundles_in(state)), SystemClock())
    with ExitStack() as opened:
        opened.enter_context(closing(of))
        out = opened.enter_context(to.open("ab")) if to else typer.get_binary_stream("stdout")
        asyncio.run(_until_stopped(of, out, compare=compare))


async def _until_stopped(of: Shadow, out: BinaryIO, *, compare: bool) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def tell(transition: Transition) -> None:
        out.write(line(transition) + b"\n")
        out.flush()

    def compared(counts: Compared) -> None:
        if compare:
            typer.echo(f"both {counts.both}, only live {counts.live}, only here {counts.shadow}", err=True)

    await follow(of, tell, stop, compared)
