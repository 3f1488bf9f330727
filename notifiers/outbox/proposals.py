"""What waits for a person: held back until somebody who did not write it lets it out, or nobody does.

An incident has at most two that wait: one of a grade that is certain, one of a higher one that is in doubt.
Each is bound to a hash of its words and of everybody it would go to.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from notifiers.action import Answer, Refuse, Release
from notifiers.bulletin import Act, Bulletin, approval_hash
from notifiers.delivery import State
from notifiers.outbox import collapsed
from notifiers.outbox.audit import append
from notifiers.outbox.bulletins import LIFETIME, record, recorded
from notifiers.outbox.deliveries import contacts, delivery_key, enqueue, withdraw
from notifiers.outbox.deliveries import overtake as give_way
from notifiers.outbox.incidents import above, incident_of, references, stir
from rules.grade import Grade
from rules.transition import iso


class Decision(StrEnum):
    """Where a proposal stands: `OVERTAKEN` by another or by the end, `EXPIRED` with nobody deciding."""

    WAITING = "waiting"
    RELEASED = "released"
    REFUSED = "refused"
    OVERTAKEN = "overtaken"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row; `due` is when the next level is asked (ms), None once nobody is left to ask."""

    incident: str
    revision: int
    grade: Grade
    doubtful: bool
    hash: str
    author: str
    request: int
    created: int
    expires: int
    due: int | None
    level: int
    state: Decision
    decided_by: str
    decided_at: int | None
    reason: str
    alone: int


