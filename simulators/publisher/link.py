"""A publisher's connection to the broker: handshake, keep-alive, and a new connection after each loss."""

import asyncio
import random
from typing import Protocol

from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    DisconnectReasonCode,
    Packet,
    PingReqPacket,
    PubAckPacket,
)

from simulators.broker.stream import PacketStream

FIRST_BACKOFF = 0.05  # s, doubled at each failure up to
LONGEST_BACKOFF = 5.0  # s; a connection that lasted longer starts over at the first
CONNECT_WITHIN = 10.0  # s from the attempt to the broker's CONNACK
CLOSE_WITHIN = 2.0  # s for what is written to leave
# Reason codes of CONNACK and DISCONNECT after which the same client may well succeed later: unspecified,
# implementation specific, unavailable, busy, shutting down, keep-alive, rate, quota, administrator, time.
TRANSIENT = frozenset({128, 131, 136, 137, 139, 141, 150, 151, 152, 159, 160})


class RefusedError(Exception):
    """The broker does not let this client in, or did not take some of its messages."""


class Traffic(Protocol):
    """What uses a link."""

    def up(self, receive_max: int) -> None:
        """A new connection stands; the broker bears this many unacknowledged messages."""
        ...

    def acknowledged(self, acks: list[PubAckPacket]) -> None:
        """The PUBACKs of one read."""
        ...

    def writable(self) -> None:
        """The broker reads again."""
        ...

    def down(self) -> None:
        """The connection is gone; unless `Link.failure` says why not, another follows."""
        ...


