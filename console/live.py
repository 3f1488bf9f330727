"""The overview as it changes: a live picture on a terminal, plain lines elsewhere."""

import asyncio
from collections.abc import Callable

from rich.console import Console
from rich.live import Live

from console.overview import Overview, draw, line, told

PICTURE_SECONDS = 0.25
LINE_SECONDS = 2.0
# Lines of a terminal below which everything is told as shortly as it can be, and those that are not rows.
SMALL = 36
FURNITURE, ROOMY_FURNITURE = 20, 30


async def show(console: Console, look: Callable[[], Overview]) -> None:
    """Until cancelled."""
    if console.is_terminal:
        await _picture(console, look)
    else:
        await _lines(console, look)


async def _picture(console: Console, look: Callable[[], Overview]) -> None:
    small = console.size.height < SMALL
    rows = max((console.size.height - (FURNITURE if small else ROOMY_FURNITURE)) // 2, 2)
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(draw(look(), rows, small=small), refresh=True)
            await asyncio.sleep(PICTURE_SECONDS)


async def _lines(console: Console, look: Callable[[], Overview]) -> None:
    """A line every LINE_SECONDS; what changes as soon as it is seen."""
    known: set[str] = set()
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        view = look()
        if loop.time() >= due:
            due += LINE_SECONDS
            console.out(line(view), highlight=False)
        for about, words in told(view):
            if about not in known:
                known.add(about)
                console.out(words, highlight=False)
        await asyncio.sleep(PICTURE_SECONDS)
