"""Which refused messages are kept whole: the first of each kind in a minute; the others are only counted.

So a flood costs no more than its counting, and does not wash out what others sent. What is kept follows from
the messages and when they came; a restart reads from the table what was kept of the running minute.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

from ingest.clock import MINUTE
from ingest.quarantine.ring import NAMES, TEXT_CHARACTERS, Bounds, printable
from ingest.reading import Reason, Rejected

# Reason and topic; without a topic, all of that reason.
Kind: TypeAlias = tuple[str, str | None]


@dataclass(slots=True)
class Parted:
    """Of one entry: what is kept by row id, how many are only like which row, totals, topics of no sensor."""

    kept: list[tuple[int, Rejected]] = field(default_factory=list)
    more: Counter[int] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Kept:
    rows: int = 0
    last: int = 0


class Samples:
    """What was kept of each kind in the running minute of `received`."""

    def __init__(self, connection: sqlite3.Connection, bounds: Bounds) -> None:
        """Go on from what the table holds."""
        self._bounds = bounds
        self._kept: dict[Kind, _Kept] = {}
        held = connection.execute("SELECT id, received, reason, topic FROM refused ORDER BY id DESC")
        first = held.fetchone() or (0, 0, "", "")
        self._row, self._minute = first[0], first[1] // MINUTE
        running = [first, *takewhile(lambda row: row[1] // MINUTE == self._minute, held)]
        for row, _, reason, topic in reversed(running):
            self._keep(row, (reason, topic))

    def part(self, received: int, fresh: list[Rejected]) -> Parted:
        """What becomes of the messages of an entry, in their order; their places count as taken."""
        if received // MINUTE != self._minute:
            self._minute = received // MINUTE
            self._kept.clear()
        parted = Parted()
        for refused in fresh:
            reason, topic = NAMES[refused.reason], refused.topic[:TEXT_CHARACTERS]
            kind = reason, topic
            parted.totals[reason] += 1
            if self._has_room(kind):
                self._row += 1
                self._keep(self._row, kind)
                parted.kept.append((self._row, refused))
            else:
                like = self._kept.get(kind) or self._kept[reason, None]
                parted.more[like.last] += 1
            if refused.reason is Reason.UNREGISTERED and kind in self._kept:
                parted.topics[printable(topic)] += 1
        return parted

    def _has_room(self, kind: Kind) -> bool:
        alike, all_ = self._kept.get(kind), self._kept.get((kind[0], None))
        return (alike is None or alike.rows < self._bounds.alike) and (
            all_ is None or all_.rows < self._bounds.a_minute
        )

    def _keep(self, row: int, kind: Kind) -> None:
        for each in (kind, (kind[0], None)):
            kept = self._kept.setdefault(each, _Kept())
            kept.rows, kept.last = kept.rows + 1, row
