"""What each place says in one block, in order, behind what is remembered of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.quality.places import Indices, Ints
from ingest.stretches import sizes, starts

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The reports of one place after another; a head stands before each run for the newest report known.

    All arrays have one entry for a head or a report; `row` is the report's row of the block, -1 for a head.
    """

    place: Indices
    row: Indices
    stamp: Ints

    @property
    def head(self) -> Flags:
        return self.row < 0

    @property
    def last(self) -> Indices:
        """The last entry of each run."""
        heads = self.head.nonzero()[0]
        return heads + sizes(heads, len(self.row)) - 1

    def values(self, remembered: Ints, told: Ints) -> Ints:
        """`remembered` by place for heads, `told` by row for reports."""
        return np.where(self.head, remembered[self.place], told[self.row])

    def origin(self, begins: Flags) -> Indices:
        """For each entry the nearest one, itself or before it, at which `begins` holds; it must for heads."""
        return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))


def runs(place: Indices, row: Indices, stamp: Ints, newest: Ints, *, ascending: bool = False) -> Runs:
    """The reports that are not behind what came before them; `newest` is the stamp remembered, by place.

    `place`, `row` and `stamp` have one entry a report, in journal order. With `ascending` a second report of
    one stamp is left out as well.
    """
    order = np.argsort(place, kind="stable")
    begins = starts(place[order])
    # The first report of each run stands twice: once to become its head.
    often = np.ones(len(order), np.intp)
    often[begins] = 2
    order, head = np.repeat(order, often), begins + np.arange(len(begins))
    found = Runs(place[order], row[order], stamp[order])
    found.row[head], found.stamp[head] = -1, newest[found.place[head]]
    behind = found.stamp[1:] < found.stamp[:-1] + ascending
    if not (behind & ~found.head[1:]).any():
        return found
    kept = _in_order(found, ascending)
    return Runs(found.place[kept], found.row[kept], found.stamp[kept])


def _in_order(found: Runs, ascending: bool) -> Flags:
    """Which entries reach, or pass, the latest stamp of their run so far."""
    _, rank = np.unique(found.stamp, return_inverse=True)
    # Runs are apart by more than any rank, so the maximum so far never comes from the run before.
    key = np.cumsum(found.head) * (len(rank) + 1) + rank
    latest = np.append(-1, np.maximum.accumulate(key)[:-1])
    kept: Flags = key >= latest + ascending
    return kept
