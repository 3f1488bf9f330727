"""One life of the real daemon among simulated surroundings, and the parts that a test may plant wrong."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from ingest.clock import SystemClock
from ingest.journal import Entry, JournalUnavailable
from ingest.series import Store
from ingest.session import Session
from notifiers.contacts import Person
from notifiers.delivery import Channel
from notifiers.outbox.desk import Desk as Reading
from tests.simulation.database import SimulatedDatabase
from tests.simulation.disk import (
    NOWHERE,
    Faults,
    MemoryBundles,
    MemoryJournal,
    MemoryQuarantine,
    MemorySnapshots,
    Roomy,
)
from tests.simulation.gateways import Gateway, GatewayChannel
from tests.simulation.loop import SeededLoop, Thread
from tests.simulation.outbox import KeptOutbox
from tests.simulation.town import basis_of, bundles, configured
from tocsin.bundle import Applied
from tocsin.daemon import Daemon
from tocsin.desk import Desk, Question, Request
from tocsin.first_bundle import apply_first
from tocsin.judge import Basis
from tocsin.reload import SIGNAL
from tocsin.storage import Storage
from tocsin.wiring import mqtt_broker


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes the daemon is put together from; a planted bug is another one in its place."""

    session: type[Session] = Session
    journal: type[MemoryJournal] = MemoryJournal
    snapshots: type[MemorySnapshots] = MemorySnapshots
    outbox: type[KeptOutbox] = KeptOutbox
    channel: type[GatewayChannel] = GatewayChannel
    database: type[SimulatedDatabase] = SimulatedDatabase


class Disk:
    """What outlives a life."""

    def __init__(
        self, parts: Parts, appended: Callable[[Entry], None], moved: Callable[[str, int], None]
    ) -> None:
        self.faults = Faults()
        self.journal = parts.journal(self.faults, appended, moved)
        self.quarantine = MemoryQuarantine(self.faults)
        self.snapshots = parts.snapshots(self.faults)
        self.bundles = MemoryBundles()
        self.outbox = parts.outbox.begin(self.faults)
        self.threads = [Thread(name) for name in ("journal", "outbox", "series")]

    def crash(self, power: bool) -> None:
        self.journal.crash(power)
        self.quarantine.crash(power)

    def storage(self) -> Storage:
        """For a new life: threads of its own, claims returned."""
        self.threads = [Thread(name) for name in ("journal", "outbox", "series")]
        self.journal.reopen()
        self.outbox.reopen()
        parts: dict[str, Any] = {
            "directory": NOWHERE,
            "lock": None,
            "journal": self.journal,
            "outbox": self.outbox,
            "quarantine": self.quarantine,
            "snapshots": self.snapshots,
            "bundles": self.bundles,
            "opened": ExitStack(),
            "reserve": Roomy(),
        }
        return Storage(**parts, **{f"{thread.name}_thread": thread for thread in self.threads})


@dataclass
class Surroundings:
    """All that is not the daemon."""

    loop: SeededLoop
    parts: Parts
    disk: Disk
    gateways: dict[str, Gateway]
    database: SimulatedDatabase
    wall: Callable[[], float]


class DeafDesk(Desk):
    """Nobody reaches it over a socket; what people do is given to `take`."""

    async def run(self) -> None:
        await asyncio.Event().wait()


class SimulatedDaemon(Daemon):
    """The composition root itself; only what reaches outside is another."""

    def __init__(self, around: Surroundings, number: int, clock: SystemClock, storage: Storage) -> None:
        self._around = around
        super().__init__(configured(number), storage, clock)

    def _session(self) -> Session:
        broker = mqtt_broker(self.configuration.settings)
        return self._around.parts.session(broker, self.clock, self._link_changed, self._around.loop.chance)

    def _channels(self) -> Sequence[Channel]:
        return [self._around.parts.channel(name, gate) for name, gate in self._around.gateways.items()]

    def _desk(self) -> Desk:
        return DeafDesk(NOWHERE, self._contacts, self.intake.act, nothing_asked, note=self.audit.note)

    def _reading(self) -> Reading:
        return self._around.disk.outbox.lent()

    def _store(self) -> Store:
        return self._around.database

    def _basis(self, bundle: str) -> Basis:
        return basis_of(bundle)

    async def adopt(self, number: int) -> None:
        """As `reload` does with files that are sound."""
        async with self.reloading.turn:
            await asyncio.to_thread(self.storage.bundles.save, bundles()[number])
            await self.reloading.apply(configured(number), Applied(bundles()[number].hash, SIGNAL))


async def nothing_asked(request: Request, _: Person) -> object:
    raise Question(f"nobody asks {request.ask} here")


class Life:
    """From start to stop or crash; `daemon` is there once it is composed."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.stop = asyncio.Event()
        self.daemon: SimulatedDaemon | None = None
        self.ended_by = ""

    async def run(self) -> None:
        """What `tocsin run` does; a disk that refuses at the start ends the process."""
        around, disk = self._around, self._around.disk
        clock = SystemClock(around.wall, around.loop.time)
        storage = disk.storage()
        try:
            if not disk.bundles.applied():
                apply_first(bundles()[0], storage, clock)
            hashes = [bundle.hash for bundle in bundles()]
            number = hashes.index(disk.bundles.applied()[-1][1])
            daemon = self.daemon = SimulatedDaemon(around, number, clock, storage)
        except JournalUnavailable as error:
            self.ended_by = str(error)
            return
        for gateway in around.gateways.values():
            gateway.hear, gateway.now = daemon._heard, clock.now
        await daemon.run(self.stop)
