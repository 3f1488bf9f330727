"""Recorded readings, published as if they began now."""

import csv
from dataclasses import replace
from pathlib import Path

from ingest.clock import SystemClock
from ingest.namespace import Namespace
from simulators.playback import Place, Playback
from simulators.publisher import Publisher
from simulators.readings_csv import Row, read_rows
from simulators.sent_log import SentLog
from tocsin.simulating.account import Address


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
    sources: list[Path],
    sensors: Path,
    address: Address,
    scale: float,
    log: SentLog | None,
    namespace: Namespace,
) -> int:
    """Publish a record as if it began now; returns the number of messages."""
    clock = SystemClock()
    publisher = Publisher(*address, "tocsin-playback")
    await publisher.connect()
    try:
        rows = paced(read_rows(sources), clock.now(), scale)
        playback = Playback(rows, places_of(sensors), publisher, clock, log=log, namespace=namespace)
        await playback.run()
    finally:
        if log is not None:
            log.end(publisher.acked)
        await publisher.close()
    return playback.published
