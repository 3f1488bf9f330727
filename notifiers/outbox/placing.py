"""Where the incidents lie that version 1 left: it kept neither hazard nor zone of what it told."""

import sqlite3

import msgspec

from notifiers.outbox.migration import UNPLACED
from notifiers.outbox.reader import TRANSITION, transition_of
from notifiers.routing import Router


def place(connection: sqlite3.Connection, router: Router) -> None:
    """Give them the hazard and zone by which routes know them, as the bundle in force has it.

    To be done before anything is routed: a warning that rises would reach those alone whom the routes name
    for any hazard anywhere, and no horn. Each stays an incident of its own; what is raised later joins one.
    What waits for a person is routed again, for version 1 asked nobody.
    """
    lines = [transition_of(row) for row in connection.execute(_NEWEST, (UNPLACED,))]
    connection.executemany(
        "UPDATE incidents SET hazard = ?, zone = ?, stirred = EXISTS ("
        "SELECT 1 FROM members WHERE incident = incidents.id AND doubtful NOTNULL) WHERE id = ?",
        [(router.hazard(line), router.zone(line), line.warning) for line in lines],
    )
    connection.executemany(
        "UPDATE members SET places = ? WHERE warning = ?",
        [(msgspec.json.encode(router.places(line)).decode(), line.warning) for line in lines],
    )


_NEWEST = f"""
SELECT {TRANSITION} FROM transitions
WHERE latest = 1 AND warning IN (SELECT id FROM incidents WHERE hazard = ?)
"""
