"""A TCP proxy on loopback that does to a link what networks do, at a word.

Times are real: a fault is something between two machines, and no simulated clock rules it.
"""

import asyncio
from contextlib import suppress

from simulators.proxy.connection import Connection, Streams, reset
from simulators.proxy.weather import Flow, Weather

__all__ = ["FaultProxy"]

CONNECT_WITHIN = 5.0  # s for the target to accept


class FaultProxy:
    """Forwards to `host:port` what comes in on a port of its own; every fault lasts until `heal`.

    connections  those it accepted, ever
    carried      bytes that got across: [to the target, from the target]
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.connections = 0
        self.carried = [0, 0]
        self.port = 0
        self._target = host, port
        self._weather = Weather()
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._open: set[Connection] = set()

    @property
    def open(self) -> int:
        """Connections that reach the target now."""
        return len(self._open)

    async def start(self, port: int = 0) -> int:
        """Listen, and return the port; 0 takes a free one."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Listen no more and reset every connection."""
        self._deafen()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def delay(self, to_target: float, from_target: float) -> None:
        """Latency of each direction, in seconds; throughput stays."""
        self._weather.latency = to_target, from_target

    def trickle(self, rate: int) -> None:
        """No more than `rate` bytes a second in each direction of each connection."""
        self._weather.rate = rate

    def half_open(self) -> None:
        """Bytes are accepted and lost, and no end of a connection hears of it. `heal` resets who lost some.

        New connections are accepted, and what they say is lost as well.
        """
        self._weather.flow = Flow.SWALLOW

    def black_hole(self) -> None:
        """Nothing gets across, in either direction; nothing is lost either: it waits, senders included."""
        self._weather.flow = Flow.HOLD

    def reset(self) -> None:
        """RST to both ends of every connection there is; new ones are welcome."""
        for connection in self._open:
            connection.reset()

    def refuse(self) -> None:
        """New connections are refused; those there are go on."""
        self._deafen()

    async def heal(self) -> None:
        """As if nothing had been; OSError if somebody took the port while it was refused."""
        self._weather.latency, self._weather.rate = (0.0, 0.0), None
        for connection in self._open:
            if connection.doomed:
                connection.reset()
        self._weather.flow = Flow.PASS
        if self._server is None:
            await self.start(self.port)

    def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve((reader, writer)))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, client: Streams) -> None:
        # OSError and TimeoutError: either end is gone, and the other learns it by the reset.
        with suppress(OSError):
            try:
                await self._weather.moving()
                if self._weather.flow is Flow.SWALLOW:
                    await self._weather.fair()
                    return
                async with asyncio.timeout(CONNECT_WITHIN):
                    target = await asyncio.open_connection(*self._target)
                await self._carry(Connection(self._weather, client, target, self._counted))
            finally:
                reset(client[1])

    async def _carry(self, connection: Connection) -> None:
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)

    def _counted(self, direction: int, size: int) -> None:
        self.carried[direction] += size
