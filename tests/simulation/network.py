"""A wire between a client and a broker: bytes in order, cut anywhere, lost when it breaks."""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Protocol

from tests.simulation.loop import SeededLoop


class Answering(Protocol):
    """The far end."""

    def heard(self, wire: "Wire", data: bytes) -> None: ...

    def hung_up(self, wire: "Wire") -> None: ...


class Wire(asyncio.Transport):
    """The client's transport. `lose` breaks it; `blackhole` swallows what either side says."""

    def __init__(self, loop: SeededLoop, protocol: Any, far: Answering) -> None:
        super().__init__()
        self._loop = loop
        self._protocol = protocol
        self._far = far
        self._chance: random.Random = loop.chance
        self._closing = False
        self._paused = False
        self._inbound = bytearray()
        self._outbound: list[bytes] = []
        self.severed = False
        self.blackhole = False

    def write(self, data: Any) -> None:
        if not (self._closing or self.severed):
            self._outbound.append(bytes(data))
            if len(self._outbound) == 1:
                self._soon(self._send)

    def _send(self) -> None:
        said, self._outbound = self._outbound, []
        if not (self.severed or self.blackhole):
            self._far.heard(self, b"".join(said))

    def deliver(self, data: bytes) -> None:
        """What the far end says."""
        if self.severed or self.blackhole:
            return
        self._inbound += data
        if len(self._inbound) == len(data):
            self._soon(self._receive)

    def _receive(self) -> None:
        if self.severed or self._closing or self._paused or not self._inbound:
            return
        count = len(self._inbound)
        if self._chance.random() < 0.2:
            count = self._chance.randint(1, count)
        data = bytes(self._inbound[:count])
        del self._inbound[:count]
        if self._inbound:
            self._soon(self._receive)
        self._protocol.data_received(data)

    def _soon(self, call: Callable[[], None]) -> None:
        roll = self._chance.random()
        self._loop.outside(0.0 if roll < 0.5 else self._chance.expovariate(500.0), call)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        if self._inbound:
            self._soon(self._receive)

    def abort(self) -> None:
        """From the client's side: what is not sent yet is lost."""
        if self._closing:
            return
        self._outbound.clear()
        self._closing = True
        self._loop.call_soon(self._over, None)
        self._far.hung_up(self)

    close = abort

    def lose(self) -> None:
        """From outside: a reset. What is under way is lost in both directions."""
        if self._closing or self.severed:
            return
        self._closing = True
        self._inbound.clear()
        self._outbound.clear()
        self._loop.outside(0.0, self._over, ConnectionResetError("connection reset by peer"))

    def _over(self, reason: Exception | None) -> None:
        if not self.severed:
            self._protocol.connection_lost(reason)
