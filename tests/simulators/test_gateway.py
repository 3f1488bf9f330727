"""The scripted gateway does to a client what its script says."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ingest.clock import LockstepClock
from simulators.gateway import (
    LARGEST_BODY,
    PROMISED,
    Answer,
    Break,
    Reply,
    ScriptedGateway,
    TimedGateway,
)
from simulators.timetable import Timetable

AT = 1_528_060_200_000

POST = b"POST /sms?x=1 HTTP/1.1\r\nContent-Length: 4\r\nX-Key: k\r\n\r\nbody"
HEAD = f"HTTP/1.1 200 OK\r\nContent-Length: {PROMISED}\r\n\r\n".encode()


@pytest.fixture
async def gateway() -> AsyncIterator[ScriptedGateway]:
    started = ScriptedGateway(Reply(204))
    yield started
    await started.stop()


async def asked(
    gateway: ScriptedGateway, answer: Answer, request: bytes = POST
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    gateway.script.append(answer)
    reader, writer = await asyncio.open_connection("127.0.0.1", await gateway.start())
    writer.write(request)
    return reader, writer


async def whole(gateway: ScriptedGateway, answer: Answer, request: bytes = POST) -> bytes:
    """Everything until the gateway ends the connection."""
    reader, writer = await asked(gateway, answer, request)
    async with asyncio.timeout(5):
        said = await reader.read()
    writer.close()
    return said


async def test_a_request_is_kept_whole(gateway: ScriptedGateway) -> None:
    await whole(gateway, Reply())

    [request] = gateway.requests
    assert (request.method, request.target, request.body) == ("POST", "/sms?x=1", b"body")
    assert request.headers["x-key"] == "k"


async def test_a_request_without_a_body_needs_no_length(gateway: ScriptedGateway) -> None:
    assert (await whole(gateway, Reply(), b"GET /send HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_the_script_comes_first_and_then_the_usual(gateway: ScriptedGateway) -> None:
    port = await gateway.start()
    gateway.script.append(Reply(429, b"x", {"Retry-After": "7"}))
    said = []
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST)
        said.append(await reader.read())
        writer.close()

    assert said == [
        b"HTTP/1.1 429 Too Many Requests\r\n"
        b"Content-Length: 1\r\nConnection: close\r\nRetry-After: 7\r\n\r\nx",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ]


async def test_a_plan_gives_each_stretch_of_time_its_answer() -> None:
    clock = LockstepClock(AT)
    plan: Timetable[Answer] = Timetable(Reply(200), [(AT + 5, Reply(503)), (AT + 10, Break.HANG_UP)])
    gateway = TimedGateway(clock, plan)
    port, said = await gateway.start(), []
    for instant in (AT, AT + 4, AT + 5, AT + 9, AT + 10):
        await clock.run(instant)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST)
        said.append((await reader.read())[9:12])
        writer.close()
    await gateway.stop()

    assert said == [b"200", b"200", b"503", b"503", b""]
    assert len(gateway.requests) == 5


@pytest.mark.parametrize(
    ("answer", "said"),
    [(Break.HANG_UP, b""), (Break.HALF, HEAD + b"{"), (Break.GARBAGE, b"\x15\x03\x01\r\n")],
)
async def test_a_connection_ends_after_what_was_said(
    gateway: ScriptedGateway, answer: Break, said: bytes
) -> None:
    assert await whole(gateway, answer) == said


@pytest.mark.parametrize(
    ("answer", "said"), [(Break.HANG, b""), (Break.STALL, HEAD + b"{"), (Break.DRIP, HEAD + b"{   ")]
)
async def test_a_connection_stays_open_until_the_client_gives_up(
    gateway: ScriptedGateway, answer: Break, said: bytes
) -> None:
    reader, writer = await asked(gateway, answer)
    async with asyncio.timeout(5):
        assert await reader.readexactly(len(said)) == said
        while not (gateway.requests and gateway.idle()):
            await asyncio.sleep(0.001)
        assert not reader.at_eof()
        writer.close()
        await gateway.stop()


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x00",
        b"POST / HTTP/1.1\r\n\r\n",
        f"POST / HTTP/1.1\r\nContent-Length: {LARGEST_BODY + 1}\r\n\r\n".encode(),
        b"POST / HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["TLS", "no length", "too long", "head too long"],
)
async def test_what_is_no_request_is_counted_and_refused(gateway: ScriptedGateway, request_: bytes) -> None:
    assert (await whole(gateway, Reply(), request_)).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (gateway.refused, gateway.connections, gateway.requests) == (1, 1, [])
