"""What was not told one by one: counted for each recipient, and listed by the message that stands for it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from notifiers.outbox.incidents import grade_of
from rules.grade import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How the warnings so far have come to one recipient on one channel; each is counted once.

    `single`: by a message of its incident; `digested`: first by a digest; `noticed`: by the notice of a rule
    that floods alone, whoever gets that; `waiting`: in a digest that is not made yet; `untold`: not at all,
    because it is not theirs, waits for itself, or was over.
    """

    single: int
    digested: int
    noticed: int
    waiting: int
    untold: int


@dataclass(frozen=True, slots=True)
class Digest:
    """Many as one to a recipient on a channel; `sent` in ms, None until it is made at `due`.

    `place` is '' for requests; `incidents` and `warnings` are what it stands for.
    """

    id: str
    recipient: str
    channel: str
    place: str
    due: int
    sent: int | None
    incidents: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Flood:
    """A rule that floods, or did: `collapsed` warnings were told by its notice alone.

    Of them `untold` are open and wait for a person, or for their end if one refused; `decision` is '' for a
    notice that nobody needs to decide. `since`, `over` and `ended` in ms.
    """

    id: str
    rule: str
    since: int
    over: int | None
    ended: int | None
    collapsed: int
    untold: int
    decision: str


@dataclass(frozen=True, slots=True)
class Counted:
    """An account, and whose it is; its parts sum up to `warnings`."""

    recipient: str
    channel: str
    account: Account
    warnings: int


@dataclass(frozen=True, slots=True)
class Shedding:
    """What was not told one by one, and how that comes out for each who has a digest."""

    digests: Sequence[Digest]
    floods: Sequence[Flood]
    accounts: Sequence[Counted]


@dataclass(frozen=True, slots=True)
class Shed:
    """A warning that `summary`, a digest or a notice, stands for; `grade` None if it is over."""

    warning: str
    incident: str
    hazard: str
    zone: str
    grade: Grade | None
    summary: str


def account(connection: sqlite3.Connection, recipient: str, channel: str) -> Account:
    """Every warning that has been routed, for one recipient on one channel."""
    found = dict(connection.execute(_ACCOUNT, (recipient, channel)).fetchall())
    return Account(
        single=found.get("single", 0),
        digested=found.get("digested", 0),
        noticed=found.get("noticed", 0),
        waiting=found.get("waiting", 0),
        untold=found.get(None, 0),
    )


def shedding(connection: sqlite3.Connection, since: int) -> Shedding:
    """What has been made or has gone on since `since` (ms), newest first."""
    digests = [Digest(*row) for row in connection.execute(_DIGESTS, (since,))]
    accounts = []
    for recipient, channel in sorted({(digest.recipient, digest.channel) for digest in digests}):
        found = account(connection, recipient, channel)
        warnings = found.single + found.digested + found.noticed + found.waiting + found.untold
        accounts.append(Counted(recipient, channel, found, warnings))
    return Shedding(digests, [Flood(*row) for row in connection.execute(_FLOODS, (since,))], accounts)


def shed(connection: sqlite3.Connection, summary: str) -> list[Shed]:
    """The warnings that a digest or a notice stands for; none if there is no such."""
    return digested(connection, summary) + collapsed(connection, summary)


def digested(connection: sqlite3.Connection, digest: str) -> list[Shed]:
    """What a digest stands for, whether it has been sent or waits; the gravest first."""
    return _listed(connection, _DIGESTED, digest)


def collapsed(connection: sqlite3.Connection, flood: str) -> list[Shed]:
    """What only the notice of a rule that floods tells of; the gravest first."""
    return _listed(connection, _COLLAPSED, flood)


def summaries(connection: sqlite3.Connection) -> list[str]:
    """The digests and notices that stand for something, newest first."""
    return [summary for (summary,) in connection.execute(_SUMMARIES)]


def _listed(connection: sqlite3.Connection, query: str, summary: str) -> list[Shed]:
    return [
        Shed(warning, incident, hazard, zone, grade_of(grade), summary)
        for warning, incident, hazard, zone, grade in connection.execute(query, (summary,))
    ]


_ACCOUNT = """
SELECT iif(m.flood IS NOT NULL, 'noticed', (
    SELECT CASE WHEN d.reached = 0 THEN 'waiting' WHEN d.state = 'digested' THEN 'digested' ELSE 'single' END
    FROM deliveries AS d
    WHERE d.incident = m.incident AND d.recipient = ? AND d.channel = ? AND d.asks = 0
        AND (d.reached = 1 OR d.state = 'digested')
    ORDER BY d.reached DESC, d.revision, d.id LIMIT 1)) AS how, count(*)
FROM members AS m GROUP BY how
"""
_DIGESTED = """
SELECT m.warning, m.incident, i.hazard, i.zone, m.certain FROM deliveries AS d
JOIN members AS m ON m.incident = d.incident JOIN incidents AS i ON i.id = d.incident
WHERE d.detail = ? AND d.state = 'digested' ORDER BY ifnull(m.certain, 0) DESC, m.rowid
"""
_COLLAPSED = """
SELECT m.warning, m.incident, i.hazard, i.zone, m.certain FROM members AS m
JOIN incidents AS i ON i.id = m.incident WHERE m.flood = ? ORDER BY ifnull(m.certain, 0) DESC, m.rowid
"""
_DIGESTS = """
SELECT g.id, g.recipient, g.channel, g.place, g.due, g.sent, count(DISTINCT d.incident),
    ifnull(sum((SELECT count(*) FROM members AS m WHERE m.incident = d.incident)), 0)
FROM digests AS g LEFT JOIN deliveries AS d ON d.detail = g.id AND d.state = 'digested'
WHERE g.sent IS NULL OR g.sent >= ? GROUP BY g.id ORDER BY ifnull(g.sent, g.due) DESC, g.id
"""
_FLOODS = """
SELECT f.id, f.rule, f.since, f.over, f.ended,
    (SELECT count(*) FROM members AS m WHERE m.flood = f.id),
    (SELECT count(*) FROM members AS m WHERE m.flood = f.id AND m.capped IS NOT NULL),
    ifnull((SELECT p.state FROM proposals AS p WHERE p.incident = f.id ORDER BY p.revision DESC LIMIT 1), '')
FROM floods AS f WHERE f.ended IS NULL OR f.ended >= ? ORDER BY f.since DESC, f.id
"""
_SUMMARIES = """
SELECT id FROM (SELECT id, opened AS since FROM digests UNION ALL SELECT id, since FROM floods)
ORDER BY since DESC, id
"""
