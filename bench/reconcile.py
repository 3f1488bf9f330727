"""The messages of a city in a journal, by their sensor's number and stamp, from the bytes alone."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from ingest.journal import Entry, EntryKind, open_read_only
from simulators.city.plan import Longs
from simulators.sent_log import keys

BLOCKS_A_READ = 64
SENSOR, STAMP = 7, 13
# Topic, packet id and an empty list of properties, then the payload's first member.
MESSAGE = re.compile(rb'-(\d{7})/telemetry.{3}\{"t":(\d{13})', re.DOTALL)
ZERO = ord("0")


def journaled(directory: Path) -> Longs:
    """The key of every message in a journal that nobody writes any more, in its order.

    RuntimeError if a block holds messages that are no fleet's.
    """
    return np.concatenate([np.empty(0, np.int64), *_blocks(directory)])


def _blocks(directory: Path) -> Iterator[Longs]:
    with open_read_only(directory) as journal:
        position = 0
        while entries := journal.read(position, BLOCKS_A_READ):
            position = entries[-1].sequence
            for entry in entries:
                if entry.kind is EntryKind.MQTT:
                    yield keys_of(entry)


def keys_of(entry: Entry) -> Longs:
    """The keys of one block of messages; RuntimeError if some of them are no fleet's."""
    found = keys_in(entry.data)
    if len(found) != entry.count:
        what = f"{entry.count} messages, of which {len(found)} are a fleet's"
        raise RuntimeError(f"journal entry {entry.sequence} holds {what}")
    return found


def keys_in(data: bytes) -> Longs:
    """The keys of the messages of one block."""
    digits = np.frombuffer(b"".join(chain.from_iterable(MESSAGE.findall(data))), np.uint8) - ZERO
    rows = digits.reshape(-1, SENSOR + STAMP).astype(np.int64)
    return keys(_number(rows[:, :SENSOR]), _number(rows[:, SENSOR:]))


def _number(digits: Longs) -> Longs:
    number: Longs = digits @ 10 ** np.arange(digits.shape[1] - 1, -1, -1, dtype=np.int64)
    return number
