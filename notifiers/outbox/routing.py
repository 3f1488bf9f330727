"""From recorded transitions to bulletins and deliveries, in the outbox's own transaction.

Routing looks at what an incident has come to, not at each line on the way: a raise or an upgrade goes to
everyone the routes name, a downgrade or an all-clear to those who were told, nothing twice. What is still
queued gives way to what is newer: nobody is woken by a grade that has passed.
"""

import sqlite3
from collections.abc import Collection
from enum import StrEnum

from notifiers.bulletin import Bulletin
from notifiers.outbox.approvals import nothing_to_release, review
from notifiers.outbox.bulletins import Change, draft, record
from notifiers.outbox.cancelling import cancelled_again
from notifiers.outbox.deliveries import Contact, contacts, is_news, overtake
from notifiers.outbox.flooding import collapse, reckon
from notifiers.outbox.incidents import Incident, Standing, above, incident_of, join, standing
from notifiers.outbox.notices import notify
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.outbox.telling import tell
from notifiers.outbox.work import follow
from notifiers.routing import Addressee, Router
from rules.grade import Grade
from rules.transition import Disposition, Transition


class Routed(StrEnum):
    """How the routing of a line ended.

    TOLD      somebody was told something new by it
    PASSED    there was nobody to tell anything new
    REVIEW    it waits for a person
    SHELVED   it is told to nobody for now
    FLOODING  its rule floods: one notice tells of it
    NOBODY    somebody should have been told, and no route names anybody
    """

    TOLD = "told"
    PASSED = "passed"
    REVIEW = "review"
    SHELVED = "shelved"
    FLOODING = "flooding"
    NOBODY = "nobody"


def route_some(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Route the lines of up to `limit` warnings, strongest first, oldest first among equals.

    Reds are routed alone, so that nothing else is between them and their channels; then the incidents of
    which a person or the clock changed what they come to. Returns how many lines and incidents it took.
    """
    flooding = reckon(connection, router, now)
    joined: dict[str, list[Transition]] = {}
    collapsed: set[tuple[str, int]] = set()
    for warning in _next(connection, limit):
        lines = _unrouted(connection, warning)
        joined.setdefault(join(connection, router, lines), []).extend(lines)
        collapsed |= {(warning, ordinal) for ordinal in collapse(connection, flooding, lines)}
    for incident, lines in joined.items():
        # What rises further was perhaps in doubt of the grade that it keeps, and is not any more.
        flooded = all((t.warning, t.ordinal) in collapsed and t.before is None for t in lines)
        routed = Routed.FLOODING if flooded else announce(connection, router, incident, now)
        _mark(connection, lines, routed, collapsed)
    stirred = connection.execute(_STIRRED, (max(limit // 4, 1),)).fetchall()
    for (incident,) in stirred:
        announce(connection, router, incident, now)
    notify(connection, router, now)
    return sum(map(len, joined.values())) + len(stirred)


def announce(connection: sqlite3.Connection, router: Router, identity: str, now: int) -> Routed:
    """Tell whoever is to be told what the incident has come to, and hold back what a person must release."""
    incident, stands = incident_of(connection, identity), standing(connection, identity)
    routed = (
        _raise(connection, router, incident, stands, now)
        or _lower(connection, router, incident, stands, now)
        or _catch_up(connection, router, incident, stands, now)
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
    """Tell a higher grade to those whose route demands no release, and to all who were told a lower one."""
    if stands.certain is None or not above(stands.certain, incident.announced):
        return None
    named = router.who(incident.zone, incident.hazard, stands.certain, now)
    direct = [addressee for addressee in named if not addressee.approval]
    if named and not direct:
        return Routed.PASSED
    known, keys = contacts(connection, incident.id), {a.contact for a in named}
    others = [c.addressee for key, c in known.items() if (c.warned or c.waiting) and key not in keys]
    if not direct and not others:
        return Routed.NOBODY
    if direct == named:
        nothing_to_release(connection, incident.id, stands.certain)
    chosen = [a for a in (*direct, *others) if is_news(known.get(a.contact), stands.certain)]
    change = Change(stands.certain, stands.line, stands.open, chosen)
    bulletin = draft(connection, router, incident.id, change, now)
    for addressee in (*direct, *others):
        if addressee.contact in known:
            overtake(connection, bulletin, addressee, now)
    routed = _announced(connection, router, bulletin, chosen)
    return routed if named else Routed.NOBODY


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
    if not chosen and stands.floor is not None:
        # Nobody has to hear of it, but whoever is asked later is asked about this grade.
        record(connection, bulletin)
    return _announced(connection, router, bulletin, chosen)


def _catch_up(
    connection: sqlite3.Connection, router: Router, incident: Incident, stands: Standing, now: int
) -> Routed | None:
    """Tell the present grade to those of whom a receipt says, late, that a higher one reached them."""
    if not incident.stirred:
        return None
    known = contacts(connection, incident.id).values()
    late = [c.addressee for c in known if c.reached and not c.waiting and above(c.told, incident.announced)]
    if not late:
        return None
    change = Change(incident.announced, stands.floor_line, stands.open, late)
    wrong = cancelled_again(connection, incident, late, now) if incident.cancelled else None
    bulletin = wrong or draft(connection, router, incident.id, change, now)
    return _announced(connection, router, bulletin, late)


def _announced(
    connection: sqlite3.Connection, router: Router, bulletin: Bulletin, chosen: list[Addressee]
) -> Routed:
    tell(connection, router, bulletin, chosen, bulletin.sent)
    connection.execute(
        "UPDATE incidents SET announced = ?1, cancelled = iif(?1 IS NULL, cancelled, '') WHERE id = ?2",
        (bulletin.grade, bulletin.incident),
    )
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


def _next(connection: sqlite3.Connection, limit: int) -> list[str]:
    found = connection.execute(_NEXT, (limit,)).fetchall()
    reds = [warning for warning, grade in found if grade == Grade.RED]
    return reds or [warning for warning, _ in found]


def _unrouted(connection: sqlite3.Connection, warning: str) -> list[Transition]:
    rows = connection.execute(
        f"SELECT {TRANSITION} FROM transitions WHERE warning = ? AND routed IS NULL ORDER BY ordinal",
        (warning,),
    )
    return [transition_of(row) for row in rows]


def _mark(
    connection: sqlite3.Connection,
    lines: list[Transition],
    routed: Routed,
    collapsed: Collection[tuple[str, int]],
) -> None:
    connection.executemany(
        "UPDATE transitions SET routed = ? WHERE warning = ? AND ordinal = ?",
        [(_ended(t, routed, collapsed), t.warning, t.ordinal) for t in lines],
    )


def _ended(t: Transition, routed: Routed, collapsed: Collection[tuple[str, int]]) -> Routed:
    if (t.warning, t.ordinal) in collapsed:
        return Routed.FLOODING
    return Routed.REVIEW if t.disposition is Disposition.REVIEW else routed


def _is_lowered(contact: Contact, grade: Grade | None) -> bool:
    if contact.warned:
        return is_news(contact, grade)
    # Told of no warning, but about to be: the lower grade takes the place of what waits; all-clear, none.
    return contact.waiting and grade is not None


_NEXT = """
SELECT warning, max(ifnull(after, 0)) FROM transitions WHERE routed IS NULL GROUP BY warning
ORDER BY max(ifnull(after, 0)) DESC, min(id) LIMIT ?
"""
_STIRRED = "SELECT id FROM incidents WHERE stirred = 1 LIMIT ?"
