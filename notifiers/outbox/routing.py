"""From recorded transitions to deliveries, in the outbox's own database and inside its transaction.

What a recipient is sent depends on what they were told before, per warning and channel: a raise or an upgrade
goes to everyone the routes name, a downgrade or an all-clear to those who were told, nothing twice. What is
still queued is replaced by what is newer: nobody is woken by a grade that has passed.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import groupby

import msgspec

from ingest.clock import HOUR
from notifiers.delivery import State
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.routing import Addressee, Router
from rules.grade import Grade
from rules.transition import Disposition, Transition

LIFETIME = HOUR


class Routed(StrEnum):
    """How the routing of a line ended: `PASSED` had nobody to tell anything new, `NOBODY` should have had."""

    TOLD = "told"
    PASSED = "passed"
    REVIEW = "review"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class _Contact:
    """One recipient on one channel, and where they stand with a warning.

    `told` is the grade of the newest delivery that may have reached them (None: the all-clear), if `reached`.
    """

    addressee: Addressee
    reached: bool
    told: Grade | None
    waiting: bool


def route_some(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Route the lines of up to `limit` warnings, strongest first, oldest first among equals."""
    warnings = connection.execute(
        "SELECT warning FROM transitions WHERE routed IS NULL GROUP BY warning"
        " ORDER BY max(ifnull(after, 0)) DESC, min(id) LIMIT ?",
        (limit,),
    ).fetchall()
    return sum(_route_warning(connection, router, now, warning) for (warning,) in warnings)


def delivery_key(warning: str, ordinal: int, recipient: str, channel: str) -> str:
    """The idempotency key: the same for every attempt, in every life of the process."""
    identity = f"{warning}\0{ordinal}\0{recipient}\0{channel}"
    return blake2b(identity.encode(), digest_size=12).hexdigest()


def _route_warning(connection: sqlite3.Connection, router: Router, now: int, warning: str) -> int:
    rows = connection.execute(
        f"SELECT {TRANSITION} FROM transitions WHERE warning = ? AND routed IS NULL ORDER BY ordinal",
        (warning,),
    ).fetchall()
    for _, lines in groupby(map(transition_of, rows), key=lambda t: t.at):
        for transition, routed in _route_instant(connection, router, now, list(lines)):
            connection.execute(
                "UPDATE transitions SET routed = ? WHERE warning = ? AND ordinal = ?",
                (routed, warning, transition.ordinal),
            )
    return len(rows)


def _route_instant(
    connection: sqlite3.Connection, router: Router, now: int, lines: list[Transition]
) -> Iterator[tuple[Transition, Routed]]:
    """Of the lines of one `at`, the last that needs no person is told."""
    told = max((t.ordinal for t in lines if t.disposition is Disposition.AUTO), default=None)
    for transition in lines:
        if transition.disposition is Disposition.REVIEW:
            yield transition, Routed.REVIEW
        elif transition.ordinal != told:
            yield transition, Routed.PASSED
        else:
            yield transition, _tell(connection, router, now, transition)


def _tell(connection: sqlite3.Connection, router: Router, now: int, transition: Transition) -> Routed:
    contacts = _contacts(connection, transition.warning)
    if _raises(transition):
        named = router.addressees(transition)
        if not named:
            return Routed.NOBODY
        chosen = [a for a in named if _is_news(contacts.get((a.recipient, a.channel)), transition)]
        overtaken = chosen
    else:
        chosen = [c.addressee for c in contacts.values() if _is_lowered(c, transition)]
        overtaken = [c.addressee for c in contacts.values()]
    for addressee in overtaken:
        _replace_waiting(connection, transition, addressee, now)
    text = router.text(transition) if chosen else {}
    for addressee in chosen:
        _enqueue(connection, transition, addressee, text, now)
    return Routed.TOLD if chosen else Routed.PASSED


def _raises(t: Transition) -> bool:
    """Also true for the line by which a grade no longer needs a person."""
    return t.after is not None and (t.before is None or t.after >= t.before)


def _is_news(contact: _Contact | None, transition: Transition) -> bool:
    return contact is None or not contact.reached or contact.told != transition.after


def _is_lowered(contact: _Contact, transition: Transition) -> bool:
    if contact.reached:
        return contact.told is not None and contact.told != transition.after
    # Never told anything, but about to be: the lower grade takes the place of what waits; all-clear, none.
    return contact.waiting and transition.after is not None


def _contacts(connection: sqlite3.Connection, warning: str) -> dict[tuple[str, str], _Contact]:
    rows = connection.execute(
        "SELECT recipient, channel, address, text, why, grade, state, reached FROM deliveries"
        " WHERE warning = ? ORDER BY ordinal",
        (warning,),
    )
    found: dict[tuple[str, str], _Contact] = {}
    for recipient, channel, address, text, why, grade, state, reached in rows:
        known = found.get((recipient, channel))
        languages = tuple(msgspec.json.decode(text, type=dict[str, str]))
        addressee = Addressee(recipient, channel, address, languages, why)
        if reached or state == State.CLAIMED:
            told = None if grade is None else Grade(grade)
            found[recipient, channel] = _Contact(addressee, True, told, state == State.QUEUED)
        else:
            was_reached, told = (known.reached, known.told) if known else (False, None)
            found[recipient, channel] = _Contact(addressee, was_reached, told, state == State.QUEUED)
    return found


def _replace_waiting(
    connection: sqlite3.Connection, transition: Transition, addressee: Addressee, now: int
) -> None:
    """What still waits to be sent to them about this warning is overtaken by the transition."""
    connection.execute(
        "UPDATE deliveries SET due = NULL, updated = ?, state = iif(state = 'queued', ?, state)"
        " WHERE warning = ? AND recipient = ? AND channel = ? AND ordinal < ?"
        " AND due IS NOT NULL AND state IN ('queued', 'unknown')",
        (
            now,
            State.WITHDRAWN if transition.after is None else State.SUPERSEDED,
            transition.warning,
            addressee.recipient,
            addressee.channel,
            transition.ordinal,
        ),
    )


def _enqueue(
    connection: sqlite3.Connection,
    transition: Transition,
    addressee: Addressee,
    text: dict[str, str],
    now: int,
) -> None:
    identity = (transition.warning, transition.ordinal, addressee.recipient, addressee.channel)
    words = msgspec.json.encode({language: text[language] for language in addressee.languages})
    connection.execute(
        "INSERT OR IGNORE INTO deliveries (key, warning, ordinal, recipient, channel, address, grade,"
        " text, why, created, expires, due, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(delivery_key(*identity), *identity),
            *(addressee.address, transition.after, words, addressee.why),
            *(now, now + LIFETIME, now, now),
        ),
    )
