"""The notice that a rule floods: an incident of its own, told to those who look after the system.

It is a proposal as well: a person lets out what it stands for, or it stays untold until it clears.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest.clock import DAY, SECOND
from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.approvals import propose_notice, renew
from notifiers.outbox.deliveries import contacts, overtake
from notifiers.outbox.digests import PATIENCE, behind
from notifiers.outbox.incidents import grade_of, incident_of, references
from notifiers.outbox.proposals import Decision, close, waiting
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


@dataclass(frozen=True, slots=True)
class _Telling:
    """When it is told and to whom; `over` once nothing is collapsed any more."""

    at: int
    over: bool
    to: Sequence[Addressee]


def notify(connection: sqlite3.Connection, router: Router, now: int) -> None:
    """Announce floods that are new, have doubled, have risen to a higher grade, or await a person anew.

    A new one waits until what is recorded has been routed, so that one notice tells of all of it.
    """
    waits = behind(connection)
    for row in connection.execute(_OPEN).fetchall():
        identity, rule, since, told, announced, collapsed, highest, undecided = row
        if told == 0 and waits and now < since + PATIENCE:
            continue
        proposals = waiting(connection, identity)
        news = collapsed >= 2 * told or highest > announced or (undecided and not proposals)
        if collapsed and news:
            notice = _Notice(identity, rule, Grade(highest), collapsed)
            _announce(connection, router, notice, undecided, now)
            continue
        for proposal in proposals:
            if undecided:
                renew(connection, proposal)
            else:
                close(connection, proposal, Decision.OVERTAKEN, "", now)


def end_notice(connection: sqlite3.Connection, router: Router, identity: str, now: int) -> None:
    """Tell those who were told that the flood is over, and that nothing is collapsed any more."""
    rule, told, highest, collapsed = connection.execute(
        "SELECT rule, told, highest, collapsed FROM floods WHERE id = ?", (identity,)
    ).fetchone()
    if not told:
        return
    for proposal in waiting(connection, identity):
        close(connection, proposal, Decision.OVERTAKEN, "", now)
    notice = _Notice(identity, rule, Grade(highest), collapsed)
    known = contacts(connection, identity).values()
    reached = [contact.addressee for contact in known if contact.reached]
    bulletin = _bulletin(connection, router, notice, _Telling(now, True, reached))
    for contact in known:
        overtake(connection, bulletin, contact.addressee, now)
    tell(connection, router, bulletin, reached, now, digestible=False)
    connection.execute("UPDATE incidents SET announced = NULL, closed = ? WHERE id = ?", (now, identity))


def _announce(
    connection: sqlite3.Connection, router: Router, notice: _Notice, undecided: bool, now: int
) -> None:
    # A place of its own that no zone has: two rules may flood at the same time.
    connection.execute(
        "INSERT OR IGNORE INTO incidents (id, hazard, zone, opened) VALUES (?, ?, ?, ?)",
        (notice.id, HAZARD, f"rule:{notice.rule}", now),
    )
    chosen = [a for a in router.who("", HAZARD, notice.grade, now) if not a.approval]
    bulletin = _bulletin(connection, router, notice, _Telling(now, False, chosen))
    for addressee in chosen:
        overtake(connection, bulletin, addressee, now)
    tell(connection, router, bulletin, chosen, now, digestible=False)
    connection.execute("UPDATE incidents SET announced = ? WHERE id = ?", (notice.grade, notice.id))
    connection.execute(
        "UPDATE floods SET announced = ?, told = ? WHERE id = ?", (notice.grade, notice.count, notice.id)
    )
    if undecided:
        propose_notice(connection, router, bulletin, chosen, now)


def _bulletin(connection: sqlite3.Connection, router: Router, notice: _Notice, told: _Telling) -> Bulletin:
    now, over = told.at, told.over
    incident, earlier = (
        incident_of(connection, notice.id),
        references(connection, notice.id, (a.contact for a in told.to)),
    )
    title, local = router.title(notice.rule), datetime.fromtimestamp(now / SECOND, router.time_zone)
    flood = Flood(notice.id, notice.rule, title, notice.grade, notice.count, over)
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


# Undecided: open up to a grade of which nobody has said whether it goes out.
_OPEN = """
SELECT f.id, f.rule, f.since, f.told, f.announced, f.collapsed, f.highest,
    f.highest > max(ifnull(i.released, 0), ifnull(i.refused, 0))
        AND EXISTS (SELECT 1 FROM members AS m WHERE m.flood = f.id AND m.capped IS NOT NULL)
FROM floods AS f LEFT JOIN incidents AS i ON i.id = f.id WHERE f.ended IS NULL
"""
