"""From earlier versions of the outbox's tables to this one, inside the transaction that opens the file."""

import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from notifiers.bulletin import Act, Bulletin
from rules.grade import Grade

Step = Callable[[sqlite3.Connection, str], None]

# The hazard of an incident that version 1 left, until outbox.placing gives it its own.
UNPLACED = "of version 1"


def _from_1(connection: sqlite3.Connection, tables: str) -> None:
    """Version 1 told each warning for itself: each becomes an incident of its own, and stays one."""
    connection.execute("ALTER TABLE deliveries RENAME TO deliveries_1")
    for (index,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE tbl_name = 'deliveries_1' AND type = 'index' AND sql NOTNULL"
    ).fetchall():
        connection.execute(f"DROP INDEX {index}")
    for statement in tables.split(";\n"):
        connection.execute(statement)
    # What an earlier version wrote is no new rise.
    connection.execute("UPDATE reckoned SET line = (SELECT ifnull(max(id), 0) FROM transitions)")
    connection.execute(_INCIDENTS)
    connection.execute(_MEMBERS)
    rows = connection.execute(_TOLD).fetchall()
    for (warning, _), told in groupby(rows, key=lambda row: row[:2]):
        _bulletin(connection, warning, list(told))
    connection.executemany(_DELIVERY, [_delivery(row) for row in rows])
    connection.execute("DROP TABLE deliveries_1")


MIGRATIONS: Sequence[Step] = (_from_1,)
"""The first leads from version 1 to 2, the next from 2 to 3."""


def _bulletin(connection: sqlite3.Connection, warning: str, told: list[tuple[Any, ...]]) -> None:
    """What the deliveries of one line said, in all their languages; version 1 kept no parts of the text."""
    _, ordinal, line, before, grade, at, created, expires = told[0][:8]
    known = msgspec.json.decode(line)
    text: dict[str, str] = {}
    for row in told:
        text |= msgspec.json.decode(row[8], type=dict[str, str])
    act = Act.CLEAR if grade is None else Act.UPDATE if ordinal else Act.ALERT
    bulletin = Bulletin(
        incident=warning,
        revision=ordinal,
        act=act,
        hazard="",
        rule=known["rule"],
        warning=warning,
        subject=known["subject"],
        grade=None if grade is None else Grade(grade),
        before=None if before is None else Grade(before),
        at=at,
        sent=created,
        expires=expires,
        text=text,
    )
    connection.execute(
        "INSERT INTO bulletins VALUES (?, ?, ?, ?, ?, '', ?)",
        (warning, ordinal, created, str(act), grade, bulletin.encode()),
    )


def _delivery(row: tuple[Any, ...]) -> tuple[Any, ...]:
    warning, ordinal, grade, created, expires, text = row[0], row[1], row[4], row[6], row[7], row[8]
    languages = " ".join(msgspec.json.decode(text, type=dict[str, str]))
    return (*row[9:], warning, ordinal, grade, created, expires, languages)


_INCIDENTS = f"""
INSERT INTO incidents (id, hazard, zone, opened, announced, revision, closed)
SELECT t.warning, '{UNPLACED}', t.warning, min(t.at),
    (SELECT grade FROM deliveries_1 AS d WHERE d.warning = t.warning ORDER BY ordinal DESC LIMIT 1),
    max(t.ordinal) + 1,
    iif(max(iif(t.latest = 1, t.after, NULL)) IS NULL, max(t.at), NULL)
FROM transitions AS t WHERE t.routed IS NOT NULL GROUP BY t.warning
"""
_MEMBERS = """
INSERT INTO members (warning, incident, certain, certain_line, doubtful, doubtful_line, rule, subject)
SELECT warning, warning, iif(disposition = 'auto', after, NULL), iif(disposition = 'auto', id, NULL),
    iif(disposition = 'review', after, NULL), iif(disposition = 'review', id, NULL),
    json_extract(CAST(line AS TEXT), '$.rule'), json_extract(CAST(line AS TEXT), '$.subject')
FROM transitions AS t WHERE routed IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM transitions AS later
    WHERE later.warning = t.warning AND later.ordinal > t.ordinal AND later.routed IS NOT NULL)
"""
_TOLD = """
SELECT d.warning, d.ordinal, t.line, t.before, d.grade, t.at, d.created, d.expires, d.text,
    d.id, d.key, d.channel, d.recipient, d.address, d.why, d.attempt, d.state, d.due, d.reached,
    d.provider_id, d.detail, d.updated
FROM deliveries_1 AS d JOIN transitions AS t ON t.warning = d.warning AND t.ordinal = d.ordinal
ORDER BY d.warning, d.ordinal, d.id
"""
_DELIVERY = """
INSERT INTO deliveries (realm, id, key, channel, recipient, address, why, attempt, state, due, reached,
    provider_id, detail, updated, incident, revision, grade, created, expires, languages)
VALUES ((SELECT realm FROM meta), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
