"""Bulletins of an incident: drafted from a line, kept under their number, and found again."""

import sqlite3
from dataclasses import dataclass
from hashlib import sha256

from ingest.clock import HOUR
from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.audit import append
from notifiers.outbox.incidents import incident_of, references
from notifiers.routing import Announcement, Router
from rules.grade import Grade
from rules.transition import Transition

LIFETIME = HOUR


@dataclass(frozen=True, slots=True)
class Change:
    """The grade an incident comes to, the line that leads it, and how many warnings are open in it."""

    grade: Grade | None
    line: Transition
    open: int


def draft(
    connection: sqlite3.Connection, router: Router, identity: str, change: Change, now: int
) -> Bulletin:
    """The next bulletin of an incident, not kept yet."""
    incident, earlier = incident_of(connection, identity), references(connection, identity)
    act = Act.CLEAR if change.grade is None else Act.UPDATE if earlier else Act.ALERT
    announcement = Announcement(
        incident=incident.id,
        revision=incident.revision,
        act=act,
        hazard=incident.hazard,
        zone=incident.zone,
        grade=change.grade,
        before=incident.announced,
        sent=now,
        expires=now + LIFETIME,
        count=change.open,
        references=earlier,
    )
    return router.bulletin(change.line, announcement)


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
    facts = {"incident": bulletin.incident, "revision": bulletin.revision, "act": str(bulletin.act)}
    facts |= {"grade": str(bulletin.grade or ""), "content": sha256(bulletin.encode()).hexdigest()}
    append(connection, bulletin.sent, "bulletin", author, facts)


def recorded(connection: sqlite3.Connection, incident: str, revision: int) -> Bulletin:
    (body,) = connection.execute(
        "SELECT body FROM bulletins WHERE incident = ? AND revision = ?", (incident, revision)
    ).fetchone()
    return Bulletin.decode(body)


def newest(connection: sqlite3.Connection, incident: str) -> Bulletin | None:
    """The one that went out last, or may have, since it was last cleared or cancelled."""
    earlier = references(connection, incident)
    return recorded(connection, incident, earlier[-1].revision) if earlier else None
