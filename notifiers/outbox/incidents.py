"""Which warnings are told together, and how grave they are: one hazard in one zone is one incident.

A warning joins the incident that is open for its hazard and zone, or opens one, and stays in it to its end.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from notifiers.bulletin import Bulletin, Reference
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.routing import Router
from rules.grade import Grade
from rules.transition import Disposition, Transition


@dataclass(frozen=True, slots=True)
class Incident:
    """A row: `announced` is the grade that was told last, `proposed` the one that waits for a person.

    `revision` numbers the next bulletin; `closed` in ms, None while it is open.
    """

    id: str
    hazard: str
    zone: str
    opened: int
    announced: Grade | None
    proposed: Grade | None
    revision: int
    closed: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an incident has come to: the grade that needs no person, one above it that does, open warnings.

    Each with the line it comes from; without a grade `line` is the newest one, which says why it is over.
    """

    certain: Grade | None
    line: Transition
    doubtful: Grade | None
    doubtful_line: Transition | None
    open: int


def incident_of(connection: sqlite3.Connection, identity: str) -> Incident:
    """KeyError if there is none."""
    row = connection.execute(
        "SELECT id, hazard, zone, opened, announced, proposed, revision, closed FROM incidents WHERE id = ?",
        (identity,),
    ).fetchone()
    if row is None:
        raise KeyError(identity)
    known, hazard, zone, opened, announced, proposed, revision, closed = row
    return Incident(known, hazard, zone, opened, grade_of(announced), grade_of(proposed), revision, closed)


def join(connection: sqlite3.Connection, router: Router, lines: Sequence[Transition]) -> str:
    """Take new lines of one warning into its incident, in order; returns the incident's id."""
    first = lines[0]
    incident = _incident_of_warning(connection, first.warning) or _opened(connection, router, first)
    connection.execute(
        "INSERT OR IGNORE INTO members (warning, incident) VALUES (?, ?)", (first.warning, incident)
    )
    for line in lines:
        connection.execute(_CERTAIN if line.disposition is Disposition.AUTO else _DOUBTFUL, _member(line))
    return incident


def standing(connection: sqlite3.Connection, incident: str) -> Standing:
    """What its members come to; what was cancelled does not count up to its grade."""
    rows = connection.execute(_MEMBERS, (incident,)).fetchall()
    certain = max(rows, key=lambda row: (row[1] or 0, -row[0]))
    doubtful = max(rows, key=lambda row: (row[2] or 0, -row[0]))
    above = doubtful[2] is not None and doubtful[2] > (certain[1] or 0)
    return Standing(
        certain=grade_of(certain[1]),
        line=_line(connection, certain[3] if certain[1] is not None else _newest(connection, incident)),
        doubtful=grade_of(doubtful[2]) if above else None,
        doubtful_line=_line(connection, doubtful[4]) if above else None,
        open=sum(row[5] for row in rows),
    )


def references(connection: sqlite3.Connection, incident: str) -> tuple[Reference, ...]:
    """The bulletins of an incident that went out, or may have, oldest first."""
    rows = connection.execute(
        "SELECT revision, sent FROM bulletins AS b WHERE incident = ? AND EXISTS ("
        "SELECT 1 FROM deliveries AS d WHERE d.incident = b.incident AND d.revision = b.revision"
        " AND d.state NOT IN ('held', 'withdrawn')) ORDER BY revision",
        (incident,),
    )
    return tuple(Reference(revision, sent) for revision, sent in rows)


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


def grade_of(number: int | None) -> Grade | None:
    return None if number is None else Grade(number)


def _incident_of_warning(connection: sqlite3.Connection, warning: str) -> str | None:
    row = connection.execute("SELECT incident FROM members WHERE warning = ?", (warning,)).fetchone()
    return None if row is None else str(row[0])


def _opened(connection: sqlite3.Connection, router: Router, first: Transition) -> str:
    hazard, zone = router.hazard(first), router.zone(first)
    connection.execute(
        "INSERT INTO incidents (id, hazard, zone, opened) SELECT ?1, ?2, ?3, ?4"
        " WHERE NOT EXISTS (SELECT 1 FROM incidents WHERE hazard = ?2 AND zone = ?3 AND closed IS NULL)",
        (first.warning, hazard, zone, first.at),
    )
    row = connection.execute(
        "SELECT id FROM incidents WHERE hazard = ? AND zone = ? AND closed IS NULL", (hazard, zone)
    ).fetchone()
    return str(row[0])


def _member(line: Transition) -> dict[str, object]:
    return {"warning": line.warning, "ordinal": line.ordinal, "grade": line.after}


def _newest(connection: sqlite3.Connection, incident: str) -> int:
    """The line that ended it, or the newest one of those that need no person; else the newest of all."""
    row = connection.execute(
        "SELECT t.id FROM members AS m JOIN transitions AS t ON t.warning = m.warning"
        " WHERE m.incident = ? ORDER BY t.disposition = 'auto' DESC, t.at DESC, t.id DESC LIMIT 1",
        (incident,),
    ).fetchone()
    return int(row[0])


def _line(connection: sqlite3.Connection, identity: int) -> Transition:
    row = connection.execute(f"SELECT {TRANSITION} FROM transitions WHERE id = ?", (identity,)).fetchone()
    return transition_of(row)


_LINE = "(SELECT id FROM transitions WHERE warning = :warning AND ordinal = :ordinal)"
_CERTAIN = f"""
UPDATE members SET certain = :grade, certain_line = {_LINE}, doubtful = NULL, doubtful_line = NULL,
    cancelled = iif(:grade IS NULL, NULL, cancelled), capped = iif(:grade IS NULL, NULL, capped)
WHERE warning = :warning
"""
# A doubtful fall below what was certain takes the certain grade with it.
_DOUBTFUL = f"""
UPDATE members SET doubtful = :grade, doubtful_line = {_LINE}, certain = min(certain, :grade)
WHERE warning = :warning
"""
_MEMBERS = """
SELECT m.rowid, iif(certain > ifnull(cancelled, 0), nullif(min(certain, ifnull(capped, certain)), 0), NULL),
    iif(doubtful > ifnull(cancelled, 0), nullif(min(doubtful, ifnull(capped, doubtful)), 0), NULL),
    certain_line, doubtful_line, max(ifnull(certain, 0), ifnull(doubtful, 0)) > ifnull(cancelled, 0)
FROM members AS m WHERE incident = ?
"""
