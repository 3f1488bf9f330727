"""Which warnings are told together, and how grave they are: one hazard in one zone is one incident.

A warning joins the incident that is open for its hazard and zone, or opens one, and stays in it to its end.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from notifiers.bulletin import Reference
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.outbox.shelves import HIDDEN
from notifiers.routing import Router
from rules.grade import Grade
from rules.transition import Disposition, Transition

# As few characters of an id as name it.
SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Incident:
    """A row: `announced` is the grade that was told last, `proposed` the highest that waits for a
    person.

    `released` is up to where nobody's release is wanting any more, `refused` up to where it was refused,
    `doubted` up to where a doubtful grade was. `cancelled` is why it was wrong, '' if it was not or has risen
    since.
    `ordered` is the grade of its work order, `level` how many levels above were asked since. `revision`
    numbers the next bulletin; `closed` in ms, None while it is open.
    """

    id: str
    hazard: str
    zone: str
    opened: int
    announced: Grade | None
    proposed: Grade | None
    released: Grade | None
    refused: Grade | None
    doubted: Grade | None
    cancelled: str
    ordered: Grade | None
    level: int
    revision: int
    stirred: bool
    closed: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What an incident has come to, each grade with the line it comes from.

    `certain` needs no person, `doubtful` lies above it and does. `floor` is what those who were told are to
    be left with: `certain` and what shelves hide. Without a grade its line is the newest one, which says why
    it is over. `open` counts the warnings that are told of; `over` is when there is none, hidden or not.
    """

    certain: Grade | None
    line: Transition
    doubtful: Grade | None
    doubtful_line: Transition | None
    floor: Grade | None
    floor_line: Transition
    hidden: bool
    open: int
    over: bool


@dataclass(frozen=True, slots=True)
class _Member:
    """A warning of it; grades as numbers, up to `cancelled` and `hidden` it tells nobody.

    While its rule floods it counts up to `capped` only.
    """

    certain: int | None
    certain_line: int | None
    doubtful: int | None
    doubtful_line: int | None
    cancelled: int
    hidden: int
    capped: int | None

    @property
    def strongest(self) -> int:
        return max(self.certain or 0, self.doubtful or 0)

    @property
    def sure(self) -> tuple[int, int] | None:
        """What needs no person, with its line; once a person said it was wrong, nothing is."""
        grade = self._counted(self.certain)
        if not grade or self.certain_line is None or self.cancelled:
            return None
        return grade, self.certain_line

    @property
    def told(self) -> tuple[int, int] | None:
        return self.sure if self.sure and self.sure[0] > self.hidden else None

    @property
    def unsure(self) -> tuple[int, int] | None:
        candidates = [(self._counted(self.doubtful), self.doubtful_line)]
        candidates += [(self._counted(self.certain), self.certain_line)] if self.cancelled else []
        above = max(self.cancelled, self.hidden)
        found = [(grade, line) for grade, line in candidates if grade and line and grade > above]
        return max(found, default=None)

    def _counted(self, grade: int | None) -> int | None:
        return grade if grade is None or self.capped is None else min(grade, self.capped)


def above(one: int | None, other: int | None) -> bool:
    """Whether a grade is higher than another, none being the lowest."""
    return (one or 0) > (other or 0)


def incident_of(connection: sqlite3.Connection, identity: str) -> Incident:
    """KeyError if there is none."""
    row = connection.execute(
        "SELECT id, hazard, zone, opened, announced, proposed, released, refused, doubted, ordered,"
        " cancelled, level, revision, stirred, closed FROM incidents WHERE id = ?",
        (identity,),
    ).fetchone()
    if row is None:
        raise KeyError(identity)
    known, hazard, zone, opened, *grades, cancelled, level, revision, stirred, closed = row
    announced, proposed, released, refused, doubted, ordered = map(grade_of, grades)
    return Incident(
        id=known,
        hazard=hazard,
        zone=zone,
        opened=opened,
        announced=announced,
        proposed=proposed,
        released=released,
        refused=refused,
        doubted=doubted,
        cancelled=cancelled,
        ordered=ordered,
        level=level,
        revision=revision,
        stirred=bool(stirred),
        closed=closed,
    )


def resolve(connection: sqlite3.Connection, number: str) -> str | None:
    """The incident of the warning whose id is, or begins like, `number`; None for none, and for several."""
    exact = _incident_of_warning(connection, number)
    if exact is not None or len(number) < SHORTEST:
        return exact
    rows = connection.execute(
        "SELECT DISTINCT incident FROM members WHERE warning >= ?1 AND warning < ?1 || char(1114111) LIMIT 2",
        (number,),
    ).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None


