"""How a message leaves over HTTP, where no gateway's answer can show it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from notifiers.http_post import Answer, Post, Poster, by_status
from notifiers.outcome import Outcome, Rejected, Retry, Unknown
from simulators.gateway import Break, Reply, ScriptedGateway


@asynccontextmanager
async def poster(connections: int = 8) -> AsyncIterator[Poster]:
    made = Poster(timeout=0.2, connections=connections, tls=ssl.create_default_context())
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        (Retry, (408, 425, 429, 500, 503)),
        (Rejected, (300, 307, 400, 401, 403, 404, 409, 499)),
        (Unknown, (501, 502, 504, 505, 520, 522, 524, 599)),
    ],
)
def test_only_a_status_that_says_not_taken_is_tried_again(
    outcome: type[Outcome],
    statuses: tuple[int, ...],  # type: ignore[valid-type]
) -> None:
    """502, 504 and the like come from a server in between, which may have passed the message on."""
    for status in statuses:
        assert isinstance(by_status(Answer(status, b""), 0), outcome), status


async def test_each_message_has_a_connection_of_its_own() -> None:
    """One that is kept may end just then, and nobody would know whether the message is out."""
    connections: list[asyncio.Task[None] | None] = []

    async def keeping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.current_task())
        while await reader.read(10_000):
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(keeping, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with poster() as posting:
        for _ in range(3):
            assert await posting.post(Post(url, {}, b"")) == Answer(204, b"")
    await asyncio.gather(*(task for task in connections if task is not None))
    server.close()
    await server.wait_closed()

    assert len(connections) == 3


async def test_what_waits_for_a_connection_that_hangs_was_never_begun() -> None:
    gateway = ScriptedGateway(Reply())
    gateway.script.append(Break.DRIP)
    url = f"http://127.0.0.1:{await gateway.start()}/"
    async with poster(connections=1) as posting:
        hanging = asyncio.create_task(posting.post(Post(url, {}, b"")))
        async with asyncio.timeout(5):
            while not gateway.requests:
                await asyncio.sleep(0.001)
        waiting = await posting.post(Post(url, {}, b""))
        first = await hanging
    await gateway.stop()

    assert isinstance(first, Unknown)
    assert isinstance(waiting, Retry)
    assert len(gateway.requests) == 1


async def test_a_name_that_does_not_exist_is_to_be_tried_again() -> None:
    async with poster() as posting:
        outcome = await posting.post(Post("https://no-such-gateway.invalid/token", {}, b""))

    assert isinstance(outcome, Retry)
    assert outcome.reason.startswith("the gateway cannot be connected to: ")
    assert "token" not in outcome.reason


async def test_a_gateway_that_takes_the_connection_and_begins_no_tls_gave_no_answer_in_time() -> None:
    ended = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server, poster() as posting:
        port = server.sockets[0].getsockname()[1]
        outcome = await posting.post(Post(f"https://127.0.0.1:{port}/", {}, b""))
        await ended.wait()

    assert isinstance(outcome, Retry)
    assert outcome.reason == "the gateway cannot be connected to: no answer in time"


async def test_a_refusal_stands_even_if_the_rest_of_it_never_comes() -> None:
    gateway = ScriptedGateway(Reply(503, b"half", {"Content-Length": "100", "Retry-After": "9"}))
    url = f"http://127.0.0.1:{await gateway.start()}/"
    async with poster() as posting:
        assert await posting.post(Post(url, {}, b"")) == Answer(503, b"", "9")
    await gateway.stop()
