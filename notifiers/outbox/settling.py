"""What became of a delivery: outcomes, receipts and time running out, inside the outbox's transaction."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b

from ingest.clock import MINUTE, SECOND
from notifiers.delivery import State
from notifiers.outbox.audit import append
from notifiers.outbox.deliveries import nothing_to_end
from notifiers.outbox.incidents import stir
from notifiers.outcome import Outcome, Rejected, Retry, Sent, Unknown
from rules.grade import Grade

# Red is to be out within seconds of the gateway's return; the channel's breaker keeps it from a storm.
_LONGEST_BACKOFF, _LONGEST_OF_RED = MINUTE, 2 * SECOND

# A receipt moves a delivery only to a higher rank, so their order and number do not matter.
RANK = {
    State.HELD: 0,
    State.QUEUED: 0,
    State.CLAIMED: 1,
    State.UNKNOWN: 2,
    State.ACCEPTED: 3,
    State.DIGESTED: 4,
    State.SUPERSEDED: 4,
    State.WITHDRAWN: 4,
    State.EXPIRED: 4,
    State.FAILED: 4,
    State.DELIVERED: 5,
    State.PLAYED: 6,
    State.ACKNOWLEDGED: 7,
}
_NOTED = ("key", "incident", "revision", "recipient", "channel", "attempt", "state", "provider_id", "detail")
_RECEIPTS = {State.SUPERSEDED, State.FAILED, State.DELIVERED, State.PLAYED, State.ACKNOWLEDGED}


@dataclass(frozen=True, slots=True)
class _Change:
    """Where a delivery goes at instant `now`, and when it is due for something next."""

    state: State
    now: int
    due: int | None = None
    detail: str = ""
    provider_id: str = ""


def settle(
    connection: sqlite3.Connection,
    key: str,
    outcome: Outcome,
    now: int,
    *,
    honours_keys: bool,
    receipt_within: int | None,
) -> None:
    """See `Outbox.settle`."""
    match outcome:
        case Sent(provider_id):
            due = None if receipt_within is None else now + receipt_within
            change = _Change(State.ACCEPTED, now, due, provider_id=provider_id)
        case Retry(after, reason):
            change = _again(connection, key, after, reason, now)
        case Rejected(reason):
            change = _Change(State.FAILED, now, None, reason)
        case Unknown(reason):
            again = honours_keys and not _is_overtaken(connection, key)
            due = _next_try(connection, key, 0, now) if again else None
            change = _Change(State.UNKNOWN, now, due, reason)
    _apply(connection, key, change)


def record_receipt(
    connection: sqlite3.Connection, key: str, state: State, at: int, detail: str, address: str | None
) -> bool:
    """See `Outbox.receipt`."""
    if state not in _RECEIPTS:
        raise ValueError(f"{state} is no receipt; one of {', '.join(sorted(_RECEIPTS))} is")
    found = connection.execute(
        "SELECT state, reached, incident FROM deliveries"
        " WHERE key = ? AND attempt > 0 AND address = ifnull(?, address)",
        (key, address),
    ).fetchone()
    if found is not None and RANK[state] > RANK[State(found[0])]:
        connection.execute(
            "UPDATE deliveries SET state = ?, due = NULL, reached = 1, detail = ?, updated = ? WHERE key = ?",
            (state, detail, at, key),
        )
        _note(connection, "receipt", key, at)
        if RANK[State(found[0])] == RANK[State.FAILED] and not found[1]:
            # It was given up as never sent, so they were left out of what came after it.
            stir(connection, found[2])
            connection.execute(_READ_LATE, (found[2],))
            connection.execute(_STIR_READ, (found[2],))
    return found is not None


def expire(connection: sqlite3.Connection, now: int) -> int:
    """See `Outbox.expire`."""
    expired = connection.execute(
        "UPDATE deliveries SET state = iif(state = 'queued', 'expired', state), due = NULL, updated = :now"
        " WHERE expires <= :now AND due IS NOT NULL AND state IN ('queued', 'unknown')",
        {"now": now},
    ).rowcount
    # Left to itself SQLite takes the index of all that is due, a storm's whole backlog.
    silent = connection.execute(
        "UPDATE deliveries INDEXED BY deliveries_unconfirmed"
        " SET state = 'failed', due = NULL, detail = 'no receipt', updated = :now"
        " WHERE due <= :now AND state = 'accepted'",
        {"now": now},
    ).rowcount
    return expired + silent


def strand(connection: sqlite3.Connection, channels: Collection[str], now: int) -> int:
    """See `Outbox.strand`."""
    count, channel = 0, ""
    while (channel := connection.execute(_NEXT_CHANNEL, (channel,)).fetchone()[0]) is not None:
        if channel not in channels:
            values = {"channel": channel, "now": now, "detail": f"no channel {channel} is configured"}
            count += connection.execute(_STRAND, values).rowcount
    return count


def backoff(key: str, attempt: int, longest: int = _LONGEST_BACKOFF) -> int:
    """Wait before the next try, ms: doubling from a second to a minute, spread by half either way.

    The spread comes from the key and the attempt instead of chance, so a replay waits the same.
    """
    spread = int.from_bytes(blake2b(f"{key}\0{attempt}".encode(), digest_size=2).digest()) / 0xFFFF
    return int(min(SECOND << min(attempt - 1, 10), longest) * (0.5 + spread))


def _apply(connection: sqlite3.Connection, key: str, change: _Change) -> None:
    # A receipt can overtake the gateway's answer: then the delivery is claimed no longer and stays put.
    changed = connection.execute(
        "UPDATE deliveries SET state = ?, due = ?, detail = ?, updated = ?, reached = max(reached, ?)"
        " WHERE key = ? AND state = 'claimed'",
        (
            change.state,
            change.due,
            change.detail,
            change.now,
            change.state in (State.ACCEPTED, State.UNKNOWN),
            key,
        ),
    ).rowcount
    if change.provider_id:
        connection.execute("UPDATE deliveries SET provider_id = ? WHERE key = ?", (change.provider_id, key))
    if changed:
        _note(connection, "outcome", key, change.now)
    if changed and change.state in (State.FAILED, State.SUPERSEDED):
        contact = "SELECT incident, recipient, channel FROM deliveries WHERE key = ?"
        incident, recipient, channel = connection.execute(contact, (key,)).fetchone()
        nothing_to_end(connection, incident, recipient, channel, change.now)


def _note(connection: sqlite3.Connection, what: str, key: str, at: int) -> None:
    row = connection.execute(f"SELECT {', '.join(_NOTED)} FROM deliveries WHERE key = ?", (key,)).fetchone()
    append(connection, at, what, "", dict(zip(_NOTED, row, strict=True)))


def _again(connection: sqlite3.Connection, key: str, after: int, reason: str, now: int) -> _Change:
    if _is_overtaken(connection, key):
        return _Change(State.SUPERSEDED, now, None, reason)
    return _Change(State.QUEUED, now, _next_try(connection, key, after, now), reason)


def _is_overtaken(connection: sqlite3.Connection, key: str) -> bool:
    (overtaken,) = connection.execute(_OVERTAKEN, (key,)).fetchone()
    return bool(overtaken)


def _next_try(connection: sqlite3.Connection, key: str, after: int, now: int) -> int:
    attempt, expires, grade = connection.execute(
        "SELECT attempt, expires, grade FROM deliveries WHERE key = ?", (key,)
    ).fetchone()
    longest = _LONGEST_OF_RED if grade == Grade.RED else _LONGEST_BACKOFF
    return int(min(now + max(after, backoff(key, attempt, longest)), expires))


# What a digest summed up that was given up as never read.
_READ_LATE = """
UPDATE deliveries SET state = 'digested', reached = 1 WHERE detail = ? AND state = 'failed' AND attempt = 0
"""
_STIR_READ = """
UPDATE incidents SET stirred = 1
WHERE id IN (SELECT incident FROM deliveries WHERE detail = ? AND state = 'digested')
"""
# One step of the index for each channel, however much waits for it.
_NEXT_CHANNEL = """
SELECT min(channel) FROM deliveries INDEXED BY deliveries_waiting
WHERE due IS NOT NULL AND state IN ('queued', 'unknown') AND channel > ?
"""
_STRAND = """
UPDATE deliveries SET state = iif(state = 'queued', 'failed', state), due = NULL, detail = :detail,
    updated = :now
WHERE channel = :channel AND due IS NOT NULL AND state IN ('queued', 'unknown')
"""
# By something newer to the same recipient; what asks for a release, by its decision.
_OVERTAKEN = """
SELECT EXISTS (
  SELECT 1 FROM deliveries AS later
  WHERE later.incident = d.incident AND later.recipient = d.recipient AND later.channel = d.channel
    AND later.revision > d.revision AND later.asks = 0 AND d.asks = 0
    AND later.state NOT IN ('held', 'superseded', 'withdrawn'))
OR EXISTS (
  SELECT 1 FROM proposals AS p
  WHERE p.incident = d.incident AND p.request = d.revision AND p.state <> 'waiting')
FROM deliveries AS d WHERE d.key = ?
"""
