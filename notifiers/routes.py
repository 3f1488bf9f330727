"""Which warnings of which places go to whom, over what, how soon they must answer, and who is asked next.

What `routes.yaml` comes to (`notifiers.routes_file`); durations in ms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from ingest.clock import MINUTE
from notifiers.contacts import Person, Roster
from rules.grade import Grade

Recipient: TypeAlias = Person | Roster

LOUDSPEAKER = "loudspeaker"


class Reach(StrEnum):
    """Whom a channel reaches, and by which of their addresses.

    PHONE, EMAIL  people, by theirs
    HORN          the loudspeakers of the warning's own zone
    PUBLIC        whoever reads it: a room, a feed, another system; one address for all
    """

    PHONE = "phone"
    EMAIL = "email"
    HORN = "horn"
    PUBLIC = "public"


# How the two channels of a configuration that names no others reach whom they reach.
REACH: Mapping[str, Reach] = MappingProxyType({"sms": Reach.PHONE, LOUDSPEAKER: Reach.HORN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Recipients resolved. `hazard` "*" is any; `zones` include what lies below, none is everywhere.

    `channels` are all used at once; those of `otherwise` one after another, each when the one before it gave
    no receipt; in place of a horn they reach the people of the route. `approval`: a person releases it first.
    `languages` stands for each recipient's own if given.
    """

    hazard: str
    grades: frozenset[Grade]
    zones: frozenset[str]
    people: tuple[Recipient, ...] = ()
    horns: bool = False
    public: bool = False
    channels: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    approval: bool = False
    languages: tuple[str, ...] = ()
    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long after it was announced each stage may take; None where nobody is asked for it."""

    release: int | None = None
    acknowledge: int | None = None
    arrive: int | None = None
    handle: int | None = None


# Orange and red: 1 minute to acknowledge, 3 to arrive, 5 to handle (the field's own figure); the
# others are this project's own.
DEADLINES: Mapping[Grade, Deadlines] = MappingProxyType(
    {
        Grade.RED: Deadlines(release=MINUTE, acknowledge=MINUTE, arrive=3 * MINUTE, handle=5 * MINUTE),
        Grade.ORANGE: Deadlines(release=2 * MINUTE, acknowledge=MINUTE, arrive=3 * MINUTE, handle=5 * MINUTE),
        Grade.YELLOW: Deadlines(release=10 * MINUTE, acknowledge=10 * MINUTE),
        Grade.BLUE: Deadlines(release=30 * MINUTE),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Who answers for these zones when nobody else does."""

    zones: frozenset[str]
    people: tuple[Recipient, ...]
    channels: tuple[str, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Blue and yellow wait from `begin` to `end`, in minutes of the local day; orange and red never do."""

    begin: int
    end: int

    def holds(self, minute: int) -> bool:
        """Whether they hold at `minute` of the local day; the end is no part of them."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """When one message stands for many.

    A recipient is sent `messages` in `within` one by one; then a digest at most every `digest_every`. A rule
    that raises `warnings` of one grade in `flood_within` floods. Ten in ten minutes is where the flood of
    alarms begins for one person (EEMUA 191); twenty is this project's own.
    """

    messages: int = 10
    within: int = 10 * MINUTE
    digest_every: int = 5 * MINUTE
    warnings: int = 20
    flood_within: int = 10 * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The whole file."""

    routes: tuple[Route, ...]
    deadlines: Mapping[Grade, Deadlines] = field(default_factory=lambda: DEADLINES)
    levels: tuple[Level, ...] = ()
    quiet_hours: QuietHours | None = None
    budgets: Budgets = Budgets()
