"""What the notice of a rule that floods stands for: told to nobody until a person lets it out or it ends."""

import sqlite3
from hashlib import blake2b

from rules.transition import Transition


def is_notice(connection: sqlite3.Connection, incident: str) -> bool:
    """Whether it is the incident of a notice, and has no warnings of its own."""
    return connection.execute("SELECT 1 FROM floods WHERE id = ?", (incident,)).fetchone() is not None


def stands_for(connection: sqlite3.Connection, incident: str) -> list[tuple[str, str, str]]:
    """All that was ever collapsed into a notice, as a part of what a release is bound to; none of another."""
    rows = connection.execute("SELECT collapsed, mark FROM floods WHERE id = ?", (incident,))
    return [("collapsed", str(count), mark) for count, mark in rows]


def count(connection: sqlite3.Connection, notice: str) -> int:
    """How many warnings are open of which this notice alone tells."""
    return int(connection.execute(_COUNT, (notice,)).fetchone()[0])


def zones(connection: sqlite3.Connection, notice: str) -> list[str]:
    """Where they are."""
    return [zone for (zone,) in connection.execute(_ZONES, (notice,))]


def collapse(connection: sqlite3.Connection, notice: str, line: Transition) -> None:
    """It counts up to what it was before this line; the mark of the notice changes with each."""
    new = connection.execute(
        "UPDATE members SET flood = ?1 WHERE warning = ?2 AND flood IS NOT ?1", (notice, line.warning)
    ).rowcount
    connection.execute(_CAP, (line.before or 0, line.warning))
    (mark,) = connection.execute("SELECT mark FROM floods WHERE id = ?", (notice,)).fetchone()
    mark = blake2b(f"{mark}\0{line.warning}\0{line.ordinal}".encode(), digest_size=12).hexdigest()
    connection.execute(
        "UPDATE floods SET collapsed = collapsed + ?, highest = max(highest, ?), mark = ? WHERE id = ?",
        (new, line.after, mark, notice),
    )


def let_out(connection: sqlite3.Connection, notice: str) -> None:
    """What is open of it is told from here on as anything else."""
    connection.execute(_STIR, (notice,))
    connection.execute(
        "UPDATE members SET capped = NULL, flood = NULL WHERE flood = ? AND capped IS NOT NULL", (notice,)
    )


_COUNT = "SELECT count(*) FROM members WHERE flood = ? AND capped IS NOT NULL"
_ZONES = """
SELECT DISTINCT i.zone FROM members AS m JOIN incidents AS i ON i.id = m.incident
WHERE m.flood = ? AND m.capped IS NOT NULL ORDER BY m.rowid
"""
# What has cleared before it was routed waits for nobody.
_CAP = """
UPDATE members SET capped = min(ifnull(capped, ?1), ?1)
WHERE warning = ?2 AND (certain IS NOT NULL OR doubtful IS NOT NULL)
"""
_STIR = """
UPDATE incidents SET stirred = 1
WHERE id IN (SELECT incident FROM members WHERE flood = ? AND capped IS NOT NULL)
"""
