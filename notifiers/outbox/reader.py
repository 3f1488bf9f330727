"""What the outbox holds, for whoever looks: the dispatcher, the console, a second process."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from notifiers.bulletin import Bulletin
from notifiers.delivery import Delivery, State
from notifiers.outbox.migration import UNPLACED
from notifiers.outbox.schema import DUE, connect_reading
from rules.grade import Grade
from rules.realm import Realm
from rules.transition import Disposition, Transition

TRANSITION = "id, warning, ordinal, at, before, after, disposition, line"
# Of a delivery and its bulletin: what `delivery_of` and `Progress` are made of.
DELIVERY = (
    "d.key, b.body, d.channel, d.recipient, d.address, d.languages, d.created, d.expires, d.attempt, "
    "d.state, d.provider_id, d.detail, d.why, d.updated, d.realm"
)
TOLD = "deliveries AS d JOIN bulletins AS b ON b.incident = d.incident AND b.revision = d.revision"


@dataclass(frozen=True, slots=True)
class Fault:
    """A replayed transition that differs from the recorded one, which stands; both as JSON lines."""

    warning: str
    ordinal: int
    recorded: bytes
    offered: bytes

    def __str__(self) -> str:
        return (
            f"warning {self.warning} line {self.ordinal}: replay gives {self.offered.decode()}, "
            f"recorded and kept is {self.recorded.decode()}"
        )


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a delivery stands since `updated` (ms), why it was addressed, and what the channel said."""

    delivery: Delivery
    state: State
    updated: int
    provider_id: str
    detail: str
    why: str


class OutboxReader:
    """The questions; every method is one consistent read. Belongs to the thread that opened it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (realm,) = connection.execute("SELECT realm FROM meta").fetchone()
        self.realm = Realm(realm)

    @classmethod
    def reading(cls, path: Path) -> Self:
        """Look into an outbox that another thread or process writes; raises `OutboxError`."""
        return cls(connect_reading(path))

    def close(self) -> None:
        self._connection.close()

    @property
    def position(self) -> int:
        """The engine's journal position up to which every transition is here; 0 at first."""
        return int(self._connection.execute("SELECT position FROM meta").fetchone()[0])

    @property
    def newest(self) -> int:
        """The id of the newest line; 0 before the first."""
        return int(self._connection.execute("SELECT ifnull(max(id), 0) FROM transitions").fetchone()[0])

    @property
    def latest(self) -> int:
        """The latest instant (ms) of any transition; 0 before the first."""
        return int(self._connection.execute("SELECT ifnull(max(at), 0) FROM transitions").fetchone()[0])

    def transitions(self, after_id: int = 0, limit: int = 1000) -> list[tuple[int, Transition]]:
        """The lines with their ids, oldest first, from behind `after_id`."""
        rows = self._connection.execute(
            f"SELECT {TRANSITION} FROM transitions WHERE id > ? ORDER BY id LIMIT ?", (after_id, limit)
        )
        return [(row[0], transition_of(row)) for row in rows]

    def open_warnings(self) -> list[Transition]:
        """The newest line of each warning that has not ended, strongest first."""
        return self._lines("latest = 1 AND after IS NOT NULL ORDER BY after DESC, id")

    def awaiting(self) -> list[Transition]:
        """The newest lines of open warnings that a person has to release."""
        return self._lines(
            "latest = 1 AND after IS NOT NULL AND disposition = 'review' ORDER BY after DESC, id"
        )

    def unrouted(self) -> list[Transition]:
        """The lines for which no route named anybody, oldest first."""
        return self._lines("routed = 'nobody' ORDER BY id")

    def unplaced(self) -> bool:
        """Whether there are incidents of version 1, whose hazard and zone no router has said yet."""
        (found,) = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM incidents WHERE hazard = ?)", (UNPLACED,)
        ).fetchone()
        return bool(found)

    def faults(self) -> list[Fault]:
        """Every difference between a replay and the record so far."""
        rows = self._connection.execute(
            "SELECT warning, ordinal, recorded, offered FROM faults ORDER BY rowid"
        )
        return [Fault(*row) for row in rows]

    def counts(self) -> dict[str, dict[State, int]]:
        """How many deliveries of each channel stand in each state; absent means none."""
        found: dict[str, dict[State, int]] = {}
        for channel, state, count in self._connection.execute(
            "SELECT channel, state, count(*) FROM deliveries GROUP BY channel, state"
        ):
            found.setdefault(channel, {})[State(state)] = count
        return found

    def recent(self, limit: int = 20) -> list[Progress]:
        """The newest deliveries first."""
        return self._found("true ORDER BY d.id DESC LIMIT ?", limit)

    def story(self, warning: str) -> list[Progress]:
        """Every delivery of the incident that a warning belongs to, oldest first."""
        return self._found(
            "d.incident = (SELECT incident FROM members WHERE warning = ?) ORDER BY d.id", warning
        )

    def due(self, now: int) -> int | None:
        """The next instant after `now` at which something is to be done; None if nothing is."""
        instants = self._connection.execute(
            "SELECT min(due) FROM deliveries WHERE due > :now"
            " UNION ALL SELECT min(expires) FROM deliveries"
            " WHERE expires > :now AND due IS NOT NULL AND state IN ('queued', 'unknown')"
            f" UNION ALL {DUE}",
            {"now": now},
        )
        return min((instant for (instant,) in instants if instant is not None), default=None)

    def pending(self, now: int) -> bool:
        """Whether anything is to be routed, sent or given up at `now`."""
        (found,) = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM deliveries WHERE due <= :now)"
            " OR EXISTS (SELECT 1 FROM transitions WHERE routed IS NULL)"
            " OR EXISTS (SELECT 1 FROM incidents WHERE stirred = 1)"
            " OR EXISTS (SELECT 1 FROM digests WHERE due <= :now AND sent IS NULL)"
            " OR EXISTS (SELECT 1 FROM floods WHERE due <= :now AND over IS NULL)",
            {"now": now},
        ).fetchone()
        return bool(found)

    def red_waits(self, now: int) -> bool:
        """Whether a red delivery that is due has not been claimed."""
        (found,) = self._connection.execute(
            "SELECT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_red WHERE grade = 4 AND due <= ?"
            " AND state IN ('queued', 'unknown'))",
            (now,),
        ).fetchone()
        return bool(found)

    def _lines(self, condition: str) -> list[Transition]:
        rows = self._connection.execute(f"SELECT {TRANSITION} FROM transitions WHERE {condition}")
        return [transition_of(row) for row in rows]

    def _found(self, condition: str, value: object) -> list[Progress]:
        rows = self._connection.execute(f"SELECT {DELIVERY} FROM {TOLD} WHERE {condition}", (value,))
        return [progress_of(row) for row in rows]


