"""A village's daemon in this process, with the loopback broker beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ingest.clock import SystemClock
from ingest.journal import Retention
from rules.realm import Realm
from simulators.broker import LoopbackBroker
from tests.tocsin.village import SETTINGS, bundle, write
from tocsin.bundle import Bundle
from tocsin.configuration import configure, read_bundle
from tocsin.daemon import Daemon
from tocsin.first_bundle import apply_first
from tocsin.storage import Storage


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[tuple[Storage, Path, Bundle]]:
    """A state directory, the settings file of a village and its bundle; the broker is there."""
    broker = LoopbackBroker()
    port = await broker.start()
    settings = SETTINGS.replace("port: 1883", f"port: {port}")
    path = write(directory / "configs", bundle(settings))
    storage = Storage.open(directory / "state", Realm.LIVE, Retention())
    try:
        yield storage, path, read_bundle(path)
    finally:
        storage.close()
        await broker.stop()


@asynccontextmanager
async def running(daemon: Daemon) -> AsyncIterator[Daemon]:
    stop = asyncio.Event()
    task = asyncio.create_task(daemon.run(stop))
    async with asyncio.timeout(60):
        while not daemon.connected():
            assert not task.done()
            await asyncio.sleep(0.002)
        try:
            yield daemon
        finally:
            stop.set()
            await task


@asynccontextmanager
async def started(directory: Path) -> AsyncIterator[tuple[Daemon, Path]]:
    async with opened(directory) as (storage, path, files):
        configuration = configure(files)
        apply_first(files, storage, SystemClock())
        async with running(Daemon(configuration, storage, SystemClock())) as daemon:
            yield daemon, path
