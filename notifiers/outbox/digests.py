"""Digests: what is beyond somebody's budget, summed up for a place and sent together.

Blue and yellow are summed up for each town, orange for each zone, all-clears like what they end. A digest
says what its incidents have come to when it is made, so it waits until what is recorded has been routed.
Requests have a digest of their own: of how many incidents wait for its recipient.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from ingest.clock import HOUR, SECOND
from notifiers.bulletin import Act, Bulletin
from notifiers.outbox.bulletins import record, recorded
from notifiers.outbox.deliveries import enqueue, nothing_to_end
from notifiers.outbox.incidents import grade_of
from notifiers.quiet_hours import end_of_quiet
from notifiers.routing import Addressee, Router, Way
from notifiers.summary import SHOWN, Item, Requested, digest_text, fresh_warnings, requests_text
from rules.grade import Grade

LIFETIME = HOUR
# How long a summary waits for lines that are recorded and not routed yet.
PATIENCE = 5 * SECOND
_REQUESTS = "requests"


@dataclass(frozen=True, slots=True)
class _Digest:
    id: str
    scope: str
    place: str
    addressee: Addressee


def digest_for(
    connection: sqlite3.Connection,
    router: Router,
    addressee: Addressee,
    what: tuple[Grade, str],
    now: int,
) -> str:
    """The digest that tells `addressee` of `what` has a grade and a zone; opened if there is none."""
    weight, zone = what
    where = ("zone", zone) if weight >= Grade.ORANGE else ("town", router.town(zone))
    return _opened(connection, router, addressee, where, now)


def digest_of_requests(connection: sqlite3.Connection, router: Router, addressee: Addressee, now: int) -> str:
    """The digest that tells `addressee` how much waits for them; opened if there is none."""
    return _opened(connection, router, addressee, (_REQUESTS, ""), now)


def _opened(
    connection: sqlite3.Connection, router: Router, addressee: Addressee, where: tuple[str, str], now: int
) -> str:
    scope, place = where
    identity = (addressee.recipient, addressee.channel, scope, place)
    found = connection.execute(_OPEN, identity).fetchone()
    if found is not None:
        return str(found[0])
    count, last = connection.execute(_EARLIER, identity).fetchone()
    due = now if last is None else max(now, last + router.routes.budgets.digest_every)
    if scope == "town":
        due = end_of_quiet(router.routes.quiet_hours, due, router.time_zone)
    digest = _identity(*identity, str(count))
    connection.execute(
        "INSERT INTO digests (id, recipient, channel, scope, place, address, languages, otherwise, why,"
        " opened, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(digest, *identity, addressee.address, " ".join(addressee.languages)),
            *(msgspec.json.encode(addressee.otherwise), addressee.why, now, due),
        ),
    )
    return digest


def send_due(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Make and send digests that are due; returns how many, 0 when none is left.

    No more once they sum up `limit` deliveries: red is not to wait behind more.
    """
    by = now - PATIENCE if behind(connection) else now
    sent = summed = 0
    for row in connection.execute(_DUE, (by, limit)).fetchall():
        summed += _send(connection, router, _digest(row), now)
        sent += 1
        if summed >= limit:
            break
    return sent


def sum_up_anew(connection: sqlite3.Connection, router: Router, digest: str, to: Addressee, now: int) -> None:
    """Another digest, for `to`, of what holds still of one that was sent and did not arrive."""
    (scope, place) = connection.execute("SELECT scope, place FROM digests WHERE id = ?", (digest,)).fetchone()
    rows = connection.execute(_HOLDS, (digest,)).fetchall()
    fresh = _opened(connection, router, to, (scope, place), now) if rows else ""
    for incident, revision, step, asks in rows:
        bulletin = recorded(connection, incident, revision)
        enqueue(connection, bulletin, to, now, step=step, asks=bool(asks), digest=fresh)


