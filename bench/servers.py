"""The brokers and the database around the daemon, each a process of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import children, line, python
from simulators.mosquitto import Mosquitto
from simulators.victoria_metrics import VictoriaMetrics


@dataclass(frozen=True, slots=True)
class Server:
    """A process and where it listens on the loopback."""

    pid: int
    port: int


@asynccontextmanager
async def loopback(directory: Path) -> AsyncIterator[Server]:
    """The broker of `simulators`."""
    log = directory / "loopback.log"
    process = await python("bench.loopback", log=log)
    assert process.stdin is not None
    try:
        yield Server(process.pid, int(await line(process, log)))
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def mosquitto(directory: Path) -> AsyncIterator[Server]:
    """Debian's Mosquitto, without limits and with persistence."""
    before = children()
    broker = Mosquitto(directory)
    port = await broker.start()
    [pid] = children() - before
    try:
        yield Server(pid, port)
    finally:
        await broker.stop()


@asynccontextmanager
async def victoria_metrics(directory: Path) -> AsyncIterator[Server]:
    """Debian's VictoriaMetrics."""
    before = children()
    database = VictoriaMetrics(directory)
    await database.start()
    [pid] = children() - before
    try:
        yield Server(pid, database.port)
    finally:
        await database.stop()
