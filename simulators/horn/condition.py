"""How a horn is, and when: the same for its whole life, or another from one instant to the next."""

from dataclasses import dataclass

from ingest.clock import SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A sound horn plays a command for `play_ms`, with all its repetitions, and says so once and at once.

    dead       it hears, plays and says nothing
    broken     its amplifier does not answer: what it takes or has begun to play fails
    delay      ms by which its receipts are late
    receipts   how often each of them comes: 0 is never, 2 is doubled
    """

    play_ms: int = 3 * SECOND
    dead: bool = False
    broken: bool = False
    delay: int = 0
    receipts: int = 1
