"""Loudspeakers over MQTT 5: they play the commands they get and say so.

tocsin/horns/<horn>/command   {id, grade, text: {language: ...}, expires, ...}
tocsin/horns/<horn>/receipt   {id, state: played|failed, at, reason?}
"""

import asyncio
import random
import socket
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import cast

import aiomqtt
import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

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
        self.unreadable = 0
        self._ids = list(ids)
        self._host, self._port, self._identifier = host, port, identifier
        self._clock = clock
        self._play_ms = play_ms
        self._fails = fails
        self._free: dict[str, int] = {}
        # By (horn, id of the command): when it will have been played, and from then on its receipt.
        self._ends: dict[tuple[str, str], int] = {}
        self._receipts: dict[tuple[str, str], bytes] = {}
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._to_do = asyncio.Event()
        self._inbox = _Inbox()
        self._client: aiomqtt.Client | None = None

    @property
    def connected(self) -> bool:
        """Whether commands reach the horns now."""
        return self._client is not None

    def idle(self) -> bool:
        """Whether nothing is left to do at the present instant; without a connection nothing can be done."""
        now = self._clock.now()
        waiting = self._inbox.arrived > self._inbox.handled or self._outgoing
        return not self.connected or not (waiting or any(end <= now for end in self._ends.values()))

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._answer())
                await self._stay_connected(group)
        finally:
            self._client = None

    async def _stay_connected(self, group: asyncio.TaskGroup) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._listen(group)
            except aiomqtt.MqttError as error:
                _log.warning("horns_disconnected", host=self._host, port=self._port, reason=str(error))
            pause = FIRST_PAUSE if self.connected else min(2 * pause, LONGEST_PAUSE)
            self._client = None
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        """One connection, until it is lost."""
        async with self._new_client() as client:
            codes = await client.subscribe([(f"tocsin/horns/{horn}/command", 1) for horn in self._ids])
            if any(isinstance(code, ReasonCode) and code.is_failure for code in codes):
                raise aiomqtt.MqttError("the broker does not let the horns hear all their commands")
            self._client = client
            self._to_do.set()
            async for message in client.messages:
                horn = message.topic.value.split("/")[2]
                if (command := self._read(message)) is not None and self._accepts(horn, command):
                    group.create_task(self._play(horn, command))
                self._inbox.handled += 1

    def _read(self, message: aiomqtt.Message) -> Command | None:
        try:
            return msgspec.json.decode(message.payload, type=Command)
        except msgspec.DecodeError as error:
            self.unreadable += 1
            _log.warning("horn_command_unreadable", topic=message.topic.value, reason=str(error))
            return None

    def _accepts(self, horn: str, command: Command) -> bool:
        """Whether the command is to be played, and when it will be over; if not, the receipt says why."""
        key = horn, command.id
        start = max(self._clock.now(), self._free.get(horn, 0))
        if key in self._receipts:
            self._send(horn, self._receipts[key])
        elif key in self._ends:
            return False
        elif horn in self._fails:
            self._settle(horn, command, "failed", "the amplifier does not answer")
        elif command.expires <= start:
            self._settle(horn, command, "failed", "expired")
        else:
            self._ends[key] = self._free[horn] = start + self._play_ms
            return True
        return False

    async def _play(self, horn: str, command: Command) -> None:
        await self._clock.sleep_until(self._ends[horn, command.id])
        self.played.append(Played(self._clock.now(), horn, command.id, command.grade, command.text))
        self._settle(horn, command, "played")
        del self._ends[horn, command.id]

    def _settle(self, horn: str, command: Command, state: str, reason: str = "") -> None:
        said = {"id": command.id, "state": state, "at": self._clock.now()}
        receipt = msgspec.json.encode({**said, "reason": reason} if reason else said)
        self._receipts[horn, command.id] = receipt
        self._send(horn, receipt)

    def _send(self, horn: str, receipt: bytes) -> None:
        self._outgoing.append((f"tocsin/horns/{horn}/receipt", receipt))
        self._to_do.set()

    async def _answer(self) -> None:
        """Publish receipts in order; what the broker has not taken goes out again on the next connection."""
        while True:
            await self._to_do.wait()
            self._to_do.clear()
            while self._outgoing and (client := self._client) is not None:
                topic, receipt = self._outgoing[0]
                try:
                    await client.publish(topic, receipt, qos=1)
                    self._outgoing.popleft()
                except aiomqtt.MqttError as error:
                    _log.warning("horn_receipt_delayed", topic=topic, reason=str(error))
                    await asyncio.sleep(FIRST_PAUSE)

    def _new_client(self) -> aiomqtt.Client:
        self._inbox = _Inbox()
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = HOUR // SECOND
        return aiomqtt.Client(
            self._host,
            self._port,
            identifier=self._identifier,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=session,
            timeout=ANSWER_WITHIN,
            keepalive=15,
            # A receipt right behind an acknowledgement would wait 40 ms for the broker's system.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            # Called with `maxsize`, so that what makes the queue need not be its class.
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda maxsize: self._inbox),
        )


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """Counts: aiomqtt takes a message from its queue some turns of the loop before it hands it over."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = 0
        self.handled = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        self.arrived += 1
        super().put_nowait(item)
