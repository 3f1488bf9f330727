"""Bulletins of an incident: drafted from a line, kept under their number, and found again."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from ingest.clock import HOUR
from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.audit import append
from notifiers.outbox.incidents import incident_of, references
from notifiers.routing import Addressee, Announcement, Router
from rules.grade import Grade
from rules.transition import Transition

LIFETIME = HOUR


@dataclass(frozen=True, slots=True)
class Change:
    """The grade an incident comes to, the line that leads it, how many warnings are open, and who is told."""

    grade: Grade | None
    line: Transition
    open: int
    to: Sequence[Addressee]


def draft(
    connection: sqlite3.Connection, router: Router, identity: str, change: Change, now: int
) -> Bulletin:
    """The next bulletin of an incident, not kept yet."""
    incident = incident_of(connection, identity)
    earlier = references(connection, identity, (a.contact for a in change.to)) if incident.revision else ()
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


def newest(connection: sqlite3.Connection, incident: str, *, over: bool = False) -> Bulletin | None:
    """What was announced last, whether or not it reached anybody; None if it is over, unless asked for."""
    row = connection.execute(_NEWEST, (incident,)).fetchone()
    if row is None or (row[0] in (Act.CLEAR, Act.CANCEL) and not over):
        return None
    return Bulletin.decode(row[1])


# Neither a request nor what a person did not let out.
_NEWEST = """
SELECT act, body FROM bulletins AS b WHERE incident = ? AND act <> 'request' AND NOT EXISTS (
    SELECT 1 FROM proposals AS p
    WHERE p.incident = b.incident AND p.revision = b.revision AND p.state <> 'released')
ORDER BY revision DESC LIMIT 1
"""
