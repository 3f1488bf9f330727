"""Journal entries into readings with the quality that the judge sees: its stages before the engine."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ingest.clock import MINUTE
from ingest.decode import Decoder
from ingest.journal import Entry, EntryKind, JournalReader
from ingest.quality import QualityControl
from ingest.quality.places import NEVER
from ingest.quality.runs import Flags, runs
from ingest.reading import Quality, Readings, Rejected
from ingest.registry.moves import slot_moves
from ingest.screening import Screen
from ingest.session.wire import messages
from ingest.snapshots import Snapshot
from tocsin.bundle import Applied, Bundles
from tocsin.canary import sorted_out
from tocsin.configuration import basis_of
from tocsin.judge import Basis, arrays_of
from tocsin.storage import snapshots_in

# The `max_age` of a rule that says none.
STALE = 10 * MINUTE


@dataclass(frozen=True, slots=True, eq=False)
class Sensed:
    """What one entry holds: its readings without duplicates, with their quality, and what was refused."""

    sequence: int
    received: int
    basis: Basis
    readings: Readings
    rejected: list[Rejected]


class Sensing:
    """Decoder, screen and quality control on one basis, at one position of the journal.

    Beside what quality control marks, a reading is `late` if it is behind its sensor's newest, as the engine
    sees it, and `stale` if it was received more than `STALE` after it was observed. `load` turns the content
    hash of an applied bundle into its basis.
    """

    def __init__(self, basis: Basis, load: Callable[[str], Basis], position: int) -> None:
        self.position = position
        self.screen = Screen(basis.registry)
        self.quality = QualityControl(basis.kinds, basis.registry)
        self._newest = np.full(len(basis.registry.sensors), NEVER)
        self._load = load
        self._use(basis)

    @classmethod
    def resume(cls, snapshot: Snapshot, load: Callable[[str], Basis]) -> "Sensing":
        """These stages as they stood in the judge when `snapshot` was taken."""
        sensing = cls(load(snapshot.bundle), load, snapshot.position)
        sensing.screen.restore(arrays_of("screen", snapshot.state))
        sensing.quality.restore(arrays_of("quality", snapshot.state))
        newest = arrays_of("engine", snapshot.state)
        for kind, slots in sensing.basis.registry.ranges.items():
            sensing._newest[slots.start : slots.stop] = newest[f"{kind}/newest"]
        return sensing

    def _use(self, basis: Basis) -> None:
        self.basis = basis
        self._decoder = Decoder(basis.kinds, basis.registry, basis.namespace)

    def take(self, entry: Entry) -> Sensed | None:
        """Take the next entry; None if it holds no messages."""
        self.position = entry.sequence
        if entry.kind is EntryKind.BUNDLE:
            self._carry(self._load(Applied.decode(entry.data).bundle))
        if entry.kind is not EntryKind.MQTT:
            return None
        decoded = self._decoder.decode(entry.sequence, entry.received, messages(entry.data))
        decoded, _ = sorted_out(decoded, self.basis.namespace)
        readings = self._aged(self.quality.check(self.screen.screen(decoded).readings))
        return Sensed(entry.sequence, entry.received, self.basis, readings, decoded.rejected)

    def _carry(self, basis: Basis) -> None:
        if basis.bundle == self.basis.bundle:
            return
        before, after = slot_moves(self.basis.registry, basis.registry)
        newest = np.full(len(basis.registry.sensors), NEVER)
        newest[after] = self._newest[before]
        self._newest = newest
        self.screen = self.screen.carry(basis.registry)
        self.quality = self.quality.carry(basis.kinds, basis.registry)
        self._use(basis)

    def _aged(self, readings: Readings) -> Readings:
        late = self._late(readings)
        stale = readings.received - readings.observed > STALE
        if not (late.any() or stale.any()):
            return readings
        age = np.where(late, np.uint8(Quality.LATE), 0) | np.where(stale, np.uint8(Quality.STALE), 0)
        return replace(readings, quality=readings.quality | age.astype(np.uint8))

    def _late(self, readings: Readings) -> Flags:
        """Which rows are behind the newest of their sensor so far; it is remembered."""
        late = np.ones(len(readings), np.bool_)
        if len(readings):
            rows = np.arange(len(readings))
            in_time = runs(readings.slot.astype(np.intp), rows, readings.observed, self._newest)
            late[in_time.row[~in_time.head]] = False
            last = in_time.last
            self._newest[in_time.place[last]] = in_time.stamp[last]
        return late


def sensing_from(state: Path, journal: JournalReader, instant: int, warm_up: int) -> tuple[Sensing, bool]:
    """The stages of the judge of a state directory, before it took what was received at `instant` (ms).

    From the newest snapshot, or the first entry of all, they are exactly those of the judge, which the flag
    says. Where the snapshot is of later, they begin `warm_up` ms of journal earlier with nothing remembered.
    Raises KeyError if no bundle was in force there.
    """
    bundles = Bundles(state / "bundles")
    known: dict[str, Basis] = {}

    def load(bundle: str) -> Basis:
        if bundle not in known:
            known[bundle] = basis_of(bundles.load(bundle))
        return known[bundle]

    snapshot = snapshots_in(state).newest()
    if snapshot is not None and snapshot.position <= journal.before(instant):
        return Sensing.resume(snapshot, load), True
    begin = journal.before(instant - warm_up)
    applied = [
        Applied.decode(entry.data).bundle
        for entry in journal.read(begin, 1)
        if entry.kind is EntryKind.BUNDLE
    ]
    return Sensing(load(applied[0] if applied else bundles.at(begin + 1)), load, begin), begin == 0
