"""Which refused messages are kept whole: the first of each kind in a minute; the others are only counted.

So a flood costs no more than its counting, and does not wash out what others sent. What is kept follows from
the messages and when they came; a restart reads from the table what was kept of the running minute.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from itertools import takewhile

from ingest.clock import MINUTE
from ingest.quarantine.ring import TEXT_CHARACTERS, Bounds, printable
from ingest.reading import Reason, Rejected


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
        self._of_reason: dict[str, _Kept] = {}
        self._alike: dict[tuple[str, str], _Kept] = {}
        held = connection.execute("SELECT id, received, reason, topic FROM refused ORDER BY id DESC")
        first = held.fetchone() or (0, 0, "", "")
        self._row, self._minute = first[0], first[1] // MINUTE
        running = [first, *takewhile(lambda row: row[1] // MINUTE == self._minute, held)]
        for row, _, reason, topic in reversed(running):
            self._keep(row, reason, topic)

    def part(self, received: int, fresh: list[Rejected]) -> Parted:
        """What becomes of the messages of an entry, in their order; their places count as taken."""
        if received // MINUTE != self._minute:
            self._minute = received // MINUTE
            self._of_reason.clear()
            self._alike.clear()
        parted, bounds = Parted(), self._bounds
        for refused in fresh:
            reason, topic = str(refused.reason), refused.topic[:TEXT_CHARACTERS]
            parted.totals[reason] += 1
            all_, alike = self._of_reason.get(reason), self._alike.get((reason, topic))
            if (alike is None or alike.rows < bounds.alike) and (all_ is None or all_.rows < bounds.a_minute):
                self._row += 1
                alike = self._keep(self._row, reason, topic)
                parted.kept.append((self._row, refused))
            else:
                parted.more[(alike or self._of_reason[reason]).last] += 1
            if alike is not None and refused.reason is Reason.UNREGISTERED:
                parted.topics[printable(topic)] += 1
        return parted

    def _keep(self, row: int, reason: str, topic: str) -> _Kept:
        """Note a row; returns what is kept like it."""
        all_ = self._of_reason.setdefault(reason, _Kept())
        alike = self._alike.setdefault((reason, topic), _Kept())
        for each in (all_, alike):
            each.rows, each.last = each.rows + 1, row
        return alike
