"""The brokers and the database around the daemon, each a process of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.process import children, line, python
from bench.shipped import CONFIGS
from simulators.mosquitto import Mosquitto
from simulators.victoria_metrics import VictoriaMetrics


@dataclass(frozen=True, slots=True)
class Server:
    """A process and where it listens on the loopback."""

    pid: int
    port: int


# Set anew for each run: where it listens, whom it lets in, where it keeps its files.
OWN = {"listener", "allow_anonymous", "password_file", "acl_file", "persistence", "persistence_location"}


def shipped_settings() -> list[str]:
    """The other lines of `configs/mosquitto.conf`."""
    lines = (CONFIGS / "mosquitto.conf").read_text(encoding="utf-8").splitlines()
    return [text for text in lines if text and not text.startswith("#") and text.split()[0] not in OWN]


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
    """Debian's Mosquitto, set as the shipped configuration sets it."""
    before = children()
    broker = Mosquitto(directory, shipped_settings())
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
