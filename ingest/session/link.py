"""One connection to the broker: from its first byte to the reason of its end."""

import asyncio
from collections.abc import Callable
from enum import IntEnum
from typing import TypeVar, cast

import mqtt5
from mqtt5 import ConnAckReasonCode, DisconnectReasonCode

from ingest.clock import SECOND
from ingest.session.broker import Broker
from ingest.session.inbox import Inbox
from ingest.session.wire import Message, Undecodable, WireError, publishes, split

MESSAGES = frozenset((mqtt5.PublishPacket, Undecodable))
REPLIES = (mqtt5.ConnAckPacket, mqtt5.SubAckPacket)

Reply = TypeVar("Reply", mqtt5.ConnAckPacket, mqtt5.SubAckPacket)


def wording(code: IntEnum, text: str | None) -> str:
    """A reason code as people look it up, and what the broker adds to it."""
    return f"{code.name} (0x{int(code):02x}) {text or ''}".rstrip()


class LinkLost(ConnectionError):
    """The connection has ended, and why."""


class Link(asyncio.Protocol):
    """Parses what arrives into the inbox; `end` resolves to the reason once the connection is gone.

    `accepted` is called with a CONNACK of success and returns the epoch of this connection, before any
    message of it is taken in.
    """

    def __init__(self, broker: Broker, inbox: Inbox, accepted: Callable[[mqtt5.ConnAckPacket], int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._broker = broker
        self._inbox = inbox
        self._accepted = accepted
        self._reply: asyncio.Future[mqtt5.Packet] | None = None
        self._pulse: asyncio.TimerHandle | None = None
        self._heard = self._loop.time()
        self._tail = b""
        self._paused = False
        self._quiet = False
        self._reason = ""
        self.transport: asyncio.Transport | None = None
        self.end: asyncio.Future[str] = self._loop.create_future()
        self.epoch = 0
        self.taken_over = False

    @property
    def partial(self) -> int:
        """Bytes of a packet whose rest has not arrived."""
        return len(self._tail)

    @property
    def open(self) -> bool:
        """Whether what is written still goes out."""
        return self.transport is not None and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._tail = b""
        if self._pulse is not None:
            self._pulse.cancel()
        self._inbox.seal()
        reason = self._reason or (str(exc) if exc is not None else self._silent_end())
        self.end.set_result(reason)
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(LinkLost(reason))

    def _silent_end(self) -> str:
        """Mosquitto 2.0 sends no DISCONNECT to a client it throws out for another one with the same id."""
        client = self._broker.client_id
        return (
            "the broker closed the connection without a reason: it has stopped, or, if this comes again and "
            f"again, another client connects as {client!r}"
        )

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        if self._tail:
            data = self._tail + data
        try:
            packets, consumed = split(memoryview(data))
            self._tail = data[consumed:]
            self._deal(data[:consumed], packets)
        except WireError as error:
            self.drop(str(error))
        if len(self._tail) > self._broker.max_packet_size:
            self.drop(f"a packet is larger than the {self._broker.max_packet_size} bytes asked for")

    def _deal(self, data: bytes, packets: list[mqtt5.Packet | Undecodable]) -> None:
        """Control packets are answered; messages go to the inbox with their bytes as they arrived."""
        control = [p for p in packets if type(p) not in MESSAGES]
        if control:
            data = publishes(memoryview(data))
            packets = [p for p in packets if type(p) in MESSAGES]
            for packet in control:
                self._control(packet)
        if not packets or self._quiet:
            return
        if self.epoch == 0:
            raise WireError(0, "a message before the CONNACK")
        self._inbox.add(self.epoch, data, cast(list[Message], packets))
        if self._inbox.backlog > self._broker.max_backlog:
            self._pause()

    def _control(self, packet: mqtt5.Packet | Undecodable) -> None:
        if isinstance(packet, REPLIES) and self._reply is not None and not self._reply.done():
            if isinstance(packet, mqtt5.ConnAckPacket) and packet.reason_code == ConnAckReasonCode.SUCCESS:
                self.epoch = self._accepted(packet)
            self._reply.set_result(packet)
        elif isinstance(packet, mqtt5.DisconnectPacket):
            self._dismissed(packet)
        elif isinstance(packet, mqtt5.PubRelPacket):
            self.write(mqtt5.PubCompPacket(packet.packet_id).write())
        elif not isinstance(packet, mqtt5.PingRespPacket):
            self.drop(f"the broker sent {type(packet).__name__} out of turn")

    def _dismissed(self, packet: mqtt5.DisconnectPacket) -> None:
        code = packet.reason_code
        self.taken_over = code == DisconnectReasonCode.SESSION_TAKEN_OVER
        reason = f"the broker ended the session: {wording(code, packet.reason_str)}"
        if self.taken_over:
            reason += f"; another client connects as {self._broker.client_id!r}: give every client its own id"
        self.drop(reason)

    async def exchange(self, request: bytes, kind: type[Reply]) -> Reply:
        """Send a request and return its reply; raises LinkLost."""
        self._reply = self._loop.create_future()
        self.write(request)
        reply = await self._reply
        if not isinstance(reply, kind):
            self.drop(f"the broker sent {type(reply).__name__} where {kind.__name__} was due")
            raise LinkLost(self._reason)
        return reply

    def keep_alive(self, period: int) -> None:
        """From now on ping every half `period` (ms), and drop a link that is silent for one and a half."""
        self._beat(period / SECOND)

    def _beat(self, period: float) -> None:
        now = self._loop.time()
        # Unread bytes are no silence: while reading is paused the link is taken to live.
        if self._paused:
            self._heard = now
        deadline = self._heard + 1.5 * period
        if now >= deadline:
            self.drop(f"the broker has been silent for {now - self._heard:.1f} s and answers no ping")
            return
        self.write(mqtt5.PingReqPacket().write())
        self._pulse = self._loop.call_at(min(now + period / 2, deadline), self._beat, period)

    def write(self, data: bytes) -> None:
        """Send, unless the connection is going down already."""
        if self.transport is not None and self.open:
            self.transport.write(data)

    def resume(self) -> None:
        """Read again after a pause for the backlog."""
        if self._paused and not self._quiet and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()

    def quiesce(self) -> None:
        """Take in no more messages; pings and acknowledgements go on."""
        self._quiet = True
        self._tail = b""
        self._pause()

    def _pause(self) -> None:
        if not self._paused and self.transport is not None and self.open:
            self._paused = True
            self.transport.pause_reading()

    def drop(self, reason: str) -> None:
        """Break the connection at once; the first reason given is the one that stands."""
        self._reason = self._reason or reason
        if self.transport is not None:
            self.transport.abort()

    async def disconnect(self) -> None:
        """Say goodbye, keep the session, and return once the broker has hung up or `close_within` is over.

        Mosquitto takes its time over a heap of acknowledgements, and forgets those it has not reached when
        the next connection with this client id arrives; only its hanging up shows that it has read all.
        """
        if self.transport is None:
            return
        self.write(mqtt5.DisconnectPacket().write())
        self.transport.resume_reading()
        await asyncio.wait([self.end], timeout=self._broker.close_within / SECOND)
        self.drop("closed")
