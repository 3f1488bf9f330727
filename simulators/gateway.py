"""An HTTP gateway on loopback: a server that reads requests whole, and one that answers them by a script."""

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import TypeAlias

from ingest.clock import Clock
from simulators.timetable import Timetable

LARGEST_BODY = 65_536
REQUEST_WITHIN = 10.0  # s for the client to say what it wants
PROMISED = 1_000_000  # bytes of the body of which only a part comes


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the names of `headers` are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `after` in s, before its first byte."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


class Break(Enum):
    """What comes instead of an answer once the request is there."""

    HANG = "nothing, until the client gives up"
    HANG_UP = "the connection ends"
    HALF = "200 and a part of the body, then the connection ends"
    STALL = "200 and a part of the body, then nothing"
    DRIP = "200 and a byte of the body now and then, without end"
    GARBAGE = "what is no HTTP"


Answer: TypeAlias = Reply | Break

_PROMISE = f"HTTP/1.1 200 OK\r\nContent-Length: {PROMISED}\r\n\r\n{{".encode()
_FIRST = {
    Break.HALF: _PROMISE,
    Break.STALL: _PROMISE,
    Break.DRIP: _PROMISE,
    Break.GARBAGE: b"\x15\x03\x01\r\n",
}
_OPEN = frozenset({Break.HANG, Break.STALL, Break.DRIP})
_DRIP_EVERY = 0.02  # s


class BadRequest(ValueError):
    """Not a request that is taken here; it is answered with 400 and the reason."""


class HttpServer:
    """Asks `answer` for each request. A stopped one refuses connections; `start` with its port revives it.

    `refused` counts the requests that made no sense, `connections` those that were taken.
    """

    def __init__(self) -> None:
        self.refused = 0
        self.connections = 0
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

    def answer(self, request: Request) -> Answer:
        """What this request meets; raises BadRequest."""
        raise NotImplementedError

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        handler = asyncio.get_running_loop().create_task(self._handle(reader, writer))
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # OSError and EOFError: the client is gone, or said nothing in time.
        with closing(writer), suppress(OSError, EOFError):
            answer = await self._answer(reader)
            if isinstance(answer, Reply):
                await asyncio.sleep(answer.after)
                writer.write(_encoded(answer))
                await writer.drain()
                return
            writer.write(_FIRST.get(answer, b""))
            await writer.drain()
            if answer in _OPEN:
                await self._hang(reader, writer, drip=answer is Break.DRIP)

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        try:
            async with asyncio.timeout(REQUEST_WITHIN):
                request = await _read(reader)
            return self.answer(request)
        except BadRequest as error:
            self.refused += 1
            return Reply(400, f'{{"error": "{error}"}}'.encode(), {"Content-Type": "application/json"})

    async def _hang(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, drip: bool) -> None:
        """Until the client gives up."""
        self._hanging += 1
        gone = asyncio.ensure_future(reader.read())
        try:
            while not gone.done():
                await asyncio.wait([gone], timeout=_DRIP_EVERY if drip else None)
                writer.write(b" " if drip else b"")
        finally:
            gone.cancel()
            self._hanging -= 1


class ScriptedGateway(HttpServer):
    """Each request takes the next answer of `script`, `usual` when there is none; `requests` holds them."""

    def __init__(self, usual: Reply) -> None:
        super().__init__()
        self.usual = usual
        self.script: deque[Answer] = deque()
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.script.popleft() if self.script else self.usual


class TimedGateway(HttpServer):
    """Each request takes the answer that `plan` has for its instant; `requests` holds them."""

    def __init__(self, clock: Clock, plan: Timetable[Answer]) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self._clock = clock
        self._plan = plan

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        return self._plan.at(self._clock.now())


async def _read(reader: asyncio.StreamReader) -> Request:
    """One request, whole; raises BadRequest."""
    first = await reader.readexactly(1)
    if not first.isalpha():
        raise BadRequest("this is no HTTP")
    try:
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.LimitOverrunError as error:
        raise BadRequest("the header is too long") from error
    line, *lines = head.split("\r\n")
    method, _, rest = line.partition(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = headers.get("content-length", "0" if method == "GET" else "")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        raise BadRequest(f"a Content-Length up to {LARGEST_BODY} is what is taken here")
    return Request(method, rest.partition(" ")[0], headers, await reader.readexactly(int(length)))


def _encoded(reply: Reply) -> bytes:
    headers = {"Content-Length": str(len(reply.body)), "Connection": "close", **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body