def unread(connection: sqlite3.Connection, digest: str, delivery: int, now: int) -> list[str]:
    """What a digest told was not heard, as `delivery`, the id of its row, failed; the incidents of it.

    Nor is there an end to be told to who has not heard of them otherwise.
    """
    rows = connection.execute(_UNREAD, (now, delivery, digest)).fetchall()
    for incident, recipient, channel in rows:
        nothing_to_end(connection, incident, recipient, channel, now)
    return [incident for incident, *_ in rows]


def behind(connection: sqlite3.Connection) -> bool:
    """Whether there are lines that have not been routed yet."""
    (found,) = connection.execute(_BEHIND).fetchone()
    return bool(found)


def _send(connection: sqlite3.Connection, router: Router, digest: _Digest, now: int) -> int:
    """Returns how many deliveries it stands for."""
    if digest.scope == _REQUESTS:
        connection.execute(_SETTLED, (now, digest.id))
    rows = connection.execute(_ITEMS, (digest.id,)).fetchall()
    if not rows:
        # All that it was to tell has been told otherwise.
        connection.execute("DELETE FROM digests WHERE id = ?", (digest.id,))
        return 0
    if digest.scope == _REQUESTS:
        bulletin = _of_requests(connection, router, digest, now)
    else:
        bulletin = _bulletin(router, digest, rows, _items(connection, router, rows), now)
    connection.execute("UPDATE digests SET sent = ? WHERE id = ?", (now, digest.id))
    record(connection, bulletin)
    connection.execute(_TOLD, (now, digest.id))
    enqueue(connection, bulletin, digest.addressee, now)
    return len(rows)


def _items(connection: sqlite3.Connection, router: Router, rows: list[tuple[Any, ...]]) -> list[Item]:
    titles = _titles(connection, rows)
    return [
        Item(
            incident=incident,
            title=titles.get(hazard, {}),
            place=router.named(zone) or {"en": zone},
            grade=grade_of(grade or announced),
            warnings=warnings,
            fresh=bool(fresh),
            over=announced is None,
        )
        for incident, _, grade, hazard, zone, announced, warnings, fresh in rows
    ]


