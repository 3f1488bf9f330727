"""Whether anything can arrive: down or cut off from the broker, Tocsin is blind, and says so in its journal.

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

    def follow(self, event: LinkEvent, *, forgotten: bool = False) -> None:
        """Take note of a change of the link; `run` does the rest. `forgotten`: a session of ours is gone."""
        if event.what is Change.CONNECTED:
            if forgotten and self._forgotten is None:
                self._forgotten = event.at if self._lost is None else self._lost
            self._lost = None
        elif self._lost is None:
            self._lost = event.at
        self._changed.set()

    def idle(self) -> bool:
        return not self._changed.is_set()

    async def run(self) -> None:
        """Begins with the blind time before the start: to be run before anything is taken in."""
        try:
            await self._follow()
        except JournalUnavailable:
            # Raised only while the daemon stops; the next start knows as much.
            log.error("stopping without a note of the blind time")

    async def _follow(self) -> None:
        if self._lost is not None and self._clock.now() >= self._lost + SHORTEST:
            await self._begin(self._lost)
        self._changed.set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._forgotten is not None or (self._noted is not None and self._lost is None):
                await self._end()
            elif self._noted is None and self._lost is not None and await self._lasts(self._lost):
                await self._begin(self._lost)

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
