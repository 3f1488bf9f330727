"""When a warning stands in the outbox, seen from outside: the file is asked every millisecond."""

import asyncio
import time
from pathlib import Path
from typing import Self

from notifiers.outbox.reader import OutboxReader

POLL = 0.001


class Sights:
    """Subject to the instant (ns since the epoch) at which its first raise was seen committed.

    `gaps` are the seconds between two looks: an instant is late by at most one of them.
    """

    def __init__(self, outbox: Path) -> None:
        self.first: dict[str, int] = {}
        self.gaps: list[float] = []
        self._outbox = OutboxReader.reading(outbox)
        self._newest = 0

    async def __aenter__(self) -> Self:
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._looking.cancel()
        await asyncio.wait([self._looking])
        self._outbox.close()

    async def of(self, subject: str, within: float) -> int:
        """The instant of its raise; TimeoutError after `within` seconds without one."""
        async with asyncio.timeout(within):
            while subject not in self.first:
                if self._looking.done():
                    # Only an error ends it.
                    self._looking.result()
                await asyncio.sleep(POLL)
        return self.first[subject]

    async def _look(self) -> None:
        before = time.perf_counter()
        while True:
            found = self._outbox.transitions(self._newest)
            now, at = time.time_ns(), time.perf_counter()
            for self._newest, transition in found:
                if transition.before is None:
                    self.first.setdefault(transition.subject, now)
            self.gaps.append(at - before)
            before = at
            await asyncio.sleep(POLL)
