"""What is told to nobody for a while: a sensor, a zone with what lies in it, or a rule.

A shelf hides up to orange. Red it hides only if whoever put it up asked for that and a second person agreed.
When it is over, what is still open is told.
"""

import sqlite3
from typing import Any

from notifiers.action import Agree, Answer, Shelve, Unshelve
from notifiers.outbox.audit import append
from rules.grade import Grade
from rules.transition import iso

# Whether the shelf `s` is for the member `m`.
FITS = """
(s.scope = 'sensor' AND s.name = m.subject OR s.scope = 'rule' AND s.name = m.rule
 OR s.scope = 'zone' AND EXISTS (SELECT 1 FROM json_each(m.places) WHERE value = s.name))
"""
# Up to which grade the member `m` is hidden by now, 0 for not at all.
HIDDEN = f"""
(SELECT ifnull(max(iif(s.red AND s.agreed <> '', {Grade.RED.value}, {Grade.ORANGE.value})), 0)
 FROM shelves AS s WHERE s.ended IS NULL AND {FITS})
"""


def shelve(connection: sqlite3.Connection, number: int, at: int, user: str, wanted: Shelve) -> Answer:
    """Put it up under `number`."""
    if wanted.until <= at:
        return Answer(False, "it would be over already: give a later end")
    if not wanted.reason.strip():
        return Answer(False, "say why: what is hidden must have a reason")
    connection.execute(
        "INSERT INTO shelves (id, scope, name, reason, red, maintenance, user, since, until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(number, wanted.scope, wanted.name, wanted.reason, wanted.red, wanted.maintenance),
            *(user, at, wanted.until),
        ),
    )
    _stir(connection, number)
    more = f"; red is told until a second person agrees: tocsin agree {number}" if wanted.red else ""
    return Answer(
        True,
        f"shelf {number}: {wanted.scope} {wanted.name} is told to nobody until {iso(wanted.until)}{more}",
    )


def agree(connection: sqlite3.Connection, at: int, user: str, wanted: Agree) -> Answer:
    """As the second person."""
    shelf = _up(connection, wanted.shelf)
    if shelf is None:
        return Answer(False, f"there is no shelf {wanted.shelf}, or it is over")
    owner, red, agreed = shelf
    if not red:
        return Answer(False, f"shelf {wanted.shelf} hides no red: nobody has to agree")
    if agreed:
        return Answer(False, f"{agreed} has agreed to shelf {wanted.shelf} already")
    if owner == user:
        return Answer(False, "you put it up yourself: a second person has to agree")
    connection.execute("UPDATE shelves SET agreed = ? WHERE id = ?", (user, wanted.shelf))
    append(connection, at, "shelf agreed", user, {"shelf": wanted.shelf})
    _stir(connection, wanted.shelf)
    return Answer(True, f"shelf {wanted.shelf} now hides red as well")


def unshelve(connection: sqlite3.Connection, at: int, user: str, wanted: Unshelve) -> Answer:
    """Before its time is over."""
    if _up(connection, wanted.shelf) is None:
        return Answer(False, f"there is no shelf {wanted.shelf}, or it is over")
    _end(connection, wanted.shelf, at, user)
    return Answer(True, f"shelf {wanted.shelf} is over: what is still open is told now")


def run_out(connection: sqlite3.Connection, now: int) -> int:
    """End those whose time is over; returns how many."""
    over = connection.execute("SELECT id FROM shelves WHERE ended IS NULL AND until <= ?", (now,)).fetchall()
    for (number,) in over:
        _end(connection, number, now, "")
    return len(over)


def _up(connection: sqlite3.Connection, number: int) -> Any:
    return connection.execute(
        "SELECT user, red, agreed FROM shelves WHERE id = ? AND ended IS NULL", (number,)
    ).fetchone()


def _end(connection: sqlite3.Connection, number: int, at: int, user: str) -> None:
    _stir(connection, number)
    connection.execute("UPDATE shelves SET ended = ? WHERE id = ?", (at, number))
    append(connection, at, "shelf over", user, {"shelf": number})


def _stir(connection: sqlite3.Connection, number: int) -> None:
    """What it hides, or no longer does, comes to something else."""
    connection.execute(
        "UPDATE incidents SET stirred = 1 WHERE closed IS NULL AND id IN ("
        f"SELECT m.incident FROM members AS m JOIN shelves AS s ON s.id = ? WHERE {FITS})",
        (number,),
    )
