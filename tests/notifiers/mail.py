"""A mail server on loopback, for tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field

LARGEST = 1_000_000  # bytes of a message
DEADLINE = 30.0  # s for a client that has ended to hang up


@dataclass
class Mail:
    """Takes messages of anybody who shows an account or none, or answers each recipient with `verdict`."""

    verdict: str = "250 OK"
    messages: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _talking: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Mail"]:
        """Until everybody who came has hung up."""
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=LARGEST)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*self._talking)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talking.add(asyncio.create_task(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        said = {"RCPT": self.verdict, "EHLO": "250-mail\r\n250 AUTH PLAIN", "AUTH": "235 welcome"}
        with closing(writer):
            writer.write(b"220 mail\r\n")
            while line := (await reader.readline()).decode().upper():
                if line.startswith("DATA"):
                    writer.write(b"354 go on\r\n")
                    self.messages.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(f"{said.get(line[:4], '250 OK')}\r\n".encode())
