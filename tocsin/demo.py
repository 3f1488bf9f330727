"""`tocsin demo`: a simulated county and a real flood through the real daemon, on embedded parts."""

import asyncio
import json
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from console.live import show
from console.summary import table
from ingest.clock import MINUTE, LockstepClock
from ingest.document import parse_yaml
from simulators.broker import LoopbackBroker
from simulators.fleet import Fleet
from simulators.horn import Horn
from simulators.phone import PhoneGateway
from simulators.playback import Place, Playback
from simulators.publisher import Publisher
from simulators.readings_csv import read_rows
from tocsin.bundle import Bundle
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.daemon import Daemon, first_configuration
from tocsin.overview import Watcher, summary
from tocsin.storage import Storage
from tocsin.wiring import retention

HOST = "127.0.0.1"
CONNECT_SECONDS = 10
FOREVER = 2**62
RIVER = "stage-dead-run"


@dataclass(slots=True)
class County:
    """Everything around the daemon: what reports to it and what it speaks through."""

    clock: LockstepClock
    broker: LoopbackBroker
    phone: PhoneGateway
    horn: Horn
    fleet: Fleet
    river: Playback

    @property
    def published(self) -> int:
        return self.fleet.published + self.river.published

    def hops(self) -> dict[str, Callable[[], bool]]:
        """Who has to be idle before simulated time moves on."""
        parts = ("fleet", "river", "broker", "phone", "horn")
        return {part: getattr(self, part).idle for part in parts}


async def demonstrate(configs: Path, seconds: float | None, scale: float, seed: int) -> bool:
    """Run until `seconds` of real time have passed, or for ever; whether everything reconciled."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as state:
        async with county(configs, scale, seed) as (around, configuration):
            storage = Storage.open(
                Path(state), configuration.settings.realm, retention(configuration.settings.journal)
            )
            try:
                daemon = Daemon(
                    first_configuration(configuration, storage, around.clock), storage, around.clock
                )
                result = await _run(daemon, around, stop, console)
            finally:
                storage.close()
    console.print(table(result))
    return result.reconciled
