"""From journal entries to transitions: one pure path for live, restart, replay and drill.

Everything here is a function of the entries taken so far, so a replayed journal gives the same
transitions byte for byte.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec
import numpy as np

from ingest.conduct import Conduct
from ingest.decode import Decoder
from ingest.gaps import Gaps
from ingest.journal import Entry, EntryKind
from ingest.quality import QualityControl
from ingest.reading import Decoded, Rejected
from ingest.screening import Screen
from ingest.series.store import Block
from ingest.session.wire import Message, messages
from ingest.snapshots import Array, Snapshot
from notifiers.action import Answer, Close, Raise, Taken
from rules.engine import Engine
from rules.engine.closing import Closing
from rules.fate import Fate, Outcome, fates
from rules.transition import Transition
from rules.warning import ZoneWarning
from tocsin.basis import Basis as Basis
from tocsin.bundle import Applied
from tocsin.by_hand import ByHand
from tocsin.canary import Canary, sorted_out
from tocsin.outages import ENDS_BY_ITSELF, Outages
from tocsin.sight import read_blind
from tocsin.successor import Successor

State: TypeAlias = dict[str, Array | bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """What an applied bundle did: which was in force before, and the fate of each warning that was open.

    `raised` are the lines of the change itself, without what fell due before it.
    """

    applied: Applied
    before: str
    fates: tuple[Fate, ...]
    raised: tuple[Transition, ...]

    @property
    def answer(self) -> Answer:
        """For whoever applied it."""
        if self.before == self.applied.bundle:
            return Answer(True, f"{self.before} was in force already: nothing changed")
        counts = Counter(fate.outcome for fate in self.fates)
        open_ = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
        new = sum(line.before is None for line in self.raised)
        said = f"{self.applied.bundle} is in force, before it was {self.before}"
        return Answer(True, f"{said}; {len(self.fates)} warnings were open: {open_}; {new} raised at once")


@dataclass(frozen=True, slots=True)
class Judged:
    """What one entry led to; `block` is what was decoded of it, None if it holds no messages.

    `taken` is the person's action it holds, `answer` what became of it where that is decided here: of what
    raises and closes, and of an entry that is no action at all. `canaries` are those among its messages.
    `change` is the bundle that it put into force.
    """

    sequence: int
    received: int
    transitions: list[Transition]
    rejected: list[Rejected]
    block: Block | None = field(default=None, compare=False)
    taken: Taken | None = None
    answer: Answer | None = None
    canaries: tuple[Canary, ...] = ()
    change: Change | None = None


class Judge:
    """Decoder, screen, quality control, engine and the rest on one basis, at one position of the journal.

    `load` turns the content hash of an applied bundle into its basis.
    """

    def __init__(self, basis: Basis, load: Callable[[str], Basis]) -> None:
        self._load = load
        self.position = 0
        self.screen = Screen(basis.registry)
        self.gaps = Gaps(basis.registry)
        self.conduct = Conduct()
        self.outages = Outages()
        self.by_hand = ByHand()
        self.quality = QualityControl(basis.kinds, basis.registry)
        self.engine = Engine(basis.kinds, basis.registry, basis.rules)
        self.basis = basis
        self._decoder = Decoder(basis.kinds, basis.registry, basis.namespace)
        self._expected: Successor | None = None

    @classmethod
    def resume(cls, snapshot: Snapshot, load: Callable[[str], Basis]) -> "Judge":
        """The judge as it stood when `snapshot` was taken."""
        judge = cls(load(snapshot.bundle), load)
        judge.position = snapshot.position
        judge.screen.restore(arrays_of("screen", snapshot.state))
        judge.quality.restore(arrays_of("quality", snapshot.state))
        judge.engine.restore(_part("engine", snapshot.state))
        # Snapshots of versions before this one have not all of these.
        if "gaps.missing" in snapshot.state:
            judge.gaps.restore(arrays_of("gaps", snapshot.state))
            judge.outages.restore(arrays_of("outages", snapshot.state))
        if "conduct.faulty" in snapshot.state:
            judge.conduct.restore(_texts("conduct", snapshot.state))
        if "by_hand.open" in snapshot.state:
            judge.by_hand.restore(_texts("by_hand", snapshot.state))
        return judge

    @property
    def due(self) -> int | None:
        """The next instant (ms) at which a transition may happen without a reading."""
        return self.engine.due

    def take(self, entry: Entry, known: Sequence[Message] | Decoded | None = None) -> Judged:
        """Judge the next entry; what is `known` of its messages saves parsing its data, or decoding it."""
        self.position = entry.sequence
        if entry.kind is EntryKind.BUNDLE:
            return self._apply(entry)
        if entry.kind is EntryKind.BLIND:
            return Judged(entry.sequence, entry.received, self._see(entry), [])
        if entry.kind is EntryKind.ACTION:
            return self._act(entry)
        decoded = known if isinstance(known, Decoded) else self._decoded(entry, known)
        self.gaps.take(decoded.numbered)
        decoded, canaries = sorted_out(decoded, self.basis.namespace)
        if decoded.rejected:
            self.conduct.take(entry.received, decoded.rejected)
        screened = self.screen.screen(decoded)
        transitions = self.engine.advance(self.quality.check(screened.readings))
        transitions += self.outages.heard(entry.received)
        block = Block(self.basis.kinds, self.basis.registry, decoded.readings)
        flown = tuple(canaries)
        return Judged(entry.sequence, entry.received, transitions, decoded.rejected, block, canaries=flown)

    def _decoded(self, entry: Entry, packets: Sequence[Message] | None) -> Decoded:
        found = messages(entry.data) if packets is None else packets
        return self._decoder.decode(entry.sequence, entry.received, found)

    def _apply(self, entry: Entry) -> Judged:
        """A bundle comes into force; what falls due by then is still judged by the one before."""
        applied, was = Applied.decode(entry.data), self.basis.bundle
        basis, at = self._load(applied.bundle), entry.received
        if basis.bundle == was:
            same = Change(applied, was, (), ())
            # Nobody asked for what a start applies, and nothing is another by it.
            told = same if applied.by else None
            return Judged(entry.sequence, at, [], [], answer=same.answer, change=told)
        due = self.engine.advance_to(at)
        before = self.warnings()
        changed = self._carry(basis, at)
        found = tuple(fates(before, self.warnings(), changed, self._orphaned))
        assert len(found) == len(before), "a warning was forgotten"
        change = Change(applied, was, found, tuple(changed))
        return Judged(entry.sequence, at, due + changed, [], answer=change.answer, change=change)

    def expect(self, successor: Successor) -> None:
        """It was built for the next bundle: what takes time is done. Another bundle may come all the same."""
        self._expected = successor

    def _carry(self, basis: Basis, at: int) -> list[Transition]:
        found, self._expected = self._expected, None
        if found is None or (found.before, found.basis.bundle) != (self.basis.bundle, basis.bundle):
            found = Successor.of(self.basis, self.engine, basis)
        self.screen.hand_over(found.screen, found.moved)
        self.gaps.hand_over(found.gaps, found.moved)
        self.quality.hand_over(found.quality, found.moved)
        transitions = self.engine.hand_over(found.engine, found.in_engine, at)
        found.remains[:] = self.basis, self._decoder, self.screen, self.gaps, self.quality, self.engine
        self.basis, self._decoder = found.basis, found.decoder
        self.screen, self.gaps, self.quality, self.engine = (
            found.screen, found.gaps, found.quality, found.engine,
        )  # fmt: skip
        return transitions

    def _orphaned(self, warning: ZoneWarning) -> str:
        """Why nothing judges a warning any more."""
        if warning.rule not in {rule.id for rule in self.basis.rules}:
            return f"there is no rule {warning.rule} any more"
        if self.basis.registry.place(warning.subject) is None:
            return f"there is no {warning.subject} any more"
        off = {fault.rule: fault.reason for fault in self.engine.switched_off.values()}
        return off.get(warning.rule, f"the rule is not for {warning.subject} any more")

    def _see(self, entry: Entry) -> list[Transition]:
        """Time in which nothing could arrive begins, or is over."""
        blind = read_blind(entry.data)
        if blind.lost:
            self.gaps.mark()
        if blind.ended:
            transitions = self.engine.sighted(entry.received)
        else:
            transitions = self.engine.blind(blind.since, entry.received)
        return transitions + self.outages.take(blind, entry.received)

    def _act(self, entry: Entry) -> Judged:
        """A person did something: of that, what raises or closes a warning is decided here."""
        at = entry.received
        due = self.engine.advance_to(at)
        try:
            taken = Taken.decode(entry.data)
        except msgspec.DecodeError as error:
            answer = Answer(False, f"journal entry {entry.sequence} is no action that is known here: {error}")
            return Judged(entry.sequence, at, due, [], answer=answer)
        match taken.action:
            case Raise() as action:
                found, said = self.by_hand.take(taken, action, self.basis.registry, at)
                return Judged(entry.sequence, at, due + found, [], taken=taken, answer=said)
            case Close() as action:
                found, said = self._close(taken, action, at)
                return Judged(entry.sequence, at, due + found, [], taken=taken, answer=said)
        return Judged(entry.sequence, at, due, [], taken=taken)

    def _close(self, taken: Taken, action: Close, at: int) -> tuple[list[Transition], Answer]:
        warning = action.warning
        if not action.reason.strip():
            return [], Answer(False, f"{warning} stays open: say why it is closed")
        if found := self.by_hand.close(taken, action, at):
            return found, Answer(True, f"{warning} is closed")
        if any(warning == open_.id for open_ in self.outages.warnings()):
            return [], Answer(False, f"{warning} {ENDS_BY_ITSELF}")
        found, refused = self.engine.close(Closing(warning, taken.user, action.reason), at)
        return found, Answer(not refused, f"{warning} {refused or 'is closed'}")

    def warnings(self) -> list[ZoneWarning]:
        """The open warnings: that Tocsin is blind, those by hand, and those of the rules."""
        return self.outages.warnings() + self.by_hand.warnings() + self.engine.warnings()

    def tick(self, instant: int) -> list[Transition]:
        """Settle what is due by `instant`; no entry received before it may follow."""
        return self.engine.advance_to(instant)

    def snapshot(self) -> tuple[int, str, State]:
        """Position, bundle and all state: what `Snapshots.write` takes.

        The arrays are the judge's own: copy them before the next entry is taken.
        """
        state: State = {}
        state.update({f"screen.{name}": value for name, value in self.screen.snapshot().items()})
        state.update({f"gaps.{name}": value for name, value in self.gaps.snapshot().items()})
        state.update({f"conduct.{name}": value for name, value in self.conduct.snapshot().items()})
        state.update({f"outages.{name}": value for name, value in self.outages.snapshot().items()})
        state.update({f"by_hand.{name}": value for name, value in self.by_hand.snapshot().items()})
        state.update({f"quality.{name}": value for name, value in self.quality.snapshot().items()})
        state.update({f"engine.{name}": value for name, value in self.engine.snapshot().items()})
        return self.position, self.basis.bundle, state


def _part(name: str, state: State) -> State:
    prefix = f"{name}."
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def arrays_of(name: str, state: State) -> dict[str, Array]:
    """The arrays of one part of a snapshot's state, by their names in it."""
    return {key: value for key, value in _part(name, state).items() if isinstance(value, np.ndarray)}


def _texts(name: str, state: State) -> dict[str, bytes]:
    return {key: value for key, value in _part(name, state).items() if isinstance(value, bytes)}
