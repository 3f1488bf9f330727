"""One TCP connection as MQTT 5 packets: each read becomes one list of packets, each answer one write."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import mqtt5

# Far above anything a sensor or a horn sends; below it a forged length cannot make us hoard memory.
MAX_PACKET_SIZE = 1 << 20


class Owner(Protocol):
    """What a stream tells whoever runs it; every call comes from the event loop, one at a time."""

    def connected(self, stream: "PacketStream") -> None:
        """The TCP connection stands: the first call of each stream."""
        ...

    def received(self, stream: "PacketStream", packets: list[mqtt5.Packet]) -> None:
        """All whole packets of one read, in their order."""
        ...

    def malformed(self, stream: "PacketStream", reason: str) -> None:
        """The bytes after the packets reported last are not MQTT 5; nothing more will be read."""
        ...

    def writable(self, stream: "PacketStream") -> None:
        """The peer reads again after `stream.paused` was set."""
        ...

    def lost(self, stream: "PacketStream") -> None:
        """The connection is gone: the last call of each stream."""
        ...


class PacketStream(asyncio.Protocol):
    """`send` collects, `flush` writes: a thousand small packets cost one system call. `gone` ends with it."""

    def __init__(self, owner: Owner) -> None:
        self.paused = False
        self.closed = False
        self.frozen = False
        self._owner = owner
        self._tail = b""
        self._out: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._heard = self._loop.time()
        self._watch: asyncio.TimerHandle | None = None

    def send(self, packet: bytes) -> None:
        """Put one encoded packet behind those that wait for `flush`."""
        self._out.append(packet)

    def flush(self) -> None:
        """Write all that was sent; a closed or frozen stream swallows it."""
        if self._out and not self.closed and not self.frozen:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def freeze(self) -> None:
        """Half-open from here on: nothing passes in either direction, nobody is told."""
        self.frozen = True

    def watch(self, limit: float, silent: Callable[[], None]) -> None:
        """Call `silent` once when nothing has arrived for `limit` seconds of loop time."""
        self.unwatch()
        left = self._heard + limit - self._loop.time()
        self._watch = self._loop.call_later(left, self._check, limit, silent)

    def unwatch(self) -> None:
        """Bear any silence."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def close(self) -> None:
        """Flush and hang up politely; a frozen stream stays open and mute."""
        self.flush()
        self.closed = True
        self.unwatch()
        if not self.frozen:
            self._transport.close()

    def abort(self) -> None:
        """Hang up at once; what was not written is lost."""
        self.closed = True
        self.unwatch()
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a packet stream runs on a byte transport, not on {transport!r}")
        self._transport = transport
        self._owner.connected(self)

    def data_received(self, data: bytes) -> None:
        if self.closed or self.frozen:
            return
        self._heard = self._loop.time()
        packets, fault = self._decode(self._tail + data if self._tail else data)
        if packets:
            self._owner.received(self, packets)
        if fault and not self.closed:
            self._owner.malformed(self, fault)

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        self._owner.writable(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        self.unwatch()
        self.gone.set_result(None)
        self._owner.lost(self)

    def _decode(self, data: bytes) -> tuple[list[mqtt5.Packet], str]:
        """The whole packets in `data`, the rest kept for the next read, and what is wrong with it or ''."""
        view, at, packets, fault = memoryview(data), 0, list[mqtt5.Packet](), ""
        try:
            while at < len(data):
                packet, length = mqtt5.read(view[at:])
                packets.append(packet)
                at += length
        except IndexError:
            fault = "packet too large" if len(data) - at > MAX_PACKET_SIZE else ""
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - the codec panics outside Exception on a topic that is not UTF-8
            fault = f"malformed packet: {error}"
        self._tail = data[at:]
        return packets, fault

    def _check(self, limit: float, silent: Callable[[], None]) -> None:
        if self._heard + limit > self._loop.time():
            self.watch(limit, silent)
        else:
            silent()
