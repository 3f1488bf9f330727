"""The durable cursor of the series writer, which trails what was written."""

from collections import deque
from typing import Protocol

from ingest.journal.entry import Entry


class Journaled(Protocol):
    """What the series writer needs of the journal."""

    @property
    def last(self) -> int: ...

    def read(self, after: int, limit: int) -> list[Entry]: ...

    def cursor(self, name: str) -> int: ...

    def move_cursor(self, name: str, sequence: int) -> None: ...


class TrailingCursor:
    """Passes an entry once it was written `trail` ms ago and the store has not been started anew since.

    Where the store trails, the cursor moves ten times a trail at most: each move asks the store.
    """

    def __init__(self, journal: Journaled, name: str, trail: int) -> None:
        self._journal = journal
        self._name = name
        self._trail = trail
        self._moved = 0
        # (last sequence, instant) of the writes it has not passed, oldest first.
        self._written: deque[tuple[int, int]] = deque()

    @property
    def position(self) -> int:
        return self._journal.cursor(self._name)

    def wrote(self, sequence: int, now: int) -> None:
        """Everything up to `sequence` was written by `now` (ms)."""
        self._written.append((sequence, now))

    def due(self) -> int | None:
        """The instant (ms) at which it can move next; None while all that was written is passed."""
        if not self._written:
            return None
        return max(self._written[0][1] + self._trail, self._moved + self._trail // 10)

    def reach(self, now: int) -> int:
        """How far it can move at `now` (ms)."""
        safe = [sequence for sequence, at in self._written if at + self._trail <= now]
        return safe[-1] if safe else self.position

    def move(self, sequence: int) -> None:
        """Durably; blocks. Raises JournalUnavailable."""
        self._journal.move_cursor(self._name, sequence)

    def passed(self, sequence: int, now: int) -> None:
        """It was moved to `sequence` at `now` (ms)."""
        self._moved = now
        while self._written and self._written[0][0] <= sequence:
            self._written.popleft()

    def fall_back(self) -> int:
        """Forget what was written beyond the cursor; returns the cursor's position."""
        self._written.clear()
        return self.position
