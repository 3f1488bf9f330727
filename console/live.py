"""The overview as it changes: a live picture on a terminal, plain lines elsewhere."""

import asyncio
from collections.abc import Callable

from rich.console import Console
from rich.live import Live

from console.overview import LastDelivery, Overview, clock_time, draw, line

PICTURE_SECONDS = 0.25
LINE_SECONDS = 2.0
# Lines of a terminal below which everything is told as shortly as it can be, and those that are not rows.
SMALL = 36
FURNITURE, ROOMY_FURNITURE = 15, 22


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
    told: dict[tuple[str, str, str], str] = {}
    while True:
        view = look()
        console.out(line(view), highlight=False)
        for delivery in reversed(view.deliveries):
            key = (delivery.channel, delivery.recipient, delivery.text)
            if told.get(key) != delivery.state:
                told[key] = delivery.state
                console.out(_told(delivery, view), highlight=False)
        await asyncio.sleep(LINE_SECONDS)


def _told(delivery: LastDelivery, view: Overview) -> str:
    at = clock_time(delivery.at, view.zone)
    return f"  {at}  {delivery.channel} to {delivery.recipient}: {delivery.state}: {delivery.text}"
