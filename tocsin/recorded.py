"""What was recorded, as the entries that the judge takes: a daemon's own journal, or readings as CSV.

`Rerun` is the one way to judge it again: for replay, comparison, tuning and plans. Nothing is sent by it.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeAlias

import mqtt5
import numpy as np

from ingest.clock import HOUR
from ingest.decode import Decoder
from ingest.durable import whole_file
from ingest.journal import Entry, EntryKind, open_read_only
from ingest.reading import Decoded
from ingest.session.wire import messages
from rules.language.tree import Baseline, Counted, Eta, Forecast, Sensors, Stuck, Sustained, Windowed
from rules.rule import Rule
from rules.rulebook.walk import conditions, parts
from simulators.playback import Instant
from simulators.readings_columns import Columns, read_columns
from tocsin.bundle import Bundles
from tocsin.csv_columns import CsvBlocks
from tocsin.journal_columns import (
    ColumnsFile,
    ColumnsWriter,
    Foreign,
    columns_path,
    decoded_by,
    is_own,
    is_room,
    remove_oldest,
)
from tocsin.judge import Basis, Judge, Judged

ENTRIES_A_READ = 256


# An entry, and what is decoded of it where that is at hand.
Recorded: TypeAlias = tuple[Entry, Decoded | None]


class NothingRecorded(Exception):
    """There is no entry to judge: which record, and the way out."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `begin` up to and including `end`, ms of receipt; None is as far as the record goes.

    So much before `begin`, `warm_up` in ms, is judged and not told; None is as far as the rules look back.
    """

    begin: int | None = None
    end: int | None = None
    warm_up: int | None = None


class Record(Protocol):
    """Entries in the order of their receipt."""

    def span(self) -> tuple[int, int]:
        """Receipt (ms) of the first and the last entry. Raises NothingRecorded."""

    def bundle(self, since: int | None) -> str:
        """The hash of the bundle in force at the first entry received at or after `since`; "" for none."""

    def entries(self, since: int | None, basis: Callable[[], Basis]) -> Iterator[Recorded]:
        """Each entry received at or after `since`, and what is decoded of it under `basis`, asked then."""


class CsvRecord:
    """Recorded readings (`simulators.readings_csv`), each instant as the block it would have become.

    They name no bundle and hold nothing but readings. ReadingsError carries every defect of the files.
    """

    def __init__(self, paths: Sequence[Path], columns: Columns | None = None) -> None:
        self._paths = paths
        self._columns = read_columns(paths) if columns is None else columns

    @property
    def readings(self) -> int:
        """How many values it holds."""
        return len(self._columns)

    def until(self, end: int) -> "CsvRecord":
        """Only what was received up to and including `end` (ms)."""
        last = int(np.searchsorted(self._columns.received, end, side="right"))
        return CsvRecord(self._paths, self._columns.some(slice(None, last)))

    def span(self) -> tuple[int, int]:
        """See `Record`."""
        received = self._columns.received
        if not len(received):
            raise NothingRecorded(f"{', '.join(map(str, self._paths))}: no reading in it")
        return int(received[0]), int(received[-1])

    def bundle(self, since: int | None) -> str:
        """See `Record`."""
        return ""

    def entries(self, since: int | None, basis: Callable[[], Basis]) -> Iterator[Recorded]:
        """See `Record`."""
        received = self._columns.received
        first = 0 if since is None else int(np.searchsorted(received, since))
        yield from CsvBlocks(self._columns.some(slice(first, None)), basis())


def as_entries(instants: Iterable[Instant]) -> Iterator[tuple[Entry, Sequence[mqtt5.PublishPacket]]]:
    """Each instant as the journal block it would have become."""
    for sequence, instant in enumerate(instants, start=1):
        packets = [mqtt5.PublishPacket(topic, payload) for topic, payload in instant.messages]
        yield Entry(sequence, instant.received, EntryKind.MQTT, len(packets), b""), packets


class JournalRecord:
    """The journal of a state directory, read beside the daemon that writes it.

    JournalUnavailable if there is none. What retention has removed is not in it. What its closed files decode
    to is read from where it is kept (`tocsin.journal_columns`), and with `keep` is kept there. `tell` hears
    of what is kept and cannot be used, or cannot be kept. `account` is the user number that would write it.
    """

    def __init__(
        self,
        state: Path,
        keep: bool = False,
        tell: Callable[[str], None] = lambda _: None,
        account: int | None = None,
    ) -> None:
        self._state = state
        self._keep = keep
        self._tell = tell
        self._account = os.geteuid() if account is None else account
        self._reader = open_read_only(state / "journal")
        self._decoder: tuple[Basis, Decoder, str] | None = None

    @cached_property
    def bundles(self) -> Bundles:
        """Every bundle that was ever applied here."""
        return Bundles(self._state / "bundles")

    def close(self) -> None:
        """Let go of its files."""
        self._reader.close()

    def span(self) -> tuple[int, int]:
        """See `Record`."""
        first, last = self._reader.first, self._reader.last
        if not first:
            raise NothingRecorded(f"{self._state}: its journal is empty; has a daemon run with this --state?")
        return self._received(first), self._received(last)

    def bundle(self, since: int | None) -> str:
        """See `Record`."""
        # The journal's first entry is the bundle of the very first start.
        return self.bundles.at(max(self._first(since), self.bundles.applied()[0][0]))

    def entries(self, since: int | None, basis: Callable[[], Basis]) -> Iterator[Recorded]:
        """See `Record`."""
        after = self._first(since) - 1
        volumes = self._reader.volumes
        for volume, successor in pairwise(volumes):
            if successor.first > after + 1:
                yield from self._closed(after, (volume.first, successor.first - 1), basis)
                after = successor.first - 1
        yield from self._decoded(after, None, basis)

    def _closed(self, after: int, of: tuple[int, int], basis: Callable[[], Basis]) -> Iterator[Recorded]:
        """What lies beyond `after` of a file that is complete; `of` are its first and last entry."""
        first, last = of
        path = columns_path(self._state, first, last, self._by(basis())[1])
        if (known := self._known(path, of)) is not None:
            yield from known.items(after)
        elif self._keep and after < first and is_room(self._state) and is_own(self._state, self._account):
            yield from self._kept(path, of, basis)
        else:
            yield from self._decoded(after, last, basis)

    def _known(self, path: Path, of: tuple[int, int]) -> ColumnsFile | None:
        try:
            return ColumnsFile(path, *of)
        except FileNotFoundError:
            return None
        except (Foreign, OSError) as error:
            self._tell(f"{error}; decoded from the journal instead")
            return None

    def _kept(self, path: Path, of: tuple[int, int], basis: Callable[[], Basis]) -> Iterator[Recorded]:
        """A whole closed file, decoded and written down, unless its sensors change in the middle of it."""
        (position, last), key = (of[0] - 1, of[1]), self._by(basis())[1]
        try:
            path.parent.mkdir(exist_ok=True)
            with whole_file(path) as file:
                writer = ColumnsWriter(file)
                for entry, decoded in self._decoded(position, last, basis):
                    if self._by(basis())[1] != key or entry.sequence != position + 1:
                        raise Foreign(f"{path}: not of one piece")
                    writer.add(entry, decoded)
                    position = entry.sequence
                    yield entry, decoded
                writer.flush()
            remove_oldest(path)
        except Foreign:
            pass
        except OSError as error:
            self._tell(f"{path}: not kept: {error}")
        yield from self._decoded(position, last, basis)

    def _decoded(self, after: int, last: int | None, basis: Callable[[], Basis]) -> Iterator[Recorded]:
        """The entries beyond `after`, up to and including `last`, each decoded when it is its turn."""
        end = math.inf if last is None else last
        # No entry of the next file: it would be unpacked here in vain.
        while after < end and (found := self._reader.read(after, int(min(ENTRIES_A_READ, end - after)))):
            for entry in found:
                # Of a file that is gone meanwhile, the reader goes on with the next one.
                if entry.sequence > end:
                    return
                decoded = None
                if entry.kind is EntryKind.MQTT:
                    decoder, _ = self._by(basis())
                    decoded = decoder.decode(entry.sequence, entry.received, messages(entry.data))
                yield entry, decoded
            after = found[-1].sequence

    def _by(self, basis: Basis) -> tuple[Decoder, str]:
        """The decoder of a basis, and what it decodes by."""
        if self._decoder is None or self._decoder[0] is not basis:
            self._decoder = basis, Decoder(basis.kinds, basis.registry, basis.namespace), decoded_by(basis)
        return self._decoder[1], self._decoder[2]

    def _first(self, since: int | None) -> int:
        """The number of the first entry received at or after `since`."""
        low, high = self._reader.first, self._reader.last + 1
        while since is not None and low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._received(middle) < since else (low, middle)
        return low

    def _received(self, sequence: int) -> int:
        return self._reader.read(sequence - 1, 1)[0].received


class Rerun:
    """A record judged once more, entry by entry: iterate over it once.

    `basis` gives what a bundle is judged by. What was received in `period` is told, and the deadlines up to
    its end; what lies before it is judged as far back as the period says, and not told. What opened even
    earlier is not known to be open: begin early enough. `judge` is the judge as far as it has come, `since`
    where it began (ms), None at the first entry.
    """

    def __init__(
        self,
        record: Record,
        basis: Callable[[str], Basis],
        period: Period = Period(),
    ) -> None:
        self._record = record
        self._period = period
        self.since: int | None = None
        if period.begin is not None:
            warm_up = period.warm_up
            self.since = period.begin - (
                reach(basis(record.bundle(period.begin)).rules) if warm_up is None else warm_up
            )
        self.judge = Judge(basis(record.bundle(self.since)), basis)

    def __iter__(self) -> Iterator[Judged]:
        begin, end = self._period.begin, self._period.end
        for entry, decoded in self._record.entries(self.since, lambda: self.judge.basis):
            if end is not None and entry.received > end:
                break
            found = self.judge.take(entry, decoded)
            if begin is None:
                yield found
            elif entry.received >= begin:
                yield replace(found, transitions=[t for t in found.transitions if t.at >= begin])
        if end is not None:
            yield Judged(self.judge.position, end, self.judge.tick(end), [])


def reach(rules: Iterable[Rule]) -> int:
    """How far back (ms) any of the rules looks: windows, sustain, release and age together."""
    return max((_reach(rule) for rule in rules), default=0)


def _reach(rule: Rule) -> int:
    looked = [0]
    for condition in conditions(rule):
        for part in parts(condition):
            match part:
                case Windowed() | Counted() | Baseline() | Stuck():
                    looked.append(part.width)
                case Sustained(_, duration):
                    looked.append(duration)
                case Forecast() | Eta():
                    looked.append(HOUR)
                case Sensors():
                    looked.append(part.within)
    # A window inside another span: no two of them are nested deeper than one in `within`.
    return 2 * max(looked) + max(rule.sustain.values(), default=0) + rule.release.after + rule.max_age