def _titles(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> dict[str, dict[str, str]]:
    """What the first few hazards are called, the gravest first: as the first bulletin of each does."""
    titles: dict[str, dict[str, str]] = {}
    for incident, revision, _, hazard, *_ in rows:
        if hazard not in titles and len(titles) < SHOWN:
            (body,) = connection.execute(_BODY, (incident, revision)).fetchone()
            titles[hazard] = Bulletin.decode(body).title
    return titles


def _bulletin(
    router: Router, digest: _Digest, rows: list[tuple[Any, ...]], items: list[Item], now: int
) -> Bulletin:
    hazards = {row[3] for row in rows}
    place = router.named(digest.place) or {"en": digest.place}
    local = datetime.fromtimestamp(now / SECOND, router.time_zone)
    return Bulletin(
        incident=digest.id,
        revision=0,
        act=Act.DIGEST,
        hazard=hazards.pop() if len(hazards) == 1 else "*",
        rule="",
        warning=digest.id,
        subject=digest.place,
        grade=max((item.grade for item in items if item.grade and not item.over), default=None),
        before=None,
        at=now,
        sent=now,
        expires=now + LIFETIME,
        count=fresh_warnings(items),
        place=place,
        text=digest_text(digest.id, place, items, local),
    )


def _of_requests(connection: sqlite3.Connection, router: Router, digest: _Digest, now: int) -> Bulletin:
    requests = [
        Requested(incident, Grade(grade), bool(release))
        for incident, grade, release in connection.execute(_REQUESTED, (digest.id,))
    ]
    local = datetime.fromtimestamp(now / SECOND, router.time_zone)
    return Bulletin(
        incident=digest.id,
        revision=0,
        act=Act.DIGEST,
        hazard="*",
        rule="",
        warning=digest.id,
        subject=digest.addressee.recipient,
        grade=max(request.grade for request in requests),
        before=None,
        at=now,
        sent=now,
        expires=now + LIFETIME,
        count=len({request.incident for request in requests}),
        text=requests_text(digest.id, digest.addressee.recipient, requests, local),
    )


def _digest(row: tuple[Any, ...]) -> _Digest:
    identity, scope, place, recipient, channel, address, languages, otherwise, why = row
    further = msgspec.json.decode(otherwise, type=tuple[Way, ...])
    return _Digest(
        identity,
        scope,
        place,
        Addressee(recipient, channel, address, tuple(languages.split()), why, further),
    )


def _identity(*parts: str) -> str:
    identity = "\0".join(parts)
    return f"digest-{blake2b(identity.encode(), digest_size=6).hexdigest()}"


_OPEN = """
SELECT id FROM digests WHERE recipient = ? AND channel = ? AND scope = ? AND place = ? AND sent IS NULL
"""
_EARLIER = """
SELECT count(*), max(sent) FROM digests WHERE recipient = ? AND channel = ? AND scope = ? AND place = ?
"""
_BEHIND = "SELECT EXISTS (SELECT 1 FROM transitions WHERE routed IS NULL)"
_DUE = """
SELECT id, scope, place, recipient, channel, address, languages, otherwise, why FROM digests
WHERE sent IS NULL AND due <= ? ORDER BY due LIMIT ?
"""
_ITEMS = """
SELECT d.incident, d.revision, d.grade, i.hazard, i.zone, i.announced,
    (SELECT count(*) FROM members AS m WHERE m.incident = d.incident),
    NOT EXISTS (
        SELECT 1 FROM deliveries AS earlier
        WHERE earlier.incident = d.incident AND earlier.recipient = d.recipient
            AND earlier.channel = d.channel AND earlier.revision < d.revision AND earlier.reached = 1)
FROM deliveries AS d JOIN incidents AS i ON i.id = d.incident
WHERE d.detail = ? AND d.state = 'digested' ORDER BY ifnull(d.grade, 0) DESC, d.id
"""
# Of each incident the gravest, whether it waits for a release or to be taken over.
_REQUESTED = """
SELECT incident, max(ifnull(grade, 1)), asks FROM deliveries
WHERE detail = ? AND state = 'digested' GROUP BY incident, asks ORDER BY 2 DESC, min(id)
"""
# What is over or decided waits for nobody.
_SETTLED = """
UPDATE deliveries AS d SET state = 'withdrawn', updated = ? WHERE detail = ? AND state = 'digested'
  AND (asks = 0 AND NOT EXISTS (
    SELECT 1 FROM incidents AS i WHERE i.id = d.incident AND i.announced IS NOT NULL)
  OR asks = 1 AND NOT EXISTS (
    SELECT 1 FROM proposals AS p
    WHERE p.incident = d.incident AND p.request = d.revision AND p.state = 'waiting'))
"""
_BODY = "SELECT body FROM bulletins WHERE incident = ? AND revision = ?"
# Who read that it is over has been told the all-clear.
_TOLD = """
UPDATE deliveries SET reached = 1, updated = ?, grade = (
    SELECT iif(announced IS NULL, NULL, ifnull(deliveries.grade, announced))
    FROM incidents WHERE id = deliveries.incident)
WHERE detail = ? AND state = 'digested'
"""
# What a digest told of that is not over or decided since, and of which they are told nothing newer.
_HOLDS = """
SELECT d.incident, d.revision, d.step, d.asks FROM deliveries AS d JOIN incidents AS i ON i.id = d.incident
WHERE d.detail = ? AND d.state = 'digested' AND iif(d.asks, i.proposed, i.announced) IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM deliveries AS newer
    WHERE newer.incident = d.incident AND newer.recipient = d.recipient AND newer.revision > d.revision
      AND newer.asks = 0 AND d.asks = 0 AND newer.state NOT IN ('held', 'superseded', 'withdrawn'))
ORDER BY d.id
"""
# A receipt that comes late makes them summed up again; where it may have reached them they may have read it.
_UNREAD = """
UPDATE deliveries SET state = 'failed', fallen = 1, updated = ?1,
    reached = (SELECT d.reached FROM deliveries AS d WHERE d.id = ?2)
WHERE detail = ?3 AND state = 'digested' AND asks = 0 RETURNING incident, recipient, channel
"""