def transition_of(row: tuple[Any, ...]) -> Transition:
    """A row of the `TRANSITION` columns as the transition it was."""
    _, warning, ordinal, at, before, after, disposition, line = row
    recorded = msgspec.json.decode(line)
    return Transition(
        at=at,
        rule=recorded["rule"],
        subject=recorded["subject"],
        warning=warning,
        ordinal=ordinal,
        before=_grade(before),
        after=_grade(after),
        disposition=Disposition(disposition),
        reason=recorded["reason"],
        evidence=recorded["evidence"],
    )


def progress_of(row: tuple[Any, ...]) -> Progress:
    """A row of the `DELIVERY` columns, and where it stands."""
    state, provider_id, detail, why, updated = row[9:14]
    return Progress(delivery_of(row), State(state), updated, provider_id, detail, why)


def delivery_of(row: tuple[Any, ...], *, attempt: int | None = None) -> Delivery:
    """A row of the `DELIVERY` columns; `attempt` if it is another one than the row's."""
    key, body, channel, recipient, address, languages, created, expires, tried = row[:9]
    bulletin = Bulletin.decode(body)
    return Delivery(
        key=key,
        # Its own, not the file's: whoever opens a drill's file as live sends nothing of it.
        realm=Realm(row[14]),
        bulletin=bulletin,
        channel=channel,
        recipient=recipient,
        address=address,
        text={language: bulletin.text[language] for language in languages.split()},
        created=created,
        expires=expires,
        attempt=tried if attempt is None else attempt,
    )


def _grade(number: int | None) -> Grade | None:
    return None if number is None else Grade(number)
