"""Bugs to be caught: real or simulated parts, each wrong in one way."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from ingest.journal import Entry, EntryKind
from ingest.session import Batch, Session
from ingest.session.wire import acknowledgements
from ingest.snapshots import Array
from notifiers.action import Answer, Release, Taken
from notifiers.delivery import Delivery
from notifiers.outbox.reader import Fault
from rules.engine.saved import Rest
from rules.transition import Transition
from tests.simulation.database import SimulatedDatabase
from tests.simulation.disk import MemoryJournal, MemorySnapshots
from tests.simulation.gateways import GatewayChannel
from tests.simulation.life import Parts
from tests.simulation.outbox import KeptOutbox


class JournalThatCommitsLater(MemoryJournal):
    """An entry is on disk only when the next one is: whoever acks on return acks before the commit."""

    _held: Entry | None = None

    def append(self, received: int, kind: EntryKind, count: int, data: bytes) -> Entry:
        self._check()
        if self._held is not None:
            self._appended(self._held)
        self._held = Entry(self._last + 1, max(received, self.last_received), kind, count, data)
        self.everything.append(self._held)
        self._last = self._held.sequence
        return self._held

    def crash(self, power: bool) -> None:
        if self._held is not None:
            self.everything.pop()
            self._last, self._held = self._last - 1, None
        super().crash(power)


class SessionThatIgnoresEpochs(Session):
    """Acks go out on whatever connection there is."""

    def ack(self, batch: Batch) -> None:
        if self._link is not None:
            self._link.write(acknowledgements(batch.packets))


class JournalThatMovesCursorsAhead(MemoryJournal):
    """The series cursor passes what is not written yet."""

    def move_cursor(self, name: str, sequence: int) -> None:
        super().move_cursor(name, self._last if name == "series" else sequence)


class DatabaseBelievedTooEarly(SimulatedDatabase):
    """It says that what it acknowledged is safe, and forgets it when it is killed."""

    trail = 0


class OutboxWithThePositionFirst(KeptOutbox):
    """The position is committed with this call, the transitions with the next."""

    _late: Sequence[Transition] = ()

    def commit(self, position: int, transitions: Sequence[Transition]) -> list[Fault]:
        late, self._late = self._late, transitions
        return super().commit(position, late)

    def reopen(self) -> None:
        self._late = ()
        super().reopen()


class OutboxThatActsAnew(KeptOutbox):
    """What a replay brings again is done again."""

    def act(self, sequence: int, at: int, taken: Taken, answer: Answer | None = None) -> Answer:
        with self.transaction() as connection:
            connection.execute("UPDATE actions SET sequence = -sequence WHERE sequence = ?", (sequence,))
            return super().act(sequence, at, taken, answer)


class OutboxThatReleasesUnseen(KeptOutbox):
    """Whatever hash somebody was shown, it goes out."""

    def act(self, sequence: int, at: int, taken: Taken, answer: Answer | None = None) -> Answer:
        if isinstance(wanted := taken.action, Release):
            for (hash_,) in self.rows("SELECT hash FROM proposals WHERE state = 'waiting'"):
                wanted = msgspec.structs.replace(wanted, hash=str(hash_))
        return super().act(sequence, at, msgspec.structs.replace(taken, action=wanted), answer)


class ChannelWithoutKeys(GatewayChannel):
    """Every attempt looks like another message."""

    def key(self, delivery: Delivery) -> str:
        return f"{delivery.key}-{self._gateway.seen.attempts}"


class SnapshotsWithoutOneArray(MemorySnapshots):
    """`forgotten` comes back as if nothing had ever been in it."""

    forgotten = ""

    def write(self, position: int, bundle: str, state: Mapping[str, Array | bytes]) -> Path:
        return super().write(position, bundle, state | {self.forgotten: self.emptied(state[self.forgotten])})

    @staticmethod
    def emptied(array: Array | bytes) -> Array:
        assert isinstance(array, np.ndarray)
        return np.zeros_like(array)


class SnapshotsThatShortenReleases(MemorySnapshots):
    """Whoever starts from one believes that releases began a minute earlier than they did."""

    def write(self, position: int, bundle: str, state: Mapping[str, Array | bytes]) -> Path:
        rest = msgspec.msgpack.decode(bytes(state["engine.rest"]), type=Rest)
        for subjects in rest.subjects:
            for _, subject in subjects:
                for latch in subject.latches.values():
                    if latch.release is not None:
                        latch.release -= 60_000
        return super().write(position, bundle, state | {"engine.rest": msgspec.msgpack.encode(rest)})


def forgetting(array: str) -> type[MemorySnapshots]:
    return type("Forgetting", (SnapshotsWithoutOneArray,), {"forgotten": array})


PLANTED = {
    "ack before commit": Parts(journal=JournalThatCommitsLater),
    "stale ack": Parts(session=SessionThatIgnoresEpochs),
    "series cursor before the write": Parts(journal=JournalThatMovesCursorsAhead),
    "database believed before it is durable": Parts(database=DatabaseBelievedTooEarly),
    "outbox position before the transitions": Parts(outbox=OutboxWithThePositionFirst),
    "action done at each replay": Parts(outbox=OutboxThatActsAnew),
    "release of what was not seen": Parts(outbox=OutboxThatReleasesUnseen),
    "missing idempotency key": Parts(channel=ChannelWithoutKeys),
    "release that a restart shortens": Parts(snapshots=SnapshotsThatShortenReleases),
    **{
        f"snapshot without {array}": Parts(snapshots=forgetting(array))
        for array in (
            "engine.stage/newest",
            "engine.stage/0/value",
            "engine.rain/1/0/amount",
        )
    },
}
