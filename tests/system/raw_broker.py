"""A broker's end of the wire that sends any bytes at all: what a real broker would never let through."""

import asyncio
from contextlib import closing, suppress

import mqtt5
from mqtt5 import SubAckReasonCode

from ingest.session.wire import split


def frame(topic: bytes, payload: bytes, packet_id: int, *, qos: int = 1, retain: bool = False) -> bytes:
    """A PUBLISH as it is written, whatever its topic (MQTT 5.0, section 3.3)."""
    body = len(topic).to_bytes(2, "big") + topic + packet_id.to_bytes(2, "big") + b"\0" + payload
    length, rest = bytearray(), len(body)
    while True:
        length.append(rest & 0x7F | (0x80 if rest > 0x7F else 0))
        rest >>= 7
        if not rest:
            return bytes([0x30 | qos << 1 | retain]) + bytes(length) + body


class RawBroker:
    """Accepts one session after the other.

    `answered` counts the messages that were acknowledged, `connections` the sessions.
    """

    def __init__(self) -> None:
        self.answered = 0
        self.connections = 0
        self._writer: asyncio.StreamWriter | None = None
        self._subscribed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.close()
        await asyncio.gather(*self._serving)

    async def send(self, data: bytes) -> None:
        """Once somebody has subscribed."""
        await self._subscribed.wait()
        assert self._writer is not None
        self._writer.write(data)
        await self._writer.drain()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        tail = b""
        with closing(writer), suppress(ConnectionError):
            while data := await reader.read(65_536):
                packets, used = split(memoryview(tail + data))
                tail = (tail + data)[used:]
                for packet in packets:
                    self._answer(packet, writer)
        self._subscribed.clear()

    def _answer(self, packet: object, writer: asyncio.StreamWriter) -> None:
        match packet:
            case mqtt5.ConnectPacket():
                writer.write(mqtt5.ConnAckPacket(session_present=False).write())
            case mqtt5.SubscribePacket():
                granted = SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
                writer.write(mqtt5.SubAckPacket(packet.packet_id, [granted]).write())
                self._subscribed.set()
            case mqtt5.PingReqPacket():
                writer.write(mqtt5.PingRespPacket().write())
            case mqtt5.PubAckPacket() | mqtt5.PubRecPacket():
                self.answered += 1
