"""The notice that a rule floods: an incident of its own, told to those who look after the system."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.clock import DAY, SECOND
from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.deliveries import contacts, overtake
from notifiers.outbox.digests import PATIENCE, behind
from notifiers.outbox.incidents import grade_of, incident_of, references
from notifiers.outbox.telling import tell
from notifiers.routing import Addressee, Router
from notifiers.summary import Flood, notice_text
from rules.grade import Grade

HAZARD = "system"
# It says something until the flood is over, and then there is another.
LIFETIME = DAY


@dataclass(frozen=True, slots=True)
class _Notice:
    """A row of floods, and what has been collapsed into it by now."""

    id: str
    rule: str
    grade: Grade
    count: int
    due: int


@dataclass(frozen=True, slots=True)
class _Telling:
    """When it is told and to whom; `still` warnings are open once the flood is over, None before."""

    at: int
    still: int | None
    to: Sequence[Addressee]


def notify(connection: sqlite3.Connection, router: Router, now: int) -> None:
    """Announce floods that are new, have doubled, or have risen to a higher grade.

    A new one waits until what is recorded has been routed, so that one notice tells of all of it.
    """
    waits = behind(connection)
    for row in connection.execute(_OPEN).fetchall():
        identity, rule, since, told, announced, collapsed, highest, due = row
        if told == 0 and waits and now < since + PATIENCE:
            continue
        if collapsed and (collapsed >= 2 * told or highest > announced):
            _announce(connection, router, _Notice(identity, rule, Grade(highest), collapsed, due), now)


def end_notice(connection: sqlite3.Connection, router: Router, identity: str, still: int, now: int) -> None:
    """Tell those who were told that the flood is over, and that `still` warnings are open."""
    rule, told, highest, collapsed = connection.execute(
        "SELECT rule, told, highest, collapsed FROM floods WHERE id = ?", (identity,)
    ).fetchone()
    if not told:
        return
    notice = _Notice(identity, rule, Grade(highest), collapsed, now)
    known = contacts(connection, identity).values()
    reached = [contact.addressee for contact in known if contact.reached]
    bulletin = _bulletin(connection, router, notice, _Telling(now, still, reached))
    for contact in known:
        overtake(connection, bulletin, contact.addressee, now)
    tell(connection, router, bulletin, reached, now, digestible=False)
    connection.execute("UPDATE incidents SET announced = NULL, closed = ? WHERE id = ?", (now, identity))


def _announce(connection: sqlite3.Connection, router: Router, notice: _Notice, now: int) -> None:
    # A place of its own that no zone has: two rules may flood at the same time.
    connection.execute(
        "INSERT OR IGNORE INTO incidents (id, hazard, zone, opened) VALUES (?, ?, ?, ?)",
        (notice.id, HAZARD, f"rule:{notice.rule}", now),
    )
    chosen = [a for a in router.who("", HAZARD, notice.grade, now) if not a.approval]
    bulletin = _bulletin(connection, router, notice, _Telling(now, None, chosen))
    for addressee in chosen:
        overtake(connection, bulletin, addressee, now)
    tell(connection, router, bulletin, chosen, now, digestible=False)
    connection.execute("UPDATE incidents SET announced = ? WHERE id = ?", (notice.grade, notice.id))
    connection.execute(
        "UPDATE floods SET announced = ?, told = ? WHERE id = ?", (notice.grade, notice.count, notice.id)
    )


def _bulletin(connection: sqlite3.Connection, router: Router, notice: _Notice, told: _Telling) -> Bulletin:
    now, still = told.at, told.still
    incident, earlier = (
        incident_of(connection, notice.id),
        references(connection, notice.id, (a.contact for a in told.to)),
    )
    title, local = router.title(notice.rule), datetime.fromtimestamp(now / SECOND, router.time_zone)
    until = datetime.fromtimestamp(notice.due / SECOND, router.time_zone)
    flood = Flood(notice.id, notice.rule, title, notice.grade, notice.count, until, still)
    over = still is not None
    return Bulletin(
        incident=notice.id,
        revision=incident.revision,
        act=Act.CLEAR if over else Act.UPDATE if earlier else Act.ALERT,
        hazard=HAZARD,
        rule=notice.rule,
        warning=notice.id,
        subject=notice.rule,
        grade=None if over else notice.grade,
        before=grade_of(incident.announced),
        at=now,
        sent=now,
        expires=now + LIFETIME,
        count=notice.count,
        title=title,
        text=notice_text(flood, local),
        references=earlier,
    )


_OPEN = """
SELECT id, rule, since, told, announced, collapsed, highest, due FROM floods WHERE ended IS NULL
"""
