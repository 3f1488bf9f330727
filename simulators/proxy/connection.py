"""One connection through the proxy: two directions, each a reader and a writer with a short queue between."""

import asyncio
import socket
import struct
from collections.abc import Callable

from simulators.proxy.weather import Flow, Weather

CHUNK = 16 * 1024
# Chunks on their way in one direction; who sends more waits, as on a real link.
DEPTH = 64
# A trickle comes in so many pieces a second, at least a byte each.
PIECES = 10
ABORTIVE = struct.pack("ii", 1, 0)

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Way = asyncio.Queue[tuple[float, bytes]]


class Connection:
    """`doomed` once bytes of it were swallowed: what follows would make no sense to the other end.

    `count` is told the direction (0 to the target, 1 from it) and the number of bytes that got across.
    """

    def __init__(
        self, weather: Weather, client: Streams, target: Streams, count: Callable[[int, int], None]
    ) -> None:
        self.doomed = False
        self._weather = weather
        self._ends = client, target
        self._count = count

    async def run(self) -> None:
        """Until both ends said that they are done; an end that breaks, or a cancellation, resets both."""
        tasks: list[asyncio.Task[None]] = []
        for direction in (0, 1):
            way: Way = asyncio.Queue(DEPTH)
            tasks += [
                asyncio.create_task(self._read(direction, way)),
                asyncio.create_task(self._write(direction, way)),
            ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            if all(task.done() and task.exception() is None for task in tasks):
                await self._close()
        finally:
            self.reset()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def reset(self) -> None:
        """RST to both ends, at once; nothing to those that are closed."""
        for _, writer in self._ends:
            reset(writer)

    async def _close(self) -> None:
        for _, writer in self._ends:
            writer.close()
            await writer.wait_closed()

    async def _read(self, direction: int, way: Way) -> None:
        reader, weather = self._ends[direction][0], self._weather
        data = b"some"
        while data:
            await weather.moving()
            data = await reader.read(CHUNK)
            await weather.moving()
            if weather.flow is Flow.SWALLOW:
                self.doomed = True
                continue
            await way.put((asyncio.get_running_loop().time() + weather.latency[direction], data))

    async def _write(self, direction: int, way: Way) -> None:
        writer, weather = self._ends[1 - direction][1], self._weather
        while True:
            due, data = await way.get()
            await asyncio.sleep(max(due - asyncio.get_running_loop().time(), 0))
            if not data:
                await weather.fair()
                writer.write_eof()
                return
            while data:
                await weather.fair()
                piece, data = self._cut(data)
                writer.write(piece)
                await writer.drain()
                self._count(direction, len(piece))
                if weather.rate is not None:
                    await asyncio.sleep(len(piece) / weather.rate)

    def _cut(self, data: bytes) -> tuple[bytes, bytes]:
        rate = self._weather.rate
        size = len(data) if rate is None else max(rate // PIECES, 1)
        return data[:size], data[size:]


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN; what was not sent yet is gone."""
    if not writer.is_closing():
        plain: socket.socket = writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTIVE)
    writer.transport.abort()
