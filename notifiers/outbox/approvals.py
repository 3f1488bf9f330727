"""Asking people to let out what must not go out by itself, level by level, until somebody decides.

What is certain waits for those whose route demands a release; beside it, for all, a higher grade that is in
doubt. A later proposal of the same kind, one released that is as high, or the end, overtakes it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from notifiers.bulletin import Act, Bulletin
from notifiers.delivery import State
from notifiers.notices import release_wanted, released_alone
from notifiers.outbox import collapsed
from notifiers.outbox.audit import append
from notifiers.outbox.bulletins import Change, draft, record, recorded
from notifiers.outbox.deliveries import contacts, enqueue, is_news, withdraw
from notifiers.outbox.incidents import Incident, Standing, above, incident_of, stir
from notifiers.outbox.proposals import Decision, Proposal, close, facts, find, hash_of, overtake, waiting
from notifiers.outbox.telling import ask
from notifiers.routes import Deadlines
from notifiers.routing import Addressee, Router
from rules.grade import Grade

BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True)
class _Asked:
    """By which request it was asked for, when the next level is, how many were; by whom it was written."""

    request: int
    due: int | None
    level: int = 0
    author: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What should wait now, and whom it would go to."""

    change: Change
    doubtful: bool

    @property
    def author(self) -> str:
        line = self.change.line
        return str(line.evidence.get("by", "")) if line.rule == BY_HAND else ""


def review(
    connection: sqlite3.Connection, router: Router, incident: Incident, stands: Standing, now: int
) -> bool:
    """Bring what waits for a person up to what the incident has come to; True if something new does."""
    present = {proposal.doubtful: proposal for proposal in waiting(connection, incident.id)}
    wanted = {
        True: _in_doubt(router, incident, stands, now),
        False: _to_be_released(connection, router, incident, stands, now),
    }
    ends = State.SUPERSEDED if any(wanted.values()) else State.WITHDRAWN
    new = {doubtful: one for doubtful, one in wanted.items() if not _same(one, present.get(doubtful))}
    for proposal in [present[doubtful] for doubtful in new if doubtful in present]:
        overtake(connection, proposal, now, ends)
    proposed = [one for one in new.values() if one is not None]
    for one in proposed:
        _propose(connection, router, incident, one, now)
    return bool(proposed)


def propose_notice(
    connection: sqlite3.Connection, router: Router, bulletin: Bulletin, told: Sequence[Addressee], now: int
) -> None:
    """Ask whether what the notice of a rule that floods stands for goes out.

    Without anybody who answers for its zones, whoever was `told` has been asked by that. A notice that has
    only grown is put to nobody anew.
    """
    before = next(iter(waiting(connection, bulletin.incident)), None)
    if before is not None and before.grade == bulletin.grade:
        connection.execute(
            "UPDATE proposals SET state = ?, decided_at = ?, due = NULL WHERE incident = ? AND revision = ?",
            (Decision.OVERTAKEN, now, before.incident, before.revision),
        )
        _insert(connection, bulletin, _Asked(request=before.request, due=before.due, level=before.level), now)
        return
    if before is not None:
        close(connection, before, Decision.OVERTAKEN, "", now)
    request = _beside(connection, bulletin, release_wanted(bulletin), now)
    record(connection, request)
    if _levels(connection, router, incident_of(connection, bulletin.incident), now):
        _ask(connection, router, _insert(connection, bulletin, _Asked(request.revision, now), now), now)
        return
    patience = router.routes.deadlines.get(bulletin.grade or Grade.BLUE, Deadlines()).release
    due = None if patience is None or not told else now + patience
    _insert(connection, bulletin, _Asked(request.revision, due, level=1), now)


def renew(connection: sqlite3.Connection, proposal: Proposal) -> None:
    """What a notice stands for may have grown: it is agreed to as it is now."""
    present = hash_of(connection, recorded(connection, proposal.incident, proposal.revision))
    if present != proposal.hash:
        connection.execute(
            "UPDATE proposals SET hash = ? WHERE incident = ? AND revision = ?",
            (present, proposal.incident, proposal.revision),
        )


def nothing_to_release(connection: sqlite3.Connection, incident: str, grade: Grade) -> None:
    """Up to this grade nobody's release is wanting."""
    connection.execute("UPDATE incidents SET released = ? WHERE id = ?", (grade, incident))


def press_on(connection: sqlite3.Connection, router: Router, now: int, limit: int) -> int:
    """Ask for what nobody decided in time, give up what has expired, and tell who let out what alone."""
    undecided = find(connection, _UNDECIDED, now, limit)
    alone = find(connection, "alone = 1")
    for proposal in undecided:
        if proposal.expires <= now:
            close(connection, proposal, Decision.EXPIRED, "", now)
            withdraw(connection, proposal.incident, proposal.revision, now, State.EXPIRED)
            stir(connection, proposal.incident)
        else:
            _ask(connection, router, proposal, now)
    for proposal in alone:
        _tell_alone(connection, router, proposal, now)
    return len(undecided) + len(alone)


def _same(wanted: _Wanted | None, present: Proposal | None) -> bool:
    """Whether what waits is what should; of one kind."""
    return (wanted and wanted.change.grade) == (present and present.grade)


def _in_doubt(router: Router, incident: Incident, stands: Standing, now: int) -> _Wanted | None:
    settled = max(incident.announced or 0, incident.doubted or 0)
    if stands.doubtful and stands.doubtful_line and above(stands.doubtful, settled):
        named = router.who(incident.zone, incident.hazard, stands.doubtful, now)
        return _Wanted(Change(stands.doubtful, stands.doubtful_line, stands.open, named), True)
    return None


