"""What the duty officer asks: what is open, who has it, what waits for whom, what is hidden, who did what."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from notifiers.action import Action, Scope
from notifiers.bulletin import Bulletin
from notifiers.outbox import audit
from notifiers.outbox.audit import Broken, Head, Record
from notifiers.outbox.bulletins import recorded
from notifiers.outbox.dossier import (
    Dossier,
    dossier,
    last_line,
    open_since,
    recent_warnings,
    shelves_at,
    warnings_like,
)
from notifiers.outbox.handover import Handover, ShelfChange, hand_over
from notifiers.outbox.incidents import resolve
from notifiers.outbox.open_incidents import OpenIncident, open_incidents
from notifiers.outbox.proposals import Proposal, addresses, find
from notifiers.outbox.reader import OutboxReader, Progress
from notifiers.outbox.shed import Shed, Shedding, shed, shedding
from notifiers.outbox.shelves import FITS
from notifiers.outbox.unreached import Unreached, unreached
from rules.grade import Grade
from rules.transition import Transition


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A proposal that waits, what it says, the (recipient, channel) it would go to, and who was asked."""

    proposal: Proposal
    bulletin: Bulletin
    to: Sequence[tuple[str, str]]
    asked: Sequence[str]


@dataclass(frozen=True, slots=True)
class Hidden:
    """An open warning that nobody is told of."""

    warning: str
    incident: str
    rule: str
    subject: str
    zone: str
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """`agreed` is the second person of one that hides red, '' until there is one; instants in ms."""

    id: int
    scope: Scope
    name: str
    reason: str
    red: bool
    maintenance: bool
    user: str
    agreed: str
    since: int
    until: int
    hides: Sequence[Hidden]


@dataclass(frozen=True, slots=True)
class Acted:
    """What a person did at `at` (ms) and what they were answered."""

    sequence: int
    at: int
    user: str
    via: str
    action: Action
    done: bool
    said: str


class Desk(OutboxReader):
    """Each question is one consistent read; open it with `reading`, beside the outbox that is written."""

    def incidents(self) -> list[OpenIncident]:
        """The open ones, strongest first."""
        with self._snapshot() as connection:
            return open_incidents(connection)

    def unreached(self, now: int) -> list[Unreached]:
        """Who does not know, or does not answer: those whom nobody is left to ask about first."""
        with self._snapshot() as connection:
            return unreached(connection, now)

    def proposals(self) -> list[Awaiting]:
        """What waits for a person, first what nobody is left to be asked about, then the strongest."""
        with self._snapshot() as connection:
            waiting = find(connection, "state = 'waiting'")
            waiting.sort(key=lambda p: (p.due is not None, -p.grade, p.created))
            return [_awaiting(connection, proposal) for proposal in waiting]

    def shelves(self, now: int) -> list[Shelf]:
        """Those that are up at `now`, with what each hides."""
        with self._snapshot() as connection:
            return [_shelf(connection, row) for row in connection.execute(_SHELVES, (now,)).fetchall()]

    def shed(self, since: int) -> Shedding:
        """What was not told one by one since `since` (ms), counted."""
        with self._snapshot() as connection:
            return shedding(connection, since)

    def shed_by(self, summary: str) -> list[Shed]:
        """Each warning that a digest or the notice of a flood stands for."""
        with self._snapshot() as connection:
            return shed(connection, summary)

    def actions(self, since: int) -> list[Acted]:
        """What was done from `since` (ms) on, oldest first, with what was refused."""
        rows = self._connection.execute("SELECT * FROM actions WHERE at >= ? ORDER BY sequence", (since,))
        return [
            Acted(sequence, at, user, via, msgspec.json.decode(action, type=Action), bool(done), said)
            for sequence, at, user, via, action, done, said in rows
        ]

    def handover(self, since: int, now: int) -> Handover:
        """What whoever comes on duty at `now` must know of the time from `since` (ms) on."""
        with self._snapshot() as connection:
            return hand_over(connection, since, now)

    def incident_of(self, number: str) -> str | None:
        """The incident of a warning's or an incident's id, or of the only one that begins like this.

        None for fewer than 4 of them.
        """
        return resolve(self._connection, number)

    def dossiers(self, number: str, now: int, limit: int = 10) -> list[Dossier]:
        """All of the warning `number`, or of each that begins like it, the newest first."""
        with self._snapshot() as connection:
            return [dossier(connection, warning, now) for warning in warnings_like(connection, number, limit)]

    def recent_warnings(self, limit: int = 1000) -> list[str]:
        """The ids of the newest warnings, for whoever has mistyped one."""
        return recent_warnings(self._connection, limit)

    def last_line(self, rule: str, subject: str, at: int) -> Transition | None:
        """The newest line of a rule on a subject up to `at` (ms)."""
        return last_line(self._connection, rule, subject, at)

    def open_since(self, rule: str, subject: str, at: int) -> int | None:
        """When (ms) the warning of a rule on a subject that was open at `at` was raised; None if none was."""
        return open_since(self._connection, rule, subject, at)

    def shelves_at(self, at: int, names: Mapping[str, Iterable[str]]) -> list[ShelfChange]:
        """Those that were up at `at` (ms) for any of the `names` by scope."""
        return shelves_at(self._connection, at, names)

    def told(self, address: str, number: str = "", key: str = "") -> str | None:
        """The newest incident that an address was told of, of those whose id begins like `number`.

        With `key`, the one that this delivery told of.
        """
        row = self._connection.execute(_TOLD, (address, number, key)).fetchone()
        return None if row is None else str(row[0])

    def dead_letters(self, limit: int = 100) -> list[Progress]:
        """The newest deliveries that were given up first."""
        return self._found(
            "d.state IN ('failed', 'expired') OR d.state = 'unknown' AND d.due IS NULL"
            " ORDER BY d.id DESC LIMIT ?",
            limit,
        )

    def audit_head(self) -> Head:
        """What to note down elsewhere, for `verify` to find out a chain that was cut short."""
        return audit.head(self._connection)

    def audit(self, since: int, limit: int = 1000) -> list[Record]:
        """The newest records from `since` (ms) on, oldest first."""
        return audit.records(self._connection, since, limit)

    def audited(self, what: str) -> list[Record]:
        """All records of one kind, oldest first."""
        return audit.records_of(self._connection, what)

    def count_actions(self) -> int:
        """How much people did, with what was refused."""
        return int(self._connection.execute("SELECT count(*) FROM actions").fetchone()[0])

    def verify(self, anchor: Head | None = None) -> Broken | None:
        """The first record of the audit that is wrong, None if all are right."""
        return audit.verify(self._connection, anchor)

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN")
        try:
            yield self._connection
        finally:
            self._connection.execute("COMMIT")


