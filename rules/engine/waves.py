"""Cuts a block of readings into waves that may be judged at once, as if one reading at a time.

Readings of different sensors do not touch each other where rules look at single sensors: there a wave is the
k-th reading of each sensor. Kinds that rules look at across sensors are taken in journal order: a run is a
stretch of it in which no sensor speaks twice, one wave for each kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ingest import stretches
from ingest.reading import Readings
from rules.engine.ring import Flags, Longs, Slots


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """Values of metrics in a wave, by column ascending; `at` indexes the readings of the wave."""

    column: Longs
    at: Slots
    value: Longs
    period: Longs
    flags: Flags

    def __getitem__(self, chosen: slice | npt.NDArray[np.bool_]) -> "Values":
        at, period = self.at[chosen], self.period[chosen]
        return Values(self.column[chosen], at, self.value[chosen], period, self.flags[chosen])


@dataclass(slots=True, eq=False)
class Wave:
    """One reading each of distinct sensors of one kind.

    `slot` counts from the kind's first sensor; `message` is its place in the block, and `rank` the place of
    the reading among all readings of the block; `columns` maps a metric's column to its part of the `values`.
    """

    kind: int
    slot: Slots
    observed: Longs
    message: Longs
    rank: Longs
    values: Values
    columns: dict[int, Values] = field(init=False)

    def __post_init__(self) -> None:
        column = self.values.column
        self.columns = {int(column[first]): self.values[first:last] for first, last in _bounds(column)}

    def only(self, chosen: npt.NDArray[np.bool_]) -> "Wave":
        """The wave of the chosen readings."""
        kept = self.values[chosen[self.values.at]]
        values = replace(kept, at=(np.cumsum(chosen) - 1)[kept.at])
        slot, observed, message = self.slot[chosen], self.observed[chosen], self.message[chosen]
        return Wave(self.kind, slot, observed, message, self.rank[chosen], values)

    def columns_at(self, at: int) -> list[int]:
        """The metrics that one reading carries."""
        carried: list[int] = self.values.column[self.values.at == at].tolist()
        return carried


# Waves of distinct kinds that are taken in together, in journal order; or one wave of a kind apart.
Run: TypeAlias = list[Wave]


def runs(readings: Readings, starts: Slots, ordered: npt.NDArray[np.bool_]) -> Iterator[Run]:
    """The waves of a block in order.

    `starts` holds the first slot of each kind, ascending; `ordered` marks the kinds that are taken in journal
    order.
    """
    together: dict[int, Run] = {}
    for turn, wave in _waves(readings, starts, ordered):
        if ordered[wave.kind]:
            together.setdefault(turn, []).append(wave)
        else:
            yield [wave]
    for turn in sorted(together):
        yield together[turn]


def _waves(readings: Readings, starts: Slots, ordered: npt.NDArray[np.bool_]) -> Iterator[tuple[int, Wave]]:
    if not len(readings):
        return
    rows, reading = _grouped(readings)
    head = rows[stretches.starts(reading)]
    slot = readings.slot[head].astype(np.int64)
    kind = np.searchsorted(starts, slot, side="right") - 1
    group = _turns(slot, ordered[kind]) * len(starts) + kind
    order = np.argsort(group, kind="stable")
    place = np.empty(len(order), np.int64)
    bounds = _bounds(group[order])
    for first, last in bounds:
        place[order[first:last]] = np.arange(last - first)
    # Rows by (wave, metric), so that each wave, and each metric in it, is one slice.
    row_group, column = group[reading], readings.column[rows].astype(np.int64)
    by_metric = np.argsort(row_group * (int(column.max()) + 1) + column, kind="stable")
    rows, at = rows[by_metric], place[reading[by_metric]]
    values = Values(
        column[by_metric], at, readings.value[rows], readings.period[rows], readings.quality[rows]
    )
    for (first, last), (begin, end) in zip(bounds, _bounds(row_group[by_metric]), strict=True):
        chosen = order[first:last]
        k, heads = int(kind[chosen[0]]), head[chosen]
        message = readings.message[heads].astype(np.int64)
        own = slot[chosen] - starts[k]
        wave = Wave(k, own, readings.observed[heads], message, chosen, values[begin:end])
        yield int(group[chosen[0]]) // len(starts), wave


def _grouped(readings: Readings) -> tuple[Slots, Slots]:
    """Row indices by reading, and the number of the reading of each of them."""
    # Rows come by (message, observed): what is left is one number to sort by.
    instant = np.cumsum(~_as_before(readings.message, readings.observed))
    sensor = instant * (int(readings.slot.max()) + 1) + readings.slot
    metric = sensor * (int(readings.column.max()) + 1) + readings.column
    rows = metric.argsort(kind="stable")
    twice = _as_before(metric[rows])
    if not twice.any():
        return rows, np.cumsum(~_as_before(sensor[rows])) - 1
    # A second value of one metric at one stamp is one more reading (D22).
    again = np.zeros(len(rows), np.int64)
    for k in np.flatnonzero(twice).tolist():
        again[k] = again[k - 1] + 1
    repeat = np.zeros(len(rows), np.int64)
    repeat[rows] = again
    rows = np.lexsort((readings.column, repeat, sensor))
    return rows, np.cumsum(~_as_before(sensor[rows], repeat[rows])) - 1


def _as_before(*columns: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where all of some arrays are as at the place before."""
    same = np.zeros(len(columns[0]), np.bool_)
    same[1:] = True
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def _turns(slot: Slots, ordered: npt.NDArray[np.bool_]) -> Slots:
    """The turn of each reading: that of its sensor, or its run where journal order counts."""
    turn = _turn(slot)
    if not (turn * ordered).any():
        return turn
    run, seen = 0, set[int]()
    for k in np.flatnonzero(ordered).tolist():
        if slot[k] in seen:
            run, seen = run + 1, set()
        seen.add(int(slot[k]))
        turn[k] = run
    return turn


def _turn(slot: Slots) -> Slots:
    """How many readings of the same sensor stand before each reading."""
    order = np.argsort(slot, kind="stable")
    ranked = slot[order]
    first = stretches.starts(ranked)
    turn = np.empty(len(slot), np.int64)
    turn[order] = np.arange(len(slot)) - np.repeat(first, stretches.sizes(first, len(ranked)))
    return turn


def _bounds(ascending: Slots) -> list[tuple[int, int]]:
    return list(pairwise([*stretches.starts(ascending).tolist(), len(ascending)]))
