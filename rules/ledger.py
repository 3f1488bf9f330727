"""Transitions as they are found, put in their order when they are handed over (D1)."""

from operator import itemgetter
from typing import TypeAlias

from rules.transition import Transition

# A deadline stands before every message of the block that it precedes.
BEFORE_MESSAGES = -1
_Line: TypeAlias = tuple[int, int, str, str, Transition]


class Ledger:
    """Collects; `take` gives (at, message, rule, subject) order, and for one subject the order of writing."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def write(self, message: int, transition: Transition) -> None:
        """`message` is the place in the block of what caused it, or BEFORE_MESSAGES."""
        self._lines.append((transition.at, message, transition.rule, transition.subject, transition))

    def take(self) -> list[Transition]:
        """All that was written since the last call."""
        lines, self._lines = self._lines, []
        lines.sort(key=itemgetter(0, 1, 2, 3))
        return [line[4] for line in lines]
