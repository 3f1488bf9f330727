"""Transitions as they are found, put in their order when they are handed over (D1)."""

from operator import itemgetter
from typing import TypeAlias

from rules.engine.event import Event
from rules.transition import Transition

_Line: TypeAlias = tuple[int, int, int, str, str, Transition]


class Ledger:
    """Collects transitions; those of one rule and subject at one place keep the order of writing."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def write(self, event: Event, t: Transition) -> None:
        """Note what an event led to."""
        self._lines.append((t.at, event.order, event.message, t.rule, t.subject, t))

    def take(self) -> list[Transition]:
        """All since the last call: by instant, raising deadlines, messages in order, clearing deadlines."""
        lines, self._lines = self._lines, []
        lines.sort(key=itemgetter(0, 1, 2, 3, 4))
        return [line[5] for line in lines]
