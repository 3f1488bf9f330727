"""What a person does, applied once for each journal entry, whatever is replayed, and answered in words."""

import sqlite3
from dataclasses import dataclass

import msgspec

from notifiers.action import (
    Acknowledge,
    Agree,
    Answer,
    Arrive,
    Cancel,
    Close,
    Handle,
    Raise,
    Refuse,
    Release,
    Shelve,
    Taken,
    Unshelve,
)
from notifiers.outbox.audit import append
from notifiers.outbox.cancelling import cancel
from notifiers.outbox.incidents import resolve
from notifiers.outbox.proposals import refuse, release
from notifiers.outbox.shelves import agree, shelve, unshelve
from notifiers.outbox.work import Stage, reach


@dataclass(frozen=True, slots=True)
class _Done:
    """An action with its place in the journal and its instant (ms)."""

    sequence: int
    at: int
    taken: Taken


def act(
    connection: sqlite3.Connection, sequence: int, at: int, taken: Taken, decided: Answer | None
) -> Answer:
    """See `Outbox.act`."""
    found = connection.execute("SELECT done, said FROM actions WHERE sequence = ?", (sequence,)).fetchone()
    if found is not None:
        return Answer(bool(found[0]), found[1])
    answer = _apply(connection, _Done(sequence, at, taken)) if decided is None else decided
    connection.execute(
        "INSERT INTO actions VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(sequence, at, taken.user, taken.via),
            *(msgspec.json.encode(taken.action), answer.done, answer.said),
        ),
    )
    facts = {"sequence": sequence, "via": taken.via, "action": msgspec.to_builtins(taken.action)}
    append(connection, at, "action", taken.user, facts | {"done": answer.done, "said": answer.said})
    return answer


def _apply(connection: sqlite3.Connection, done: _Done) -> Answer:
    at, user = done.at, done.taken.user
    match done.taken.action:
        case Shelve() as wanted:
            return shelve(connection, done.sequence, at, user, wanted)
        case Agree() as wanted:
            return agree(connection, at, user, wanted)
        case Unshelve() as wanted:
            return unshelve(connection, at, user, wanted)
        case Raise() | Close() as wanted:
            raise ValueError(f"{type(wanted).__name__} is the engine's to decide, and comes with its answer")
        case wanted:
            return _to_incident(connection, at, user, wanted)


def _to_incident(
    connection: sqlite3.Connection,
    at: int,
    user: str,
    wanted: Acknowledge | Arrive | Handle | Cancel | Release | Refuse,
) -> Answer:
    incident = resolve(connection, wanted.incident)
    if incident is None:
        return Answer(False, f"there is no incident {wanted.incident}, or more than one begins like that")
    match wanted:
        case Acknowledge():
            return reach(connection, incident, Stage.ACKNOWLEDGED, user, at)
        case Arrive():
            return reach(connection, incident, Stage.ARRIVED, user, at)
        case Handle():
            return reach(connection, incident, Stage.HANDLED, user, at, wanted.note)
        case Cancel():
            return cancel(connection, at, user, incident, wanted.reason)
        case Release():
            return release(connection, at, user, msgspec.structs.replace(wanted, incident=incident))
        case Refuse():
            return refuse(connection, at, user, msgspec.structs.replace(wanted, incident=incident))
