"""Screening: redelivered readings are taken out, in journal order.

A duplicate is the same sensor, stamp and values, whatever its DUP flag or sequence number says. A reading
(the rows of one message with one slot and one stamp) newer than all before it of its sensor is none by
definition; any other is compared with the fingerprints of the sensor's last readings.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.decode.rows import select
from ingest.reading import Decoded, Readings
from ingest.registry import Registry
from ingest.registry.moves import Moves, is_still, slot_moves
from ingest.stretches import sizes, starts

# Fingerprints over all sensors (64 MB), and the least and the most for one.
FINGERPRINTS = 2**21
LEAST, MOST = 16, 1024
NEVER = np.iinfo(np.int64).min
# Of SplitMix64.
GAMMA = np.uint64(0x9E3779B97F4A7C15)
SHIFTS = np.uint64(30), np.uint64(27), np.uint64(31)
FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """What is left of one block; every message is counted once.

    accepted     messages with at least one reading that is no duplicate
    duplicates   messages that had readings, all of them duplicates
    quarantined  messages without a reading
    """

    readings: Readings
    accepted: int
    duplicates: int
    quarantined: int


class Screen:
    """The memory by which duplicates are known, and the running totals of messages and readings.

    `heard` is when each slot was last received (ms), duplicates too.

    However a stream is cut into blocks, the same readings are accepted. Each sensor's last `capacity`
    accepted readings are remembered; an older one that comes again is late data once more.
    """

    def __init__(self, registry: Registry, fingerprints: int = FINGERPRINTS) -> None:
        sensors = len(registry.sensors)
        self.capacity = min(max(fingerprints // max(sensors, 1), LEAST), MOST)
        self.accepted = 0
        self.duplicates = 0
        self.quarantined = 0
        self.readings = 0
        self.heard = np.full(sensors, NEVER, np.int64)
        self._registry = registry
        self._fingerprints = fingerprints
        self._newest = np.full(sensors, NEVER, np.int64)
        self._ring = np.zeros((sensors, self.capacity), np.uint64)
        # How many fingerprints were ever stored; modulo capacity, where the next one goes.
        self._stored = np.zeros(sensors, np.int64)

    def screen(self, decoded: Decoded) -> Screened:
        """Removes duplicates; blocks are to come in journal order, each once."""
        rows = decoded.readings
        first = starts(rows.message, rows.slot, rows.stamp)
        taken = self._take(rows.slot[first], rows.stamp[first], _fingerprints(rows, first))
        message = rows.message[first]
        told, accepted = _distinct(message), _distinct(message[taken])
        self.accepted += accepted
        self.duplicates += told - accepted
        self.quarantined += decoded.messages - told
        self.readings += int(np.count_nonzero(taken))
        self.heard[rows.slot[first]] = rows.received
        if not taken.all():
            rows = select(rows, np.repeat(taken, sizes(first, len(rows))))
        return Screened(rows, accepted, told - accepted, decoded.messages - told)

    def snapshot(self) -> dict[str, npt.NDArray[np.generic]]:
        """The state itself, to be copied; `restore` takes it under the same registry."""
        return {
            "newest": self._newest,
            "ring": self._ring,
            "stored": self._stored,
            "heard": self.heard,
            "totals": np.array([self.accepted, self.duplicates, self.quarantined, self.readings], np.int64),
        }

    def restore(self, state: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Continue from a snapshot; raises ValueError if it is of a registry of another size."""
        shape = state["ring"].shape
        if shape != self._ring.shape:
            raise ValueError(
                f"snapshot of (sensors, fingerprints) {shape} for a screen of {self._ring.shape}"
            )
        self._newest = state["newest"].astype(np.int64)
        self._ring = state["ring"].astype(np.uint64)
        self._stored = state["stored"].astype(np.int64)
        self.heard = state["heard"].astype(np.int64)
        self.accepted, self.duplicates, self.quarantined, self.readings = map(int, state["totals"].tolist())

    def carry(self, registry: Registry) -> "Screen":
        """A screen for another registry: the memory of each sensor moves along by its id, the totals stay."""
        screen = Screen(registry, self._fingerprints)
        self.hand_over(screen, slot_moves(self._registry, registry))
        return screen

    def hand_over(self, screen: "Screen", moved: Moves) -> None:
        """As `carry`, into a fresh screen; this one must not be used any more."""
        screen.accepted, screen.duplicates = self.accepted, self.duplicates
        screen.quarantined, screen.readings = self.quarantined, self.readings
        old, new = moved
        if is_still(moved, len(self.heard), len(screen.heard)):
            screen._newest, screen.heard = self._newest, self.heard
            screen._stored, screen._ring = self._stored, self._ring
            return
        kept = np.minimum(self._stored[old], min(self.capacity, screen.capacity))
        screen._newest[new] = self._newest[old]
        screen.heard[new] = self.heard[old]
        screen._stored[new] = kept
        for age in range(int(kept.max(initial=0))):
            has = kept > age
            place = (self._stored[old[has]] - 1 - age) % self.capacity
            screen._ring[new[has], kept[has] - 1 - age] = self._ring[old[has], place]

    def _take(
        self, slot: npt.NDArray[np.int32], observed: npt.NDArray[np.int64], fingerprint: Hashes
    ) -> Flags:
        """Which readings are accepted; they are remembered.

        Sensors whose readings only go forward are done at once, the others one reading at a time.
        """
        order = np.argsort(slot, kind="stable")
        sensor, stamp, mark = slot[order].astype(np.intp), observed[order], fingerprint[order]
        begins = starts(sensor)
        lengths = sizes(begins, len(sensor))
        rank = np.arange(len(sensor)) - np.repeat(begins, lengths)
        before = np.empty_like(stamp)
        before[1:] = stamp[:-1]
        before[begins] = self._newest[sensor[begins]]
        ascending = np.repeat(_all_of_each(stamp > before, begins), lengths)
        self._store(sensor[ascending], stamp[ascending], mark[ascending], rank[ascending])
        accepted = ascending.copy()
        for turn in _turns(np.flatnonzero(~ascending), rank):
            fresh = turn[self._unknown(sensor[turn], stamp[turn], mark[turn])]
            self._store(sensor[fresh], stamp[fresh], mark[fresh], np.zeros(len(fresh), np.intp))
            accepted[fresh] = True
        taken = np.empty(len(slot), np.bool_)
        taken[order] = accepted
        return taken

    def _unknown(self, sensor: Indices, stamp: npt.NDArray[np.int64], mark: Hashes) -> Flags:
        known: Flags = np.any(self._ring[sensor] == mark[:, None], axis=1)
        return (stamp > self._newest[sensor]) | ~known

    def _store(self, sensor: Indices, stamp: npt.NDArray[np.int64], mark: Hashes, rank: Indices) -> None:
        """Remember readings in order; `rank` counts a sensor's readings of this call from 0."""
        self._ring[sensor, (self._stored[sensor] + rank) % self.capacity] = mark
        np.add.at(self._stored, sensor, 1)
        np.maximum.at(self._newest, sensor, stamp)