def find(connection: sqlite3.Connection, condition: str, *values: object) -> list[Proposal]:
    """Those that meet a condition, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM proposals WHERE {condition} ORDER BY created, incident, revision", values
    )
    return [_proposal(row) for row in rows]


def waiting(connection: sqlite3.Connection, incident: str) -> list[Proposal]:
    return find(connection, "state = 'waiting' AND incident = ?", incident)


def addresses(connection: sqlite3.Connection, incident: str, revision: int) -> list[tuple[str, str, str]]:
    """Everybody a proposal would go to, or went to: (recipient, channel, address)."""
    return connection.execute(
        "SELECT recipient, channel, address FROM deliveries WHERE incident = ? AND revision = ? AND step = 0"
        " ORDER BY id",
        (incident, revision),
    ).fetchall()


def release(connection: sqlite3.Connection, at: int, user: str, wanted: Release) -> Answer:
    """Let it out if it still is what `hash` says; compared and set in one."""
    proposal = _asked_about(connection, wanted.incident, wanted.revision)
    if isinstance(proposal, Answer):
        return proposal
    if refusal := _not_by(user, wanted, proposal) or _not_so(connection, wanted.hash, proposal, at):
        return Answer(False, refusal)
    if not close(connection, proposal, Decision.RELEASED, user, at, wanted.reason):
        raise AssertionError(f"{proposal} was waiting a moment ago, and one thread writes")
    said = _let_out(connection, proposal, at)
    if wanted.break_glass:
        connection.execute(
            "UPDATE proposals SET alone = 1 WHERE incident = ? AND revision = ?",
            (proposal.incident, proposal.revision),
        )
    alone = ", by you alone: everybody above is told so" if wanted.break_glass else ""
    return Answer(True, f"released no. {proposal.revision}, {proposal.grade}, {said}{alone}")


def refuse(connection: sqlite3.Connection, at: int, user: str, wanted: Refuse) -> Answer:
    """It does not go out, nor does that grade until it has fallen below and risen anew."""
    proposal = _asked_about(connection, wanted.incident, wanted.revision)
    if isinstance(proposal, Answer):
        return proposal
    close(connection, proposal, Decision.REFUSED, user, at, wanted.reason)
    notice = collapsed.is_notice(connection, proposal.incident)
    if not notice:
        withdraw(connection, proposal.incident, proposal.revision, at, State.WITHDRAWN)
    connection.execute(
        f"UPDATE incidents SET {'doubted' if proposal.doubtful else 'refused'} = ?, stirred = ? WHERE id = ?",
        (proposal.grade, not notice, proposal.incident),
    )
    if notice:
        count = collapsed.count(connection, proposal.incident)
        return Answer(True, f"no. {proposal.revision}: {count} warnings stay untold until they clear")
    return Answer(True, f"no. {proposal.revision}, {proposal.grade}, does not go out")


def overtake(connection: sqlite3.Connection, proposal: Proposal, now: int, state: State) -> None:
    """It is not decided any more: its deliveries end in `state`."""
    close(connection, proposal, Decision.OVERTAKEN, "", now)
    withdraw(connection, proposal.incident, proposal.revision, now, state)


def close(
    connection: sqlite3.Connection,
    proposal: Proposal,
    decision: Decision,
    user: str,
    now: int,
    reason: str = "",
) -> bool:
    """Decide a waiting proposal, once; what was asked for it and is still on its way is taken back."""
    changed = connection.execute(
        "UPDATE proposals SET state = ?, decided_by = ?, decided_at = ?, reason = ?, due = NULL"
        " WHERE incident = ? AND revision = ? AND hash = ? AND state = 'waiting'",
        (decision, user, now, reason, proposal.incident, proposal.revision, proposal.hash),
    ).rowcount
    if changed:
        connection.execute(_PROPOSED, (proposal.incident,))
        withdraw(connection, proposal.incident, proposal.request, now, State.WITHDRAWN)
        append(connection, now, f"proposal {decision}", user, facts(proposal) | {"reason": reason})
    return bool(changed)


def hash_of(connection: sqlite3.Connection, bulletin: Bulletin) -> str:
    """Of what is there now, and of what a notice stands for."""
    to = addresses(connection, bulletin.incident, bulletin.revision)
    return approval_hash(bulletin, [*to, *collapsed.stands_for(connection, bulletin.incident)])


def facts(proposal: Proposal) -> dict[str, object]:
    """What the audit says of it."""
    return {
        "incident": proposal.incident,
        "revision": proposal.revision,
        "grade": str(proposal.grade),
        "hash": proposal.hash,
    }


def _asked_about(connection: sqlite3.Connection, incident: str, revision: int) -> Proposal | Answer:
    """The proposal if it waits, or why there is nothing to decide."""
    found = find(connection, "incident = ? AND revision = ?", incident, revision)
    if not found:
        return Answer(False, f"there is no proposal {revision} of {incident}")
    [proposal] = found
    if proposal.state is Decision.WAITING:
        return proposal
    by = f" by {proposal.decided_by}" if proposal.decided_by else ""
    return Answer(False, f"it was {proposal.state}{by} at {iso(proposal.decided_at or proposal.created)}")


def _not_by(user: str, wanted: Release, proposal: Proposal) -> str:
    if wanted.break_glass:
        return "" if wanted.reason.strip() else "give a reason: everybody is told that you release it alone"
    if user == proposal.author:
        return "you wrote it yourself: a second person has to release it"
    return ""


def _not_so(connection: sqlite3.Connection, agreed: str, proposal: Proposal, at: int) -> str:
    if proposal.expires <= at:
        return f"it expired at {iso(proposal.expires)}: what still holds is proposed anew"
    present = hash_of(connection, recorded(connection, proposal.incident, proposal.revision))
    if not agreed == proposal.hash == present:
        return f"it is not what you have seen: look at it again, its hash is {present}"
    return ""


def _let_out(connection: sqlite3.Connection, proposal: Proposal, at: int) -> str:
    """What that comes to, in words."""
    if collapsed.is_notice(connection, proposal.incident):
        count = collapsed.count(connection, proposal.incident)
        collapsed.let_out(connection, proposal.incident)
        connection.execute(
            "UPDATE incidents SET released = ? WHERE id = ?", (proposal.grade, proposal.incident)
        )
        return f"{count} warnings that were collapsed"
    count = len(addresses(connection, proposal.incident, proposal.revision))
    _send_out(connection, proposal, at)
    return f"to {count} addresses"


def _send_out(connection: sqlite3.Connection, proposal: Proposal, at: int) -> None:
    """Due at once; what waits of earlier revisions or lower grades gives way, and doubt is over."""
    for lower in waiting(connection, proposal.incident):
        if lower.grade <= proposal.grade:
            overtake(connection, lower, at, State.SUPERSEDED)
    incident, revision = incident_of(connection, proposal.incident), _brought_up(connection, proposal, at)
    values = {"incident": proposal.incident, "revision": revision, "grade": proposal.grade, "at": at}
    connection.execute(_GIVE_WAY, values)
    connection.execute(
        "UPDATE deliveries SET state = 'queued', due = :at, updated = :at"
        " WHERE incident = :incident AND revision = :revision AND state = 'held'",
        values,
    )
    if above(proposal.grade, incident.announced):
        _tell_the_others(connection, recorded(connection, proposal.incident, revision), at)
    if proposal.doubtful:
        connection.execute(_NO_DOUBT, values)
        connection.execute(_WRONG_NO_MORE, values)
    connection.execute(
        "UPDATE incidents SET announced = max(ifnull(announced, 0), :grade), "
        " released = max(ifnull(released, 0), :grade), cancelled = '' WHERE id = :incident",
        values,
    )
    stir(connection, proposal.incident)


def _tell_the_others(connection: sqlite3.Connection, bulletin: Bulletin, at: int) -> None:
    """Who was told less, or is about to be, and is named by no route of this grade: who was asked to help."""
    to = {row[:2] for row in addresses(connection, bulletin.incident, bulletin.revision)}
    for contact in contacts(connection, bulletin.incident).values():
        if (contact.warned or contact.waiting) and contact.addressee.contact not in to:
            give_way(connection, bulletin, contact.addressee, at)
            enqueue(connection, bulletin, contact.addressee, at)


def _brought_up(connection: sqlite3.Connection, proposal: Proposal, at: int) -> int:
    """Its number; a new one if more was told since it was written, so that it comes after that.

    Or if most of its time has passed: it is to go out, and stay published, as long as any other.
    """
    bulletin = recorded(connection, proposal.incident, proposal.revision)
    rows = connection.execute(_TO, (proposal.incident, proposal.revision)).fetchall()
    earlier = references(connection, proposal.incident, {(row[1], row[2]) for row in rows})
    (later,) = connection.execute(_LATER, (proposal.incident, proposal.revision)).fetchone()
    if earlier == bulletin.references and not later and bulletin.expires - at >= LIFETIME // 2:
        return proposal.revision
    number = incident_of(connection, proposal.incident).revision
    act = Act.UPDATE if earlier else Act.ALERT
    expires = at + LIFETIME
    renewed = msgspec.structs.replace(
        bulletin, act=act, revision=number, sent=at, expires=expires, references=earlier
    )
    record(connection, renewed, proposal.author)
    connection.executemany(
        "UPDATE deliveries SET revision = ?, key = ?, expires = ? WHERE id = ?",
        [(number, delivery_key(renewed.incident, number, 0, *to), expires, row) for row, *to in rows],
    )
    return number


def _proposal(row: tuple[object, ...]) -> Proposal:
    return msgspec.convert(dict(zip(_NAMES, row, strict=True)), Proposal, strict=False)


_NAMES = Proposal.__slots__
_COLUMNS = ", ".join(_NAMES)
_PROPOSED = """
UPDATE incidents SET proposed = (SELECT max(grade) FROM proposals WHERE incident = id AND state = 'waiting')
WHERE id = ?
"""
_TO = """
SELECT id, recipient, channel FROM deliveries WHERE incident = ? AND revision = ? AND state = 'held'
"""
_LATER = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE incident = ? AND revision > ? AND asks = 0)"
_GIVE_WAY = """
UPDATE deliveries AS d SET due = NULL, updated = :at, state = iif(state = 'queued', 'superseded', state)
WHERE incident = :incident AND revision < :revision AND asks = 0
  AND due IS NOT NULL AND state IN ('queued', 'unknown')
  AND EXISTS (SELECT 1 FROM deliveries AS h WHERE h.incident = d.incident AND h.revision = :revision
    AND h.recipient = d.recipient AND h.channel = d.channel AND h.state = 'held')
"""
_NO_DOUBT = """
UPDATE members SET certain = doubtful, certain_line = doubtful_line, doubtful = NULL, doubtful_line = NULL,
    cancelled = NULL
WHERE incident = :incident AND doubtful <= :grade AND doubtful > max(ifnull(certain, 0), ifnull(cancelled, 0))
"""
_WRONG_NO_MORE = """
UPDATE members SET cancelled = NULL WHERE incident = :incident AND certain > cancelled AND certain <= :grade
"""
