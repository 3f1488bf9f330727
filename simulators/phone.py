"""An SMS gateway on loopback that shows what it received instead of sending it.

It takes what Apprise posts for `json://host:port/sms?:to={recipient}&:key={key}`: JSON with `message`, `to`
and `key`; the last two may also stand in the query.
"""

import asyncio
import json
from collections import deque
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
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
        # OSError and EOFError: the client is gone, or said nothing in time.
        with closing(writer), suppress(OSError, EOFError):
            writer.write(await self._answer(reader))
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(REQUEST_WITHIN):
                to, text, key = await _message(reader)
        except BadRequest as error:
            self.refused += 1
            return _response(400, {"error": str(error)})
        fault = self.faults.popleft() if self.faults else None
        if fault in (None, Fault.LOST_ANSWER):
            self._show(to, text, key)
        if fault in (Fault.HANG, Fault.LOST_ANSWER):
            await self._hang(reader)
        if fault is not None:
            return _response(STATUS[fault], {"error": fault.value}) if fault in STATUS else b""
        return _response(200, {"id": key})

    def _show(self, to: str, text: str, key: str) -> None:
        if key and key in self._keys:
            self.repeated += 1
            return
        self._keys.add(key)
        self.inbox.append(TextMessage(self._clock.now(), to, text, key))

    async def _hang(self, reader: asyncio.StreamReader) -> None:
        """Until the client gives up."""
        self._hanging += 1
        try:
            await reader.read()
        finally:
            self._hanging -= 1


async def _message(reader: asyncio.StreamReader) -> tuple[str, str, str]:
    """Recipient, text and key of one POST; raises BadRequest."""
    target, length = await _head(reader)
    body = await reader.readexactly(length)
    try:
        posted = json.loads(body)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(posted, dict):
        raise BadRequest("the body is not a JSON object")
    fields = {**dict(parse_qsl(urlsplit(target).query)), **posted}
    to, text, key = (fields.get(name, "") for name in ("to", "message", "key"))
    if not (isinstance(to, str) and isinstance(text, str) and isinstance(key, str) and to and text):
        raise BadRequest("to, message and key are texts, and the first two are needed")
    return to, text, key


async def _head(reader: asyncio.StreamReader) -> tuple[str, int]:
    """Target and length of the body of one POST; raises BadRequest."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError as error:
        raise BadRequest(f"the header is too long: {error}") from error
    request, *lines = head.split("\r\n")
    method, _, rest = request.partition(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "")
    if method != "POST" or not length.isdecimal() or int(length) > LARGEST_BODY:
        raise BadRequest(f"POST with a Content-Length up to {LARGEST_BODY} is what is taken here")
    return rest.partition(" ")[0], int(length)


def _response(status: int, answer: dict[str, str]) -> bytes:
    body = json.dumps(answer)
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()
