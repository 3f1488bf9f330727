"""Everything the outbox holds of one warning and of its incident, for whoever asks what happened."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from notifiers.bulletin import Bulletin
from notifiers.outbox.audit import Record
from notifiers.outbox.concerning import Did, actions, records
from notifiers.outbox.handover import ShelfChange, StageReached
from notifiers.outbox.incidents import SHORTEST, Incident, grade_of, incident_of
from notifiers.outbox.proposals import Proposal, find
from notifiers.outbox.reader import DELIVERY, TOLD, TRANSITION, Progress, progress_of, transition_of
from notifiers.outbox.shelves import FITS
from notifiers.outbox.unreached import Unreached, unreached
from rules.grade import Grade
from rules.transition import Transition


@dataclass(frozen=True, slots=True)
class Told:
    """A line, and how its routing ended (`notifiers.outbox.routing.Routed`); "" while it waits."""

    line: Transition
    routed: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another warning of the incident, with the grade of its newest line; None once it is over."""

    warning: str
    rule: str
    subject: str
    grade: Grade | None
    since: int


@dataclass(frozen=True, slots=True)
class Issued:
    """A bulletin, and who wrote it, "" for Tocsin itself."""

    bulletin: Bulletin
    author: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery; `step` is 0, or the escalation that added it; `asks`: it asks for a decision.

    `instead`: the (channel, recipient) that follow where it gives no receipt.
    """

    progress: Progress
    step: int
    asks: bool
    instead: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when (ms) a stage is due, None once nobody is left to turn to; `missed`: since when it is late."""

    stage: str
    due: int | None
    missed: int | None


@dataclass(frozen=True, slots=True)
class Collapsed:
    """The notice that alone tells of it because its rule floods; up to `capped` it is told by itself."""

    notice: str
    rule: str
    since: int
    over: int | None
    capped: Grade | None


@dataclass(frozen=True, slots=True)
class Summed:
    """A digest that tells of the incident; `sent` in ms, None while it waits until `due`."""

    digest: str
    recipient: str
    channel: str
    place: str
    due: int
    sent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One warning; all but `lines` is of its incident, None while its first line is not routed yet.

    `cancelled`: up to this grade a person said it was wrong.
    """

    warning: str
    lines: Sequence[Told]
    incident: Incident | None
    cancelled: Grade | None
    others: Sequence[Other]
    bulletins: Sequence[Issued]
    deliveries: Sequence[Sent]
    proposals: Sequence[Proposal]
    stages: Sequence[StageReached]
    deadlines: Sequence[Deadline]
    shelves: Sequence[ShelfChange]
    collapsed: Collapsed | None
    digests: Sequence[Summed]
    actions: Sequence[Did]
    unreached: Sequence[Unreached]
    audit: Sequence[Record]


def warnings_like(connection: sqlite3.Connection, number: str, limit: int) -> list[str]:
    """The ids of the warnings, and of notices, that are or begin like `number`, newest first.

    None for fewer than 4 characters of one, unless it is whole.
    """
    rows = connection.execute(_LIKE, (number, limit)).fetchall()
    found = [str(warning) for warning, _ in rows]
    return [number] if number in found else found if len(number) >= SHORTEST else []


def recent_warnings(connection: sqlite3.Connection, limit: int) -> list[str]:
    """The ids of the newest warnings."""
    rows = connection.execute(
        "SELECT warning FROM transitions WHERE ordinal = 0 ORDER BY id DESC LIMIT ?", (limit,)
    )
    return [str(warning) for (warning,) in rows]


def dossier(connection: sqlite3.Connection, warning: str, now: int) -> Dossier:
    """All of one warning, by its whole id, as of `now` (ms)."""
    lines = _lines(connection, warning)
    row = connection.execute(
        "SELECT incident, cancelled, flood, capped FROM members WHERE warning = ?", (warning,)
    ).fetchone()
    member = row or (warning, None, None, None)
    known = str(member[0])
    try:
        incident = incident_of(connection, known)
    except KeyError:
        incident = None
    members = [
        each for (each,) in connection.execute("SELECT warning FROM members WHERE incident = ?", (known,))
    ]
    digests = [Summed(*found) for found in connection.execute(_DIGESTS, (known,))]
    shelves = [ShelfChange(*found) for found in connection.execute(_SHELVES, (warning,))]
    ids = [known, *members, *(digest.digest for digest in digests), *([member[2]] if member[2] else [])]
    instants = [told.line.at for told in lines] + ([incident.opened] if incident else [])
    since = min(instants, default=0)
    did = actions(connection, ids, {shelf.id for shelf in shelves}, since)
    return Dossier(
        warning=warning,
        lines=lines,
        incident=incident,
        cancelled=grade_of(member[1]),
        others=[
            Other(other, rule, subject, grade_of(grade), since)
            for other, rule, subject, grade, since in connection.execute(_OTHERS, (known, warning))
        ],
        bulletins=[
            Issued(Bulletin.decode(body), author) for body, author in connection.execute(_BULLETINS, (known,))
        ],
        deliveries=[_sent(found) for found in connection.execute(_DELIVERIES, (known,))],
        proposals=find(connection, "incident = ?", known),
        stages=[
            StageReached(i, s, Grade(g), *rest) for i, s, g, *rest in connection.execute(_STAGES, (known,))
        ],
        deadlines=[Deadline(*found) for found in connection.execute(_DEADLINES, (known,))],
        shelves=shelves,
        collapsed=_collapsed(connection, member[2], member[3]),
        digests=digests,
        actions=did,
        unreached=[found for found in unreached(connection, now) if found.incident == known],
        audit=records(connection, ids, did, since),
    )


def _lines(connection: sqlite3.Connection, warning: str) -> list[Told]:
    rows = connection.execute(
        f"SELECT {TRANSITION}, routed FROM transitions WHERE warning = ? ORDER BY ordinal", (warning,)
    )
    return [Told(transition_of(row[:-1]), row[-1] or "") for row in rows]


def last_line(connection: sqlite3.Connection, rule: str, subject: str, at: int) -> Transition | None:
    """The newest line of a rule on a subject up to `at` (ms)."""
    row = connection.execute(
        f"SELECT {TRANSITION} FROM transitions WHERE warning IN"
        " (SELECT warning FROM members WHERE rule = ? AND subject = ?) AND at <= ? ORDER BY id DESC LIMIT 1",
        (rule, subject, at),
    ).fetchone()
    return None if row is None else transition_of(row)


def open_since(connection: sqlite3.Connection, rule: str, subject: str, at: int) -> int | None:
    """When (ms) the warning of a rule on a subject that was open at `at` was raised; None if none was."""
    newest = last_line(connection, rule, subject, at)
    if newest is None or newest.after is None:
        return None
    query = "SELECT at FROM transitions WHERE warning = ? AND ordinal = 0"
    (since,) = connection.execute(query, (newest.warning,)).fetchone()
    return int(since)


def shelves_at(
    connection: sqlite3.Connection, at: int, names: Mapping[str, Iterable[str]]
) -> list[ShelfChange]:
    """Those that were up at `at` (ms) for any of the `names` by scope."""
    wanted = {scope: sorted(of_scope) for scope, of_scope in names.items()}
    rows = connection.execute(_UP_AT, (at, msgspec.json.encode(wanted).decode()))
    return [ShelfChange(*row) for row in rows]


def _sent(row: tuple[Any, ...]) -> Sent:
    *delivery, step, asks, otherwise = row
    ways = [(channel, recipient) for channel, _, recipient in msgspec.json.decode(otherwise)]
    return Sent(progress_of(tuple(delivery)), step, bool(asks), ways)


def _collapsed(connection: sqlite3.Connection, notice: str | None, capped: int | None) -> Collapsed | None:
    if notice is None:
        return None
    rule, since, over = connection.execute(
        "SELECT rule, since, over FROM floods WHERE id = ?", (notice,)
    ).fetchone()
    return Collapsed(notice, rule, since, over, grade_of(capped or None))


_LIKE = """
SELECT warning, max(at) AS newest FROM (
    SELECT warning, at FROM transitions WHERE warning >= ?1 AND warning < ?1 || char(1114111)
    UNION ALL SELECT id, since FROM floods WHERE id >= ?1 AND id < ?1 || char(1114111))
