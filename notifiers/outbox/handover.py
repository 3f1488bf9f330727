"""What whoever comes on duty must know of the time before."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from notifiers.outbox.incidents import grade_of
from notifiers.outbox.proposals import Proposal, find
from notifiers.outbox.unreached import Unreached, unreached
from rules.grade import Grade


@dataclass(frozen=True, slots=True)
class Told:
    """An incident, the highest grade that was told of it, and why it was wrong, '' if nobody said so.

    `closed` in ms, None while it is open.
    """

    incident: str
    hazard: str
    zone: str
    highest: Grade | None
    opened: int
    closed: int | None
    cancelled: str


@dataclass(frozen=True, slots=True)
class StageReached:
    """A stage of a work order, who said so, and when (ms)."""

    incident: str
    stage: str
    grade: Grade
    at: int
    user: str
    note: str


@dataclass(frozen=True, slots=True)
class ShelfChange:
    """Who put up or took down what is told to nobody; `ended` in ms, None while it is up."""

    id: int
    scope: str
    name: str
    reason: str
    user: str
    agreed: str
    since: int
    until: int
    ended: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """`raised`, `ended`, `stages`, `decided` and `shelved` happened from `since` to `now` (ms).

    `open` and `unreached` are as they stand; `shelved` holds what is still up as well.
    """

    since: int
    now: int
    raised: Sequence[Told]
    ended: Sequence[Told]
    open: Sequence[Told]
    stages: Sequence[StageReached]
    decided: Sequence[Proposal]
    waiting: Sequence[Proposal]
    shelved: Sequence[ShelfChange]
    unreached: Sequence[Unreached]


def hand_over(connection: sqlite3.Connection, since: int, now: int) -> Handover:
    """See `Desk.handover`."""
    stages = connection.execute(
        "SELECT incident, stage, grade, at, user, note FROM stages WHERE at BETWEEN ? AND ? ORDER BY id",
        (since, now),
    )
    shelves = connection.execute(
        "SELECT id, scope, name, reason, user, agreed, since, until, ended FROM shelves"
        " WHERE since <= ?2 AND (ended IS NULL OR ended >= ?1) ORDER BY id",
        (since, now),
    )
    return Handover(
        since=since,
        now=now,
        raised=_told(connection, "opened BETWEEN ?1 AND ?2", since, now),
        ended=_told(connection, "closed BETWEEN ?1 AND ?2", since, now),
        open=_told(connection, "closed IS NULL"),
        stages=[StageReached(i, s, Grade(grade), *rest) for i, s, grade, *rest in stages],
        decided=find(connection, "state <> 'waiting' AND decided_at BETWEEN ?1 AND ?2", since, now),
        waiting=find(connection, "state = 'waiting'"),
        shelved=[ShelfChange(*row) for row in shelves],
        unreached=unreached(connection, now),
    )


def _told(connection: sqlite3.Connection, condition: str, *values: int) -> list[Told]:
    rows = connection.execute(
        "SELECT id, hazard, zone, (SELECT max(b.grade) FROM bulletins AS b WHERE b.incident = i.id"
        " AND b.act <> 'request' AND NOT EXISTS (SELECT 1 FROM proposals AS p WHERE p.incident = b.incident"
        " AND p.revision = b.revision AND p.state <> 'released')), opened, closed, cancelled"
        f" FROM incidents AS i WHERE {condition} ORDER BY opened, id",
        values,
    )
    return [Told(i, hazard, zone, grade_of(highest), *rest) for i, hazard, zone, highest, *rest in rows]
