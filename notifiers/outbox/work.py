"""The work order of an incident: acknowledged, arrived, handled, each in time or the next level is asked.

Announcing a grade gives the order; a higher grade gives a new one, of which nothing is done yet. The stages
follow each other: who is there has acknowledged, what is handled somebody was at.
"""

import sqlite3
from enum import StrEnum
from itertools import takewhile

import msgspec

from notifiers.action import Answer
from notifiers.bulletin import Act, Bulletin
from notifiers.notices import takeover_wanted
from notifiers.outbox.audit import append
from notifiers.outbox.bulletins import LIFETIME, newest, record
from notifiers.outbox.deliveries import contacts
from notifiers.outbox.incidents import Incident, above, incident_of
from notifiers.outbox.telling import ask, quiet_for
from notifiers.routes import Deadlines
from notifiers.routing import Addressee, Router
from rules.grade import Grade
from rules.transition import iso


class Stage(StrEnum):
    """In their order."""

    ACKNOWLEDGED = "acknowledged"
    ARRIVED = "arrived"
    HANDLED = "handled"


def follow(connection: sqlite3.Connection, router: Router, identity: str, now: int) -> None:
    """Bring the work order up to what was announced."""
    incident = incident_of(connection, identity)
    if incident.announced is None:
        end(connection, identity)
    elif above(incident.announced, incident.ordered):
        _give(connection, router, identity, incident.announced, now)
    elif incident.announced != incident.ordered:
        connection.execute("UPDATE incidents SET ordered = ? WHERE id = ?", (incident.announced, identity))


def end(connection: sqlite3.Connection, incident: str) -> None:
    """Nobody is waited for any more."""
    connection.execute("DELETE FROM deadlines WHERE incident = ?", (incident,))
    connection.execute("UPDATE incidents SET ordered = NULL WHERE id = ?", (incident,))


def reach(
    connection: sqlite3.Connection, identity: str, stage: Stage, user: str, at: int, note: str = ""
) -> Answer:
    """Somebody says that a stage is reached."""
    incident = incident_of(connection, identity)
    if incident.closed is not None:
        return Answer(False, f"it is over since {iso(incident.closed)}")
    if incident.announced is None:
        return Answer(False, "nobody was told of it: there is nothing to take on")
    if done := _done(connection, identity, stage):
        return Answer(False, f"{stage} already by {done[0]} at {iso(done[1])}")
    connection.execute(
        "INSERT INTO stages (incident, stage, grade, at, user, note) VALUES (?, ?, ?, ?, ?, ?)",
        (identity, stage, incident.announced, at, user, note),
    )
    reached = [*takewhile(lambda earlier: earlier is not stage, Stage), stage]
    connection.executemany(
        "DELETE FROM deadlines WHERE incident = ? AND stage = ?", [(identity, s) for s in reached]
    )
    connection.execute(_ASKED_NO_MORE, (at, identity))
    return Answer(True, f"{stage}: {incident.announced} {incident.hazard} in {incident.zone}")


