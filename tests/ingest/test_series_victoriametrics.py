"""The writer against a real VictoriaMetrics that is killed while it holds what it has not saved."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path
from subprocess import Popen

import numpy as np
import pytest

from ingest.clock import MINUTE, LockstepClock
from ingest.journal import Entry, EntryKind, Journal, Retention
from ingest.kinds import Form, Kinds, Metric
from ingest.reading import Readings
from ingest.registry import Registry
from ingest.series import Block, SeriesWriter
from ingest.series.influx import InfluxStore
from simulators.free_port import free_port
from tests.ingest.rig import station

START = 1_527_422_400_000
ENTRIES, READINGS = 30, 50
RAIN = Metric(
    name="rain",
    column=0,
    unit="mm",
    form=Form.AMOUNT,
    resolution=Decimal("0.1"),
    low=Decimal(0),
    high=Decimal(400),
)
KINDS = Kinds({}, (RAIN,), ("rain",))
REGISTRY = Registry.of([station(f"r{n:02}", "rain") for n in range(READINGS)], {})

Served = Callable[[list[str], str], AbstractContextManager[Popen[bytes]]]


def decode(entry: Entry) -> Block:
    """Each sensor reports once in every entry, at the instant that is the entry's data."""
    zero = np.zeros(READINGS, np.int64)
    at = zero + json.loads(entry.data)
    slot = np.arange(READINGS)
    readings = Readings(
        sequence=entry.sequence,
        received=entry.received,
        message=slot.astype(np.int32),
        slot=slot.astype(np.int32),
        column=zero.astype(np.int16),
        value=slot,
        observed=at,
        stamp=at,
        period=zero,
        quality=zero.astype(np.uint8),
    )
    return Block(KINDS, REGISTRY, readings)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.mark.system
async def test_a_killed_database_loses_nothing_that_was_journaled(
    tmp_path: Path,
    served: Served,
    victoria_command: Callable[[Path, int], list[str]],
) -> None:
    """It is killed twice: once while it is written to, once when no call would notice."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = victoria_command(tmp_path / "data", port)
    clock = LockstepClock(START)
    store = InfluxStore("victoriametrics", url, "", "tocsin", "")

    with Journal.open(tmp_path / "journal", Retention()) as journal, ThreadPoolExecutor(1) as worker:
        writer = SeriesWriter(journal, decode, store, clock, worker, pauses=(0.02, 0.1))

        def append(entries: range) -> None:
            for n in entries:
                data = json.dumps(START + n * 1000).encode()
                journal.append(clock.now(), EntryKind.MQTT, READINGS, data)
            writer.notify()

        task = asyncio.create_task(writer.run())
        with served(command, f"{url}/health"):
            append(range(10))
            await until(lambda: writer.idle() and writer.available)
        append(range(10, 20))
        await until(lambda: not writer.available)

        with served(command, f"{url}/health"):
            append(range(20, ENTRIES))
            await until(lambda: writer.idle() and writer.available)
        failures = writer.failures

        # Its start is told in whole seconds: the next one must fall into another.
        began = int(time.time())
        await until(lambda: int(time.time()) > began)
        with served(command, f"{url}/health"):
            await clock.run(clock.now() + MINUTE)
            await until(lambda: writer.failures > failures and writer.available and writer.idle())
            await asyncio.to_thread(lambda: urllib.request.urlopen(f"{url}/internal/force_flush").close())

            assert store.count() == ENTRIES * READINGS
            assert [p.value for p in store.read("r07", "rain", START, START + MINUTE)] == [0.7] * ENTRIES
            assert journal.cursor("series") == 0

            await clock.run(clock.now() + MINUTE)
            await until(lambda: journal.cursor("series") == ENTRIES)
        task.cancel()
        await asyncio.wait([task])
    store.close()
