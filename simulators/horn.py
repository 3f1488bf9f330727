"""Loudspeakers over MQTT 5: they play the commands they get and say so.

    tocsin/horns/<horn>/command   {id, grade, text: {language: ...}, expires, ...}
    tocsin/horns/<horn>/receipt   {id, state: played|failed, at, reason?}
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import cast

import aiomqtt
import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.clock import HOUR, SECOND, Clock

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # s between two attempts to connect
ANSWER_WITHIN = 5.0  # s for the broker

_log = structlog.get_logger(__name__)


class Command(msgspec.Struct):
    """What a horn reads of a command; `grade` is None for the all-clear, `expires` ms since the epoch."""

    id: str
    expires: int
    text: dict[str, str]
    grade: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """One announcement, over at `at`."""

    at: int
    horn: str
    id: str
    grade: str | None
    text: dict[str, str]


class Horn:
    """The horns `ids`, over one connection that `run` keeps and whose commands wait for it when it is lost.

    Each plays one command at a time, for `play_ms` with all its repetitions, and plays an id once: a repeated
    command gets the same receipt again. The horns in `fails` answer that they could not. `unreadable` counts
    commands that made no sense.
    """

    def __init__(
        self,
        ids: Iterable[str],
        host: str,
        port: int,
        clock: Clock,
        *,
        play_ms: int = 3 * SECOND,
        fails: Collection[str] = frozenset(),
        identifier: str = "horns",
    ) -> None:
        self.played: list[Played] = []
        self.connected = False
        self.unreadable = 0
        self._ids = list(ids)
        self._host, self._port, self._identifier = host, port, identifier
        self._clock = clock
        self._play_ms = play_ms
        self._fails = fails
        self._free: dict[str, int] = {}
        # By (horn, command id): when it will have been played, and the receipt from then on.
        self._ends: dict[tuple[str, str], int] = {}
        self._receipts: dict[tuple[str, str], bytes] = {}
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._something = asyncio.Event()
        self._client: aiomqtt.Client | None = None
        self._inbox = _Inbox()

    def idle(self) -> bool:
        """Whether nothing is left to do at the present instant; without a connection nobody waits for it."""
        if not self.connected:
            return True
        now = self._clock.now()
        return not self._inbox.open and not self._outgoing and all(end > now for end in self._ends.values())

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer())
            await self._listen(lambda horn, command: group.create_task(self._play(horn, command)))