def _to_be_released(
    connection: sqlite3.Connection, router: Router, incident: Incident, stands: Standing, now: int
) -> _Wanted | None:
    settled = max(incident.released or 0, incident.refused or 0)
    if stands.certain and above(stands.certain, settled):
        known = contacts(connection, incident.id)
        named = router.who(incident.zone, incident.hazard, stands.certain, now)
        held = [
            a for a in named if a.approval and is_news(known.get((a.recipient, a.channel)), stands.certain)
        ]
        if held:
            return _Wanted(Change(stands.certain, stands.line, stands.open, held), False)
        nothing_to_release(connection, incident.id, stands.certain)
    return None


def _propose(
    connection: sqlite3.Connection, router: Router, incident: Incident, wanted: _Wanted, now: int
) -> None:
    bulletin = draft(connection, router, incident.id, wanted.change, now)
    record(connection, bulletin, wanted.author)
    for addressee in wanted.change.to:
        enqueue(connection, bulletin, addressee, now, state=State.HELD)
    request = _beside(connection, bulletin, release_wanted(bulletin), now)
    record(connection, request)
    renewed = find(
        connection, "incident = ? AND grade = ? AND state = 'expired'", incident.id, bulletin.grade
    )
    asked = _Asked(request.revision, now, author=wanted.author, doubtful=wanted.doubtful)
    proposal = _insert(connection, bulletin, asked, now)
    # What expired once with nobody deciding is put before everybody at once.
    for _ in range(max(1, len(router.levels(incident.zone, now))) if renewed else 1):
        _ask(connection, router, proposal, now)
        [proposal] = find(connection, "incident = ? AND revision = ?", incident.id, bulletin.revision)


def _insert(connection: sqlite3.Connection, bulletin: Bulletin, asked: _Asked, now: int) -> Proposal:
    connection.execute(
        "INSERT INTO proposals (incident, revision, grade, doubtful, hash, author, request, created, expires,"
        " due, level) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(bulletin.incident, bulletin.revision, bulletin.grade, asked.doubtful),
            *(hash_of(connection, bulletin), asked.author, asked.request, now, bulletin.expires),
            *(asked.due, asked.level),
        ),
    )
    connection.execute(
        "UPDATE incidents SET proposed = max(ifnull(proposed, 0), ?) WHERE id = ?",
        (bulletin.grade, bulletin.incident),
    )
    [proposal] = find(connection, "incident = ? AND revision = ?", bulletin.incident, bulletin.revision)
    append(connection, now, "proposal", asked.author, facts(proposal))
    return proposal


def _levels(
    connection: sqlite3.Connection, router: Router, incident: Incident, now: int
) -> list[list[Addressee]]:
    """Who is asked, level by level; of a notice, those of all the zones that it tells of."""
    if not collapsed.is_notice(connection, incident.id):
        return router.levels(incident.zone, now)
    merged: list[dict[tuple[str, str], Addressee]] = []
    for zone in collapsed.zones(connection, incident.id):
        for number, level in enumerate(router.levels(zone, now)):
            if number == len(merged):
                merged.append({})
            for addressee in level:
                merged[number].setdefault(addressee.contact, addressee)
    return [list(level.values()) for level in merged]


def _ask(connection: sqlite3.Connection, router: Router, proposal: Proposal, now: int) -> None:
    """The next level up; once there is none, it waits and is listed."""
    levels = _levels(connection, router, incident_of(connection, proposal.incident), now)
    asked = levels[proposal.level] if proposal.level < len(levels) else []
    request = recorded(connection, proposal.incident, proposal.request)
    asking = msgspec.structs.replace(request, sent=now)
    ask(connection, router, asking, asked, step=proposal.level, asks=True)
    patience = router.routes.deadlines.get(proposal.grade, Deadlines()).release
    due = now + patience if asked and patience is not None else None
    connection.execute(
        "UPDATE proposals SET due = ?, level = ? WHERE incident = ? AND revision = ?",
        (due, proposal.level + bool(asked), proposal.incident, proposal.revision),
    )
    what = "release asked for" if asked else "release: nobody left to ask"
    people = sorted({addressee.recipient for addressee in asked})
    append(connection, now, what, "", facts(proposal) | {"level": proposal.level, "asked": people})


def _tell_alone(connection: sqlite3.Connection, router: Router, proposal: Proposal, now: int) -> None:
    released = recorded(connection, proposal.incident, proposal.revision)
    words = released_alone(released, proposal.decided_by, proposal.reason)
    notice = _beside(connection, released, words, now)
    record(connection, notice)
    levels = _levels(connection, router, incident_of(connection, proposal.incident), now)
    for level, told in enumerate(levels):
        for addressee in told:
            enqueue(connection, notice, addressee, now, step=level, asks=True)
    connection.execute(
        "UPDATE proposals SET alone = 2 WHERE incident = ? AND revision = ?",
        (proposal.incident, proposal.revision),
    )
    people = sorted({addressee.recipient for told in levels for addressee in told})
    append(connection, now, "released alone", proposal.decided_by, facts(proposal) | {"told": people})


def _beside(connection: sqlite3.Connection, bulletin: Bulletin, words: dict[str, str], now: int) -> Bulletin:
    """A request about `bulletin`, with the next number of its incident."""
    revision = incident_of(connection, bulletin.incident).revision
    return msgspec.structs.replace(
        bulletin, act=Act.REQUEST, revision=revision, text=words, sent=now, references=()
    )


# The gravest first: there may be more than a round can put to people.
_UNDECIDED = """
(incident, revision) IN (SELECT incident, revision FROM proposals
    WHERE state = 'waiting' AND (due <= ?1 OR expires <= ?1) ORDER BY grade DESC, created LIMIT ?2)
"""
