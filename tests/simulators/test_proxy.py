"""What the fault proxy does to a link, as both of its ends see it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from simulators.proxy import FaultProxy

WITHIN = 5.0  # s for what must happen
QUIET = 0.15  # s in which what must not happen would have


@dataclass
class Echo:
    """A server that sends back what it gets, and keeps it."""

    got: bytearray = field(default_factory=bytearray)
    ended: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.got += data
                writer.write(data)
                await writer.drain()
            self.ended.append("eof")
        except ConnectionResetError:
            self.ended.append("reset")
        writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Echo, FaultProxy]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.port = server.sockets[0].getsockname()[1]
    proxy = FaultProxy(echo.port)
    await proxy.start()
    try:
        yield echo, proxy
    finally:
        await proxy.stop()
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def becomes(true: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():
            await asyncio.sleep(0.002)


async def stays_silent(read: Awaitable[bytes]) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read, QUIET)


async def test_without_a_fault_it_is_a_wire() -> None:
    sent = bytes(range(256)) * 2_000
    async with proxied() as (echo, proxy), connected(proxy.port) as (reader, writer):
        writer.write(sent)
        writer.write_eof()
        async with asyncio.timeout(WITHIN):
            assert await reader.read(-1) == sent
        await becomes(lambda: echo.ended)

    assert echo.ended == ["eof"]
    assert proxy.connections == 1
    assert proxy.carried == [len(sent), len(sent)]


async def test_latency_delays_each_direction_by_its_own() -> None:
    loop = asyncio.get_running_loop()
    async with proxied() as (echo, proxy), connected(proxy.port) as (reader, writer):
        proxy.delay(0.1, 0.2)
        began = loop.time()
        writer.write(b"late")
        await becomes(lambda: echo.got)
        there = loop.time() - began
        assert await asyncio.wait_for(reader.readexactly(4), WITHIN) == b"late"
        back = loop.time() - began

    assert there >= 0.1
    assert back >= there + 0.2 - 0.01


async def test_half_open_takes_bytes_and_says_nothing_until_it_heals_with_a_reset() -> None:
    async with proxied() as (echo, proxy), connected(proxy.port) as (reader, writer):
        writer.write(b"before")
        assert await asyncio.wait_for(reader.readexactly(6), WITHIN) == b"before"

        proxy.half_open()
        writer.write(b"lost")
        await asyncio.wait_for(writer.drain(), WITHIN)
        await stays_silent(reader.read(1))
        assert (bytes(echo.got), echo.ended) == (b"before", [])

        await proxy.heal()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), WITHIN)
        await becomes(lambda: echo.ended)

    assert (bytes(echo.got), echo.ended) == (b"before", ["reset"])


async def test_what_a_new_connection_says_while_half_open_reaches_nobody_later() -> None:
    async with proxied() as (echo, proxy):
        proxy.half_open()
        async with connected(proxy.port) as (reader, writer):
            writer.write(b"lost")
            await stays_silent(reader.read(1))
            await proxy.heal()
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(1), WITHIN)
        async with connected(proxy.port) as (reader, writer):
            writer.write(b"heard")
            assert await asyncio.wait_for(reader.readexactly(5), WITHIN) == b"heard"

    assert bytes(echo.got) == b"heard"


async def test_half_open_hides_the_end_of_the_client() -> None:
    async with proxied() as (echo, proxy):
        async with connected(proxy.port) as (reader, writer):
            writer.write(b"x")
            await asyncio.wait_for(reader.readexactly(1), WITHIN)
            proxy.half_open()
        await asyncio.sleep(QUIET)

        assert echo.ended == []


async def test_a_black_hole_holds_everything_and_loses_nothing() -> None:
    async with proxied() as (echo, proxy), connected(proxy.port) as (reader, writer):
        writer.write(b"a")
        assert await asyncio.wait_for(reader.readexactly(1), WITHIN) == b"a"
        proxy.black_hole()
        writer.write(b"b" * 100_000)
        await stays_silent(reader.read(1))
        assert bytes(echo.got) == b"a"

        async with connected(proxy.port) as (later, asking):
            asking.write(b"c")
            await stays_silent(later.read(1))
            await proxy.heal()
            assert await asyncio.wait_for(later.readexactly(1), WITHIN) == b"c"
        assert await asyncio.wait_for(reader.readexactly(100_000), WITHIN) == b"b" * 100_000


async def test_a_reset_is_seen_by_both_ends_and_the_next_connection_works() -> None:
    async with proxied() as (echo, proxy):
        async with connected(proxy.port) as (reader, writer):
            writer.write(b"x")
            await asyncio.wait_for(reader.readexactly(1), WITHIN)
            proxy.reset()
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(reader.read(1), WITHIN)
        await becomes(lambda: echo.ended == ["reset"])

        async with connected(proxy.port) as (reader, writer):
            writer.write(b"y")
            assert await asyncio.wait_for(reader.readexactly(1), WITHIN) == b"y"

    assert proxy.connections == 2


async def test_a_trickle_passes_so_many_bytes_a_second_and_all_of_them() -> None:
    loop = asyncio.get_running_loop()
    async with proxied() as (_, proxy), connected(proxy.port) as (reader, writer):
        proxy.trickle(2_000)
        began = loop.time()
        writer.write(b"x" * 1_000)
        assert await asyncio.wait_for(reader.readexactly(1_000), WITHIN) == b"x" * 1_000

        assert loop.time() - began >= 0.4


async def test_refused_connections_meet_a_shut_port_and_those_there_go_on() -> None:
    async with proxied() as (_, proxy), connected(proxy.port) as (reader, writer):
        writer.write(b"a")
        await asyncio.wait_for(reader.readexactly(1), WITHIN)
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"b")
        assert await asyncio.wait_for(reader.readexactly(1), WITHIN) == b"b"

        await proxy.heal()
        async with connected(proxy.port) as (later, asking):
            asking.write(b"c")
            assert await asyncio.wait_for(later.readexactly(1), WITHIN) == b"c"


async def test_where_the_target_is_gone_the_client_is_reset() -> None:
    async with proxied() as (echo, _):
        free = echo.port
    proxy = FaultProxy(free)
    await proxy.start()
    async with connected(proxy.port) as (reader, _writer):
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(reader.read(1), WITHIN)
    await proxy.stop()

    assert (proxy.connections, proxy.open) == (1, 0)
