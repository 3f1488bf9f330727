"""What every time-series store promises, and what it is given to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds
from ingest.reading import Quality, Readings
from ingest.registry import Registry


@dataclass(frozen=True, slots=True)
class Point:
    """One stored value: `observed` in ms, `value` in the metric's unit, `quality` as bits of `Quality`."""

    observed: int
    value: float
    quality: int


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The readings of one journal entry, with what gives their numbers a meaning.

    Slots and columns are numbered anew with every bundle, so they are never read without these two.
    """

    kinds: Kinds
    registry: Registry
    readings: Readings


class StoreUnavailable(Exception):
    """The store does not take or give anything at present; the same call may succeed later."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"{store}: {reason}")
        self.store = store
        self.reason = reason


class StoreRefused(Exception):
    """The store will never take what it was given: a defect of the data or of Tocsin, not of the store."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"{store}: {reason}")
        self.store = store
        self.reason = reason


class Store(Protocol):
    """Keeps points; all methods block and raise StoreUnavailable, except `ping` and `close`.

    trail  ms after which what `write` took is safe, should the store be killed; 0 if it is on return
    """

    trail: int

    def write(self, blocks: Sequence[Block]) -> None:
        """Keep all readings. One that is written again is stored once.

        Of different values of one sensor, metric and instant one stands: the last, where the store can.
        Raises StoreRefused too; some of the readings may be stored when it raises.
        """
        ...

    def read(self, sensor: str, metric: str, start: int, end: int) -> list[Point]:
        """The points in [start, end) ms in order of time, one an instant, from all zones it was ever in."""
        ...

    def count(self) -> int:
        """How many distinct (sensor, instant) are stored: for reconciliation, it looks at all of them."""
        ...

    def incarnation(self) -> str:
        """Changes when the store was started anew and may have lost what is younger than `trail`."""
        ...

    def ping(self) -> bool:
        """Whether the store answers."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def instants(readings: Readings) -> npt.NDArray[np.int64]:
    """The instant each value is stored at, ms.

    The device's own stamp, so that a message that is delivered again overwrites its own points; `observed`
    where the device's clock is unusable.
    """
    return np.where(readings.quality & np.uint8(Quality.CLOCK), readings.observed, readings.stamp)


def quantities(block: Block) -> npt.NDArray[np.float64]:
    """The values in the units of their metrics, each the float nearest to the exact decimal."""
    ratios = [metric.resolution.as_integer_ratio() for metric in block.kinds.columns]
    numerator, denominator = np.array(ratios, np.int64).reshape(-1, 2).T
    column = block.readings.column
    return np.asarray(block.readings.value * numerator[column] / denominator[column], np.float64)