def _turns(rows: Indices, rank: Indices) -> list[Indices]:
    """`rows` by rank: one reading of each sensor at a time, each after all that came before it."""
    if not len(rows):
        return []
    ordered = rows[np.argsort(rank[rows], kind="stable")]
    return np.split(ordered, np.cumsum(np.bincount(rank[rows]))[:-1])


def _all_of_each(flags: Flags, begins: Indices) -> Flags:
    """For each run of `flags` that starts at `begins`: are all true?"""
    # reduceat takes no empty list.
    return np.logical_and.reduceat(flags, begins) if len(begins) else flags


def _distinct(ascending: npt.NDArray[np.int32]) -> int:
    return len(starts(ascending))


def _fingerprints(rows: Readings, first: Indices) -> Hashes:
    """64 bits for the stamp and values of each reading, whatever their order; never 0, the empty mark."""
    if not len(first):
        return np.zeros(0, np.uint64)
    value = _mixed(rows.value.astype(np.uint64) ^ _mixed(rows.column.astype(np.uint64)))
    values = np.add.reduceat(value, first)
    return np.maximum(_mixed(_mixed(rows.stamp[first].astype(np.uint64)) + values), 1)


def _mixed(bits: Hashes) -> Hashes:
    """A bijection that spreads every bit over all (the finaliser of SplitMix64)."""
    bits = bits + GAMMA
    bits ^= bits >> SHIFTS[0]
    bits *= FACTORS[0]
    bits ^= bits >> SHIFTS[1]
    bits *= FACTORS[1]
    bits ^= bits >> SHIFTS[2]
    return bits
