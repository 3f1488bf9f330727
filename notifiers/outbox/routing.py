"""From recorded transitions to bulletins and deliveries, in the outbox's own transaction.

Routing looks at what an incident has come to, not at each line on the way: a raise or an upgrade goes to
everyone the routes name, a downgrade or an all-clear to those who were told, nothing twice. What is still
queued gives way to what is newer: nobody is woken by a grade that has passed.
"""

import sqlite3
from collections.abc import Iterable
from enum import StrEnum

from notifiers.bulletin import Bulletin
from notifiers.outbox.approvals import review
from notifiers.outbox.bulletins import Change, draft, record
from notifiers.outbox.deliveries import Contact, contacts, enqueue, is_news, overtake
from notifiers.outbox.incidents import Incident, Standing, above, incident_of, join, standing
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.outbox.work import follow
from notifiers.routing import Addressee, Router
from rules.grade import Grade
from rules.transition import Disposition, Transition


class Routed(StrEnum):
    """How the routing of a line ended: `PASSED` had nobody to tell anything new, `NOBODY` should have had.

    `REVIEW` waits for a person, `SHELVED` is told to nobody for now.
    """

    TOLD = "told"
    PASSED = "passed"
    REVIEW = "review"
    SHELVED = "shelved"
    NOBODY = "nobody"


def route_some(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Route the lines of up to `limit` warnings, strongest first, oldest first among equals.

    Incidents of which a person or the clock changed what they come to are announced as well, and counted.
    """
    warnings = connection.execute(
        "SELECT warning FROM transitions WHERE routed IS NULL GROUP BY warning"
        " ORDER BY max(ifnull(after, 0)) DESC, min(id) LIMIT ?",
        (limit,),
    ).fetchall()
    joined: dict[str, list[Transition]] = {}
    for (warning,) in warnings:
        lines = _unrouted(connection, warning)
        joined.setdefault(join(connection, router, lines), []).extend(lines)
    stirred = connection.execute("SELECT id FROM incidents WHERE stirred = 1 LIMIT ?", (limit,)).fetchall()
    for (incident,) in stirred:
        joined.setdefault(incident, [])
    for incident, lines in joined.items():
        _mark(connection, lines, announce(connection, router, incident, now))
    return sum(map(len, joined.values())) + len(stirred)


def announce(connection: sqlite3.Connection, router: Router, identity: str, now: int) -> Routed:
    """Tell whoever is to be told what the incident has come to, and hold back what a person must release."""
    incident, stands = incident_of(connection, identity), standing(connection, identity)
    routed = (
        _raise(connection, router, incident, stands, now)
        or _lower(connection, router, incident, stands, now)
        or (Routed.SHELVED if stands.hidden else Routed.PASSED)
    )
    _come_down(connection, identity, stands, now)
    if review(connection, router, incident_of(connection, identity), stands, now):
        routed = routed if routed is Routed.TOLD else Routed.REVIEW
    follow(connection, router, identity, now)
    return routed


def _raise(
    connection: sqlite3.Connection, router: Router, incident: Incident, stands: Standing, now: int
) -> Routed | None:
    """Tell a higher grade to those whose route demands no release, if it is news to them."""
    if stands.certain is None or not above(stands.certain, incident.announced):
        return None
    named = router.who(incident.zone, incident.hazard, stands.certain, now)
    direct = [addressee for addressee in named if not addressee.approval]
    if not direct:
        return Routed.PASSED if named else Routed.NOBODY
    known = contacts(connection, incident.id)
    chosen = [a for a in direct if is_news(known.get((a.recipient, a.channel)), stands.certain)]
    change = Change(stands.certain, stands.line, stands.open, chosen)
    bulletin = draft(connection, router, incident.id, change, now)
    for addressee in chosen:
        overtake(connection, bulletin, addressee, now)
    return _announced(connection, bulletin, chosen, now)


def _lower(
    connection: sqlite3.Connection, router: Router, incident: Incident, stands: Standing, now: int
) -> Routed | None:
    """Tell a lower grade to those who were told; what waits for anybody else is taken back."""
    if not above(incident.announced, stands.floor):
        return None
    known = contacts(connection, incident.id).values()
    chosen = [c.addressee for c in known if _is_lowered(c, stands.floor)]
    change = Change(stands.floor, stands.floor_line, stands.open, chosen)
    bulletin = draft(connection, router, incident.id, change, now)
    for contact in known:
        overtake(connection, bulletin, contact.addressee, now)
    return _announced(connection, bulletin, chosen, now)


def _announced(
    connection: sqlite3.Connection, bulletin: Bulletin, chosen: list[Addressee], now: int
) -> Routed:
    _tell(connection, bulletin, chosen, now)
    connection.execute("UPDATE incidents SET announced = ? WHERE id = ?", (bulletin.grade, bulletin.incident))
    return Routed.TOLD if chosen else Routed.PASSED


def _come_down(connection: sqlite3.Connection, identity: str, stands: Standing, now: int) -> None:
    """What was decided of a higher grade is decided no more; without an open warning it is over."""
    values = {
        "id": identity,
        "floor": stands.floor or 0,
        "top": max(stands.floor or 0, stands.doubtful or 0),
        "closed": now if stands.over else None,
    }
    connection.execute(
        "UPDATE incidents SET stirred = 0, closed = ifnull(closed, :closed),"
        " released = nullif(min(released, :floor), 0), refused = iif(refused > :floor, NULL, refused),"
        " doubted = iif(doubted > :top, NULL, doubted)"
        " WHERE id = :id",
        values,
    )


def _tell(connection: sqlite3.Connection, bulletin: Bulletin, chosen: Iterable[Addressee], now: int) -> None:
    if chosen:
        record(connection, bulletin)
    for addressee in chosen:
        enqueue(connection, bulletin, addressee, now)


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


def _is_lowered(contact: Contact, grade: Grade | None) -> bool:
    if contact.reached:
        return contact.told is not None and contact.told != grade
    # Never told anything, but about to be: the lower grade takes the place of what waits; all-clear, none.
    return contact.waiting and grade is not None
