"""`tocsin simulate`: the fleet or a record, published to any broker in real time."""

import asyncio
import csv
import signal
from dataclasses import replace
from pathlib import Path

from ingest.clock import SECOND, SystemClock
from ingest.namespace import Namespace
from simulators.fleet import Fleet
from simulators.playback import Place, Playback
from simulators.publisher import Publisher
from simulators.readings_csv import Row, read_rows

Address = tuple[str, int]
# In real time a device's message leaves when it is due, not with those of half a minute.
TICK = SECOND


def places_of(sensors: Path) -> dict[str, Place]:
    """Where each sensor of a CSV reports."""
    with sensors.open(encoding="utf-8", newline="") as file:
        return {row["id"]: Place(row["zone"], row["kind"]) for row in csv.DictReader(file)}


def paced(rows: list[Row], start: int, scale: float) -> list[Row]:
    """The record moved to begin at `start` (ms), its time divided by `scale`."""
    first = rows[0].received if rows else 0

    def moved(instant: int) -> int:
        return start + round((instant - first) / scale)

    return [replace(row, received=moved(row.received), observed=moved(row.observed)) for row in rows]


async def play(
    sources: list[Path], sensors: Path, address: Address, scale: float, namespace: Namespace
) -> int:
    """Publish a record as if it began now; returns the number of messages."""
    clock = SystemClock()
    publisher = Publisher(*address, "tocsin-playback")
    await publisher.connect()
    try:
        rows = paced(read_rows(sources), clock.now(), scale)
        playback = Playback(rows, places_of(sensors), publisher, clock, namespace=namespace)
        await playback.run()
    finally:
        await publisher.close()
    return playback.published


async def publish(
    sensors: Path, address: Address, rate: float, seconds: float | None, seed: int, *, namespace: Namespace
) -> int:
    """The fleet, for `seconds` or until interrupted; `rate` messages a second, 0 is by heartbeat."""
    fleet = Fleet(sensors, seed, SystemClock(), *address, tick=TICK, rate=rate or None, namespace=namespace)
    await fleet.connect()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    running = asyncio.create_task(fleet.run())
    try:
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({running, waiting}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if running.done():
            running.result()
    finally:
        running.cancel()
        await fleet.close()
    return fleet.published