def _awaiting(connection: sqlite3.Connection, proposal: Proposal) -> Awaiting:
    known = (proposal.incident, proposal.revision)
    to = [(recipient, channel) for recipient, channel, _ in addresses(connection, *known)]
    asked = [name for (name,) in connection.execute(_ASKED, (proposal.incident, proposal.request))]
    return Awaiting(proposal, recorded(connection, *known), to, asked)


def _shelf(connection: sqlite3.Connection, row: Sequence[Any]) -> Shelf:
    number, scope, name, reason, red, maintenance, user, agreed, since, until = row
    hidden = connection.execute(_HIDES, (number,)).fetchall()
    return Shelf(
        id=number,
        scope=scope,
        name=name,
        reason=reason,
        red=bool(red),
        maintenance=bool(maintenance),
        user=user,
        agreed=agreed,
        since=since,
        until=until,
        hides=[Hidden(w, i, rule, subject, zone, Grade(g)) for w, i, rule, subject, zone, g in hidden],
    )


_ASKED = """
SELECT recipient FROM deliveries WHERE incident = ? AND revision = ? GROUP BY recipient ORDER BY min(id)
"""
_SHELVES = """
SELECT id, scope, name, reason, red, maintenance, user, agreed, since, until FROM shelves
WHERE ended IS NULL AND until > ? ORDER BY id
"""
_HIDES = f"""
SELECT m.warning, m.incident, m.rule, m.subject, i.zone, max(ifnull(certain, 0), ifnull(doubtful, 0)) AS grade
FROM shelves AS s JOIN members AS m ON {FITS} JOIN incidents AS i ON i.id = m.incident
WHERE s.id = ? AND grade BETWEEN 1 AND iif(s.red AND s.agreed <> '', {Grade.RED.value}, {Grade.ORANGE.value})
ORDER BY grade DESC, m.rowid
"""
_TOLD = """
SELECT incident FROM deliveries WHERE address = ?1 AND attempt > 0 AND substr(incident, 1, length(?2)) = ?2
  AND ?3 IN ('', key)
ORDER BY id DESC LIMIT 1
"""
