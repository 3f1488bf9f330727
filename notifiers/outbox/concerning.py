"""What people did about some warnings, and the records of the audit that belong to them."""

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import msgspec

from notifiers.action import Acknowledge, Action, Arrive, Cancel, Close, Handle, Refuse, Release
from notifiers.outbox.audit import Record
from notifiers.outbox.incidents import SHORTEST


@dataclass(frozen=True, slots=True)
class Did:
    """What a person did at `at` (ms), and what they were answered; `sequence` is its journal entry."""

    sequence: int
    at: int
    user: str
    via: str
    action: Action
    done: bool
    said: str


def actions(
    connection: sqlite3.Connection, ids: Collection[str], shelves: Collection[int], since: int
) -> list[Did]:
    """What people did from `since` (ms) on to any of `ids`, whole or as they typed it, or about `shelves`."""
    rows = connection.execute(_ACTIONS, (since, _listed(shelves)))
    found = [
        Did(sequence, at, user, via, msgspec.json.decode(body, type=Action), bool(done), said)
        for sequence, at, user, via, body, done, said in rows
    ]
    return [did for did in found if _concerns(did, ids, shelves)]


def records(
    connection: sqlite3.Connection, ids: Iterable[str], did: Iterable[Did], since: int
) -> list[Record]:
    """The records from `since` (ms) on that name any of `ids`, and those of what people did."""
    rows = connection.execute(_AUDIT, (since, _listed(dict.fromkeys(ids)), _listed(d.sequence for d in did)))
    return [
        Record(number, at, what, user, msgspec.json.decode(facts)) for number, at, what, user, facts in rows
    ]


def _concerns(did: Did, ids: Iterable[str], shelves: Collection[int]) -> bool:
    match did.action:
        case Close(warning=named):
            return _begins(named, ids)
        case Acknowledge() | Arrive() | Handle() | Cancel() | Release() | Refuse():
            return _begins(did.action.incident, ids)
    return did.sequence in shelves or getattr(did.action, "shelf", None) in shelves


def _begins(named: str, ids: Iterable[str]) -> bool:
    return len(named) >= SHORTEST and any(each.startswith(named) for each in ids)


def _listed(values: Iterable[object]) -> str:
    return msgspec.json.encode(list(values)).decode()


# An action on a shelf may be older than the warning that it hid.
_ACTIONS = """
SELECT sequence, at, user, via, action, done, said FROM actions
WHERE at >= ?1 OR sequence IN (SELECT value FROM json_each(?2)) ORDER BY sequence
"""
_AUDIT = """
SELECT sequence, at, what, user, facts FROM audit
WHERE at >= ?1 AND EXISTS (SELECT 1 FROM json_each(?2) WHERE instr(CAST(facts AS TEXT), value) > 0)
    OR what = 'action'
        AND json_extract(CAST(facts AS TEXT), '$.sequence') IN (SELECT value FROM json_each(?3))
ORDER BY sequence
"""
