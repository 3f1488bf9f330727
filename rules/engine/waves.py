"""Cuts a block of readings into waves that may be judged at once, as if one reading at a time.

Readings of different sensors do not touch each other where rules look at single sensors: there a wave is the
k-th reading of each sensor. Kinds that rules look at across sensors are taken in journal order: a run is a
stretch of it in which no sensor speaks twice, one wave for each kind.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ingest.reading import Readings
from rules.engine.ring import Flags, Longs, Slots


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The values of one metric in a wave; `at` indexes the readings of the wave."""

    at: Slots
    value: Longs
    period: Longs
    flags: Flags


@dataclass(frozen=True, slots=True, eq=False)
class Wave:
    """One reading each of distinct sensors of one kind.

    `slot` counts from the kind's first sensor; `message` is its place in the block, and `rank` the place of
    the reading among all readings of the block; `columns` maps a metric's column to its values.
    """

    kind: int
    slot: Slots
    observed: Longs
    message: Longs
    rank: Longs
    columns: dict[int, Values]

    def only(self, chosen: npt.NDArray[np.bool_]) -> "Wave":
        """The wave of the chosen readings."""
        place = np.cumsum(chosen) - 1
        columns: dict[int, Values] = {}
        for column, v in self.columns.items():
            kept = chosen[v.at]
            if kept.any():
                columns[column] = Values(place[v.at[kept]], v.value[kept], v.period[kept], v.flags[kept])
        slot, observed, message = self.slot[chosen], self.observed[chosen], self.message[chosen]
        return Wave(self.kind, slot, observed, message, self.rank[chosen], columns)


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
    head = rows[np.flatnonzero(np.diff(reading, prepend=-1))]
    slot = readings.slot[head].astype(np.int64)
    kind = np.searchsorted(starts, slot, side="right") - 1
    group = _turns(slot, ordered[kind]) * len(starts) + kind
    order = np.argsort(group, kind="stable")
    place = np.empty(len(order), np.int64)
    bounds = _bounds(group[order])
    for first, last in bounds:
        place[order[first:last]] = np.arange(last - first)
    # Rows by (wave, metric), so that each metric of a wave is one slice.
    row_group, column = group[reading], readings.column[rows].astype(np.int64)
    span = int(column.max()) + 1
    key = row_group * span + column
    by_metric = np.argsort(key, kind="stable")
    values = _values(readings, rows[by_metric], place[reading[by_metric]], key[by_metric])
    for first, last in bounds:
        chosen = order[first:last]
        base = int(group[chosen[0]]) * span
        columns = {c: values[base + c] for c in range(span) if base + c in values}
        k, at = int(kind[chosen[0]]), head[chosen]
        message = readings.message[at].astype(np.int64)
        wave = Wave(k, slot[chosen] - starts[k], readings.observed[at], message, chosen, columns)
        yield int(group[chosen[0]]) // len(starts), wave


def _grouped(readings: Readings) -> tuple[Slots, Slots]:
    """Row indices by reading, and the number of the reading of each of them."""
    keys = (readings.column, readings.slot, readings.observed, readings.message)
    rows = np.lexsort(keys)
    same = _same_as_before(readings, rows)
    twice = same & (np.diff(readings.column[rows], prepend=-1) == 0)
    if not twice.any():
        return rows, np.cumsum(~same) - 1
    # A second value of one metric at one stamp is one more reading (D22).
    again = np.zeros(len(rows), np.int64)
    for k in np.flatnonzero(twice).tolist():
        again[k] = again[k - 1] + 1
    repeat = np.zeros(len(rows), np.int64)
    repeat[rows] = again
    rows = np.lexsort((readings.column, repeat, readings.slot, readings.observed, readings.message))
    same = _same_as_before(readings, rows) & (np.diff(repeat[rows], prepend=-1) == 0)
    return rows, np.cumsum(~same) - 1


def _same_as_before(readings: Readings, rows: Slots) -> npt.NDArray[np.bool_]:
    same = np.zeros(len(rows), np.bool_)
    same[1:] = True
    for field in (readings.message, readings.observed, readings.slot):
        same[1:] &= field[rows[1:]] == field[rows[:-1]]
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
    first = np.flatnonzero(np.diff(ranked, prepend=-1))
    lengths = np.diff(np.append(first, len(ranked)))
    turn = np.empty(len(slot), np.int64)
    turn[order] = np.arange(len(slot)) - np.repeat(first, lengths)
    return turn


def _bounds(ascending: Slots) -> list[tuple[int, int]]:
    first = np.flatnonzero(np.diff(ascending, prepend=-1)).tolist()
    return list(zip(first, [*first[1:], len(ascending)], strict=True))


def _values(readings: Readings, rows: Slots, at: Slots, key: Slots) -> dict[int, Values]:
    return {
        int(key[first]): Values(
            at[first:last],
            readings.value[rows[first:last]],
            readings.period[rows[first:last]],
            readings.quality[rows[first:last]],
        )
        for first, last in _bounds(key)
    }
