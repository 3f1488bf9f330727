"""Readings as columns, and what is refused: the nouns the decoder produces."""

from dataclasses import dataclass
from enum import IntFlag, StrEnum

import msgspec
import numpy as np
import numpy.typing as npt


class Quality(IntFlag):
    """What is known against a value; 0 is nothing. Stored as the numeric field `q`, never as a tag.

    CLOCK      the device's clock is wrong, so `received` counts as observed
    SUSPECT    not to be believed without a person; alone, of an amount: a counter fell or leapt
    STUCK      with SUSPECT: the value has not changed for as long as no living sensor rests
    STEP       with SUSPECT: a change that is too large from one report to the next
    NEIGHBOUR  with SUSPECT: the gauges around say otherwise

    The bit 128 is the engine's own.
    """

    OK = 0
    LATE = 1
    STALE = 2
    CLOCK = 4
    SUSPECT = 8
    STUCK = 16
    STEP = 32
    NEIGHBOUR = 64


class Reason(StrEnum):
    """Why a message is in quarantine."""

    MALFORMED = "malformed"
    OVERSIZED = "oversized"
    DUPLICATE_KEY = "duplicate_key"
    NOT_UTF8 = "not_utf8"
    NOT_FINITE = "not_finite"
    IMPOSSIBLE = "impossible"
    UNKNOWN_METRIC = "unknown_metric"
    WRONG_UNIT = "wrong_unit"
    UNREGISTERED = "unregistered"
    WRONG_TOPIC = "wrong_topic"
    OTHER_REALM = "other_realm"
    RETAINED = "retained"
    BAD_TIME = "bad_time"


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """One refused message: its index in the block, why, and enough to act on it.

    `sender` is the registered sensor or gateway whose topic it came on, empty for any other topic. `claimed`
    is None unless it speaks as somebody else: then who that is, quoted, or empty for nobody in particular.
    """

    message: int
    reason: Reason
    detail: str
    topic: str
    payload: bytes
    sender: str = ""
    claimed: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """The values of one journal block, one row a value, in journal order.

    Rows are ordered by (message, observed). Rows of one message with one slot and one `observed` are one
    reading: they are judged together. All arrays have shape (n,).

    sequence   the block's journal sequence number
    received   ms since the epoch, the same for the whole block
    message    index of the message within the block
    slot       the sensor, `Registry.sensors[slot]`
    column     the metric, `Kinds.columns[column]`
    value      count of the metric's resolutions
    stamp      ms since the epoch as the device stamped it: what tells a repeated message from a new one
    observed   ms since the epoch, after correction of clocks that run ahead: what rules go by
    period     ms the value covers if the message says so, else 0
    quality    bits of `Quality`
    """

    sequence: int
    received: int
    message: npt.NDArray[np.int32]
    slot: npt.NDArray[np.int32]
    column: npt.NDArray[np.int16]
    value: npt.NDArray[np.int64]
    stamp: npt.NDArray[np.int64]
    observed: npt.NDArray[np.int64]
    period: npt.NDArray[np.int64]
    quality: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.slot)


@dataclass(frozen=True, slots=True, eq=False)
class Numbered:
    """The messages of one block that say their sequence number, in journal order; arrays of shape (n,).

    What cannot be read has none, what is refused for its values has one. `boot` is 0 where none is given.
    """

    slot: npt.NDArray[np.int64]
    seq: npt.NDArray[np.int64]
    boot: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What became of one block: `messages` = those with readings + those rejected."""

    readings: Readings
    rejected: list[Rejected]
    messages: int
    numbered: Numbered