def escalate(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Turn to the next level for up to `limit` orders that are behind, strongest first; returns how many."""
    late = connection.execute(LATE, (now, limit)).fetchall()
    for (identity,) in late:
        _escalate(connection, router, incident_of(connection, identity), now)
    return len(late)


def ask_level(
    connection: sqlite3.Connection, router: Router, incident: Incident, request: Bulletin
) -> list[str]:
    """Put `request` before the next level; who they are, nobody if there is none left."""
    levels = router.levels(incident.zone, request.sent)
    asked = levels[incident.level] if incident.level < len(levels) else []
    ask(connection, router, request, asked, step=incident.level + 1)
    connection.execute(
        "UPDATE incidents SET level = ? WHERE id = ?", (incident.level + bool(asked), incident.id)
    )
    return sorted({addressee.recipient for addressee in asked})


def request_of(connection: sqlite3.Connection, told: Bulletin, words: dict[str, str], now: int) -> Bulletin:
    """Keep a request to see to what was told; it tells of the warning as well."""
    request = msgspec.structs.replace(
        told,
        act=Act.REQUEST,
        revision=incident_of(connection, told.incident).revision,
        text=words,
        sent=now,
        expires=now + LIFETIME,
        references=(),
    )
    record(connection, request)
    return request


def within(router: Router, grade: Grade) -> dict[Stage, int]:
    """How long (ms) each stage may take at a grade, of those that somebody is asked for."""
    allowed = router.routes.deadlines.get(grade, Deadlines())
    given = {
        Stage.ACKNOWLEDGED: allowed.acknowledge,
        Stage.ARRIVED: allowed.arrive,
        Stage.HANDLED: allowed.handle,
    }
    return {stage: patience for stage, patience in given.items() if patience is not None}


def _give(connection: sqlite3.Connection, router: Router, incident: str, grade: Grade, now: int) -> None:
    """Nobody answers before they are told: what waits for the end of the quiet hours is due after that."""
    end(connection, incident)
    begin = now + quiet_for(router, grade, now)
    connection.executemany(
        "INSERT INTO deadlines (incident, stage, due) VALUES (?, ?, ?)",
        [(incident, stage, begin + patience) for stage, patience in within(router, grade).items()],
    )
    connection.execute(
        "UPDATE incidents SET ordered = ?, ordered_at = ?, level = 0, missed = 0 WHERE id = ?",
        (grade, now, incident),
    )


def _escalate(connection: sqlite3.Connection, router: Router, incident: Incident, now: int) -> None:
    """For the first stage that is late: those told already are reminded, the next level is asked."""
    overdue = {
        Stage(stage)
        for (stage,) in connection.execute(
            "SELECT stage FROM deadlines WHERE incident = ? AND due <= ?", (incident.id, now)
        )
    }
    late = [stage for stage in Stage if stage in overdue]
    told = newest(connection, incident.id)
    asked: list[str] = []
    if told is not None:
        request = request_of(connection, told, takeover_wanted(told, late[0]), now)
        asked = ask_level(connection, router, incident, request)
        reminded = _reminded(connection, router, incident.id) if asked else []
        ask(connection, router, request, reminded, step=incident.level + 1)
    patience = within(router, incident.ordered) if incident.ordered else {}
    connection.executemany(
        "UPDATE deadlines SET due = ?, missed = ifnull(missed, ?) WHERE incident = ? AND stage = ?",
        [(now + patience[s] if asked and s in patience else None, now, incident.id, s) for s in late],
    )
    what = "escalation" if asked else "escalation: nobody left to ask"
    facts = {"incident": incident.id, "late": [str(s) for s in late], "level": incident.level, "asked": asked}
    append(connection, now, what, "", facts)


def _reminded(connection: sqlite3.Connection, router: Router, incident: str) -> list[Addressee]:
    """The people who were told of it or asked, not the horns and the public."""
    return [
        contact.addressee
        for contact in contacts(connection, incident).values()
        if contact.warned and router.reaches_people(contact.addressee.channel)
    ]


def _done(connection: sqlite3.Connection, incident: str, stage: Stage) -> tuple[str, int] | None:
    """Who reached this stage, or a later one, of the order in force, and when."""
    later = [s for s in Stage if list(Stage).index(s) >= list(Stage).index(stage)]
    marks = ", ".join("?" * len(later))
    row = connection.execute(
        f"SELECT user, at FROM stages AS s JOIN incidents AS i ON i.id = s.incident WHERE incident = ?"
        f" AND stage IN ({marks}) AND at >= ifnull(ordered_at, at) ORDER BY s.id LIMIT 1",
        (incident, *later),
    ).fetchone()
    return None if row is None else (str(row[0]), int(row[1]))


# The orders that are behind by ?1, up to ?2 of them.
LATE = """
SELECT i.id FROM incidents AS i WHERE i.id IN (SELECT incident FROM deadlines WHERE due <= ?1)
ORDER BY i.ordered DESC, i.ordered_at LIMIT ?2
"""
# Of those who have not read yet that it waits for them.
_ASKED_NO_MORE = """
UPDATE deliveries SET state = 'withdrawn', updated = ?1
WHERE incident = ?2 AND asks = 0 AND state = 'digested' AND reached = 0
  AND revision IN (SELECT revision FROM bulletins WHERE incident = ?2 AND act = 'request')
"""
