"""The outbox's tables and how a connection to them is opened."""

import sqlite3
from pathlib import Path

from notifiers.outbox.migration import MIGRATIONS
from rules.realm import Realm

VERSION = 2

_TABLES = """
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    realm TEXT NOT NULL,
    position INTEGER NOT NULL
);

-- routed: NULL until routed, then how it ended (a name of outbox.routing.Routed).
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
"""

# What version 2 brought: incidents and all that follows from them.
INCIDENTS = """
-- The warnings of one hazard in one zone, told together; id is that of the warning that opened it.
-- announced: the grade that was told last; proposed: the highest that waits for a person's release.
-- released: up to where nobody's release is wanting any more; refused: up to where it was refused; doubted:
-- up to where a doubtful grade was.
-- revision: the number of the next bulletin. stirred: 1 when a person changed what it comes to, until it is
-- routed again. cancelled: why it was wrong, '' if it was not or has risen since. opened, closed in
-- ms.
-- ordered: the grade its work order was given at, ordered_at when (ms). level: how many levels above were
-- asked since. missed: 1 once a level was asked because somebody could not be reached.
CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    hazard TEXT NOT NULL,
    zone TEXT NOT NULL,
    opened INTEGER NOT NULL,
    announced INTEGER,
    proposed INTEGER,
    released INTEGER,
    refused INTEGER,
    doubted INTEGER,
    revision INTEGER NOT NULL DEFAULT 0,
    stirred INTEGER NOT NULL DEFAULT 0,
    cancelled TEXT NOT NULL DEFAULT '',
    ordered INTEGER,
    ordered_at INTEGER,
    level INTEGER NOT NULL DEFAULT 0,
    missed INTEGER NOT NULL DEFAULT 0,
    closed INTEGER
);
CREATE INDEX incidents_stirred ON incidents (id) WHERE stirred = 1;
-- More than one of them only where version 1 told each warning for itself.
CREATE INDEX incidents_open ON incidents (hazard, zone) WHERE closed IS NULL;

-- certain: the grade that needs no person, with the id of its line; doubtful: one above it that does.
-- cancelled: up to this grade it was wrong, and nobody is told of it.
-- rule, subject, places (JSON: its zone and those above it) are what a shelf names.
-- flood: the notice that alone tells of it because its rule floods; NULL again for what a person let out.
-- capped: until then it counts up to this grade only, 0 for not at all.
CREATE TABLE members (
    warning TEXT PRIMARY KEY,
    incident TEXT NOT NULL REFERENCES incidents (id),
    certain INTEGER,
    certain_line INTEGER,
    doubtful INTEGER,
    doubtful_line INTEGER,
    cancelled INTEGER,
    rule TEXT NOT NULL DEFAULT '',
    subject TEXT NOT NULL DEFAULT '',
    places TEXT NOT NULL DEFAULT '[]',
    flood TEXT,
    capped INTEGER
);
CREATE INDEX members_incident ON members (incident);
CREATE INDEX members_flood ON members (flood, capped) WHERE flood IS NOT NULL;

-- author: who wrote it, '' for Tocsin itself.
CREATE TABLE bulletins (
    incident TEXT NOT NULL,
    revision INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    act TEXT NOT NULL,
    grade INTEGER,
    author TEXT NOT NULL DEFAULT '',
    body BLOB NOT NULL,
    PRIMARY KEY (incident, revision)
);

-- realm: the one it was made in, whatever the file is opened as later.
-- due: next instant (ms) at which something is to be done about it: sent, tried again, given up for want of
-- a receipt; NULL when nothing is. While it waits to be sent, due never exceeds expires.
-- reached: 1 when an attempt may have reached the recipient. step: 0, or the escalation that added it.
-- asks: 1 when it asks for a release: it tells nothing, so it neither overtakes nor is overtaken.
-- fallen: 1 once its failure was followed up.
-- languages: those the recipient reads, in their order, with spaces between. otherwise: JSON, the
-- [channel, address, recipient] to use next, one after another, where this one gives no receipt.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    realm TEXT NOT NULL,
    incident TEXT NOT NULL,
    revision INTEGER NOT NULL,
    step INTEGER NOT NULL DEFAULT 0,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    address TEXT NOT NULL,
    grade INTEGER,
    languages TEXT NOT NULL,
    otherwise BLOB NOT NULL DEFAULT '[]',
    asks INTEGER NOT NULL DEFAULT 0,
    fallen INTEGER NOT NULL DEFAULT 0,
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
CREATE INDEX deliveries_story ON deliveries (incident, recipient, channel, revision);
CREATE INDEX deliveries_state ON deliveries (channel, state);
CREATE INDEX deliveries_fallen ON deliveries (id)
    WHERE fallen = 0 AND asks = 0 AND due IS NULL AND state IN ('failed', 'unknown', 'expired');
CREATE INDEX deliveries_address ON deliveries (address, id);
CREATE INDEX deliveries_red ON deliveries (due, channel)
    WHERE grade = 4 AND due IS NOT NULL AND state IN ('queued', 'unknown');
CREATE INDEX deliveries_digested ON deliveries (detail) WHERE state = 'digested';
-- What is tried in vain while there is another way.
CREATE INDEX deliveries_slow ON deliveries (incident)
    WHERE due IS NOT NULL AND state IN ('queued', 'unknown') AND asks = 0 AND attempt > 0
        AND length(otherwise) > 2;
CREATE INDEX deliveries_unread ON deliveries (detail) WHERE state = 'failed' AND attempt = 0;
CREATE INDEX deliveries_spent ON deliveries (recipient, channel, updated)
    WHERE state NOT IN ('held', 'digested', 'superseded', 'withdrawn', 'expired');
CREATE INDEX deliveries_queued ON deliveries (recipient, channel) WHERE state = 'queued';

-- Many as one to one recipient on one channel. place: the town of blue and yellow, the zone of orange, '' of
-- requests, as scope says. due: when it goes out. sent: NULL until it did. What it sums up are the deliveries
-- of state digested with its id as detail; its own bulletin and delivery have it as incident.
CREATE TABLE digests (
    id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    channel TEXT NOT NULL,
    scope TEXT NOT NULL,
    place TEXT NOT NULL,
    address TEXT NOT NULL,
    languages TEXT NOT NULL,
    otherwise BLOB NOT NULL,
    why TEXT NOT NULL,
    opened INTEGER NOT NULL,
    due INTEGER NOT NULL,
    sent INTEGER
);
CREATE UNIQUE INDEX digests_open ON digests (recipient, channel, scope, place) WHERE sent IS NULL;
CREATE INDEX digests_sent ON digests (recipient, channel, scope, place, sent);
CREATE INDEX digests_due ON digests (due) WHERE sent IS NULL;

-- The rises of rules to a grade within the last budgets.flood_within; at: when routing saw the newest (ms).
CREATE TABLE rises (
    rule TEXT NOT NULL,
    grade INTEGER NOT NULL,
    warning TEXT NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (rule, grade, warning)
) WITHOUT ROWID;
CREATE INDEX rises_at ON rises (at);
CREATE INDEX rises_newest ON rises (rule, grade, at);

-- line: the transition up to which rises were looked for.
CREATE TABLE reckoned (one INTEGER PRIMARY KEY CHECK (one = 1), line INTEGER NOT NULL);
INSERT INTO reckoned VALUES (1, 0);

-- A rule that floods; id: the incident of its notice. collapsed: how many warnings it tells of, highest: of
-- what grade, mark: a hash over each; told, announced: what was said of that last, 0 if nothing yet. due:
-- when it is over if nothing more rises; over: when it was (ms); ended: when nothing was collapsed any more.
CREATE TABLE floods (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    since INTEGER NOT NULL,
    collapsed INTEGER NOT NULL DEFAULT 0,
    highest INTEGER NOT NULL DEFAULT 0,
    told INTEGER NOT NULL DEFAULT 0,
    announced INTEGER NOT NULL DEFAULT 0,
    mark TEXT NOT NULL DEFAULT '',
    due INTEGER NOT NULL,
    over INTEGER,
    ended INTEGER
);
CREATE UNIQUE INDEX floods_on ON floods (rule) WHERE over IS NULL;
CREATE INDEX floods_open ON floods (id) WHERE ended IS NULL;

-- A bulletin that a person must release; hash: what the release is bound to (bulletin.approval_hash).
-- state: a name of outbox.proposals.Decision. doubtful: 1 when the grade itself is in doubt, not only its
-- telling. request: the revision that asks for it. level: how many levels were asked; due: when the next one
-- is, NULL when none is left. alone: 1 when its author released it, 2 once all levels were told of that.
CREATE TABLE proposals (
    incident TEXT NOT NULL,
    revision INTEGER NOT NULL,
    grade INTEGER NOT NULL,
    doubtful INTEGER NOT NULL,
    hash TEXT NOT NULL,
    author TEXT NOT NULL,
    request INTEGER NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    due INTEGER,
    level INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    decided_by TEXT NOT NULL DEFAULT '',
    decided_at INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    alone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (incident, revision)
);
CREATE UNIQUE INDEX proposals_waiting ON proposals (incident, doubtful) WHERE state = 'waiting';
CREATE INDEX proposals_due ON proposals (due) WHERE state = 'waiting';
CREATE INDEX proposals_expiry ON proposals (expires) WHERE state = 'waiting';
CREATE INDEX proposals_alone ON proposals (incident) WHERE alone = 1;

-- Every action of a person, by the journal entry that holds it: applied once, whatever is replayed.
CREATE TABLE actions (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    via TEXT NOT NULL,
    action BLOB NOT NULL,
    done INTEGER NOT NULL,
    said TEXT NOT NULL
);

-- How far a work order came: stage is acknowledged, arrived, handled; grade the one it was given at. What is
-- older than the order in force (incidents.ordered_at) counts no more.
CREATE TABLE stages (
    id INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    stage TEXT NOT NULL,
    grade INTEGER NOT NULL,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX stages_incident ON stages (incident, stage, at);

-- By when a stage must be reached; due: NULL once it passed with nobody left to turn to, at instant missed.
CREATE TABLE deadlines (
    incident TEXT NOT NULL,
    stage TEXT NOT NULL,
    due INTEGER,
    missed INTEGER,
    PRIMARY KEY (incident, stage)
);
CREATE INDEX deadlines_due ON deadlines (due) WHERE due IS NOT NULL;

-- id: the action that put it up. agreed: the second person of one that hides red, '' until there is one.
CREATE TABLE shelves (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    red INTEGER NOT NULL,
    maintenance INTEGER NOT NULL,
    user TEXT NOT NULL,
    agreed TEXT NOT NULL DEFAULT '',
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    ended INTEGER
);
CREATE INDEX shelves_up ON shelves (until) WHERE ended IS NULL;

-- hash: SHA-256 of the hash before it and this row; see notifiers.outbox.audit.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    user TEXT NOT NULL,
    facts BLOB NOT NULL,
    hash BLOB NOT NULL
);
"""

