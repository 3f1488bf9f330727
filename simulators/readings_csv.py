"""Recorded readings as CSV: `time,sensor,metric,value[,received]`, plain or gzip.

Times are ISO 8601 with an offset or `Z`, or epoch milliseconds. `NA`, empty and `NaN` mean that nothing
arrived. Without `received`, a reading is received when it is observed, and rows are taken in order of time;
with it, in order of receipt.
"""

import csv
import gzip
import math
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

HEADER = ["time", "sensor", "metric", "value"]
NOTHING = {"", "na", "nan"}
MOST_FINDINGS = 100
# Far beyond every calendar, and within what any reader of integers takes.
MILLISECONDS = re.compile(r"-?[0-9]{1,15}")
# What a value is on the wire; other ways to write a decimal (`+5`, `.5`) are written so.
JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
# Names go into topics and payloads as they are.
NAME = re.compile(r'[^\x00-\x1f\x7f/+#"\\\ud800-\udfff]{1,200}')


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One value, in the CSV's own decimals where JSON has them; instants in ms since the epoch."""

    received: int
    observed: int
    sensor: str
    metric: str
    value: str


class ReadingsError(Exception):
    """Files that cannot be read as readings: one sentence for each defect, at most MOST_FINDINGS."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


class Defect(ValueError):
    """What is wrong in one column of a row, and the way out."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def read_rows(paths: Sequence[Path]) -> list[Row]:
    """The rows of all files together in the order of receipt, stable within one instant.

    ReadingsError carries every defect found, OSError means a file cannot be opened.
    """
    rows: list[Row] = []
    findings: list[str] = []
    with ExitStack() as stack:
        for path in paths:
            file = stack.enter_context(opened(path))
            try:
                rows += _read(path, file, findings)
            except (gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError, csv.Error) as error:
                findings.append(f"{path}: cannot be read as CSV: {error}; is it whole, and UTF-8?")
    if findings:
        raise ReadingsError(findings[:MOST_FINDINGS])
    rows.sort(key=lambda row: row.received)
    return rows


def opened(path: Path) -> TextIO:
    """The text of a file, plain or gzip. OSError if it cannot be opened."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _read(path: Path, file: TextIO, findings: list[str]) -> Iterator[Row]:
    reader = csv.reader(file)
    header = header_of(path, reader, findings)
    return rows_of(path, header, reader, 2, findings) if header else iter(())


def header_of(path: Path, reader: Iterator[list[str]], findings: list[str]) -> list[str]:
    """The first line; none, and a finding, if it is not the one that these files have."""
    header = next(reader, [])
    if header in (HEADER, [*HEADER, "received"]):
        return header
    findings.append(f"{path}:1: the header is {','.join(header)}; it must be {','.join(HEADER)}[,received]")
    return []


def rows_of(
    path: Path, header: list[str], lines: Iterable[list[str]], first: int, findings: list[str]
) -> Iterator[Row]:
    """The rows of lines where something arrived; `first` numbers them, and what is wrong is a finding."""
    for number, fields in enumerate(lines, start=first):
        try:
            if len(fields) != len(header):
                raise Defect("", f"{len(fields)} fields where the header has {len(header)}")
            row = row_of(fields)
        except Defect as defect:
            column = header.index(defect.column) + 1 if defect.column else 1
            findings.append(f"{path}:{number}: field {column}: {defect}")
            continue
        if row is not None:
            yield row


def row_of(fields: Sequence[str]) -> Row | None:
    """One line's fields; None where nothing arrived. Raises Defect."""
    time, sensor, metric, value, *received = (field.strip() for field in fields)
    if value.lower() in NOTHING:
        return None
    for column, name in (("sensor", sensor), ("metric", metric)):
        if not NAME.fullmatch(name):
            raise Defect(column, f'{name[:80]!r} is no name: 1 to 200 characters, none of / + # " \\')
    observed = instant(time, "time")
    number = _number(value)
    if not math.isfinite(number):
        raise Defect("value", f"'{value[:80]}' is not a finite number; write NA where nothing arrived")
    at = instant(received[0], "received") if received else observed
    return Row(at, observed, sensor, metric, decimals(value, number))


def decimals(written: str, number: float) -> str:
    """What is on the wire for a number, written so in the CSV."""
    return written if JSON_NUMBER.fullmatch(written) else repr(number)


def _number(text: str) -> float:
    try:
        # `1_000` and digits of other scripts are numbers to Python alone.
        if "_" in text or not text.isascii():
            raise ValueError
        return float(text)
    except ValueError:
        raise Defect("value", f"'{text[:80]}' is not a number; write NA where nothing arrived") from None


def instant(text: str, column: str) -> int:
    """Ms since the epoch; Defect for a time without offset or one that is none."""
    if MILLISECONDS.fullmatch(text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Defect(column, f"'{text[:80]}' is neither ISO 8601 nor epoch milliseconds") from None
    if moment.tzinfo is None:
        raise Defect(column, f"'{text}' has no offset; write {text}Z if it is UTC")
    return round(moment.timestamp() * 1000)
