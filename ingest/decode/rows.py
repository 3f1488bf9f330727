"""The rows of one block while it is decoded, and how they become `Readings`."""

from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt

from ingest.clock import DAY, MINUTE
from ingest.decode.refusal import Fault
from ingest.decode.scale import Scales
from ingest.reading import Numbered, Quality, Readings

AHEAD = 5 * MINUTE
BEHIND = 30 * DAY
# Stamps are cut here, thousands of years off, to fit int64; they are out of every range either way.
FARTHEST = 2**62
MOST_SHAPES = 4096
# Sequence numbers are cut here, so that the difference of two fits int64.
LARGEST_NUMBER = 2**61
UNNUMBERED = Numbered(*(np.zeros(0, np.int64) for _ in range(3)))

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Shapes:
    """Which values come together: each combination of scales, in order, has a number.

    What devices write decides how many there are, so they are bounded; `forget` (between blocks) begins anew.
    """

    def __init__(self) -> None:
        self.forget()

    @property
    def full(self) -> bool:
        return len(self._numbers) >= MOST_SHAPES

    def forget(self) -> None:
        """Drop all; numbers given before are void."""
        self._numbers: dict[tuple[int, ...], int] = {}
        self._tables = np.zeros(0, np.intp), np.zeros(0, np.int64), np.zeros(0, np.int64)

    def of(self, scales: tuple[int, ...]) -> int:
        """The number of a combination."""
        return self._numbers.setdefault(scales, len(self._numbers))

    def spread(self, shapes: list[int]) -> tuple[npt.NDArray[np.intp], Ints]:
        """The scales of rows of these shapes, one behind the other, and how many each row has."""
        if len(self._tables[1]) != len(self._numbers):
            lengths = np.array([len(scales) for scales in self._numbers], np.int64)
            joined = np.array(list(chain.from_iterable(self._numbers)), np.intp)
            self._tables = joined, lengths, np.cumsum(lengths) - lengths
        joined, lengths, starts = self._tables
        shape = np.array(shapes, np.intp)
        length = lengths[shape]
        ends = np.cumsum(length)
        inside = np.arange(ends[-1] if len(ends) else 0)
        return joined[np.repeat(starts[shape] - ends + length, length) + inside], length


@dataclass(slots=True)
class Rows:
    """Values as they were sent, in Python lists.

    `number` has one entry a value; `message`, `slot`, `stamp` and `shape` have one for the values in a row
    that share them, and `period` (ms) for those of them that have one, by their place in these. `numbered`
    has slot, seq and boot, one behind the other, of each message that says its sequence number. `received`
    (ms) is that of the block.
    """

    received: int
    message: list[int] = field(default_factory=list)
    slot: list[int] = field(default_factory=list)
    stamp: list[int] = field(default_factory=list)
    shape: list[int] = field(default_factory=list)
    number: list[float] = field(default_factory=list)
    period: dict[int, int] = field(default_factory=dict)
    numbered: list[int] = field(default_factory=list)

    def add(self, message: int, slot: int, stamp: int, shape: int) -> None:
        """Say what the next values, as many as the shape has, share."""
        self.message.append(message)
        self.slot.append(slot)
        self.stamp.append(stamp)
        self.shape.append(shape)


def settle(
    rows: Rows, shapes: Shapes, scales: Scales, sequence: int
) -> tuple[Readings, list[tuple[int, Fault]]]:
    """The readings of a block, and (message, fault) for every implausible value.

    An implausible value takes all of its sensor's values of that message with it.
    """
    scale, length = shapes.spread(rows.shape)
    message = np.repeat(np.array(rows.message, np.int32), length)
    slot = np.repeat(np.array(rows.slot, np.int32), length)
    period = np.zeros(len(length), np.int64)
    period[list(rows.period)] = list(rows.period.values())
    number = np.array(rows.number, np.float64)
    value, plausible = scales.counts(scale, number)
    amount = scales.amounts(scale)
    stamp = np.repeat(_stamps(rows.stamp), length)
    observed, clock = observed_at(stamp, amount, rows.received)
    readings = Readings(
        sequence=sequence,
        received=rows.received,
        message=message,
        slot=slot,
        column=scales.columns(scale),
        value=value,
        stamp=stamp,
        observed=observed,
        period=np.where(amount, np.repeat(period, length), 0),
        quality=np.where(clock, np.uint8(Quality.CLOCK), np.uint8(Quality.OK)),
    )
    bad = np.flatnonzero(~plausible)
    faults = [(int(message[row]), scales[scale[row]].impossible(float(number[row]))) for row in bad]
    kept = _untouched(message, slot, plausible)
    return in_order(readings if kept.all() else select(readings, kept)), faults


def numbered(rows: Rows) -> Numbered:
    """The sequence numbers of a block."""
    if not rows.numbered:
        return UNNUMBERED
    try:
        told = np.array(rows.numbered, np.int64)
    except OverflowError:
        told = np.array([min(max(n, -LARGEST_NUMBER), LARGEST_NUMBER) for n in rows.numbered], np.int64)
    slot, seq, boot = np.clip(told, -LARGEST_NUMBER, LARGEST_NUMBER).reshape(-1, 3).T
    return Numbered(slot, seq, boot)


def select(readings: Readings, rows: npt.NDArray[np.intp] | Flags) -> Readings:
    """The readings of some rows, given by index or by mask."""
    return Readings(
        sequence=readings.sequence,
        received=readings.received,
        message=readings.message[rows],
        slot=readings.slot[rows],
        column=readings.column[rows],
        value=readings.value[rows],
        stamp=readings.stamp[rows],
        observed=readings.observed[rows],
        period=readings.period[rows],
        quality=readings.quality[rows],
    )


def in_order(readings: Readings) -> Readings:
    """The rows by (message, observed, slot); values of one reading keep their order."""
    message, observed, slot = readings.message, readings.observed, readings.slot
    later = (observed[1:] > observed[:-1]) | (observed[1:] == observed[:-1]) & (slot[1:] >= slot[:-1])
    if bool(np.all(later | (message[1:] > message[:-1]))):
        return readings
    return select(readings, np.lexsort((slot, observed, message)))


def _stamps(stamps: list[int]) -> Ints:
    try:
        return np.array(stamps, np.int64)
    except OverflowError:
        return np.array([min(max(stamp, -FARTHEST), FARTHEST) for stamp in stamps], np.int64)


def observed_at(stamp: Ints, amount: Flags, received: int | Ints) -> tuple[Ints, Flags]:
    """Stamps after correction (ahead, or over 30 days behind), and where the device's clock is unusable."""
    clock = (stamp > received + AHEAD) | (stamp < received - BEHIND)
    return np.where(clock | (stamp > received) & ~amount, received, stamp), clock


def _untouched(message: npt.NDArray[np.int32], slot: npt.NDArray[np.int32], plausible: Flags) -> Flags:
    if plausible.all():
        return plausible
    pair = message.astype(np.int64) << 32 | slot
    return ~np.isin(pair, pair[~plausible])
