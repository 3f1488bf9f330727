"""What is open: how grave, who has it, by when what is due, and how its deliveries stand."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from notifiers.delivery import State
from notifiers.outbox.incidents import grade_of
from notifiers.outbox.work import Stage
from rules.grade import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """`stage` is how far its work order came, '' for not at all, with who said so and when (ms).

    `deadlines`: by when (ms) each outstanding stage is due, None once nobody is left to turn to.
    `deliveries` counts them by state; `cancelled` is why it was wrong, '' if nobody said so.
    """

    id: str
    hazard: str
    zone: str
    opened: int
    announced: Grade | None
    proposed: Grade | None
    cancelled: str
    warnings: int
    stage: str
    by: str
    at: int | None
    deadlines: Mapping[str, int | None]
    deliveries: Mapping[State, int]


def open_incidents(connection: sqlite3.Connection) -> list[OpenIncident]:
    """See `Desk.incidents`."""
    stages, deadlines = _stages(connection), _grouped(connection, _DEADLINES)
    deliveries = _grouped(connection, _DELIVERIES)
    found = []
    for number, hazard, zone, opened, announced, proposed, cancelled, warnings in connection.execute(_OPEN):
        stage, by, at = stages.get(number, ("", "", None))
        found.append(
            OpenIncident(
                id=number,
                hazard=hazard,
                zone=zone,
                opened=opened,
                announced=grade_of(announced),
                proposed=grade_of(proposed),
                cancelled=cancelled,
                warnings=warnings,
                stage=stage,
                by=by,
                at=at,
                deadlines=deadlines.get(number, {}),
                deliveries={State(s): count for s, count in deliveries.get(number, {}).items()},
            )
        )
    return found


def _stages(connection: sqlite3.Connection) -> dict[str, tuple[str, str, int | None]]:
    """How far each open incident's order came."""
    found: dict[str, tuple[str, str, int | None]] = {}
    order = list(Stage)
    for incident, stage, user, at in connection.execute(_STAGES):
        known = found.get(incident)
        if known is None or order.index(Stage(stage)) > order.index(Stage(known[0])):
            found[incident] = (stage, user, at)
    return found


def _grouped(connection: sqlite3.Connection, query: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for incident, name, value in connection.execute(query):
        found.setdefault(incident, {})[name] = value
    return found


_OPEN = """
SELECT i.id, hazard, zone, opened, announced, proposed, i.cancelled,
    (SELECT count(*) FROM members AS m WHERE m.incident = i.id
     AND (m.certain IS NOT NULL OR m.doubtful IS NOT NULL))
FROM incidents AS i WHERE closed IS NULL
ORDER BY max(ifnull(announced, 0), ifnull(proposed, 0)) DESC, opened
"""
_STAGES = """
SELECT s.incident, stage, user, at FROM stages AS s JOIN incidents AS i ON i.id = s.incident
WHERE i.closed IS NULL AND at >= ifnull(i.ordered_at, at) ORDER BY s.id
"""
_DEADLINES = "SELECT incident, stage, due FROM deadlines"
_DELIVERIES = """
SELECT incident, state, count(*) FROM deliveries
WHERE incident IN (SELECT id FROM incidents WHERE closed IS NULL) GROUP BY incident, state
"""
