"""The outbox's tables and how a connection to them is opened."""

import sqlite3
from pathlib import Path

from rules.realm import Realm

VERSION = 1

_TABLES = """
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    realm TEXT NOT NULL,
    position INTEGER NOT NULL
);

-- routed: NULL until routed, then how it ended (a name of outbox_routing.Routed).
-- latest: 1 on the newest line of its warning.
CREATE TABLE transitions (
    id INTEGER PRIMARY KEY,
    warning TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    at INTEGER NOT NULL,
    before INTEGER,
    after INTEGER,
    disposition TEXT NOT NULL,
    line BLOB NOT NULL,
    latest INTEGER NOT NULL,
    routed TEXT,
    UNIQUE (warning, ordinal)
);
CREATE INDEX transitions_unrouted ON transitions (warning, ordinal) WHERE routed IS NULL;
CREATE INDEX transitions_open ON transitions (after) WHERE latest = 1 AND after IS NOT NULL;
CREATE INDEX transitions_nobody ON transitions (id) WHERE routed = 'nobody';

CREATE TABLE faults (
    warning TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    recorded BLOB NOT NULL,
    offered BLOB NOT NULL,
    UNIQUE (warning, ordinal, offered)
);

-- due: next instant (ms) at which something is to be done about it: sent, tried again, given up for want of
-- a receipt; NULL when nothing is. While it waits to be sent, due never exceeds expires.
-- reached: 1 when an attempt may have reached the recipient.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    warning TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    address TEXT NOT NULL,
    grade INTEGER,
    text BLOB NOT NULL,
    why TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'queued',
    due INTEGER,
    reached INTEGER NOT NULL DEFAULT 0,
    provider_id TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    updated INTEGER NOT NULL
);
CREATE INDEX deliveries_waiting ON deliveries (channel, ifnull(grade, 0) DESC, id)
    WHERE due IS NOT NULL AND state IN ('queued', 'unknown');
CREATE INDEX deliveries_expiry ON deliveries (expires)
    WHERE due IS NOT NULL AND state IN ('queued', 'unknown');
CREATE INDEX deliveries_unconfirmed ON deliveries (due) WHERE due IS NOT NULL AND state = 'accepted';
CREATE INDEX deliveries_due ON deliveries (due) WHERE due IS NOT NULL;
CREATE INDEX deliveries_story ON deliveries (warning, recipient, channel, ordinal);
CREATE INDEX deliveries_state ON deliveries (channel, state);
"""


class OutboxError(Exception):
    """An outbox file that cannot be used here; says why and what to do."""


def connect(path: Path, realm: Realm) -> sqlite3.Connection:
    """The writing connection, for the thread that opens it and no other; every commit is on disk.

    Raises `OutboxError` for a file of another realm or a later version, or that cannot be used now.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == 0:
            _create(connection, realm)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise OutboxError(f"{path}: {error}; is another process at it, is there room on the disk?") from error
    return _verified(connection, path, realm)


def connect_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection, for another process or thread beside the writing one."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 5000")
    return _verified(connection, path, None)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _create(connection: sqlite3.Connection, realm: Realm) -> None:
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES (1, ?, 0)", (str(realm),))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _verified(connection: sqlite3.Connection, path: Path, realm: Realm | None) -> sqlite3.Connection:
    if (version := _version(connection)) != VERSION:
        connection.close()
        raise OutboxError(
            f"{path}: schema version {version}, this program reads {VERSION}; use the version that wrote it"
        )
    (recorded,) = connection.execute("SELECT realm FROM meta").fetchone()
    if realm is not None and recorded != realm:
        connection.close()
        raise OutboxError(
            f"{path}: holds the realm {recorded}, not {realm}; give each realm a file of its own"
        )
    return connection
