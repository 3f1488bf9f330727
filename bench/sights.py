"""When a warning stands in the outbox and when its horn sounds, seen from outside."""

import asyncio
import time
from pathlib import Path
from typing import Self

from bench.city_files import HORN_KEY
from ingest.clock import SystemClock
from notifiers.outbox.reader import OutboxReader
from simulators.city.plan import Plan, horn
from simulators.horn import Horn

POLL = 0.002


class Sights:
    """Subject to the instant (ns since the epoch) at which its first raise was seen committed.

    `gaps` are the seconds between two looks: an instant is late by at most one of them.
    """

    def __init__(self, outbox: Path) -> None:
        self.first: dict[str, int] = {}
        self.gaps: list[float] = []
        self._outbox = OutboxReader.reading(outbox)
        self._warnings: dict[str, str] = {}
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

    def keys(self, subject: str) -> list[str]:
        """Of the messages that the first warning about it has led to."""
        warning = self._warnings.get(subject)
        return [] if warning is None else [found.delivery.key for found in self._outbox.story(warning)]

    async def _look(self) -> None:
        before = time.perf_counter()
        while True:
            found = self._outbox.transitions(self._newest)
            now, at = time.time_ns(), time.perf_counter()
            for self._newest, transition in found:
                if transition.before is None and transition.subject not in self.first:
                    self.first[transition.subject] = now
                    self._warnings[transition.subject] = transition.warning
            self.gaps.append(at - before)
            before = at
            await asyncio.sleep(POLL)


class Sounds:
    """The horns of all towns: they play at once, and say so."""

    def __init__(self, plan: Plan, port: int) -> None:
        horns = [horn(gateway) for gateway in range(plan.gateways)]
        key = bytes.fromhex(HORN_KEY)
        self._horn = Horn(horns, "127.0.0.1", port, SystemClock(), key, play_ms=0)

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._horn.run())
        while not self._horn.connected:
            await asyncio.wait([self._running], timeout=POLL)
            if self._running.done():
                # Only an error ends it.
                self._running.result()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.wait([self._running])

    def heard(self) -> dict[str, int]:
        """The key of a message to the instant (ms since the epoch) at which a horn first played it."""
        found: dict[str, int] = {}
        for played in self._horn.played:
            found.setdefault(played.id, played.at)
        return found

    def forget(self) -> None:
        """Keep nothing of what was played so far: days of it are much."""
        self._horn.played.clear()