GROUP BY warning ORDER BY newest DESC LIMIT ?2
"""
_OTHERS = """
SELECT m.warning, m.rule, m.subject, t.after,
    (SELECT at FROM transitions AS f WHERE f.warning = m.warning AND f.ordinal = 0)
FROM members AS m JOIN transitions AS t ON t.warning = m.warning AND t.latest = 1
WHERE m.incident = ? AND m.warning <> ? ORDER BY m.rowid
"""
_BULLETINS = "SELECT body, author FROM bulletins WHERE incident = ? ORDER BY revision"
_DELIVERIES = f"SELECT {DELIVERY}, d.step, d.asks, d.otherwise FROM {TOLD} WHERE d.incident = ? ORDER BY d.id"
_STAGES = "SELECT incident, stage, grade, at, user, note FROM stages WHERE incident = ? ORDER BY id"
_DEADLINES = "SELECT stage, due, missed FROM deadlines WHERE incident = ? ORDER BY ifnull(due, missed)"
# Those that were up at some time between its first line and its end.
_SHELVES = f"""
SELECT s.id, s.scope, s.name, s.reason, s.user, s.agreed, s.since, s.until, s.ended
FROM members AS m JOIN shelves AS s ON {FITS}
WHERE m.warning = ?1
  AND ifnull(s.ended, s.until) >= (SELECT min(at) FROM transitions WHERE warning = ?1)
  AND s.since <= ifnull(
    (SELECT at FROM transitions WHERE warning = ?1 AND latest = 1 AND after IS NULL), s.since)
ORDER BY s.id
"""
_DIGESTS = """
SELECT DISTINCT g.id, g.recipient, g.channel, g.place, g.due, g.sent
FROM deliveries AS d JOIN digests AS g ON g.id = d.detail
WHERE d.incident = ? AND d.state = 'digested' ORDER BY g.due, g.id
"""
_UP_AT = """
SELECT id, scope, name, reason, user, agreed, since, until, ended FROM shelves AS s
WHERE since <= ?1 AND ifnull(ended, until) > ?1
  AND EXISTS (SELECT 1 FROM json_each(?2, '$.' || s.scope) WHERE value = s.name) ORDER BY id
"""
