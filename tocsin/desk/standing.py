"""How the desk stands, as numbers: looked up now and then, so that whoever asks waits for no disk."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

import structlog

from ingest.clock import Clock
from notifiers.outbox.desk import Desk
from notifiers.outbox.schema import OutboxError

log = structlog.get_logger()

LOOK_SECONDS = 5.0
# Between two heads of the audit in the log: an anchor outside the file, which no edit of the file changes.
ANCHOR_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Numbers:
    """`incidents` are the open ones by stage, `unreached` by what is wrong, `hidden` what shelves hide."""

    incidents: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    unreached: Mapping[str, int] = field(default_factory=dict)
    shelves: int = 0
    hidden: int = 0
    actions: int = 0


class Standing:
    """`reading` opens the outbox for one look; `numbers` are those of the last."""

    def __init__(self, reading: Callable[[], Desk], clock: Clock) -> None:
        self.numbers = Numbers()
        self._reading = reading
        self._clock = clock
        self._anchored = -ANCHOR_SECONDS

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        try:
            self.numbers = await asyncio.to_thread(self._look)
            await self._anchor()
        except (OutboxError, sqlite3.Error) as error:
            log.error("the outbox cannot be looked into", reason=str(error))

    def _look(self) -> Numbers:
        now = self._clock.now()
        with closing(self._reading()) as desk:
            shelves = desk.shelves(now)
            return Numbers(
                incidents=Counter(incident.stage or "open" for incident in desk.incidents()),
                waiting=len(desk.proposals()),
                unreached=Counter(str(unreached.why) for unreached in desk.unreached(now)),
                shelves=len(shelves),
                hidden=len({hidden.warning for shelf in shelves for hidden in shelf.hides}),
                actions=desk.count_actions(),
            )

    async def _anchor(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._anchored >= ANCHOR_SECONDS:
            head = await asyncio.to_thread(self._head)
            log.info("audit_head", sequence=head[0], hash=head[1])
            self._anchored = now

    def _head(self) -> tuple[int, str]:
        with closing(self._reading()) as desk:
            head = desk.audit_head()
        return head.sequence, head.hash.hex()
