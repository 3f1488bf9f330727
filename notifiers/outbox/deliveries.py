"""Rows of deliveries: how they come into being, who has been told what, and what overtakes what waits."""

import sqlite3
from dataclasses import dataclass
from hashlib import blake2b

import msgspec

from notifiers.bulletin import Bulletin
from notifiers.delivery import State
from notifiers.routing import Addressee, Way
from rules.grade import Grade


@dataclass(frozen=True, slots=True)
class Contact:
    """One recipient on one channel, and where they stand with an incident.

    `told` is the grade of the newest delivery that may have reached them (None: the all-clear), if `reached`;
    a digest has reached them once it is made. `waiting`: something is still to be sent, or to be summed up;
    `again`: that one is, or gave way before it was, for want of knowing that it reached them.
    """

    addressee: Addressee
    reached: bool
    told: Grade | None
    waiting: bool
    again: bool = False

    @property
    def warned(self) -> bool:
        """Whether the newest they heard is that there is a warning."""
        return self.reached and self.told is not None


def delivery_key(incident: str, revision: int, step: int, recipient: str, channel: str) -> str:
    """The idempotency key: the same for every attempt, in every life of the process."""
    identity = f"{incident}\0{revision}\0{step}\0{recipient}\0{channel}"
    return blake2b(identity.encode(), digest_size=12).hexdigest()


def contacts(connection: sqlite3.Connection, incident: str) -> dict[tuple[str, str], Contact]:
    """Everybody the incident was ever addressed to, by (recipient, channel); who was asked only, is not."""
    rows = connection.execute(
        "SELECT recipient, channel, address, languages, why, otherwise, grade, state, reached FROM deliveries"
        " WHERE incident = ? AND asks = 0 ORDER BY revision, id",
        (incident,),
    )
    found: dict[tuple[str, str], Contact] = {}
    for recipient, channel, address, languages, why, otherwise, grade, state, reached in rows:
        known = found.get((recipient, channel))
        further = msgspec.json.decode(otherwise, type=tuple[Way, ...])
        addressee = Addressee(recipient, channel, address, tuple(languages.split()), why, further)
        queued = state == State.QUEUED or (state == State.DIGESTED and not reached)
        waiting = queued or (known is not None and known.waiting)
        if reached or state == State.CLAIMED:
            told = None if grade is None else Grade(grade)
            again = state in (State.QUEUED, State.SUPERSEDED)
            found[recipient, channel] = Contact(addressee, True, told, waiting, again)
        else:
            was_reached, told, again = (
                (known.reached, known.told, known.again) if known else (False, None, False)
            )
            found[recipient, channel] = Contact(addressee, was_reached, told, waiting, again)
    return found


def is_news(contact: Contact | None, grade: Grade | None) -> bool:
    """Whether this grade is another than they were told last, or that is to be told to them once more."""
    return contact is None or not contact.reached or contact.again or contact.told != grade


def overtake(connection: sqlite3.Connection, bulletin: Bulletin, addressee: Addressee, now: int) -> None:
    """What still waits to be sent to them about this incident gives way to `bulletin`.

    What waits to be summed up stays when it is over before they were told anything: the digest says so.
    """
    connection.execute(
        "UPDATE deliveries SET due = NULL, updated = ?, state = iif(state = 'queued', ?, state)"
        " WHERE incident = ? AND recipient = ? AND channel = ? AND revision < ? AND asks = 0"
        " AND due IS NOT NULL AND state IN ('queued', 'unknown')",
        (
            now,
            State.WITHDRAWN if bulletin.grade is None else State.SUPERSEDED,
            bulletin.incident,
            addressee.recipient,
            addressee.channel,
            bulletin.revision,
        ),
    )
    connection.execute(
        _OVERTAKE_DIGESTED,
        {
            "now": now,
            "incident": bulletin.incident,
            "recipient": addressee.recipient,
            "channel": addressee.channel,
            "revision": bulletin.revision,
            "grade": bulletin.grade,
        },
    )


def enqueue(
    connection: sqlite3.Connection,
    bulletin: Bulletin,
    addressee: Addressee,
    now: int,
    *,
    step: int = 0,
    state: State = State.QUEUED,
    asks: bool = False,
    later: int = 0,
    digest: str = "",
) -> None:
    """One delivery of `bulletin`, once; HELD ones fall due when they are released. `asks`: for a release.

    `later` (ms): it is sent, and runs out, so much later. With `digest`, that one tells of it.
    """
    identity = (bulletin.incident, bulletin.revision, step, addressee.recipient, addressee.channel)
    state = State.DIGESTED if digest else state
    connection.execute(
        "INSERT OR IGNORE INTO deliveries (realm, key, incident, revision, step, recipient, channel, address,"
        " grade, languages, otherwise, why, created, expires, state, asks, due, detail, updated)"
        " VALUES ((SELECT realm FROM meta), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(delivery_key(*identity), *identity, addressee.address, bulletin.grade),
            *(" ".join(addressee.languages), msgspec.json.encode(addressee.otherwise), addressee.why),
            *(now, bulletin.expires + later, state, asks),
            *(now + later if state is State.QUEUED else None, digest, now),
        ),
    )


def withdraw(connection: sqlite3.Connection, incident: str, revision: int, now: int, state: State) -> None:
    """Nothing of this revision goes out that has not gone out yet."""
    connection.execute(
        "UPDATE deliveries SET due = NULL, updated = ?, state = iif(state = 'unknown', state, ?)"
        " WHERE incident = ? AND revision = ?"
        " AND (state IN ('held', 'queued') OR state = 'unknown' AND due IS NOT NULL"
        " OR state = 'digested' AND reached = 0)",
        (now, state, incident, revision),
    )


def nothing_to_end(
    connection: sqlite3.Connection, incident: str, recipient: str, channel: str, now: int
) -> None:
    """Who has heard nothing hears of no end: the all-clear or cancellation that waits behind what failed."""
    connection.execute(_NOTHING_TO_END, (incident, recipient, channel, now))


_NOTHING_TO_END = """
UPDATE deliveries SET state = 'withdrawn', due = NULL, updated = ?4
WHERE incident = ?1 AND recipient = ?2 AND channel = ?3 AND state = 'queued' AND grade IS NULL AND attempt = 0
  AND NOT EXISTS (SELECT 1 FROM deliveries AS told
    WHERE told.incident = ?1 AND told.recipient = ?2 AND told.channel = ?3 AND told.asks = 0
      AND (told.reached = 1 OR told.state = 'claimed'))
"""
_OVERTAKE_DIGESTED = """
UPDATE deliveries SET state = 'superseded', updated = :now
WHERE incident = :incident AND recipient = :recipient AND channel = :channel AND revision < :revision
    AND state = 'digested' AND reached = 0 AND asks = 0
    AND (:grade IS NOT NULL OR EXISTS (
        SELECT 1 FROM deliveries AS told
        WHERE told.incident = :incident AND told.recipient = :recipient AND told.channel = :channel
            AND told.reached = 1))
"""
