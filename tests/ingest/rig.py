"""A journal, a scripted store and a writer between them, under one simulated clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import numpy as np

from ingest.clock import MINUTE, LockstepClock
from ingest.journal import Entry, EntryKind, Journal
from ingest.kinds import Form, Kinds, Metric, Reporting, ReportingMode
from ingest.reading import Readings
from ingest.registry import Registry, Sensor
from ingest.series import Block, Point, SeriesWriter, Store, StoreRefused, StoreUnavailable

START = 1_527_422_400_000
STAGE = Metric(
    name="stage",
    column=0,
    unit="m",
    form=Form.INSTANT,
    resolution=Decimal("0.001"),
    low=Decimal(-5),
    high=Decimal(60),
)
KINDS = Kinds({}, (STAGE,), ("stage",))


def station(name: str, kind: str = "stage") -> Sensor:
    """A sensor that reports every minute and says no more of itself."""
    return Sensor(
        id=name,
        kind=kind,
        zone="north",
        gateway="",
        lon=None,
        lat=None,
        heartbeat=MINUTE,
        reporting=Reporting(ReportingMode.PERIODIC, MINUTE),
        site={},
    )


REGISTRY = Registry.of([station("s0")], {})


def decode(entry: Entry) -> Block | None:
    """An entry's data is a JSON list of instants; each becomes a reading of s0."""
    if entry.kind is not EntryKind.MQTT:
        return None
    at = np.array(json.loads(entry.data), np.int64)
    zero = np.zeros(len(at), np.int64)
    readings = Readings(
        sequence=entry.sequence,
        received=entry.received,
        message=zero.astype(np.int32),
        slot=zero.astype(np.int32),
        column=zero.astype(np.int16),
        value=at - START,
        observed=at,
        stamp=at,
        period=zero,
        quality=zero.astype(np.uint8),
    )
    return Block(KINDS, REGISTRY, readings)


class InLine(Executor):
    """Runs each call at once, so a test decides what happens between any two."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  a future carries whatever the call raised
            future.set_exception(error)
        return future


class Forgetful:
    """Acknowledges at once and saves after `trail`, like VictoriaMetrics; `kill` loses what is not saved."""

    def __init__(self, clock: LockstepClock, trail: int = MINUTE) -> None:
        self.trail = trail
        self.down = False
        self.poison: set[int] = set()
        self.writes: list[list[int]] = []
        self._clock = clock
        self._starts = 1
        self._taken: list[tuple[int, int]] = []

    def write(self, blocks: Sequence[Block]) -> None:
        self._answer()
        sequences = [block.readings.sequence for block in blocks]
        if self.poison & set(sequences):
            raise StoreRefused("forgetful", "field type conflict")
        self.writes.append(sequences)
        self._taken += [(at, self._clock.now()) for b in blocks for at in b.readings.stamp.tolist()]

    def instants(self) -> set[int]:
        return {at for at, _ in self._taken}

    def kill(self) -> None:
        """And start again."""
        self._starts += 1
        saved_until = self._clock.now() - self.trail
        self._taken = [(at, taken) for at, taken in self._taken if taken <= saved_until]

    def incarnation(self) -> str:
        self._answer()
        return str(self._starts)

    def read(self, sensor: str, metric: str, start: int, end: int) -> list[Point]:
        raise NotImplementedError

    def count(self) -> int:
        return len(self.instants())

    def ping(self) -> bool:
        return not self.down

    def close(self) -> None:
        self.down = True

    def _answer(self) -> None:
        if self.down:
            raise StoreUnavailable("forgetful", "connection refused")


class Rig:
    """A journal, a store and a writer between them under one simulated clock."""

    def __init__(self, journal: Journal, store: Store, clock: LockstepClock, patience: float = 60) -> None:
        self.journal = journal
        self.store = store
        self.clock = clock
        self.urgent = False
        self.writer = SeriesWriter(
            journal,
            decode,
            store,
            clock,
            InLine(),
            pauses=(0.0, 0.0),
            give_way=lambda: self.urgent,
            patience=patience,
        )

    def append(self, *instants: int, kind: EntryKind = EntryKind.MQTT) -> Entry:
        entry = self.journal.append(self.clock.now(), kind, len(instants), json.dumps(instants).encode())
        self.writer.notify()
        return entry

    async def settle(self) -> None:
        """Let the writer do all it can at the present instant."""
        for _ in range(60):
            await asyncio.sleep(0)

    async def pass_time(self, duration: int) -> None:
        await self.clock.run(self.clock.now() + duration)
        await self.settle()

    @property
    def cursor(self) -> int:
        return self.journal.cursor("series")


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Rig]:
    task = asyncio.create_task(rig.writer.run())
    await rig.settle()
    yield rig
    assert not task.done(), task
    task.cancel()
    await asyncio.wait([task])
