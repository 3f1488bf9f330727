"""Readings as InfluxDB line protocol, in bulk: measurement = kind, tags sensor and zone, fields = metrics.

One line a reading, times in ms, all numbers as floats; the field `q` has the quality bits.
"""

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds
from ingest.registry import Registry, Sensor
from ingest.series.store import Block, instants, quantities

ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})


class LineProtocol:
    """The lines of blocks under one bundle; what a line of a sensor begins with is remembered.

    Names of kinds and metrics need no escaping, and ids hold no line breaks: the files they come from do not
    allow anything else.
    """

    def __init__(self, kinds: Kinds, registry: Registry) -> None:
        self.kinds = kinds
        self.registry = registry
        self._fields = np.array([f"{metric.name}=" for metric in kinds.columns], object)
        self._heads: dict[int, str] = {}

    def encode(self, block: Block) -> bytes:
        """Empty for a block without readings; of one metric told twice for one instant the last stands."""
        if not len(block.readings):
            return b""
        at = instants(block.readings)
        rows = _by_reading(block, at)
        slot, at, quality = block.readings.slot[rows], at[rows], block.readings.quality[rows]
        first = np.ones(len(rows), np.bool_)
        first[1:] = (slot[1:] != slot[:-1]) | (at[1:] != at[:-1])
        starts = np.flatnonzero(first)
        head = np.full(len(rows), ",", object)
        head[starts] = [self._heads.get(each) or self._head(each) for each in slot[starts].tolist()]
        tail = np.full(len(rows), "", object)
        bits = np.bitwise_or.reduceat(quality, starts).tolist()
        tail[np.append(starts[1:], len(rows)) - 1] = [
            f",q={q} {instant}\n" for q, instant in zip(bits, at[starts].tolist(), strict=True)
        ]
        fields = self._fields[block.readings.column[rows]].tolist()
        values = quantities(block)[rows].tolist()
        # The shortest text that gives the float back is the decimal the device sent.
        pieces = zip(head.tolist(), fields, map(repr, values), tail.tolist(), strict=True)
        return "".join(["".join(piece) for piece in pieces]).encode()

    def _head(self, slot: int) -> str:
        sensor = self.registry.sensors[slot]
        head = self._heads[slot] = f"{sensor.kind}{_tags(sensor)} "
        return head


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
