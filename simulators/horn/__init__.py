"""Loudspeakers over MQTT 5: they play the commands they get, say so, and answer when they are asked.

tocsin/horns/<horn>/command   what to play
tocsin/horns/<horn>/receipt   what became of it
tocsin/horns/<horn>/poll      are you there?
tocsin/horns/<horn>/state     yes
tocsin/horns/<horn>/button    somebody has heard it

The first level is that of the `namespace` they are in.
"""

import asyncio
import random
import socket
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import aiomqtt
import msgspec
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from ingest.clock import HOUR, SECOND, Clock
from simulators.horn.condition import Condition
from simulators.horn.speaker import Speaker
from simulators.horn.wire import Command, Poll, own_key
from simulators.timetable import Timetable

__all__ = ["Command", "Condition", "Horn", "Played"]

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # s between two attempts to connect
ANSWER_WITHIN = 5.0  # s for the broker
HEARD: dict[str, type[Command | Poll]] = {"command": Command, "poll": Poll}

_log = structlog.get_logger(__name__)


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

    Each has its own key, made from the fleet key `key`. It plays one command at a time, and plays an id once:
    a repeated command gets the same receipt again. Single horns are as `conditions` say, all others are sound
    and play for `play_ms`. `unreadable` counts messages that made no sense, `refused` those not signed for
    the horn and replayed nonces.
    """

    def __init__(
        self,
        ids: Iterable[str],
        host: str,
        port: int,
        clock: Clock,
        key: bytes,
        *,
        play_ms: int = 3 * SECOND,
        conditions: Mapping[str, Timetable[Condition]] = MappingProxyType({}),
        identifier: str = "horns",
        namespace: str = "tocsin",
    ) -> None:
        self.played: list[Played] = []
        self.unreadable = 0
        self._host, self._port, self._identifier = host, port, identifier
        self._topics = f"{namespace}/horns"
        self._clock = clock
        sound = Timetable(Condition(play_ms=play_ms))
        self._conditions = {horn: conditions.get(horn, sound) for horn in ids}
        self._speakers = {
            horn: Speaker(horn, own_key(key, horn), clock, self._say, self._over, condition=condition)
            for horn, condition in self._conditions.items()
        }
        # While it runs.
        self._group: asyncio.TaskGroup
        self._outgoing: deque[tuple[str, bytes]] = deque()
        self._to_do = asyncio.Event()
        self._inbox = _Inbox()
        self._client: aiomqtt.Client | None = None

    @property
    def connected(self) -> bool:
        """Whether commands reach the horns now."""
        return self._client is not None

    @property
    def refused(self) -> int:
        return sum(speaker.refused for speaker in self._speakers.values())

    def idle(self) -> bool:
        """Whether nothing is left to do at the present instant; without a connection nothing can be done."""
        waiting = self._inbox.arrived > self._inbox.handled or self._outgoing
        return not self.connected or not (
            waiting or any(not speaker.idle() for speaker in self._speakers.values())
        )

    def press(self, horn: str) -> None:
        """Somebody presses the button of this horn; LookupError if it has played nothing."""
        self._speakers[horn].press()

    async def run(self) -> None:
        """Stay connected, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
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
            _heed_cancellation()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        """One connection, until it is lost."""
        async with self._new_client() as client:
            topics = [(f"{self._topics}/{horn}/{kind}", 1) for horn in self._speakers for kind in HEARD]
            # Of no topic at all the client makes an error.
            codes = await client.subscribe(topics) if topics else ()
            _heed_cancellation()
            if any(isinstance(code, ReasonCode) and code.is_failure for code in codes):
                raise aiomqtt.MqttError("the broker does not let the horns hear all that is for them")
            self._client = client
            self._to_do.set()
            async for message in client.messages:
                self._hear(message, group)
                self._inbox.handled += 1

    def _hear(self, message: aiomqtt.Message, group: asyncio.TaskGroup) -> None:
        _, _, horn, kind = message.topic.value.split("/")
        if self._now(horn).dead:
            return
        try:
            heard = msgspec.json.decode(message.payload, type=HEARD[kind])
        # Text that is not UTF-8 and nesting without end are no DecodeErrors.
        except (ValueError, RecursionError) as error:
            self.unreadable += 1
            _log.warning("horn_message_unreadable", topic=message.topic.value, reason=str(error))
            return
        match heard:
            case Command():
                self._speakers[horn].take(heard, group)
            case Poll():
                self._speakers[horn].answer(heard)

    def _over(self, horn: str, command: Command) -> None:
        if not self._now(horn).dead:
            self.played.append(Played(self._clock.now(), horn, command.id, command.grade, command.text))

    def _say(self, horn: str, kind: str, payload: bytes) -> None:
        condition = self._now(horn)
        if kind == "receipt" and condition.delay:
            self._group.create_task(self._say_late(horn, payload, condition))
        else:
            self._send(horn, kind, payload, condition.receipts if kind == "receipt" else 1)

    async def _say_late(self, horn: str, receipt: bytes, condition: Condition) -> None:
        await self._clock.sleep_until(self._clock.now() + condition.delay)
        self._send(horn, "receipt", receipt, condition.receipts)

    def _send(self, horn: str, kind: str, payload: bytes, times: int) -> None:
        if not self._now(horn).dead:
            self._outgoing += [(f"{self._topics}/{horn}/{kind}", payload)] * times
            self._to_do.set()

    def _now(self, horn: str) -> Condition:
        return self._conditions[horn].at(self._clock.now())

    async def _answer(self) -> None:
        """Publish in order; what the broker has not taken goes out again on the next connection."""
        while True:
            await self._to_do.wait()
            self._to_do.clear()
            while self._outgoing and (client := self._client) is not None:
                topic, payload = self._outgoing[0]
                try:
                    await client.publish(topic, payload, qos=1)
                    self._outgoing.popleft()
                except aiomqtt.MqttError as error:
                    _log.warning("horn_message_delayed", topic=topic, reason=str(error))
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


def _heed_cancellation() -> None:
    """Raise CancelledError if this task was cancelled and did not notice.

    aiomqtt waits with `asyncio.wait_for`, and that of Python 3.11 loses a cancellation that comes in the same
    turn of the loop as what it waits for.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
