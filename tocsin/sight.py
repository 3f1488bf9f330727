"""Whether anything can arrive: down, asleep or cut off from the broker, Tocsin is blind, and journals it.

Silence of the sensors means nothing then (D31). What is journaled is judged like every other entry, so a
replay is blind at the same instants.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog

from ingest.clock import SECOND, Clock
from ingest.journal import JournalUnavailable
from ingest.session import Change, LinkEvent

log = structlog.get_logger()

# Who is back sooner, on the link or after a restart, has missed nothing: the broker keeps messages.
SHORTEST = 5 * SECOND
# How often (seconds of the loop) it makes sure that the process runs.
PULSE_SECONDS = 1.0
LOOK_SECONDS = 0.005


class Blind(msgspec.Struct, frozen=True, omit_defaults=True):
    """Blind since an instant (ms); with `ended`, up to the receipt of the entry.

    `lost`: the broker has no session of ours any more, so what it took for us since then never comes.
    """

    since: int
    ended: bool
    lost: bool = False

    @property
    def data(self) -> bytes:
        """As it stands in the journal."""
        return msgspec.json.encode(self)


def read_blind(data: bytes) -> Blind:
    """From the journal; raises msgspec.DecodeError for what is no such entry."""
    return msgspec.json.decode(data, type=Blind)


class Sight:
    """Follows the link and journals its absence; `note` writes an entry and hands it to the judge.

    Nothing has arrived since `alive` (ms), the last instant an earlier life is known to have seen.
    """

    def __init__(self, note: Callable[[Blind], Awaitable[object]], clock: Clock, alive: int) -> None:
        self._note = note
        self._clock = clock
        self._changed = asyncio.Event()
        self._lost: int | None = alive
        self._noted: int | None = None
        # Since when a session that the broker lost is in question.
        self._forgotten: int | None = None
        # Loop time (s) and instant (ms) at which the process was last known to run.
        self._pulse: tuple[float, int] | None = None
        self._slept: int | None = None
        self._over = False

    def follow(self, event: LinkEvent, *, forgotten: bool = False) -> None:
        """Take note of a change of the link; `run` does the rest. `forgotten`: a session of ours is gone."""
        if event.what is Change.CONNECTED:
            if forgotten and self._forgotten is None:
                self._forgotten = event.at if self._lost is None else self._lost
            self._lost = None
        elif self._lost is None:
            self._lost = event.at
        self._changed.set()

    def awake(self) -> bool:
        """False once the process is found to have stood still, until that is noted as blind time.

        A suspended machine, a stopped process, a stall: what was sent meanwhile is still to come in. To be
        asked before the clock settles anything.
        """
        now, instant = asyncio.get_running_loop().time(), self._clock.now()
        pulse, self._pulse = self._pulse, (now, instant)
        if pulse is not None and min((now - pulse[0]) * SECOND, instant - pulse[1]) >= SHORTEST:
            self._slept = pulse[1] if self._slept is None else self._slept
            self._changed.set()
        return self._slept is None or self._over

    async def wakeful(self) -> None:
        """Return once it is noted if the process stood still."""
        while not self.awake():
            await asyncio.sleep(LOOK_SECONDS)

    async def _beat(self) -> None:
        while True:
            self.awake()
            await asyncio.sleep(PULSE_SECONDS)

    def idle(self) -> bool:
        return not self._changed.is_set()

    async def run(self) -> None:
        """Begins with the blind time before the start: to be run before anything is taken in."""
        beat = asyncio.ensure_future(self._beat())
        try:
            await self._follow()
        except JournalUnavailable:
            # Raised only while the daemon stops; the next start knows as much.
            log.error("stopping without a note of the blind time")
        finally:
            self._over = True
            beat.cancel()

    async def _follow(self) -> None:
        if self._lost is not None and self._clock.now() >= self._lost + SHORTEST:
            await self._begin(self._lost)
        self._changed.set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._slept is not None:
                await self._note_sleep(self._slept)
            if self._forgotten is not None or (self._noted is not None and self._lost is None):
                await self._end()
            elif self._noted is None and self._lost is not None and await self._lasts(self._lost):
                await self._begin(self._lost)

    async def _note_sleep(self, since: int) -> None:
        log.warning("the process stood still; what was sent meanwhile comes in now", since=since)
        if self._noted is None:
            await self._begin(since)
        self._slept = None

    async def _begin(self, since: int) -> None:
        self._noted = since
        await self._note(Blind(since, ended=False))

    async def _end(self) -> None:
        """The link was back for a moment at least; what became of it since is to be looked at anew."""
        known = [since for since in (self._noted, self._forgotten) if since is not None]
        blind = Blind(min(known), ended=True, lost=self._forgotten is not None)
        self._noted = self._forgotten = None
        await self._note(blind)
        if self._lost is not None:
            self._changed.set()

    async def _lasts(self, lost: int) -> bool:
        """Wait until the link is back, or has been away for long enough to matter."""
        over = asyncio.ensure_future(self._clock.sleep_until(lost + SHORTEST))
        back = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((over, back), return_when=asyncio.FIRST_COMPLETED)
            return self._lost == lost and over.done()
        finally:
            over.cancel()
            back.cancel()
