"""A client driven by hand, packet by packet: shows what a broker does when a client misbehaves."""

import asyncio
import contextlib
from typing import Any, TypeVar

import mqtt5
from mqtt5 import (
    ConnAckPacket,
    ConnAckReasonCode,
    ConnectPacket,
    DisconnectPacket,
    PingReqPacket,
    PingRespPacket,
    PubAckPacket,
    PublishPacket,
    QoS,
    SubAckPacket,
    SubAckReasonCode,
    SubscribePacket,
    TopicFilter,
)

P = TypeVar("P")
DEADLINE = 5.0  # s for anything that a broker does


class Wire:
    """An MQTT 5 client that sends exactly what a test says, and acknowledges nothing by itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._tail = b""
        self.present = False

    def send(self, *packets: mqtt5.Packet) -> None:
        """Write these packets."""
        self._writer.write(b"".join(packet.write() for packet in packets))

    def send_raw(self, data: bytes) -> None:
        """Write what may be no packet at all."""
        self._writer.write(data)

    async def next(self, kind: type[P]) -> P:
        """The next packet; AssertionError if it is of another kind, ConnectionResetError if there is none."""
        async with asyncio.timeout(DEADLINE):
            packet = await self._read()
        if not isinstance(packet, kind):
            raise AssertionError(f"expected {kind.__name__}, the broker sent {packet}")
        return packet

    async def messages(self, count: int) -> list[PublishPacket]:
        """The next packets, if all are messages."""
        return [await self.next(PublishPacket) for _ in range(count)]

    async def nothing(self) -> None:
        """AssertionError unless nothing was on its way: the answer to a ping comes first."""
        self.send(PingReqPacket())
        await self.next(PingRespPacket)

    async def rest(self) -> bytes:
        """What the broker still says before it hangs up."""
        async with asyncio.timeout(DEADLINE):
            return await self._reader.read()

    async def over(self) -> None:
        """The broker ends the connection, after whatever it still has to say."""
        with contextlib.suppress(ConnectionResetError):
            await self.rest()

    async def subscribe(self, pattern: str, **options: Any) -> SubAckReasonCode:
        """Subscribe at QoS 1 unless the options of `TopicFilter` say otherwise; returns the answer."""
        options = {"max_qos": QoS.AT_LEAST_ONCE, "retain_as_published": False} | options
        self.send(SubscribePacket(9, [TopicFilter(pattern, **options)]))
        return (await self.next(SubAckPacket)).reason_codes[0]

    async def publish(self, topic: str, payload: bytes, **options: Any) -> None:
        """Publish at QoS 1 and wait until the broker has it; options of `PublishPacket`."""
        self.send(PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=7, **options))
        ack = await self.next(PubAckPacket)
        if ack.packet_id != 7:
            raise AssertionError(f"the broker acknowledged another message: {ack}")

    def ack(self, *messages: PublishPacket) -> None:
        """Acknowledge these."""
        self.send(*(PubAckPacket(message.packet_id or 0) for message in messages))

    async def hang_up(self) -> None:
        """Close the connection without a goodbye."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def leave(self) -> None:
        """Say goodbye."""
        self.send(DisconnectPacket())
        await self.over()

    async def _read(self) -> mqtt5.Packet:
        while True:
            if self._tail:
                with contextlib.suppress(IndexError):
                    packet, length = mqtt5.read(memoryview(self._tail))
                    self._tail = self._tail[length:]
                    return packet
            data = await self._reader.read(65_536)
            if not data:
                raise ConnectionResetError("the broker closed the connection")
            self._tail += data


class Wires:
    """Opens the wires of one test and hangs them all up after it."""

    def __init__(self) -> None:
        self._open: list[Wire] = []

    async def dial(self, port: int) -> Wire:
        """A connection without a CONNECT."""
        wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
        self._open.append(wire)
        return wire

    async def enter(self, port: int, client_id: str, **options: Any) -> Wire:
        """A connection that the broker accepted; options of `ConnectPacket`."""
        wire = await self.dial(port)
        wire.send(ConnectPacket(client_id, **options))
        answer = await wire.next(ConnAckPacket)
        if answer.reason_code is not ConnAckReasonCode.SUCCESS:
            raise AssertionError(f"the broker does not let {client_id} in: {answer}")
        wire.present = answer.session_present
        return wire

    async def hang_up(self) -> None:
        """Close all of them."""
        for wire in self._open:
            await wire.hang_up()
