"""Who does not know, or does not answer: the first thing a duty officer looks at."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from notifiers.outbox.incidents import grade_of
from rules.grade import Grade


class Why(StrEnum):
    """In the order of their weight.

    ABANDONED  nobody did what is due, and nobody is left to ask
    UNDECIDED  nobody decided whether it goes out, and nobody is left to ask; or it is many that are collapsed
    UNANSWERED nobody did what is due in time; somebody else was asked
    SILENT     no horn of the zone is known to have played it
    MISSED     a recipient was reached on no channel; a horn, though people of its zone may have been
    NOBODY     no route names anybody
    """

    ABANDONED = "abandoned"
    UNDECIDED = "undecided"
    UNANSWERED = "unanswered"
    SILENT = "silent"
    MISSED = "missed"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Unreached:
    """`who` is a recipient, '' for everybody there; `detail` what is known of it; `since` in ms."""

    why: Why
    incident: str
    zone: str
    hazard: str
    grade: Grade | None
    who: str
    detail: str
    since: int


@dataclass(frozen=True, slots=True)
class _Heard:
    """How the newest that a recipient was to hear of an open incident stands, over all channels."""

    incident: str
    zone: str
    hazard: str
    grade: int | None
    recipient: str
    detail: str
    since: int
    horn: bool
    reached: bool

    def as_unreached(self, why: Why, who: str, detail: str) -> Unreached:
        return Unreached(
            why, self.incident, self.zone, self.hazard, grade_of(self.grade), who, detail, self.since
        )


def unreached(connection: sqlite3.Connection, now: int) -> list[Unreached]:
    """Of open incidents, the weightiest first, then the strongest, then what has lasted longest."""
    found = [
        *_late(connection, now),
        *_rows(connection, _UNDECIDED),
        *_rows(connection, _COLLAPSED),
        *_rows(connection, _NOBODY),
    ]
    heard = [_Heard(*row) for row in connection.execute(_HEARD)]
    for _, of_incident in groupby(heard, key=lambda h: h.incident):
        found += _missed(list(of_incident))
    order = list(Why)
    return sorted(found, key=lambda u: (order.index(u.why), -(u.grade or 0), u.since, u.incident, u.who))


def _missed(heard: list[_Heard]) -> Iterator[Unreached]:
    """Whoever was not reached, and its zone if none of its horns was."""
    horns = [h for h in heard if h.horn]
    if horns and not any(h.reached for h in horns):
        yield horns[0].as_unreached(Why.SILENT, "", f"none of {len(horns)} horns is known to have played it")
    for h in heard:
        if not h.reached:
            yield h.as_unreached(Why.MISSED, h.recipient, h.detail)


def _late(connection: sqlite3.Connection, now: int) -> Iterator[Unreached]:
    for incident, zone, hazard, grade, stage, due, since in connection.execute(_LATE, (now,)):
        why = Why.ABANDONED if due is None else Why.UNANSWERED
        yield Unreached(why, incident, zone, hazard, grade_of(grade), "", f"not {stage}", since)


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[Unreached]:
    for why, incident, zone, hazard, grade, detail, since in connection.execute(query):
        yield Unreached(Why(why), incident, zone, hazard, grade_of(grade), "", detail, since)


_LATE = """
SELECT i.id, i.zone, i.hazard, i.announced, x.stage, x.due, ifnull(x.missed, x.due)
FROM deadlines AS x JOIN incidents AS i ON i.id = x.incident
WHERE x.due IS NULL OR x.due <= ? OR x.missed IS NOT NULL
"""
_UNDECIDED = """
SELECT 'undecided', i.id, i.zone, i.hazard, p.grade, 'no. ' || p.revision || ' awaits release', p.created
FROM proposals AS p JOIN incidents AS i ON i.id = p.incident
WHERE p.state = 'waiting' AND p.due IS NULL AND NOT EXISTS (SELECT 1 FROM floods AS f WHERE f.id = p.incident)
"""
_COLLAPSED = """
SELECT 'undecided', i.id, i.zone, i.hazard, p.grade, 'no. ' || p.revision || ': ' || (
    SELECT count(*) FROM members AS m WHERE m.flood = f.id AND m.capped IS NOT NULL)
    || ' warnings of ' || f.rule || ' are collapsed and told to nobody', p.created
FROM floods AS f JOIN proposals AS p ON p.incident = f.id JOIN incidents AS i ON i.id = f.id
WHERE f.ended IS NULL AND p.state = 'waiting'
"""
_NOBODY = """
SELECT 'nobody', i.id, i.zone, i.hazard, t.after, 'no route names anybody', t.at
FROM transitions AS t JOIN members AS m ON m.warning = t.warning JOIN incidents AS i ON i.id = m.incident
WHERE t.routed = 'nobody' AND t.latest = 1 AND t.after IS NOT NULL
"""
# What counts is the newest revision that was to reach them. A horn is its own address; who was told in its
# place is a recipient of their own, and leaves it silent.
_HEARD = """
WITH newest AS (
    SELECT d.incident, d.recipient, max(d.revision) AS revision, max(d.recipient = d.address) AS horn
    FROM incidents AS i CROSS JOIN deliveries AS d ON d.incident = i.id
    WHERE i.closed IS NULL AND d.asks = 0
      AND d.state NOT IN ('held', 'withdrawn', 'superseded', 'digested')
    GROUP BY d.incident, d.recipient)
SELECT i.id, i.zone, i.hazard, i.announced, d.recipient,
    group_concat(d.channel || ': ' || d.state || iif(d.detail = '', '', ' (' || d.detail || ')'), '; '),
    min(d.created), n.horn,
    max(d.state IN ('accepted', 'delivered', 'played', 'acknowledged', 'claimed')
        OR d.state = 'queued' AND d.attempt = 0)
FROM newest AS n
JOIN deliveries AS d ON d.incident = n.incident AND d.recipient = n.recipient AND d.revision = n.revision
JOIN incidents AS i ON i.id = n.incident
WHERE d.asks = 0 GROUP BY i.id, d.recipient ORDER BY i.id, min(d.id)
"""
