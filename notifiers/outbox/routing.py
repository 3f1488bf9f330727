"""From recorded transitions to bulletins and deliveries, in the outbox's own transaction.

Routing looks at what an incident has come to, not at each line on the way: a raise or an upgrade goes to
everyone the routes name, a downgrade or an all-clear to those who were told, nothing twice. What is still
queued gives way to what is newer: nobody is woken by a grade that has passed.
"""

import sqlite3
from enum import StrEnum

from ingest.clock import HOUR
from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.deliveries import Contact, contacts, overtake
from notifiers.outbox.flooding import collapse, reckon
from notifiers.outbox.incidents import Incident, Standing, incident_of, join, references, standing
from notifiers.outbox.notices import notify
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.outbox.telling import tell
from notifiers.routing import Announcement, Router
from rules.grade import Grade
from rules.transition import Disposition, Transition

LIFETIME = HOUR


class Routed(StrEnum):
    """How the routing of a line ended.

    TOLD      somebody was told something new by it
    PASSED    there was nobody to tell anything new
    REVIEW    it waits for a person
    FLOODING  its rule floods: one notice tells of it
    NOBODY    somebody should have been told, and no route names anybody
    """

    TOLD = "told"
    PASSED = "passed"
    REVIEW = "review"
    FLOODING = "flooding"
    NOBODY = "nobody"


def route_some(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Route the lines of up to `limit` warnings, strongest first, oldest first among equals.

    Reds are routed alone, so that nothing else is between them and their channels; then what a person has
    stirred. Returns how many lines and incidents it took.
    """
    flooding = reckon(connection, router, now)
    warnings = _next(connection, limit)
    joined: dict[str, list[Transition]] = {}
    collapsed: set[tuple[str, int]] = set()
    for warning in warnings:
        lines = _unrouted(connection, warning)
        joined.setdefault(join(connection, router, lines), []).extend(lines)
        collapsed |= {(warning, ordinal) for ordinal in collapse(connection, flooding, lines)}
    for incident, lines in joined.items():
        flooded = all((t.warning, t.ordinal) in collapsed for t in lines)
        routed = Routed.FLOODING if flooded else announce(connection, router, incident, now)
        _mark(connection, lines, routed, collapsed)
    stirred = _stirred(connection, max(limit // 4, 1))
    for incident in stirred:
        announce(connection, router, incident, now)
        connection.execute("UPDATE incidents SET stirred = 0 WHERE id = ?", (incident,))
    notify(connection, router, now)
    return sum(map(len, joined.values())) + len(stirred)


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
    given_way = known.keys() & {(a.recipient, a.channel) for a in chosen} if raised else known.keys()
    for key in given_way:
        overtake(connection, bulletin, known[key].addressee, now)
    tell(connection, router, bulletin, chosen, now)
    connection.execute("UPDATE incidents SET announced = ? WHERE id = ?", (stands.certain, identity))
    return Routed.TOLD if chosen else Routed.PASSED


def _bulletin(
    connection: sqlite3.Connection, router: Router, incident: Incident, stands: Standing, now: int
) -> Bulletin:
    earlier = references(connection, incident.id) if incident.revision else ()
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


def _next(connection: sqlite3.Connection, limit: int) -> list[str]:
    found = connection.execute(_NEXT, (limit,)).fetchall()
    reds = [warning for warning, grade in found if grade == Grade.RED]
    return reds or [warning for warning, _ in found]


def _stirred(connection: sqlite3.Connection, limit: int) -> list[str]:
    """The notice of a flood has no warnings, and nothing to be announced anew."""
    rows = connection.execute(
        "SELECT id FROM incidents WHERE stirred = 1 AND EXISTS (SELECT 1 FROM members WHERE incident = id)"
        " LIMIT ?",
        (limit,),
    )
    return [identity for (identity,) in rows]


def _unrouted(connection: sqlite3.Connection, warning: str) -> list[Transition]:
    rows = connection.execute(
        f"SELECT {TRANSITION} FROM transitions WHERE warning = ? AND routed IS NULL ORDER BY ordinal",
        (warning,),
    )
    return [transition_of(row) for row in rows]


def _mark(
    connection: sqlite3.Connection, lines: list[Transition], routed: Routed, collapsed: set[tuple[str, int]]
) -> None:
    connection.executemany(
        "UPDATE transitions SET routed = ? WHERE warning = ? AND ordinal = ?",
        [(_ended(t, routed, collapsed), t.warning, t.ordinal) for t in lines],
    )


def _ended(t: Transition, routed: Routed, collapsed: set[tuple[str, int]]) -> Routed:
    if (t.warning, t.ordinal) in collapsed:
        return Routed.FLOODING
    return Routed.REVIEW if t.disposition is Disposition.REVIEW else routed


def _is_news(contact: Contact | None, grade: Grade | None) -> bool:
    return contact is None or not contact.reached or contact.told != grade


def _is_lowered(contact: Contact, grade: Grade | None) -> bool:
    if contact.reached:
        return contact.told is not None and contact.told != grade
    # Never told anything, but about to be: the lower grade takes the place of what waits; all-clear, none.
    return contact.waiting and grade is not None


_NEXT = """
SELECT warning, max(ifnull(after, 0)) FROM transitions WHERE routed IS NULL GROUP BY warning
ORDER BY max(ifnull(after, 0)) DESC, min(id) LIMIT ?
"""
