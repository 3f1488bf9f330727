"""Taking back what was wrong: one action, to everybody on every channel that was told of it."""

import sqlite3

import msgspec

from notifiers.action import Answer
from notifiers.bulletin import Act, Bulletin
from notifiers.delivery import State
from notifiers.notices import cancelled
from notifiers.outbox.bulletins import LIFETIME, newest, record
from notifiers.outbox.collapsed import is_notice
from notifiers.outbox.deliveries import contacts, enqueue
from notifiers.outbox.incidents import Incident, incident_of, references
from notifiers.outbox.proposals import overtake, waiting
from notifiers.outbox.work import end
from notifiers.routing import Addressee
from rules.transition import iso


def cancel(connection: sqlite3.Connection, at: int, user: str, identity: str, reason: str) -> Answer:
    """Its warnings tell nobody up to the grade they have until their conditions let go."""
    incident, proposals = incident_of(connection, identity), waiting(connection, identity)
    if is_notice(connection, identity):
        return Answer(False, f"a notice is not cancelled: tocsin refuse {identity} keeps its warnings untold")
    if incident.closed is not None:
        return Answer(False, f"it is over since {iso(incident.closed)}")
    if incident.announced is None and not proposals:
        return Answer(False, "nobody was told of it: there is nothing to cancel")
    if not reason.strip():
        return Answer(False, "say why: everybody who was told is told the reason")
    warned = [c.addressee for c in contacts(connection, identity).values() if c.warned]
    told = newest(connection, identity)
    bulletin = told and _bulletin(connection, incident, told, warned, at=at, reason=reason)
    for proposal in proposals:
        overtake(connection, proposal, at, State.WITHDRAWN)
    connection.execute(_TAKE_BACK, {"incident": identity, "at": at})
    connection.execute(_SILENCE, (identity,))
    if bulletin and warned:
        record(connection, bulletin, user)
        for addressee in warned:
            enqueue(connection, bulletin, addressee, at)
    connection.execute(_CANCELLED, (reason, identity))
    end(connection, identity)
    return Answer(True, f"cancelled; {len(warned)} deliveries tell everybody who was told")


def cancelled_again(
    connection: sqlite3.Connection, incident: Incident, late: list[Addressee], now: int
) -> Bulletin | None:
    """The cancellation, for those of whom it shows late that they had been told; None if it told nobody."""
    told = newest(connection, incident.id, over=True)
    return told and _bulletin(connection, incident, told, late, at=now, reason=incident.cancelled)


def _bulletin(
    connection: sqlite3.Connection,
    incident: Incident,
    told: Bulletin,
    warned: list[Addressee],
    *,
    at: int,
    reason: str,
) -> Bulletin:
    return msgspec.structs.replace(
        told,
        act=Act.CANCEL,
        revision=incident.revision,
        grade=None,
        before=incident.announced or told.before,
        at=at,
        sent=at,
        expires=at + LIFETIME,
        evidence={},
        advice={},
        text=told.text if told.act is Act.CANCEL else cancelled(told, reason),
        references=references(connection, incident.id, (a.contact for a in warned)),
    )


_TAKE_BACK = """
UPDATE deliveries SET due = NULL, updated = :at, state = iif(state = 'unknown', state, 'withdrawn')
WHERE incident = :incident AND (state IN ('held', 'queued') OR state = 'unknown' AND due IS NOT NULL
    OR state = 'digested' AND reached = 0)
"""
_SILENCE = """
UPDATE members SET cancelled = max(ifnull(certain, 0), ifnull(doubtful, 0), ifnull(cancelled, 0))
WHERE incident = ? AND (certain IS NOT NULL OR doubtful IS NOT NULL)
"""
_CANCELLED = """
UPDATE incidents SET announced = NULL, released = NULL, refused = NULL, doubted = NULL, cancelled = ?,
    stirred = 1
WHERE id = ?
"""