# The next instants after :now at which `lapse` has something to do.
DUE = """
SELECT min(due) FROM deadlines WHERE due > :now
UNION ALL SELECT min(due) FROM proposals WHERE state = 'waiting' AND due > :now
UNION ALL SELECT min(expires) FROM proposals WHERE state = 'waiting' AND expires > :now
UNION ALL SELECT min(until) FROM shelves WHERE ended IS NULL AND until > :now
UNION ALL SELECT min(due) FROM digests WHERE sent IS NULL AND due > :now
UNION ALL SELECT min(due) FROM floods WHERE over IS NULL AND due > :now
"""


class OutboxError(Exception):
    """An outbox file that cannot be used here; says why and what to do."""


def connect(path: Path, realm: Realm) -> sqlite3.Connection:
    """The writing connection, for the thread that opens it and no other; every commit is on disk.

    A file of an earlier version is brought to this one, all or nothing. Raises `OutboxError` for a file of
    another realm or a later version, or that cannot be used now.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        if (version := _version(connection)) == 0:
            _create(connection, realm)
        elif version < VERSION:
            _migrate(connection, version)
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise OutboxError(f"{path}: {error}; is another process at it, is there room on the disk?") from error
    return verified(connection, path, realm)


def connect_reading(path: Path) -> sqlite3.Connection:
    """A read-only connection, for another process or thread beside the writing one."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    connection.execute("PRAGMA busy_timeout = 5000")
    return verified(connection, path, None)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _create(connection: sqlite3.Connection, realm: Realm) -> None:
    for statement in (_TABLES + INCIDENTS).split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES (1, ?, 0)", (str(realm),))
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for step in MIGRATIONS[version - 1 :]:
        step(connection, INCIDENTS)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def verified(connection: sqlite3.Connection, path: Path, realm: Realm | None) -> sqlite3.Connection:
    """The connection, if the file is of this version and of `realm`; else it is closed, and `OutboxError`."""
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
