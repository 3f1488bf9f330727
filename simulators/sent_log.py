"""A sent-log: which messages a fleet published, one line of JSON after the other (docs/formats.md).

It is written as they leave, so that it is there up to its last whole line if the fleet is killed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt

# A message's sensor and stamp as one number: stamps of milliseconds take 41 bits until 2039.
STAMP_BITS = 41
STAMP_MASK = (1 << STAMP_BITS) - 1
MEASURED = re.compile(rb'"t":\s*(\d{13})')

Longs = npt.NDArray[np.int64]


class Sensors(msgspec.Struct, frozen=True, tag="sensors", tag_field="is"):
    """More ids; those of the first such line have the positions from 0 on."""

    ids: list[str]


class Burst(msgspec.Struct, frozen=True, tag="sent", tag_field="is"):
    """Messages stamped `stamp` that left at `leaves`, both ms since the epoch.

    `count[i]` messages, of as many sensors from position `first[i]` on, one each.
    """

    stamp: int
    leaves: int
    first: list[int]
    count: list[int]


class End(msgspec.Struct, frozen=True, tag="end", tag_field="is"):
    """The last line: messages published, and how many of them the broker has acknowledged."""

    published: int
    acked: int


def keys(sensors: Longs, stamps: Longs) -> Longs:
    """(sensor number, stamp) as one number each."""
    return sensors << STAMP_BITS | stamps & STAMP_MASK


def said_of(topic: str, payload: bytes) -> tuple[str, int]:
    """The sensor that a message names in its topic, and its stamp; 0 if it has none that can be read."""
    parts = topic.split("/")
    found = MEASURED.search(payload)
    return parts[4] if len(parts) == 6 else topic, int(found[1]) if found else 0


class SentLog:
    """Writes one. OSError: the file cannot be written."""

    def __init__(self, path: Path, sensors: Iterable[str] = ()) -> None:
        self._positions: dict[str, int] = {}
        self._encoder = msgspec.json.Encoder()
        self._published = 0
        self._file = path.open("wb")
        self._know(list(sensors))

    def add(self, first: Longs, count: Longs, stamp: int, leaves: int) -> None:
        """Bursts measured at one instant: the position each begins with, and its messages."""
        self._published += int(count.sum())
        self._write(Burst(stamp, leaves, first.tolist(), count.tolist()))

    def note(self, topic: str, payload: bytes, leaves: int) -> None:
        """One message."""
        sensor, stamp = said_of(topic, payload)
        if sensor not in self._positions:
            self._know([sensor])
        self._published += 1
        self._write(Burst(stamp, leaves, [self._positions[sensor]], [1]))

    def end(self, acked: int) -> None:
        """Nothing more is published; the broker has acknowledged so much. The file is whole from here on."""
        self._write(End(self._published, acked))
        self.close()

    def close(self) -> None:
        """Without its end, if there was none."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _know(self, ids: list[str]) -> None:
        self._positions |= zip(ids, range(len(self._positions), len(self._positions) + len(ids)), strict=True)
        self._write(Sensors(ids))

    def _write(self, line: Sensors | Burst | End) -> None:
        self._file.write(self._encoder.encode(line) + b"\n")


class SentLogError(Exception):
    """A file that is no sent-log; names the line."""


@dataclass(frozen=True, slots=True, eq=False)
class Bursts:
    """A sent-log as it was written: by burst `first` position, `count`, `stamp` and `leaves`.

    `end` is None if the fleet did not come to its end.
    """

    sensors: Sequence[str]
    first: Longs
    count: Longs
    stamp: Longs
    leaves: Longs
    end: End | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """SentLogError names a line that is none; OSError: the file cannot be read."""
        sensors: list[str] = []
        bursts: list[Burst] = []
        end = None
        for line in _lines(path):
            match line:
                case Sensors(ids):
                    sensors += ids
                case Burst():
                    bursts.append(line)
                case End():
                    end = line
        each = [len(burst.first) for burst in bursts]
        return cls(
            sensors,
            _joined([burst.first for burst in bursts]),
            _joined([burst.count for burst in bursts]),
            np.repeat(_joined([[burst.stamp for burst in bursts]]), each),
            np.repeat(_joined([[burst.leaves for burst in bursts]]), each),
            end,
        )

    def __len__(self) -> int:
        """Messages."""
        return int(self.count.sum())

    def positions(self) -> Longs:
        """The position of the sensor of every message, in the order in which they were sent."""
        begins = np.cumsum(self.count) - self.count
        return np.repeat(self.first - begins, self.count) + np.arange(len(self))

    def keys(self, number: Longs | None = None) -> Longs:
        """The key of every message, by the position of its sensor, or by what is its `number`."""
        positions = self.positions()
        return keys(positions if number is None else number[positions], np.repeat(self.stamp, self.count))


def _lines(path: Path) -> Iterable[Sensors | Burst | End]:
    decoder = msgspec.json.Decoder(Sensors | Burst | End)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            # The line at which a fleet was killed.
            if not line.endswith(b"\n"):
                break
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as error:
                raise SentLogError(
                    f"{path}:{number}: {error}; this is no line of a sent-log, give what "
                    "`tocsin simulate --log` has written"
                ) from None


def _joined(parts: Sequence[Sequence[int]]) -> Longs:
    return np.array([each for part in parts for each in part], np.int64)
