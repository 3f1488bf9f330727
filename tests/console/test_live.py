"""The overview as it changes, where there is no terminal and where there is one."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

from rich.console import Console

from console.live import show
from console.overview import LastDelivery, Overview, line
from rules.grade import Grade

VIEW = Overview(
    now=1_527_973_800_000,
    zone=UTC,
    realm="live",
    rate=12.0,
    journaled=5,
    quarantined=0,
    online=(),
    unreached=(),
    waiting=(),
    incidents=(),
    deliveries=(
        LastDelivery(1_527_973_800_000, "sms", "ana", Grade.RED, ("queued",), "[b]second[/b]"),
        LastDelivery(1_527_973_790_000, "sms", "ana", Grade.RED, ("queued", "delivered"), "first"),
    ),
)


async def shown(console: Console, look: Callable[[], Overview], until: Callable[[str], bool]) -> str:
    """What is on the console once `until` holds of it."""
    showing = asyncio.create_task(show(console, look))
    file = console.file
    assert isinstance(file, io.StringIO)
    async with asyncio.timeout(5):
        while not until(file.getvalue()):
            await asyncio.sleep(0.01)
    showing.cancel()
    await asyncio.wait([showing])
    assert showing.cancelled()
    return file.getvalue()


async def test_without_a_terminal_it_prints_the_line_and_each_delivery_in_order_of_time() -> None:
    console = Console(file=io.StringIO(), width=60)

    text = await shown(console, lambda: VIEW, lambda text: "second" in text)

    assert text.splitlines() == [
        line(VIEW),
        "  06-02 21:09:50  sms to ana: queued → delivered: first",
        "  06-02 21:10:00  sms to ana: queued: [b]second[/b]",
    ]


async def test_without_a_terminal_what_changes_between_two_lines_is_told_once() -> None:
    sent = replace(VIEW.deliveries[0], states=("queued", "accepted"))
    views = iter([VIEW, VIEW])
    later = replace(VIEW, deliveries=(sent, *VIEW.deliveries[1:]))
    console = Console(file=io.StringIO(), width=60)

    text = await shown(console, lambda: next(views, later), lambda text: "accepted" in text)

    assert text.splitlines() == [
        line(VIEW),
        "  06-02 21:09:50  sms to ana: queued → delivered: first",
        "  06-02 21:10:00  sms to ana: queued: [b]second[/b]",
        "  06-02 21:10:00  sms to ana: queued → accepted: [b]second[/b]",
    ]


async def test_on_a_terminal_the_picture_follows_what_happens() -> None:
    views = iter(range(1000))
    console = Console(file=io.StringIO(), width=120, height=40, force_terminal=True, color_system=None)

    text = await shown(
        console, lambda: replace(VIEW, journaled=next(views)), lambda text: "journaled 1 " in text
    )

    assert "journaled 0 " in text
    assert "first" in text
