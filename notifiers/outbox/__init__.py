"""The transactional outbox: raised means in here, sent means settled here.

Transitions and the engine's journal position are committed together, so a crash can neither lose a warning
nor raise it twice. What is sent, and what became of it, is recorded in the same file before and after.

Everything here blocks, and an `Outbox` belongs to the one thread that opened it (SQLite refuses any other):
give it an executor with a single thread, and the executor's queue is all the locking there is. Another
thread or process reads with `OutboxReader.reading`.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from notifiers.action import Answer, Taken
from notifiers.delivery import Delivery, State
from notifiers.outbox.actions import act
from notifiers.outbox.audit import append
from notifiers.outbox.lapsing import lapse
from notifiers.outbox.placing import place
from notifiers.outbox.reader import DELIVERY, TOLD, Fault, OutboxReader, delivery_of
from notifiers.outbox.routing import route_some
from notifiers.outbox.schema import connect
from notifiers.outbox.settling import expire, record_receipt, settle, strand
from notifiers.outcome import Outcome
from notifiers.routing import Router
from rules.realm import Realm
from rules.transition import Transition, line


class Outbox(OutboxReader):
    """The writing side: one instance a file."""

    @classmethod
    def open(cls, path: Path, realm: Realm) -> "Outbox":
        """Open or create; what a crash left claimed is queued again. Raises `OutboxError`."""
        outbox = cls(connect(path, realm))
        outbox._return_claims()
        return outbox

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and one wait for the disk; inside another transaction, part of that one."""
        with nullcontext() if self._connection.in_transaction else _begun(self._connection):
            yield self._connection

    def commit(self, position: int, transitions: Sequence[Transition]) -> list[Fault]:
        """Record the transitions together with the journal position they bring the engine to.

        A transition that is already recorded changes nothing; where it differs, the record stands and a
        fault is kept and returned. `position` never goes back. Lines of one `at` that are committed
        together are told as one.
        """
        with self.transaction() as connection:
            faults = [fault for t in transitions if (fault := self._record(t)) is not None]
            connection.execute("UPDATE meta SET position = max(position, ?)", (position,))
        return faults

    def route(self, router: Router, now: int, limit: int = 500) -> int:
        """Turn recorded lines into deliveries, those of the strongest warnings first.

        Takes the lines of at most `limit` warnings; returns how many lines it took, 0 when none is left.
        """
        with self.transaction() as connection:
            return route_some(connection, router, now, limit)

    def reroute(self) -> None:
        """Route open warnings anew that no route named anybody for: the routes are others now."""
        with self.transaction() as connection:
            connection.execute(_NOBODY_ANEW)

    def claim(self, channel: str, now: int, limit: int, *, red: bool = False) -> list[Delivery]:
        """Take up to `limit` due deliveries, strongest first; they stay claimed until settled or reopened.

        With `red` only red ones.

        A delivery waits for the earlier ones of its incident to the same recipient on the same channel, so
        an all-clear never arrives before its alert.
        """
        with self.transaction() as connection:
            query = _CLAIMABLE_RED if red else _CLAIMABLE
            rows = connection.execute(query, (channel, now, now, limit)).fetchall()
            connection.executemany(
                "UPDATE deliveries SET state = 'claimed', due = NULL, attempt = attempt + 1, updated = ?"
                " WHERE key = ?",
                [(now, row[0]) for row in rows],
            )
        return [delivery_of(row, attempt=row[8] + 1) for row in rows]

    def settle(
        self,
        key: str,
        outcome: Outcome,
        now: int,
        *,
        honours_keys: bool = False,
        receipt_within: int | None = None,
    ) -> None:
        """Record what became of a claimed delivery.

        `honours_keys`: the gateway drops a repeated key, so an unknown outcome may be tried again.
        `receipt_within` (ms): an accepted delivery without a receipt by then has failed.
        """
        with self.transaction() as connection:
            settle(connection, key, outcome, now, honours_keys=honours_keys, receipt_within=receipt_within)

    def receipt(self, key: str, state: State, at: int, detail: str = "", address: str | None = None) -> bool:
        """Record a receipt of instant `at`; repeated, reordered or late ones never take a delivery back.

        With `address`, only that address's deliveries are meant. False if no such delivery was sent.
        """
        with self.transaction() as connection:
            return record_receipt(connection, key, state, at, detail, address)

    def expire(self, now: int) -> int:
        """Give up what is past its time, and what no receipt came for; returns how many.

        What is unknown stays so, and is not tried again.
        """
        with self.transaction() as connection:
            return expire(connection, now)

    def strand(self, channels: Collection[str], now: int) -> int:
        """Fail what waits for a channel that is not one of these; returns how many.

        A configuration may lose a channel while deliveries wait for it: they are told another way, or listed.
        """
        with self.transaction() as connection:
            return strand(connection, channels, now)

    def lapse(self, router: Router, now: int, limit: int = 100) -> int:
        """Do what has fallen due beside sending, at most `limit` of each kind; returns how much, 0 at last.

        Another channel for whoever was not reached, the next level up where nobody answered or decided, and
        what was shelved is told again.
        """
        with self.transaction() as connection:
            return lapse(connection, router, now, limit)

    def act(self, sequence: int, at: int, taken: Taken, answer: Answer | None = None) -> Answer:
        """Do what a person wants, by the journal entry `sequence` of instant `at` (ms), once.

        A replayed entry changes nothing and gets its recorded answer. With `answer` the engine has decided
        already, and it is only recorded; ValueError if it has not of what only it can decide.
        """
        with self.transaction() as connection:
            return act(connection, sequence, at, taken, answer)

    def place(self, router: Router) -> None:
        """Say where the incidents of version 1 lie, if there are any: a start writes nothing without need."""
        if self.unplaced():
            with self.transaction() as connection:
                place(connection, router)

    def note(self, at: int, what: str, user: str, facts: Mapping[str, Any]) -> None:
        """Put into the audit what the outbox does not see: a start, a configuration, a refusal."""
        with self.transaction() as connection:
            append(connection, at, what, user, facts)

    def _return_claims(self) -> None:
        self._connection.execute(
            "UPDATE deliveries SET state = 'queued', due = 0, reached = 1,"
            " detail = 'interrupted while it was sent' WHERE state = 'claimed'"
        )

    def _record(self, transition: Transition) -> Fault | None:
        offered = line(transition)
        identity = (transition.warning, transition.ordinal)
        found = self._connection.execute(
            "SELECT line FROM transitions WHERE warning = ? AND ordinal = ?", identity
        ).fetchone()
        if found is None:
            self._insert(transition, offered)
            return None
        if found[0] == offered:
            return None
        self._connection.execute(
            "INSERT OR IGNORE INTO faults VALUES (?, ?, ?, ?)", (*identity, *found, offered)
        )
        return Fault(*identity, found[0], offered)

    def _insert(self, transition: Transition, offered: bytes) -> None:
        self._connection.execute(
            "UPDATE transitions SET latest = 0 WHERE warning = ? AND latest = 1", (transition.warning,)
        )
        self._connection.execute(
            "INSERT INTO transitions (warning, ordinal, at, before, after, disposition, line, latest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
            (
                transition.warning,
                transition.ordinal,
                transition.at,
                transition.before,
                transition.after,
                transition.disposition,
                offered,
            ),
        )


