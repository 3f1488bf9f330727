"""Recorded readings as columns: what `read_rows` reads, as fast as a month of a county needs.

A piece of a file is read column by column as long as nothing about it is odd; an odd one is read row by row
by `readings_csv`, which says what is wrong with it. So both read the same.
"""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from simulators.readings_csv import (
    MOST_FINDINGS,
    NAME,
    NOTHING,
    ReadingsError,
    Row,
    decimals,
    header_of,
    instant,
    opened,
    rows_of,
)

# Characters read at once, and the longest line that surely has no field too long for `csv`.
PIECE = 2**19
LONGEST = 2**17


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """One entry a value, in the order of receipt, stable within one instant; arrays of shape (n,).

    sensors, metrics   the names that `sensor` and `metric` number
    received, observed ms since the epoch
    number             what is written, as a float
    written            the CSV's own text of it; `decimals` is what it is on the wire
    """

    sensors: Sequence[str]
    metrics: Sequence[str]
    received: npt.NDArray[np.int64]
    observed: npt.NDArray[np.int64]
    sensor: npt.NDArray[np.int32]
    metric: npt.NDArray[np.int32]
    number: npt.NDArray[np.float64]
    written: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.received)

    def some(self, kept: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> "Columns":
        """Some of the values, by mask, index or slice."""
        return Columns(
            self.sensors,
            self.metrics,
            self.received[kept],
            self.observed[kept],
            self.sensor[kept],
            self.metric[kept],
            self.number[kept],
            self.written[kept],
        )

    def rows(self, kept: Sequence[int]) -> Iterator[Row]:
        """Some of the values, by index, as the rows that `read_rows` reads."""
        for n in kept:
            yield Row(
                int(self.received[n]),
                int(self.observed[n]),
                self.sensors[self.sensor[n]],
                self.metrics[self.metric[n]],
                decimals(self.written[n], float(self.number[n])),
            )


class _Names:
    """Names by number, in the order in which they came."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def take(self, names: Sequence[str]) -> npt.NDArray[np.int32]:
        numbers = self.numbers
        for name in dict.fromkeys(names):
            numbers.setdefault(name, len(numbers))
        return np.fromiter(map(numbers.__getitem__, names), np.int32, len(names))


class _Reader:
    """Takes files piece by piece, and puts them together."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self._sensors, self._metrics = _Names(), _Names()
        self._pieces: list[Columns] = []

    def take(self, path: Path) -> None:
        """One file. OSError if it cannot be opened."""
        with opened(path) as file:
            try:
                header = header_of(path, csv.reader([file.readline()]), self.findings)
                if header:
                    self._body(path, header, file)
            except (gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError, csv.Error) as error:
                self.findings.append(f"{path}: cannot be read as CSV: {error}; is it whole, and UTF-8?")

    def _body(self, path: Path, header: list[str], file: TextIO) -> None:
        number = 2
        while text := file.read(PIECE) + file.readline():
            if '"' in text or "\r" in text.replace("\r\n", "\n"):
                # What is quoted may hold commas and ends of lines: from here on line by line.
                lines = csv.reader(chain(StringIO(text, newline=""), file))
                self._append(rows_of(path, header, lines, number, self.findings))
                return
            try:
                self._pieces.append(self._at_once(len(header), text))
            except ValueError:
                # One of them is no reading, or is written in an unusual way.
                lines = csv.reader(StringIO(text, newline=""))
                self._append(rows_of(path, header, lines, number, self.findings))
            number += text.count("\n")

    def _append(self, rows: Iterable[Row]) -> None:
        self._pieces.append(self._columns(list(rows)))

    def _at_once(self, width: int, text: str) -> Columns:
        """Whole lines without quotes, of which none is odd; ValueError for any other."""
        columns = _split(width, text)
        if not NOTHING.isdisjoint(map(str.lower, set(columns[3]))):
            there = [n for n, value in enumerate(columns[3]) if value.lower() not in NOTHING]
            columns = [[column[n] for n in there] for column in columns]
        times, sensors, metrics, values, *received = columns
        if not all(map(NAME.fullmatch, {*sensors, *metrics})):
            raise ValueError("a name")
        observed = _instants(times)
        written = np.empty(len(values), np.object_)
        written[:] = values
        return Columns(
            (), (), _instants(received[0]) if received else observed, observed,
            self._sensors.take(sensors), self._metrics.take(metrics), _numbers(values), written,
        )  # fmt: skip

    def _columns(self, rows: list[Row]) -> Columns:
        written = np.empty(len(rows), np.object_)
        written[:] = [row.value for row in rows]
        return Columns(
            (), (),
            np.array([row.received for row in rows], np.int64),
            np.array([row.observed for row in rows], np.int64),
            self._sensors.take([row.sensor for row in rows]),
            self._metrics.take([row.metric for row in rows]),
            np.array([float(row.value) for row in rows], np.float64),
            written,
        )  # fmt: skip

    def all(self) -> Columns:
        """Everything in the order of receipt. ReadingsError carries every defect of the files."""
        if self.findings:
            raise ReadingsError(self.findings[:MOST_FINDINGS])
        pieces = self._pieces or [self._columns([])]
        whole = Columns(
            [*self._sensors.numbers],
            [*self._metrics.numbers],
            *(
                np.concatenate([getattr(piece, name) for piece in pieces])
                for name in ("received", "observed", "sensor", "metric", "number", "written")
            ),
        )
        order = np.argsort(whole.received, kind="stable")
        return whole if np.array_equal(order, np.arange(len(order))) else whole.some(order)


def read_columns(paths: Sequence[Path]) -> Columns:
    """The values of all files together. Raises ReadingsError with every defect, OSError for no such file."""
    reader = _Reader()
    for path in paths:
        reader.take(path)
    return reader.all()


def _split(width: int, text: str) -> list[list[str]]:
    """The fields of whole lines by column; ValueError if a line has not `width` of them."""
    fields = text.removesuffix("\n").replace("\n", ",\n").split(",")
    if len(fields) % width or max(map(len, text.split("\n"))) > LONGEST:
        raise ValueError("not as many fields in each line, or long ones")
    # An end of line stands before each first field, and nowhere else.
    begins, lines = fields[width::width], text.count("\n") - text.endswith("\n")
    if len(begins) != lines or not all(field[0] == "\n" for field in begins):
        raise ValueError("not as many fields in each line")
    return [list(map(str.strip, fields[place::width])) for place in range(width)]


def _numbers(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Finite numbers; ValueError for what is none in a CSV, or is to Python alone."""
    together = "".join(texts)
    if "_" in together or not together.isascii():
        raise ValueError("a number that JSON does not know")
    numbers = np.array(list(map(float, texts)), np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("a number that is not finite")
    return numbers


def _instants(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Ms since the epoch; Defect, a ValueError, for what is no instant."""
    known = {text: instant(text, "") for text in set(texts)}
    return np.array([known[text] for text in texts], np.int64)
