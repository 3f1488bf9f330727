"""Going on behind the journal of a daemon that runs: read, never locked, looked at again and again."""

import asyncio
from collections.abc import Callable, Iterator

from ingest.clock import SECOND, Clock
from ingest.journal import JournalReader
from tocsin.sensing import Sensed, Sensing

LOOK = SECOND // 5
ENTRIES_A_READ = 256


async def follow(
    journal: JournalReader,
    sensing: Sensing,
    tell: Callable[[Sensed], None],
    clock: Clock | None,
    stop: asyncio.Event,
) -> None:
    """Tell of every entry behind `sensing` in order, and of those to come, until `stop` is set.

    Without a `clock` it ends with the entry that is the newest now. What retention removed before it was read
    is passed over. Raises JournalCorrupt and JournalUnavailable.
    """
    while True:
        for batch in taken(journal, sensing, journal.last):
            for sensed in batch:
                tell(sensed)
            # A signal is heard between two reads.
            await asyncio.sleep(0)
            if stop.is_set():
                return
        if clock is None or stop.is_set():
            return
        await _pause(clock, stop)


def taken(journal: JournalReader, sensing: Sensing, end: int) -> Iterator[list[Sensed]]:
    """What the entries behind `sensing` hold, up to the entry `end`, a read at a time."""
    while (left := end - sensing.position) > 0:
        entries = journal.read(sensing.position, min(left, ENTRIES_A_READ))
        if not entries:
            return
        yield [sensed for entry in entries if (sensed := sensing.take(entry)) is not None]


async def _pause(clock: Clock, stop: asyncio.Event) -> None:
    waiting = {
        asyncio.ensure_future(clock.sleep_until(clock.now() + LOOK)),
        asyncio.create_task(stop.wait()),
    }
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for future in waiting:
        future.cancel()
