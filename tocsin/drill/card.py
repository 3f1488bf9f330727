"""The score card of a drill: what was expected beside what came, and how long people took.

Instants are ms after the start of the drill, None for what never came; texts by language.
"""

from enum import StrEnum
from typing import TypeAlias

import msgspec

Text: TypeAlias = dict[str, str]


class Verdict(StrEnum):
    """How an expectation ended; EARLY came before it could be right."""

    MET = "met"
    EARLY = "early"
    LATE = "late"
    MISSED = "missed"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation; `kind` is its key in the drill file, `detail` why it was not met."""

    kind: str
    what: Text
    due: int | None = None
    came: int | None
    verdict: Verdict
    detail: str = ""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One incident from its first raise to the last stage; `limits` are the deadlines of its grade.

    `raised` is when it first had this grade, `told` when that was announced, `delivered` when the first
    recipient had it, `reached` and `of` how many recipients of it there were, and have it.
    """

    incident: str
    hazard: str
    zone: str
    place: Text
    title: Text
    grade: str
    raised: int
    told: int | None
    delivered: int | None
    reached: int
    of: int
    acknowledged: int | None
    arrived: int | None
    handled: int | None
    limits: dict[str, int]
    closed: int | None


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, and what they were answered."""

    at: int
    by: str
    does: str
    incident: str
    done: bool
    said: str


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """Who did not know at the end; `expected` if the drill meant it so."""

    who: str
    zone: str
    hazard: str
    grade: str
    why: str
    detail: str
    expected: bool


class Real(msgspec.Struct, frozen=True, kw_only=True):
    """A real warning that was told while the drill ran."""

    at: int
    grade: str
    place: Text
    text: Text


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the storyline."""

    at: int
    what: str
    text: Text


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """`began` in ms since the epoch of the drill's own clock; `held` (ms since the epoch) when it was held.

    `lasted` is how far it was played, `planned` how far it was to be; `stopped` is why it ended before that.
    `counts` are the sums of its messages by hop, `faults` how often each happened.
    """

    title: Text
    purpose: Text
    file: str
    began: int
    held: int
    lasted: int
    planned: int
    speed: float
    stopped: Text
    items: tuple[Item, ...]
    courses: tuple[Course, ...]
    story: tuple[Moment, ...]
    acts: tuple[Act, ...]
    missing: tuple[Missing, ...]
    others: tuple[str, ...]
    real: tuple[Real, ...]
    counts: dict[str, int]
    faults: dict[str, int]

    @property
    def met(self) -> int:
        """How many expectations were met."""
        return sum(item.verdict is Verdict.MET for item in self.items)

    @property
    def passed(self) -> bool:
        """Whether it was played to its end and every expectation was met."""
        return not self.stopped and self.met == len(self.items)
