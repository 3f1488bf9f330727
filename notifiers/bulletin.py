"""What is announced of an incident: one revision of it, in words and in facts.

A bulletin is made once and never changes; its deliveries carry it to each recipient. An approval is bound to
its hash, and whoever gets an update is sent the numbers of what came before.
"""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import blake2b
from typing import TypeAlias

import msgspec

from rules.grade import Grade

Ring: TypeAlias = tuple[tuple[float, float], ...]


class Act(StrEnum):
    """Why it is announced.

    ALERT    the incident is new to them
    UPDATE   another grade, or more of it
    CLEAR    it is over
    CANCEL   it was wrong
    DIGEST   many, summed up
    REQUEST  a person is asked: to release it, or to take over because nobody answers
    """

    ALERT = "alert"
    UPDATE = "update"
    CLEAR = "clear"
    CANCEL = "cancel"
    DIGEST = "digest"
    REQUEST = "request"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A zone as the public sees it: names by language, GB/T 2260 code, rings of (lon, lat), outer first."""

    zone: str
    code: str
    name: dict[str, str]
    rings: tuple[Ring, ...]


class Reference(msgspec.Struct, frozen=True):
    """An earlier bulletin of the same incident, and the instant (ms) it was announced."""

    revision: int
    sent: int


class Bulletin(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of an incident; instants in ms since the epoch.

    `incident` is the id of the warning that opened it; `warning` the one that leads it now, of `rule` and
    `subject`; `count` how many are open in it. `grade` is None once it is over, `before` what was announced
    before. `at` is when it was judged, `sent` when it was announced, `expires` when it says nothing any more.
    `text` is the whole wording by language, without signature and without the mark of a drill; `title`,
    `place`, `evidence` and `advice` are its parts. `references` are all earlier bulletins, oldest first.
    """

    incident: str
    revision: int
    act: Act
    hazard: str
    rule: str
    warning: str
    subject: str
    grade: Grade | None
    before: Grade | None
    at: int
    sent: int
    expires: int
    count: int = 1
    title: dict[str, str] = {}
    place: dict[str, str] = {}
    evidence: dict[str, str] = {}
    advice: dict[str, str] = {}
    text: dict[str, str]
    area: Area | None = None
    references: tuple[Reference, ...] = ()

    def encode(self) -> bytes:
        """Canonical: the same bulletin gives the same bytes."""
        return msgspec.json.encode(self, order="sorted")

    @classmethod
    def decode(cls, data: bytes) -> "Bulletin":
        return msgspec.json.decode(data, type=cls)


def approval_hash(bulletin: Bulletin, addresses: Iterable[tuple[str, str, str]]) -> str:
    """What a release is bound to: the words, the area and every (recipient, channel, address)."""
    told = msgspec.json.encode(sorted(addresses))
    return blake2b(bulletin.encode() + b"\0" + told, digest_size=12).hexdigest()