@contextmanager
def _begun(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # On a full disk SQLite may have rolled back already, or have left a failed COMMIT open.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


# Not those that others were told of all the same: it is announced, and is told again by its next change.
_NOBODY_ANEW = """
UPDATE transitions SET routed = NULL
WHERE routed = 'nobody' AND latest = 1 AND after > (
    SELECT ifnull(i.announced, 0) FROM members AS m JOIN incidents AS i ON i.id = m.incident
    WHERE m.warning = transitions.warning)
"""
_WAITING = f"""
SELECT {DELIVERY} FROM {TOLD}
WHERE d.channel = ? AND d.due IS NOT NULL AND d.state IN ('queued', 'unknown') AND d.due <= ?
  AND d.expires > ?
  AND NOT EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.incident = d.incident AND earlier.recipient = d.recipient AND earlier.channel = d.channel
      AND earlier.revision < d.revision AND earlier.asks = 0
      AND (earlier.state IN ('queued', 'claimed') OR earlier.state = 'unknown' AND earlier.due IS NOT NULL))
"""
_CLAIMABLE_RED = f"{_WAITING} AND d.grade = 4 ORDER BY d.id LIMIT ?"
# What a digest tells of comes after it, and after it is known that nobody read it; red waits for no digest.
# A digest in turn waits for what was told before of the same, alone or by another digest.
_CLAIMABLE = f"""{_WAITING}
  AND (d.grade IS 4 OR NOT EXISTS (
    SELECT 1 FROM deliveries AS summed JOIN deliveries AS digest ON digest.incident = summed.detail
    WHERE summed.incident = d.incident AND summed.recipient = d.recipient AND summed.channel = d.channel
      AND summed.revision < d.revision AND summed.state = 'digested' AND summed.asks = 0
      AND (digest.state IN ('queued', 'claimed')
        OR digest.fallen = 0 AND digest.state IN ('failed', 'expired'))))
  AND NOT EXISTS (
    SELECT 1 FROM deliveries AS summed JOIN deliveries AS told ON told.incident = summed.incident
    WHERE summed.detail = d.incident AND summed.state = 'digested' AND told.recipient = d.recipient
      AND told.channel = d.channel AND told.revision < summed.revision AND told.asks = 0
      AND (told.state IN ('queued', 'claimed') OR told.state = 'digested' AND EXISTS (
        SELECT 1 FROM deliveries AS digest
        WHERE digest.incident = told.detail AND digest.id < d.id AND digest.state IN ('queued', 'claimed'))))
ORDER BY ifnull(d.grade, 0) DESC, d.id LIMIT ?
"""
