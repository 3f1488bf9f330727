"""What the duty officer asks, answered from the outbox as it stands and from the daemon in this process.

Answers are plain JSON values: instants in ms since the epoch, grades by their names.
"""

import asyncio
import dataclasses
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from enum import IntEnum
from typing import Any

import msgspec

from ingest.clock import Clock
from notifiers.contacts import Contacts, Person, Role
from notifiers.outbox.desk import Awaiting, Desk
from notifiers.outbox.reader import Progress
from notifiers.outbox.schema import OutboxError
from tocsin.desk import Question, Request


@dataclasses.dataclass(frozen=True, slots=True)
class Around:
    """What is asked of the daemon itself: the people now in force, its standing, its open warnings."""

    contacts: Callable[[], Contacts]
    status: Callable[[], dict[str, object]]
    warnings: Callable[[], list[dict[str, object]]]


class Questions:
    """`reading` opens the outbox for one question, in a thread, beside whoever writes it."""

    def __init__(self, reading: Callable[[], Desk], clock: Clock, around: Around) -> None:
        self._reading = reading
        self._clock = clock
        self._around = around

    async def answer(self, request: Request, person: Person) -> object:
        """Raises `Question` for one that is not known, or cannot be answered now."""
        match request.ask:
            case "whoami":
                return plain(_whoami(person))
            case "roster":
                return self._roster()
            case "status":
                return self._around.status() | await self._look(self._status)
            case "warnings":
                return await self._look(_with_incidents(self._around.warnings()))
            case "proposals":
                return await self._look(lambda desk: self._proposals(desk, request.about))
        if (found := OF_THE_OUTBOX.get(request.ask)) is None:
            raise Question(f"no question '{request.ask}'; there are: {', '.join(sorted(ALL))}")
        return await self._look(lambda desk: found(desk, request, self._clock.now()))

    async def _look(self, question: Callable[[Desk], object]) -> Any:
        def look() -> object:
            with closing(self._reading()) as desk:
                return plain(question(desk))

        try:
            return await asyncio.to_thread(look)
        except (OutboxError, sqlite3.Error) as error:
            raise Question(f"the outbox cannot be looked into: {error}") from error

    def _status(self, desk: Desk) -> dict[str, object]:
        now = self._clock.now()
        return {
            "now": now,
            "incidents": desk.incidents(),
            "proposals": len(desk.proposals()),
            "unreached": len(desk.unreached(now)),
            "shelves": len(desk.shelves(now)),
            "duty": self._roster(),
        }

    def _proposals(self, desk: Desk, about: str) -> list[dict[str, object]]:
        """All that wait, or that of the incident `about`; `left` is ms until it expires."""
        incident = desk.incident_of(about) if about else None
        waiting = [a for a in desk.proposals() if not about or a.proposal.incident == incident]
        contacts, now = self._around.contacts(), self._clock.now()
        return [
            _proposal(a)
            | {"may_release": _approvers(contacts, a.proposal.author), "left": a.proposal.expires - now}
            for a in waiting
        ]

    def _roster(self) -> list[object]:
        """Who is on duty now, and from when on who is next."""
        now, found = self._clock.now(), list[object]()
        for roster in self._around.contacts().rosters.values():
            change = roster.next_change(now)
            on, then = _ids(roster.on(now)), _ids(roster.on(change))
            found.append({"roster": roster.id, "on": on, "until": change, "next": then})
        return found


def _whoami(person: Person) -> dict[str, object]:
    roles = sorted(person.roles)
    return {"id": person.id, "name": person.name, "account": person.account, "roles": roles}


def _ids(people: Iterable[Person]) -> list[str]:
    return [person.id for person in people]


def _with_incidents(warnings: list[dict[str, object]]) -> Callable[[Desk], object]:
    return lambda desk: [{**w, "incident": desk.incident_of(str(w["id"]))} for w in warnings]


def _proposal(awaiting: Awaiting) -> dict[str, object]:
    """Without the outline of the area: its name and code are what a person checks."""
    proposal, bulletin, area = awaiting.proposal, awaiting.bulletin, awaiting.bulletin.area
    shown = ("incident", "revision", "grade", "doubtful", "hash", "author", "created", "expires")
    return {name: getattr(proposal, name) for name in shown} | {
        "next_level": proposal.due,
        "level": proposal.level,
        "asked": awaiting.asked,
        "act": bulletin.act,
        "hazard": bulletin.hazard,
        "text": bulletin.text,
        "area": None if area is None else {"zone": area.zone, "code": area.code, "name": area.name},
        "to": awaiting.to,
    }


def _approvers(contacts: Contacts, author: str) -> list[str]:
    """Who may release what `author` wrote."""
    return [p.id for p in contacts.people.values() if Role.APPROVER in p.roles and p.id != author]


def _dead_letter(progress: Progress) -> dict[str, object]:
    """Without the address: who it was for is enough to see to it."""
    delivery = progress.delivery
    return {
        "at": progress.updated,
        "incident": delivery.incident,
        "revision": delivery.revision,
        "grade": delivery.grade,
        "channel": delivery.channel,
        "recipient": delivery.recipient,
        "state": progress.state,
        "detail": progress.detail,
        "attempts": delivery.attempt,
        "text": delivery.text,
    }


def _shed(desk: Desk, asked: Request, now: int) -> object:
    """What is not told one by one, for digests, notices or shelves; each warning of one if asked about."""
    if asked.about:
        return desk.shed_by(asked.about)
    return plain(desk.shed(asked.since)) | {"shelves": plain(desk.shelves(now))}


def _head(desk: Desk) -> dict[str, object]:
    head = desk.audit_head()
    return {"sequence": head.sequence, "hash": head.hash.hex()}


OF_THE_OUTBOX: Mapping[str, Callable[[Desk, Request, int], object]] = {
    "incidents": lambda desk, _, now: desk.incidents(),
    "unreached": lambda desk, _, now: desk.unreached(now),
    "shelves": lambda desk, _, now: desk.shelves(now),
    "handover": lambda desk, asked, now: desk.handover(asked.since, now),
    "shed": lambda desk, asked, now: _shed(desk, asked, now),
    "actions": lambda desk, asked, now: desk.actions(asked.since),
    "deadletters": lambda desk, _, now: [_dead_letter(each) for each in desk.dead_letters()],
    "audit-head": lambda desk, _, now: _head(desk),
    "audit": lambda desk, asked, now: desk.audit(asked.since),
}
ALL = {*OF_THE_OUTBOX, "whoami", "roster", "status", "warnings", "proposals"}
"""Every question there is."""


def plain(value: Any) -> Any:
    """As JSON knows it; a grade, or a role, by its name."""
    if isinstance(value, IntEnum):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return {"type": value.__struct_config__.tag} | plain(msgspec.structs.asdict(value))
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
