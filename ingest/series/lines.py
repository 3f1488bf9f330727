"""Readings as InfluxDB line protocol, in bulk: measurement = kind, tags sensor and zone, fields = metrics.

One line a reading, times in ms, all numbers as floats; the first field, `q`, has the quality bits.
"""

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds
from ingest.registry import Registry, Sensor
from ingest.series.store import Block, instants

ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})


class LineProtocol:
    """The lines of blocks under one bundle; what a line of a sensor begins with is remembered.

    Names of kinds and metrics need no escaping, and ids hold no line breaks: the files they come from do not
    allow anything else.
    """

    def __init__(self, kinds: Kinds, registry: Registry) -> None:
        self.kinds = kinds
        self.registry = registry
        self._fields = _Fields(kinds)
        self._heads = np.full(len(registry.sensors), None, object)

    def encode(self, block: Block) -> bytes:
        """Empty for a block without readings; of one metric told twice for one instant the last stands."""
        if not len(block.readings):
            return b""
        at = instants(block.readings)
        rows = _by_reading(block, at)
        slot, at = block.readings.slot[rows], at[rows]
        first = np.ones(len(rows), np.bool_)
        first[1:] = (slot[1:] != slot[:-1]) | (at[1:] != at[:-1])
        starts = np.flatnonzero(first)
        # Pieces of text in the order of the lines: head, fields, tail of each reading.
        pieces = np.empty(len(rows) + 2 * len(starts), object)
        reading = np.arange(len(starts))
        pieces[starts + 2 * reading] = self._heads_of(block, rows, starts)
        told = zip(block.readings.column[rows].tolist(), block.readings.value[rows].tolist(), strict=True)
        pieces[np.arange(len(rows)) + 2 * np.cumsum(first) - 1] = [self._fields[pair] for pair in told]
        ends = np.append(starts[1:], len(rows)) + 2 * reading + 1
        pieces[ends] = [f" {instant}\n" for instant in at[starts].tolist()]
        return "".join(pieces.tolist()).encode()

    def _heads_of(
        self, block: Block, rows: npt.NDArray[np.intp], starts: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.object_]:
        slots = block.readings.slot[rows][starts]
        for slot in set(slots[self._heads[slots] == None].tolist()):  # noqa: E711 (by element)
            sensor = self.registry.sensors[slot]
            self._heads[slot] = f"{sensor.kind}{_tags(sensor)} q=0"
        heads: npt.NDArray[np.object_] = self._heads[slots]
        bits = np.bitwise_or.reduceat(block.readings.quality[rows], starts)
        for doubtful in np.flatnonzero(bits).tolist():
            heads[doubtful] = f"{heads[doubtful][:-1]}{bits[doubtful]}"
        return heads


class _Fields(dict[tuple[int, int], str]):
    """The text of (column, count), behind the field before it; values repeat, so texts are kept, so many."""

    MOST = 100_000

    def __init__(self, kinds: Kinds) -> None:
        super().__init__()
        self._metrics = [(m.name, *m.resolution.as_integer_ratio()) for m in kinds.columns]

    def __missing__(self, told: tuple[int, int]) -> str:
        if len(self) >= self.MOST:
            self.clear()
        name, numerator, denominator = self._metrics[told[0]]
        # The shortest text that gives the float back is the decimal the device sent.
        text = self[told] = f",{name}={told[1] * numerator / denominator!r}"
        return text


def tag_text(text: str) -> str:
    """`text` as it stands in a tag: line protocol has no way to end one with a backslash, so that is %5C."""
    return text.replace("%", "%25").replace("\\", "%5C")


def _tags(sensor: Sensor) -> str:
    zone = f",zone={tag_text(sensor.zone).translate(ESCAPES)}" if sensor.zone else ""
    return f",sensor={tag_text(sensor.id).translate(ESCAPES)}{zone}"


def _by_reading(block: Block, at: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """The rows ordered by slot, instant and column; of equal ones the last of the block alone."""
    slot, column = block.readings.slot, block.readings.column
    rows = np.lexsort((column, at, slot))
    slot, at, column = slot[rows], at[rows], column[rows]
    last = np.ones(len(rows), np.bool_)
    last[:-1] = (slot[1:] != slot[:-1]) | (at[1:] != at[:-1]) | (column[1:] != column[:-1])
    return rows[last]
