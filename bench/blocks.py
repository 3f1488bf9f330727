"""Readings and rules for the engine alone: whole blocks as columns, as the decoder would give them."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bench.shipped import written_rules
from ingest.kinds import Kinds
from ingest.kinds.reporting import parse_reporting
from ingest.reading import Readings
from ingest.registry import Registry, Sensor, Zone
from rules.rule import Rule

BATCH = 1000
# 2024-01-01T00:00Z; any instant would do.
START = 1_704_067_200_000

# From a sensor to the engine, ms.
DELAY = 20

Longs = npt.NDArray[np.int64]


def ladders(kinds: Kinds, kind: str, ladder: Iterable[tuple[str, str]]) -> tuple[Rule, ...]:
    """A rule for each (yellow, orange), over all sensors of the kind."""
    text = ["rules:"]
    for number, (yellow, orange) in enumerate(ladder):
        text.append(
            f"  - {{id: r{number}, title: {{zh: r, en: r}}, hazard: bench, for_each: {kind} sensor, "
            f'grades: {{yellow: "{yellow}", orange: "{orange}"}}, '
            "advice: {zh: r, en: r}, source: {text: none, status: project}}"
        )
    return written_rules("\n".join(text), kinds)


def sensors(kinds: Kinds, kind: str, count: int, every: str, zones: Sequence[str] = ("z",)) -> list[Sensor]:
    """`count` sensors of a kind, in turn over the zones, on a grid of 500 m."""
    reporting, side = parse_reporting(f"periodic {every}"), int(count**0.5) + 1
    return [
        Sensor(
            id=f"{kind}-{n:07}",
            kind=kind,
            zone=zones[n % len(zones)],
            gateway="",
            lon=116.0 + (n % side) * 0.005,
            lat=30.0 + (n // side) * 0.0045,
            heartbeat=kinds[kind].heartbeat,
            reporting=reporting,
            site={},
        )
        for n in range(count)
    ]


def city(found: list[Sensor]) -> Registry:
    """The sensors with the zones that they name, all below one district."""
    names = sorted({sensor.zone for sensor in found})
    zones = {"district": Zone(id="district", name={}, parent=None, code="", polygon=())}
    zones |= {name: Zone(id=name, name={}, parent="district", code="", polygon=()) for name in names}
    return Registry.of(found, zones)


def block(received: int, slot: Longs, column: int, value: Longs, observed: Longs) -> Readings:
    """One metric of each slot, one message each."""
    count = len(slot)
    return Readings(
        sequence=0,
        received=received,
        message=np.arange(count, dtype=np.int32),
        slot=slot.astype(np.int32),
        column=np.full(count, column, np.int16),
        value=value.astype(np.int64),
        stamp=observed.astype(np.int64),
        observed=observed.astype(np.int64),
        period=np.zeros(count, np.int64),
        quality=np.zeros(count, np.uint8),
    )


def in_turns(column: int, values: Sequence[Longs], every: int, blocks: int) -> Iterator[Readings]:
    """Sensors take turns, each once in `every` ms; turn k says `values[k]`, and then from the start again."""
    count, at, instant = len(values[0]), 0, START
    for _ in range(blocks):
        place = at + np.arange(BATCH)
        at, instant = at + BATCH, instant + max(every * BATCH // count, 1)
        slot, turn = place % count, place // count % len(values)
        value = np.stack(values)[turn, slot] if len(values) > 1 else values[0][slot]
        yield block(instant, slot, column, value, np.full(BATCH, instant - DELAY))


def one_sensor(column: int, every: int, blocks: int) -> Iterator[Readings]:
    """The record of one sensor, quiet, a block at a time."""
    draw = np.random.default_rng(1)
    first = START
    for _ in range(blocks):
        observed = first + np.arange(BATCH) * every
        first = int(observed[-1]) + every
        yield block(
            int(observed[-1]), np.zeros(BATCH, np.int64), column, draw.integers(0, 100, BATCH), observed
        )


def rounds(column: int, count: int, every: int, times: int) -> Iterator[Readings]:
    """Every sensor reports `times` times, in blocks of BATCH; light rain and other small values."""
    draw = np.random.default_rng(2)
    for turn in range(times):
        stamp = START + turn * every
        for first in range(0, count, BATCH):
            slot = np.arange(first, min(first + BATCH, count))
            value = draw.integers(0, 10, len(slot))
            yield block(stamp, slot, column, value, np.full(len(slot), stamp))
