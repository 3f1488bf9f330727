"""A fleet's sent-log against the journal of a daemon, message by message."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ingest.clock import MINUTE
from ingest.journal import Entry, EntryKind, JournalReader
from ingest.session.wire import Undecodable, messages
from simulators.sent_log import Bursts, Longs, keys, said_of

ENTRIES_A_READ = 64
# The clocks of fleet and daemon may differ by so much, and a message is not journaled before it leaves.
APART = MINUTE
# In the place of a position: no sensor of the log.
NOBODY = -1


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Messages: `lost` were sent and not journaled, `duplicates` journaled again, `foreign` never sent."""

    journaled: int
    lost: int
    duplicates: int
    foreign: int


def reconcile(sent: Longs, journaled: Longs) -> Reconciled:
    """Of keys; what was sent twice is to be journaled twice."""
    said, often = np.unique(sent, return_counts=True)
    found, times = np.unique(journaled, return_counts=True)
    _, at, among = np.intersect1d(said, found, assume_unique=True, return_indices=True)
    came = np.zeros(len(said), np.int64)
    came[at] = times[among]
    more = came - often
    return Reconciled(
        journaled=len(journaled),
        lost=int(-more[more < 0].sum()),
        duplicates=int(more[more > 0].sum()),
        foreign=len(journaled) - int(came.sum()),
    )


@dataclass(frozen=True, slots=True)
class Account:
    """`messages` against each other, and when the first and the last of those lost left (ms), if any did."""

    sent: int
    messages: Reconciled
    lost_between: tuple[int, int] | None


def account(log: Bursts, journal: JournalReader, seen: Callable[[int], None]) -> Account:
    """Reads from where the first message of the log left; `seen` is told each position of the journal."""
    sent = log.keys()
    first = int(log.leaves.min(initial=np.iinfo(np.int64).max)) - APART
    known = {sensor: position for position, sensor in enumerate(log.sensors)}
    entries = _entries(journal, journal.before(first), seen)
    journaled = np.concatenate([np.empty(0, np.int64), *(_keys(entry, known) for entry in entries)])
    lost = np.repeat(log.leaves, log.count)[~np.isin(sent, journaled)]
    between = (int(lost.min()), int(lost.max())) if len(lost) else None
    return Account(len(sent), reconcile(sent, journaled), between)


def _entries(journal: JournalReader, position: int, seen: Callable[[int], None]) -> Iterator[Entry]:
    while entries := journal.read(position, ENTRIES_A_READ):
        position = entries[-1].sequence
        yield from (entry for entry in entries if entry.kind is EntryKind.MQTT)
        seen(position)


def _keys(entry: Entry, known: dict[str, int]) -> Longs:
    """Those of one block; what no codec can read names nobody."""
    said = [
        ("", 0) if isinstance(message, Undecodable) else said_of(message.topic, bytes(message.payload or b""))
        for message in messages(entry.data)
    ]
    positions = np.array([known.get(sensor, NOBODY) for sensor, _ in said], np.int64)
    return keys(positions, np.array([stamp for _, stamp in said], np.int64))
