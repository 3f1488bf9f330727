"""Whoever was not reached one way is told another way; when there is none left, somebody is told of that.

Not reached: failed, unknown where a key is not honoured, given up, or without a receipt in time.
"""

import sqlite3
from dataclasses import dataclass

import msgspec

from notifiers.notices import unreached
from notifiers.outbox.audit import append
from notifiers.outbox.bulletins import newest, recorded
from notifiers.outbox.deliveries import enqueue
from notifiers.outbox.digests import sum_up_anew, unread
from notifiers.outbox.incidents import incident_of
from notifiers.outbox.work import LATE, ask_level, request_of
from notifiers.routing import Addressee, Router, Way

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Failed:
    """A delivery that did not reach its recipient; `otherwise` is what is left to try.

    `expires` in ms: what waits for the end of the quiet hours outlives its bulletin. `past`: what it says
    holds no more, as the incident is over or was cancelled.
    """

    id: int
    incident: str
    revision: int
    step: int
    recipient: str
    channel: str
    languages: str
    why: str
    otherwise: bytes
    expires: int
    past: bool
    digest: bool


def fall_back(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Follow up every failure once, up to `limit` now; returns how many."""
    failures = _found(connection, _FAILURES, limit)
    missed: dict[str, list[str]] = {}
    for failed in failures:
        connection.execute("UPDATE deliveries SET fallen = 1 WHERE id = ?", (failed.id,))
        if failed.past or _overtaken(connection, failed) or _next_way(connection, router, failed, now):
            continue
        if not _reached(connection, failed):
            for incident in _concerned(connection, failed, now):
                missed.setdefault(incident, []).append(failed.recipient)
    for incident, recipients in missed.items():
        _tell_of_missed(connection, router, incident, sorted(set(recipients)), now)
    return len(failures)


def _concerned(connection: sqlite3.Connection, failed: _Failed, now: int) -> list[str]:
    """The incidents that they do not know of: of a digest all that it summed up, which they never read."""
    if not failed.digest:
        return [failed.incident]
    return unread(connection, failed.incident, failed.id, now)


def hurry(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Where nobody acknowledged in time, use the next way beside one that is tried in vain, or not yet.

    To be done before `work.escalate`, which puts off what is late.
    """
    slow = _found(connection, _SLOW, now, limit) + _found(connection, _UNTRIED, now, limit)
    for delivery in slow:
        connection.execute("UPDATE deliveries SET otherwise = '[]' WHERE id = ?", (delivery.id,))
        if not _overtaken(connection, delivery):
            _next_way(connection, router, delivery, now)
    return len(slow)


def _next_way(connection: sqlite3.Connection, router: Router, failed: _Failed, now: int) -> bool:
    """Queue the first of what is left that was not used yet; False if there is none, or it is too late.

    What a digest told is summed up anew: it may have come to something else.

    Two silent horns lead to the same people: whoever was sent it for one of them is sent it once.
    """
    told = recorded(connection, failed.incident, failed.revision)
    bulletin = msgspec.structs.replace(told, expires=failed.expires)
    left = msgspec.json.decode(failed.otherwise, type=list[Way])
    while left and failed.expires > now:
        way, *left = left
        if way.recipient != failed.recipient and _exists(connection, _ANOTHER, failed, way.recipient):
            return True
        if _used(connection, failed, way):
            continue
        languages = tuple(failed.languages.split())
        addressee = Addressee(way.recipient, way.channel, way.address, languages, failed.why, tuple(left))
        if failed.digest:
            sum_up_anew(connection, router, failed.incident, addressee, now)
            unread(connection, failed.incident, failed.id, now)
        else:
            enqueue(connection, bulletin, addressee, now, step=failed.step)
        facts = {"incident": failed.incident, "revision": failed.revision, "recipient": failed.recipient}
        ways = {"from": failed.channel, "to": way.channel, "instead": way.recipient}
        append(connection, now, "fallback", "", facts | ways)
        return True
    return False


def _used(connection: sqlite3.Connection, failed: _Failed, way: Way) -> bool:
    """Whether this revision was sent this way, or is about to be."""
    row = connection.execute(
        "SELECT 1 FROM deliveries WHERE incident = ? AND revision = ? AND recipient = ? AND channel = ?",
        (failed.incident, failed.revision, way.recipient, way.channel),
    ).fetchone()
    return row is not None


def _tell_of_missed(
    connection: sqlite3.Connection, router: Router, identity: str, recipients: list[str], now: int
) -> None:
    """Once an order, the next level; after that they are only listed."""
    incident, told = incident_of(connection, identity), newest(connection, identity)
    (missed,) = connection.execute("SELECT missed FROM incidents WHERE id = ?", (identity,)).fetchone()
    asked: list[str] = []
    if incident.announced is not None and told is not None and not missed:
        more = [f"+{len(recipients) - _SHOWN}"] if len(recipients) > _SHOWN else []
        request = request_of(connection, told, unreached(told, recipients[:_SHOWN] + more), now)
        asked = ask_level(connection, router, incident, request)
        connection.execute("UPDATE incidents SET missed = 1 WHERE id = ?", (identity,))
    append(connection, now, "unreached", "", {"incident": identity, "recipients": recipients, "asked": asked})


def _found(connection: sqlite3.Connection, query: str, *values: object) -> list[_Failed]:
    return [_Failed(*row) for row in connection.execute(query, values).fetchall()]


def _overtaken(connection: sqlite3.Connection, failed: _Failed) -> bool:
    return _exists(connection, _NEWER, failed)


def _reached(connection: sqlite3.Connection, failed: _Failed) -> bool:
    """Whether another delivery of this revision reached them, or still may."""
    return _exists(connection, _ANOTHER, failed)


def _exists(connection: sqlite3.Connection, query: str, failed: _Failed, recipient: str = "") -> bool:
    """Of the one who was not reached, or of `recipient`."""
    values = (failed.incident, recipient or failed.recipient, failed.revision)
    row = connection.execute(query, values).fetchone()
    return row is not None


_ROW = (
    "d.id, d.incident, d.revision, d.step, d.recipient, d.channel, d.languages, d.why, d.otherwise,"
    " d.expires, d.grade IS NOT NULL AND i.id IS NOT NULL AND i.announced IS NULL, i.id IS NULL"
)
_FAILURES = f"""
SELECT {_ROW} FROM deliveries AS d INDEXED BY deliveries_fallen LEFT JOIN incidents AS i ON i.id = d.incident
WHERE d.fallen = 0 AND d.asks = 0 AND d.due IS NULL AND d.state IN ('failed', 'unknown', 'expired')
ORDER BY d.id LIMIT ?
"""
_SLOW = f"""
SELECT {_ROW} FROM deliveries AS d INDEXED BY deliveries_slow
CROSS JOIN deadlines AS x ON x.incident = d.incident CROSS JOIN incidents AS i ON i.id = d.incident
WHERE (x.due <= ? OR x.missed IS NOT NULL) AND x.stage = 'acknowledged'
  AND d.due IS NOT NULL AND d.state IN ('queued', 'unknown')
  AND d.asks = 0 AND d.attempt > 0 AND length(d.otherwise) > 2
ORDER BY d.id LIMIT ?
"""
# Behind many at a gateway that takes few or none. Of the incidents that are escalated in this round.
_UNTRIED = f"""
SELECT {_ROW} FROM ({LATE}) AS late CROSS JOIN incidents AS i ON i.id = late.id
JOIN deadlines AS x ON x.incident = i.id AND x.stage = 'acknowledged' AND x.due <= ?1
JOIN deliveries AS d INDEXED BY deliveries_story ON d.incident = i.id
WHERE d.due <= ?1 AND d.state = 'queued' AND d.asks = 0 AND d.attempt = 0 AND length(d.otherwise) > 2
ORDER BY d.id
"""
_NEWER = """
SELECT 1 FROM deliveries WHERE incident = ? AND recipient = ? AND revision > ?
  AND asks = 0 AND state NOT IN ('held', 'superseded', 'withdrawn')
"""
_ANOTHER = """
SELECT 1 FROM deliveries WHERE incident = ? AND recipient = ? AND revision = ? AND asks = 0
  AND (state IN ('queued', 'claimed', 'accepted', 'delivered', 'played', 'acknowledged', 'digested')
    OR state = 'unknown' AND due IS NOT NULL)
"""
