"""One judge that lives through a whole soak uninterrupted: what it tells, the daemon must have told.

It follows the journal while the daemon writes it, so neither the journal nor the soak has to keep it: what is
held are the messages of two watches, and transitions that only one of the two has told so far.
"""

from collections.abc import Callable, Container
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.reconcile import keys_of
from ingest.journal import Entry, EntryKind, open_read_only
from notifiers.outbox.reader import OutboxReader
from rules.transition import Transition, line
from simulators.city.plan import Longs
from tocsin.bundle import Bundles
from tocsin.configuration import configure
from tocsin.judge import Basis, Judge
from tocsin.reconciliation import Reconciled, reconcile

BLOCKS_A_READ = 64

Name = tuple[str, int]


def basis_loader(state: Path) -> Callable[[str], Basis]:
    """Bundle hash to what is judged by; each is configured once."""
    bundles, known = Bundles(state / "bundles"), dict[str, Basis]()

    def load(bundle: str) -> Basis:
        if bundle not in known:
            known[bundle] = configure(bundles.load(bundle)).basis
        return known[bundle]

    return load


def due_until(judge: Judge, latest: int, told: Container[Name]) -> list[Transition]:
    """What comes of time alone behind the last entry, up to `latest` (ms), the last instant that was told of.

    What is lowered or cleared at an instant is settled when that is over (D3), and of several things at the
    same one the daemon may not have come to all.
    """
    found = judge.tick(latest + 1)
    return [t for t in found if t.at < latest or (t.at == latest and (t.warning, t.ordinal) in told)]


@dataclass(slots=True)
class Compared:
    """Transitions: `equal` in outbox and replay, `changed` between them, `missing` or `unexpected` in the
    outbox; `faults` that the daemon itself found when it judged something again.
    """

    equal: int = 0
    changed: int = 0
    missing: int = 0
    unexpected: int = 0
    faults: int = 0

    @property
    def same(self) -> bool:
        return not (self.changed or self.missing or self.unexpected or self.faults)


class Witness:
    """Its methods block, and belong to one thread at a time.

    `keys` are those of the messages of one block. `bundles` counts those applied, `blind` the notes of blind
    time.
    """

    def __init__(self, state: Path, keys: Callable[[Entry], Longs] = keys_of) -> None:
        self.compared = Compared()
        self.position = 0
        self.bundles = 0
        self.blind = 0
        self._state = state
        self._keys_of = keys
        self._load = basis_loader(state)
        self._judge: Judge | None = None
        self._received = 0
        self._told_id = 0
        # What only one of the two has told so far.
        self._due: dict[Name, bytes] = {}
        self._told: dict[Name, bytes] = {}
        self._keys: list[Longs] = []
        self._before: Longs = np.empty(0, np.int64)

    def follow(self) -> None:
        """Take what journal and outbox have now; RuntimeError if the journal's retention was faster."""
        with open_read_only(self._state / "journal") as journal:
            while entries := journal.read(self.position, BLOCKS_A_READ):
                for entry in entries:
                    self._take(entry)
        with closing(OutboxReader.reading(self._state / "outbox.db")) as outbox:
            while told := outbox.transitions(self._told_id):
                self._told_id = told[-1][0]
                for _, transition in told:
                    self._meet(transition, self._told, self._due)
            self.compared.faults = len(outbox.faults())

    def watch(self, sent: Longs) -> Reconciled:
        """What was sent since the last `turn` against what is journaled since then."""
        found = np.concatenate([np.empty(0, np.int64), *self._keys])
        late = np.isin(found, self._before)
        so_far = reconcile(sent, found[~late])
        # Of the watch before, sent again.
        again = int(late.sum())
        return Reconciled(len(found), so_far.lost, so_far.duplicates + again, so_far.foreign)

    def turn(self, sent: Longs) -> None:
        """The watch is over; of what was `sent` in it, copies may still come in the next."""
        self._before, self._keys = sent, []

    def finish(self) -> None:
        """Once nobody writes any more: what only one of the two has told is missing, or unexpected."""
        self.follow()
        with closing(OutboxReader.reading(self._state / "outbox.db")) as outbox:
            latest = outbox.latest
        if self._judge is not None and latest > self._received:
            self._expect(due_until(self._judge, latest, self._told))
        self.compared.missing, self.compared.unexpected = len(self._due), len(self._told)

    def _take(self, entry: Entry) -> None:
        if entry.sequence != self.position + 1:
            raise RuntimeError(f"the journal has no entry {self.position + 1} any more")
        self.position, self._received = entry.sequence, entry.received
        if self._judge is None:
            self._judge = Judge(self._load(entry.data.decode()), self._load)
        self.bundles += entry.kind is EntryKind.BUNDLE
        self.blind += entry.kind is EntryKind.BLIND
        if entry.kind is EntryKind.MQTT:
            self._keys.append(self._keys_of(entry))
        self._expect(self._judge.take(entry).transitions)

    def _expect(self, transitions: list[Transition]) -> None:
        for transition in transitions:
            self._meet(transition, self._due, self._told)

    def _meet(self, transition: Transition, mine: dict[Name, bytes], others: dict[Name, bytes]) -> None:
        name, text = (transition.warning, transition.ordinal), line(transition)
        if name not in others:
            mine[name] = text
        elif others.pop(name) == text:
            self.compared.equal += 1
        else:
            self.compared.changed += 1
