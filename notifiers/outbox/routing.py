"""From recorded transitions to bulletins and deliveries, in the outbox's own transaction.

Routing looks at what an incident has come to, not at each line on the way: a raise or an upgrade goes to
everyone the routes name, a downgrade or an all-clear to those who were told, nothing twice. What is still
queued gives way to what is newer: nobody is woken by a grade that has passed.
"""

import sqlite3
from collections.abc import Iterable
from enum import StrEnum

from ingest.clock import HOUR
from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.deliveries import Contact, contacts, enqueue, overtake
from notifiers.outbox.incidents import Incident, Standing, incident_of, join, references, standing
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.routing import Addressee, Announcement, Router
from rules.grade import Grade
from rules.transition import Disposition, Transition

LIFETIME = HOUR


class Routed(StrEnum):
    """How the routing of a line ended: `PASSED` had nobody to tell anything new, `NOBODY` should have had."""

    TOLD = "told"
    PASSED = "passed"
    REVIEW = "review"
    NOBODY = "nobody"


def route_some(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Route the lines of up to `limit` warnings, strongest first, oldest first among equals."""
    warnings = connection.execute(
        "SELECT warning FROM transitions WHERE routed IS NULL GROUP BY warning"
        " ORDER BY max(ifnull(after, 0)) DESC, min(id) LIMIT ?",
        (limit,),
    ).fetchall()
    joined: dict[str, list[Transition]] = {}
    for (warning,) in warnings:
        lines = _unrouted(connection, warning)
        joined.setdefault(join(connection, router, lines), []).extend(lines)
    for incident, lines in joined.items():
        _mark(connection, lines, announce(connection, router, incident, now))
    return sum(map(len, joined.values()))


def announce(connection: sqlite3.Connection, router: Router, identity: str, now: int) -> Routed:
    """Tell whoever is to be told what the incident has come to."""
    incident, stands = incident_of(connection, identity), standing(connection, identity)
    if not stands.open:
        connection.execute("UPDATE incidents SET closed = ? WHERE id = ?", (now, identity))
    if stands.certain == incident.announced:
        return Routed.PASSED
    known = contacts(connection, identity)
    raised = stands.certain is not None and stands.certain > (incident.announced or 0)
    named = (
        router.who(incident.zone, incident.hazard, stands.certain, now) if raised and stands.certain else []
    )
    if raised and not named:
        return Routed.NOBODY
    if raised:
        chosen = [a for a in named if _is_news(known.get((a.recipient, a.channel)), stands.certain)]
    else:
        chosen = [c.addressee for c in known.values() if _is_lowered(c, stands.certain)]
    bulletin = _bulletin(connection, router, incident, stands, now)
    for addressee in chosen if raised else [c.addressee for c in known.values()]:
        overtake(connection, bulletin, addressee, now)
    _tell(connection, bulletin, chosen, now)
    connection.execute("UPDATE incidents SET announced = ? WHERE id = ?", (stands.certain, identity))
    return Routed.TOLD if chosen else Routed.PASSED


def record(connection: sqlite3.Connection, bulletin: Bulletin, author: str = "") -> None:
    """Keep a bulletin under its number, and count on."""
    connection.execute(
        "INSERT INTO bulletins VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(bulletin.incident, bulletin.revision, bulletin.sent, bulletin.act, bulletin.grade),
            *(author, bulletin.encode()),
        ),
    )
    connection.execute(
        "UPDATE incidents SET revision = ? WHERE id = ?", (bulletin.revision + 1, bulletin.incident)
    )


def _tell(connection: sqlite3.Connection, bulletin: Bulletin, chosen: Iterable[Addressee], now: int) -> None:
    if chosen:
        record(connection, bulletin)
    for addressee in chosen:
        enqueue(connection, bulletin, addressee, now)


def _bulletin(
    connection: sqlite3.Connection, router: Router, incident: Incident, stands: Standing, now: int
) -> Bulletin:
    earlier = references(connection, incident.id)
    act = Act.CLEAR if stands.certain is None else Act.UPDATE if earlier else Act.ALERT
    announcement = Announcement(
        incident=incident.id,
        revision=incident.revision,
        act=act,
        hazard=incident.hazard,
        zone=incident.zone,
        grade=stands.certain,
        before=incident.announced,
        sent=now,
        expires=now + LIFETIME,
        count=stands.open,
        references=earlier,
    )
    return router.bulletin(stands.line, announcement)


def _unrouted(connection: sqlite3.Connection, warning: str) -> list[Transition]:
    rows = connection.execute(
        f"SELECT {TRANSITION} FROM transitions WHERE warning = ? AND routed IS NULL ORDER BY ordinal",
        (warning,),
    )
    return [transition_of(row) for row in rows]


def _mark(connection: sqlite3.Connection, lines: list[Transition], routed: Routed) -> None:
    connection.executemany(
        "UPDATE transitions SET routed = ? WHERE warning = ? AND ordinal = ?",
        [(Routed.REVIEW if _waits(t) else routed, t.warning, t.ordinal) for t in lines],
    )


def _waits(t: Transition) -> bool:
    return t.disposition is Disposition.REVIEW


def _is_news(contact: Contact | None, grade: Grade | None) -> bool:
    return contact is None or not contact.reached or contact.told != grade


def _is_lowered(contact: Contact, grade: Grade | None) -> bool:
    if contact.reached:
        return contact.told is not None and contact.told != grade
    # Never told anything, but about to be: the lower grade takes the place of what waits; all-clear, none.
    return contact.waiting and grade is not None