class Link:
    """Holds one connection at a time. `stream` is None while there is none; `failure` ends the attempts."""

    def __init__(self, traffic: Traffic, host: str, port: int, hello: ConnectPacket) -> None:
        self.stream: PacketStream | None = None
        self.failure = ""
        self._traffic = traffic
        self._host, self._port, self._hello = host, port, hello
        self._jitter = random.Random(hello.client_id)
        self._answer: asyncio.Future[ConnAckPacket] | None = None
        self._pinging: asyncio.TimerHandle | None = None
        self._reconnecting: asyncio.Task[None] | None = None
        self._backoff = FIRST_BACKOFF
        self._since = 0.0

    @property
    def alive(self) -> bool:
        """Whether there is a connection, or one is being sought."""
        seeking = self._reconnecting is not None and not self._reconnecting.done()
        return seeking or self.stream is not None

    async def connect(self) -> None:
        """One attempt. ConnectionError: not reachable, or not now. RefusedError: we are not wanted."""
        if self.alive:
            raise RuntimeError(f"{self._name} is connected already: close it first")
        await self._attempt()

    async def cut(self) -> None:
        """The connection breaks, and none is sought before the next `connect`."""
        stream = await self._end()
        if stream is not None:
            stream.abort()
            await stream.gone

    async def close(self) -> None:
        """Say goodbye and stop reconnecting."""
        stream = await self._end()
        if stream is not None:
            stream.send(DisconnectPacket().write())
            stream.close()
            await asyncio.wait([stream.gone], timeout=CLOSE_WITHIN)
            stream.abort()

    async def _end(self) -> PacketStream | None:
        """Give up seeking and what there is; the stream that was used until now."""
        if self._reconnecting is not None:
            self._reconnecting.cancel()
            # An attempt that is under way has the answer to itself until it is over.
            await asyncio.wait([self._reconnecting])
            self._reconnecting = None
        stream = self.stream
        self._let_go()
        return stream

    def connected(self, stream: PacketStream) -> None:
        stream.send(self._hello.write())
        stream.flush()

    def received(self, stream: PacketStream, packets: list[Packet]) -> None:
        acks = [packet for packet in packets if isinstance(packet, PubAckPacket)]
        if acks:
            self._traffic.acknowledged(acks)
        if len(acks) == len(packets):
            return
        for packet in packets:
            if isinstance(packet, ConnAckPacket) and self._answer is not None and not self._answer.done():
                self._answer.set_result(packet)
            elif isinstance(packet, DisconnectPacket):
                self._dismissed(stream, packet)

    def malformed(self, stream: PacketStream, reason: str) -> None:
        self.failure = f"{self._name} talks to something that does not speak MQTT 5: {reason}"
        stream.abort()

    def writable(self, stream: PacketStream) -> None:
        self._traffic.writable()

    def lost(self, stream: PacketStream) -> None:
        if stream is self.stream:
            self._let_go()
            if not self.failure:
                self._reconnecting = asyncio.get_running_loop().create_task(self._reconnect())
        elif self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("it hung up before its CONNACK"))

    @property
    def _name(self) -> str:
        return f"publisher {self._hello.client_id} at {self._host}:{self._port}"

    async def _attempt(self) -> None:
        loop = asyncio.get_running_loop()
        self.failure = ""
        self._answer = loop.create_future()
        stream: PacketStream | None = None
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                _, stream = await loop.create_connection(lambda: PacketStream(self), self._host, self._port)
                self._enter(stream, await self._answer)
        except OSError as error:
            if self.failure:
                raise RefusedError(self.failure) from error
            why = str(error) or f"no CONNACK within {CONNECT_WITHIN} s"
            raise ConnectionError(f"{self._name} has no broker: {why}; is one running there?") from error
        finally:
            self._answer = None
            if stream is not None and stream is not self.stream:
                stream.abort()
                await stream.gone

    def _enter(self, stream: PacketStream, answer: ConnAckPacket) -> None:
        if answer.reason_code is not ConnAckReasonCode.SUCCESS:
            if int(answer.reason_code) in TRANSIENT:
                raise ConnectionRefusedError(answer.reason_code.name)
            self.failure = f"{self._name} is not let in: {answer.reason_code.name}"
            raise RefusedError(self.failure)
        if stream.closed:
            raise ConnectionResetError("it hung up after its CONNACK")
        self.stream = stream
        self._since = asyncio.get_running_loop().time()
        keep_alive = self._hello.keep_alive if answer.server_keep_alive is None else answer.server_keep_alive
        if keep_alive:
            stream.watch(keep_alive, stream.abort)
            self._ping_after(keep_alive / 2, stream)
        self._traffic.up(answer.receive_max)

    def _ping_after(self, interval: float, stream: PacketStream) -> None:
        loop = asyncio.get_running_loop()
        self._pinging = loop.call_later(interval, self._ping, interval, stream)

    def _ping(self, interval: float, stream: PacketStream) -> None:
        stream.send(PingReqPacket().write())
        stream.flush()
        self._ping_after(interval, stream)

    def _dismissed(self, stream: PacketStream, packet: DisconnectPacket) -> None:
        """The broker throws us out: two clients with one id, for one, must not fight for ever."""
        if int(packet.reason_code) not in TRANSIENT:
            reason = packet.reason_str or DisconnectReasonCode(packet.reason_code).name
            self.failure = f"{self._name} was thrown out: {reason}"
        stream.abort()

    def _let_go(self) -> None:
        """The connection is over: nothing that it still says counts."""
        self.stream = None
        if self._pinging is not None:
            self._pinging.cancel()
            self._pinging = None
        self._traffic.down()

    async def _reconnect(self) -> None:
        """Try until it succeeds. Short-lived connections do not shorten the backoff: two clients with one id
        throw each other out, and Mosquitto does not say so."""
        if asyncio.get_running_loop().time() - self._since > LONGEST_BACKOFF:
            self._backoff = FIRST_BACKOFF
        while self.stream is None:
            await asyncio.sleep(self._backoff * self._jitter.uniform(0.5, 1.5))
            self._backoff = min(self._backoff * 2, LONGEST_BACKOFF)
            try:
                await self._attempt()
            except ConnectionError:
                continue
            except RefusedError:
                self._traffic.down()
                return
