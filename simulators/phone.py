"""An SMS gateway on loopback that shows what it received instead of sending it.

It takes what Apprise posts for `json://host:port/sms?:to={recipient}&:key={key}`: JSON with `message`, `to` and
`key`; `to` and `key` may also stand in the query.
"""

import asyncio
import json
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl, urlsplit

from ingest.clock import Clock

LARGEST_BODY = 65_536
REQUEST_WITHIN = 10.0  # s for the client to say what it wants


class Fault(Enum):
    """What one request meets instead of a good answer."""

    UNAVAILABLE = "503, nothing shown"
    BUSY = "429, nothing shown"
    HANG = "no answer, nothing shown"
    HANG_UP = "the connection breaks, nothing shown"
    LOST_ANSWER = "the message is shown, the answer never comes"


STATUS = {Fault.UNAVAILABLE: 503, Fault.BUSY: 429}
PHRASE = {200: "OK", 400: "Bad Request", 429: "Too Many Requests", 503: "Service Unavailable"}


@dataclass(frozen=True, slots=True)
class TextMessage:
    """What a phone shows. `key` is empty where the sender gave none."""

    at: int
    to: str
    text: str
    key: str


class BadRequest(ValueError):
    """Not a message."""


class PhoneGateway:
    """Answers 200 for every message and shows each key once, whatever the number of attempts.

    `faults` are met in turn, one a request. `refused` counts requests that were no message, `repeated`
    those of a key that was known. A stopped gateway refuses connections; `start` with its port revives it.
    """

    def __init__(self, clock: Clock) -> None:
        self.inbox: list[TextMessage] = []
        self.faults: deque[Fault] = deque()
        self.refused = 0
        self.repeated = 0
        self._clock = clock
        self._keys: set[str] = set()
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None]] = set()
        self._hanging = 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, and return the port; 0 takes a free one."""
        self._server = await asyncio.start_server(self._connected, host, port)
        taken: int = self._server.sockets[0].getsockname()[1]
        return taken

    async def stop(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for handler in self._handlers:
            handler.cancel()
        if self._handlers:
            await asyncio.wait(self._handlers)

    def idle(self) -> bool:
        """Whether no request is being answered; those that hang on purpose do not count."""
        return len(self._handlers) == self._hanging

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.get_running_loop().create_task(self._handle(reader, writer))
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_WITHIN):
                message = await self._read(reader)
            status, reason = await self._take(message), ""
        except BadRequest as error:
            self.refused += 1
            status, reason = 400, str(error)
        except (OSError, EOFError, TimeoutError):
            status, reason = 0, ""
        finally:
            writer.close()