def join(connection: sqlite3.Connection, router: Router, lines: Sequence[Transition]) -> str:
    """Take new lines of one warning into its incident, in order; returns the incident's id."""
    first = lines[0]
    incident = _incident_of_warning(connection, first.warning) or _opened(connection, router, first)
    connection.execute(
        "INSERT OR IGNORE INTO members (warning, incident, rule, subject, places) VALUES (?, ?, ?, ?, ?)",
        (
            first.warning,
            incident,
            first.rule,
            first.subject,
            msgspec.json.encode(router.places(first)).decode(),
        ),
    )
    for line in lines:
        connection.execute(_CERTAIN if line.disposition is Disposition.AUTO else _DOUBTFUL, _member(line))
    return incident


def standing(connection: sqlite3.Connection, incident: str) -> Standing:
    """What its members come to; what was cancelled or is shelved does not count up to its grade."""
    members = [_Member(*row) for row in connection.execute(_MEMBERS, (incident,))]
    certain = _strongest(member.told for member in members)
    doubtful = _strongest(member.unsure for member in members)
    floor = _strongest(member.sure for member in members)
    if doubtful and certain and doubtful[0] <= certain[0]:
        doubtful = None
    newest = 0 if certain and floor else _newest(connection, incident)
    line, floor_line = (found[1] if found else newest for found in (certain, floor))
    lines = {identity: _line(connection, identity) for identity in {line, floor_line}}
    return Standing(
        certain=Grade(certain[0]) if certain else None,
        line=lines[line],
        doubtful=Grade(doubtful[0]) if doubtful else None,
        doubtful_line=_line(connection, doubtful[1]) if doubtful else None,
        floor=Grade(floor[0]) if floor else None,
        floor_line=lines[floor_line],
        hidden=any(0 < member.strongest <= member.hidden for member in members),
        open=sum(member.strongest > max(member.cancelled, member.hidden) for member in members),
        over=not any(member.strongest for member in members),
    )


def stir(connection: sqlite3.Connection, incident: str) -> None:
    """A person or the clock changed what it comes to: it is announced anew.

    The notice of a flood has no warnings, and nothing to be announced anew.
    """
    connection.execute(
        "UPDATE incidents SET stirred = 1 WHERE id = ?1"
        " AND EXISTS (SELECT 1 FROM members WHERE incident = ?1)",
        (incident,),
    )


def references(
    connection: sqlite3.Connection, incident: str, to: Iterable[tuple[str, str]]
) -> tuple[Reference, ...]:
    """The bulletins that reached any of these (recipient, channel), or may have, oldest first.

    Of those since they heard that it was over.

    Requests are no part of it: they go to those who are to act, not to those who are warned.
    """
    contacts = set(to)
    rows = connection.execute(_REACHED, (incident,))
    found = {revision: sent for revision, sent, *contact in rows if tuple(contact) in contacts}
    return tuple(Reference(revision, sent) for revision, sent in sorted(found.items()))


def grade_of(number: int | None) -> Grade | None:
    return None if number is None else Grade(number)


def _incident_of_warning(connection: sqlite3.Connection, warning: str) -> str | None:
    row = connection.execute(
        "SELECT incident FROM members WHERE warning = ?1 UNION ALL SELECT id FROM floods WHERE id = ?1",
        (warning,),
    ).fetchone()
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


def _strongest(found: Iterable[tuple[int, int] | None]) -> tuple[int, int] | None:
    """The first of the highest grade, with its line."""
    return max(filter(None, found), key=lambda one: one[0], default=None)


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
# An incident that nobody closes has thousands of warnings that are over: they come to nothing.
_MEMBERS = f"""
SELECT certain, certain_line, doubtful, doubtful_line, ifnull(cancelled, 0), {HIDDEN}, capped
FROM members AS m WHERE incident = ? AND (certain IS NOT NULL OR doubtful IS NOT NULL) ORDER BY m.rowid
"""
_REACHED = """
SELECT b.revision, b.sent, d.recipient, d.channel
FROM bulletins AS b JOIN deliveries AS d ON d.incident = b.incident AND d.revision = b.revision
WHERE b.incident = ?1 AND b.act <> 'request' AND (d.reached = 1 OR d.state = 'claimed')
  AND b.revision > (SELECT ifnull(max(e.revision), -1) FROM deliveries AS h
    JOIN bulletins AS e ON e.incident = h.incident AND e.revision = h.revision
    WHERE h.incident = d.incident AND h.recipient = d.recipient AND h.channel = d.channel
      AND (h.reached = 1 OR h.state = 'claimed') AND e.act IN ('clear', 'cancel'))
"""
