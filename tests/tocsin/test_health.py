"""The health server over real HTTP."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tocsin.health import Figure, HealthServer, application, door


@dataclass
class Part:
    """What the server looks at."""

    problems: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)


@asynccontextmanager
async def served(part: Part) -> AsyncIterator[int]:
    shown = application(lambda: part.figures, lambda: part.problems, lambda: part.notices)
    server = HealthServer(shown, door(0))
    running = asyncio.create_task(server.run())
    yield server.port
    await server.stop()
    await running


async def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    """Status and body."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), body


async def samples(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    _, text = await get(port, "/metrics")
    return {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_living_process_is_healthy_even_when_not_ready() -> None:
    async with served(Part(problems={"broker": "not connected"})) as port:
        assert await get(port, "/healthz") == (200, "ok\n")


async def test_ready_means_without_a_problem() -> None:
    async with served(Part()) as port:
        status, body = await get(port, "/readyz")

    assert (status, json.loads(body)) == (200, {"ready": True, "problems": {}, "notices": {}})


async def test_a_notice_is_told_and_leaves_it_ready() -> None:
    async with served(Part(notices={"broker": "lost its session"})) as port:
        status, body = await get(port, "/readyz")

    assert (status, json.loads(body)["notices"]) == (200, {"broker": "lost its session"})


async def test_a_problem_makes_it_unready_and_is_told_until_it_is_gone() -> None:
    part = Part(problems={"journal": "cannot be written", "reload": "规则有误"})
    async with served(part) as port:
        status, body = await get(port, "/readyz")
        part.problems = {}
        after, _ = await get(port, "/readyz")

    assert (status, json.loads(body)) == (
        503,
        {
            "ready": False,
            "problems": {"journal": "cannot be written", "reload": "规则有误"},
            "notices": {},
        },
    )
    assert after == 200


async def test_figures_are_read_when_asked_for() -> None:
    part = Part()
    async with served(part) as port:
        part.figures = [Figure("tocsin_lag", "How far", 3)]
        first = await samples(port)
        part.figures = [Figure("tocsin_lag", "How far", 5)]
        second = await samples(port)

    assert (first, second) == ({("tocsin_lag", ()): 3.0}, {("tocsin_lag", ()): 5.0})


async def test_it_looks_at_the_daemon_from_the_daemons_own_thread() -> None:
    """From another one the open warnings change while they are gone through, and the answer is 500."""
    threads: list[int] = []

    def look() -> dict[str, str]:
        threads.append(threading.get_ident())
        return {}

    def figures() -> list[Figure]:
        look()
        return []

    server = HealthServer(application(figures, look, look), door(0))
    running = asyncio.create_task(server.run())
    await get(server.port, "/metrics")
    await get(server.port, "/readyz")
    await server.stop()
    await running

    assert len(threads) >= 3
    assert set(threads) == {threading.get_ident()}


async def test_labels_make_samples_of_one_family_and_counters_end_in_total() -> None:
    figures = [
        Figure("tocsin_messages", "Messages", 7, (("outcome", "accepted"),), counter=True),
        Figure("tocsin_messages", "Messages", 2, (("outcome", 'odd "one"\\\n'),), counter=True),
    ]
    async with served(Part(figures=figures)) as port:
        _, text = await get(port, "/metrics")
        found = await samples(port)

    assert text.count("# TYPE tocsin_messages_total counter") == 1
    assert found == {
        ("tocsin_messages_total", (("outcome", "accepted"),)): 7.0,
        ("tocsin_messages_total", (("outcome", 'odd "one"\\\n'),)): 2.0,
    }


async def test_other_paths_and_methods_are_refused() -> None:
    async with served(Part()) as port:
        assert (await get(port, "/"))[0] == 404
        assert (await get(port, "/healthz", "POST"))[0] == 405


async def test_it_listens_on_loopback_only() -> None:
    async with served(Part()) as port:
        outside = socket.socket()
        outside.bind(("127.0.0.2", port))
        outside.close()


async def test_a_port_that_is_taken_is_refused_at_once() -> None:
    async with served(Part()) as port:
        with pytest.raises(OSError, match="in use"):
            door(port)


async def test_a_slow_client_does_not_hold_up_the_stop() -> None:
    server = HealthServer(application(list, dict, dict), door(0))
    running = asyncio.create_task(server.run())
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /healthz HTTP/1.1\r\n")
    await get(server.port, "/healthz")

    await server.stop()
    async with asyncio.timeout(5):
        await running
    writer.close()
