"""A rule as loaded: checked, unit-converted, hashed by meaning."""

from dataclasses import dataclass
from decimal import Decimal

from rules.grade import Grade
from rules.language.tree import Condition


@dataclass(frozen=True, slots=True)
class Release:
    """How a latch lets go: every comparison moved by the margin must be false for `after` ms.

    `share` of the right-hand side (0.2 for 20 %), or an `amount` in the dimension of `unit`, which leaves
    comparisons of other dimensions unmoved; at most one of the two is not zero.
    """

    after: int
    share: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One ladder. Durations in ms; `sustain` has an entry for each grade of `grades`.

    `tag` and `zone` narrow the sensors of `kind`; `silent_after` is in reporting intervals (heartbeats for
    devices that report on change or by event); `meaning` is the hash of everything that decides transitions.
    """

    id: str
    title: dict[str, str]
    hazard: str
    kind: str
    tag: str | None
    zone: str | None
    grades: dict[Grade, Condition]
    only_if: Condition | None
    sustain: dict[Grade, int]
    release: Release
    silent_after: int
    max_age: int
    advice: dict[str, str]
    source: str
    meaning: str
    file: str
    line: int
