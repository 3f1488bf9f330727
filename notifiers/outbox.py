"""The transactional outbox: raised means in here, sent means settled here.

Transitions and the engine's journal position are committed together, so a crash can neither lose a warning
nor raise it twice. What is sent, and what became of it, is recorded in the same file before and after.

Everything here blocks, and an `Outbox` belongs to the one thread that opened it (SQLite refuses any other):
give it an executor with a single thread, and the executor's queue is all the locking there is. Another
thread or process reads with `OutboxReader.reading`.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from ingest.clock import MINUTE, SECOND
from notifiers.delivery import Delivery, State
from notifiers.outbox_reader import DELIVERY, Fault, OutboxReader, delivery_of
from notifiers.outbox_routing import route_some
from notifiers.outbox_schema import connect
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from notifiers.routing import Router
from rules.realm import Realm
from rules.transition import Transition, line

_LONGEST_BACKOFF = MINUTE

# A receipt moves a delivery only to a higher rank, so their order and number do not matter.
RANK = {
    State.QUEUED: 0,
    State.CLAIMED: 1,
    State.UNKNOWN: 2,
    State.ACCEPTED: 3,
    State.SUPERSEDED: 4,
    State.WITHDRAWN: 4,
    State.EXPIRED: 4,
    State.FAILED: 4,
    State.DELIVERED: 5,
    State.PLAYED: 6,
    State.ACKNOWLEDGED: 7,
}
_RECEIPTS = {State.FAILED, State.DELIVERED, State.PLAYED, State.ACKNOWLEDGED}


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
        if self._connection.in_transaction:
            yield self._connection
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

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

    def claim(self, channel: str, now: int, limit: int) -> list[Delivery]:
        """Take up to `limit` due deliveries, strongest first; they stay claimed until settled or reopened.

        A delivery waits for the earlier ones of its warning to the same recipient on the same channel, so
        an all-clear never arrives before its alert.
        """
        with self.transaction() as connection:
            rows = connection.execute(_CLAIMABLE, (channel, now, now, limit)).fetchall()
            connection.executemany(
                "UPDATE deliveries SET state = 'claimed', due = NULL, attempt = attempt + 1, updated = ?"
                " WHERE key = ?",
                [(now, row[0]) for row in rows],
            )
        return [delivery_of((*row[:10], row[10] + 1), self.realm) for row in rows]

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
        with self.transaction():
            match outcome:
                case Sent(provider_id):
                    due = None if receipt_within is None else now + receipt_within
                    self._connection.execute(
                        "UPDATE deliveries SET provider_id = ? WHERE key = ?", (provider_id, key)
                    )
                    self._leave(key, State.ACCEPTED, now, due)
                case Retry(after, reason):
                    self._requeue(key, after, reason, now)
                case Rejected(reason):
                    self._leave(key, State.FAILED, now, None, reason)
                case Unknown(reason):
                    due = self._next_try(key, 0, now) if honours_keys else None
                    self._leave(key, State.UNKNOWN, now, due, reason)

    def receipt(self, key: str, state: State, at: int, detail: str = "", address: str | None = None) -> bool:
        """Record a receipt of instant `at`; repeated, reordered or late ones never take a delivery back.

        With `address`, only that address's deliveries are meant. False if no such delivery was sent.
        """
        if state not in _RECEIPTS:
            raise ValueError(f"{state} is no receipt; one of {', '.join(sorted(_RECEIPTS))} is")
        with self.transaction() as connection:
            found = connection.execute(
                "SELECT state FROM deliveries WHERE key = ? AND attempt > 0 AND address = ifnull(?, address)",
                (key, address),
            ).fetchone()
            if found is not None and RANK[state] > RANK[State(found[0])]:
                connection.execute(
                    "UPDATE deliveries SET state = ?, due = NULL, reached = 1, detail = ?, updated = ?"
                    " WHERE key = ?",
                    (state, detail, at, key),
                )
        return found is not None

    def expire(self, now: int) -> int:
        """Give up what is past its time, and what no receipt came for; returns how many.

        What is unknown stays so, and is not tried again.
        """
        with self.transaction() as connection:
            expired = connection.execute(
                "UPDATE deliveries SET state = iif(state = 'queued', 'expired', state), due = NULL, updated = :now"
                " WHERE expires <= :now AND due IS NOT NULL AND state IN ('queued', 'unknown')",
                {"now": now},
            ).rowcount
            silent = connection.execute(
                "UPDATE deliveries SET state = 'failed', due = NULL, detail = 'no receipt', updated = :now"
                " WHERE due <= :now AND state = 'accepted'",
                {"now": now},
            ).rowcount
        return expired + silent

    def _return_claims(self) -> None:
        self._connection.execute(
            "UPDATE deliveries SET state = 'queued', due = created, reached = 1,"
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

    def _leave(self, key: str, state: State, now: int, due: int | None, detail: str = "") -> None:
        # A receipt can overtake the gateway's answer: then the delivery is claimed no longer and stays put.
        self._connection.execute(
            "UPDATE deliveries SET state = ?, due = ?, detail = ?, updated = ?, reached = max(reached, ?)"
            " WHERE key = ? AND state = 'claimed'",
            (state, due, detail, now, state in (State.ACCEPTED, State.UNKNOWN), key),
        )

    def _requeue(self, key: str, after: int, reason: str, now: int) -> None:
        if self._overtaken(key):
            self._leave(key, State.SUPERSEDED, now, None, reason)
        else:
            self._leave(key, State.QUEUED, now, self._next_try(key, after, now), reason)

    def _overtaken(self, key: str) -> bool:
        (found,) = self._connection.execute(_OVERTAKEN, (key,)).fetchone()
        return bool(found)

    def _next_try(self, key: str, after: int, now: int) -> int:
        attempt, expires = self._connection.execute(
            "SELECT attempt, expires FROM deliveries WHERE key = ?", (key,)
        ).fetchone()
        return int(min(now + max(after, backoff(key, attempt)), expires))


def backoff(key: str, attempt: int) -> int:
    """Wait before the next try, ms: doubling from a second to a minute, spread by half either way.

    The spread comes from the key and the attempt instead of chance, so a replay waits the same.
    """
    spread = int.from_bytes(blake2b(f"{key}\0{attempt}".encode(), digest_size=2).digest()) / 0xFFFF
    return int(min(SECOND << min(attempt - 1, 10), _LONGEST_BACKOFF) * (0.5 + spread))


_CLAIMABLE = f"""
SELECT {DELIVERY} FROM deliveries AS d
WHERE channel = ? AND due IS NOT NULL AND state IN ('queued', 'unknown') AND due <= ? AND expires > ?
  AND NOT EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.warning = d.warning AND earlier.recipient = d.recipient AND earlier.channel = d.channel
      AND earlier.ordinal < d.ordinal
      AND (earlier.state IN ('queued', 'claimed') OR earlier.state = 'unknown' AND earlier.due IS NOT NULL))
ORDER BY ifnull(grade, 0) DESC, id LIMIT ?
"""

_OVERTAKEN = """
SELECT EXISTS (
  SELECT 1 FROM deliveries AS d JOIN deliveries AS later
    ON later.warning = d.warning AND later.recipient = d.recipient AND later.channel = d.channel
  WHERE d.key = ? AND later.ordinal > d.ordinal)
"""
