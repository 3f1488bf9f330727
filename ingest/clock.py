"""The only sources of time. Instants are integers: milliseconds since the epoch, UTC.

Nothing else in Tocsin reads the wall clock; every part is given one of these.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Engine time: never decreases, whatever happens to the wall clock."""

    def now(self) -> int:
        """The present instant, ms since the epoch."""
        ...

    def catch_up(self, instant: int) -> None:
        """Never show less than `instant` from here on: what an earlier life has settled is past."""
        ...

    async def sleep_until(self, instant: int) -> None:
        """Return once `now() >= instant`; an instant that has passed returns at the next turn."""
        ...


class SystemClock:
    """Wall-clock time carried by the monotonic clock.

    After a step of the wall clock the difference is slewed at 1 % of the time that passes, so durations
    stay true to a hundredth and time never runs backwards.
    """

    SLEW = 0.01

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._seen = monotonic()
        self._time = wall()

    def now(self) -> int:
        seen = self._monotonic()
        elapsed = seen - self._seen
        self._seen = seen
        self._time += elapsed
        most = elapsed * self.SLEW
        self._time += min(max(self._wall() - self._time, -most), most)
        return int(self._time * SECOND)

    def catch_up(self, instant: int) -> None:
        self._time = max(self._time, instant / SECOND)

    async def sleep_until(self, instant: int) -> None:
        while (left := instant - self.now()) > 0:
            await asyncio.sleep(left / SECOND)
        await asyncio.sleep(0)


class LockstepClock:
    """Simulated time that moves on only when every hop is idle: pace never changes a result.

    Each part that works on something registers a probe with `hop`; `run` jumps to the next sleeper's
    instant once all probes report idle on three successive turns of the loop. `scale` is how many
    simulated seconds pass in a real one at most; None is as fast as the hops can work.
    """

    def __init__(self, start: int, scale: float | None = None) -> None:
        self._now = start
        self._scale = scale
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._idle: dict[str, Callable[[], bool]] = {}

    def now(self) -> int:
        return self._now

    def catch_up(self, instant: int) -> None:
        self._now = max(self._now, instant)

    async def sleep_until(self, instant: int) -> None:
        if instant <= self._now:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (instant, next(self._order), future))
        await future

    def hop(self, name: str, idle: Callable[[], bool]) -> None:
        """Register a hop; `idle` is true when it has nothing left to do at the present instant."""
        self._idle[name] = idle

    def busy(self) -> list[str]:
        """The names of the hops that still work: what a stalled run waits for."""
        return [name for name, idle in self._idle.items() if not idle()]

    async def settle(self) -> None:
        """Return when every hop has been idle on three successive turns."""
        quiet = 0
        while quiet < 3:
            await asyncio.sleep(0 if not self.busy() else 0.0005)
            quiet = 0 if self.busy() else quiet + 1

    async def run(self, until: int) -> None:
        """Drive time to `until`, waking sleepers in order of their instants."""
        loop = asyncio.get_running_loop()
        began, origin = loop.time(), self._now
        while self._now < until:
            await self.settle()
            self._now = max(self._now, min(self._next_sleeper(until), until))
            if self._scale is not None:
                pause = began + (self._now - origin) / SECOND / self._scale - loop.time()
                await asyncio.sleep(max(pause, 0))
            self._wake()
        await self.settle()

    def _next_sleeper(self, until: int) -> int:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self._sleepers[0][0] if self._sleepers else until

    def _wake(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
