"""One message to one recipient over one channel."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from notifiers.bulletin import Bulletin
from notifiers.outcome import Outcome
from rules.grade import Grade
from rules.realm import Realm


class State(StrEnum):
    """Where a delivery stands; it never goes back and is never "assumed sent".

    HELD waits for a person's release; SUPERSEDED gave way to a newer one, here or at the receiver; DIGESTED
    went out as part of a digest, which its detail names.
    """

    HELD = "held"
    QUEUED = "queued"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    DELIVERED = "delivered"
    PLAYED = "played"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    UNKNOWN = "unknown"
    DIGESTED = "digested"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`key` is the idempotency key: one (incident, revision, step, recipient, channel).

    `address` is what the channel needs (a phone number, a horn's id); `text` has one entry a language that
    the recipient reads, in their order. `created` and `expires` in ms since the epoch.
    """

    key: str
    realm: Realm
    bulletin: Bulletin
    channel: str
    recipient: str
    address: str
    text: dict[str, str]
    created: int
    expires: int
    attempt: int = 0

    @property
    def incident(self) -> str:
        return self.bulletin.incident

    @property
    def revision(self) -> int:
        return self.bulletin.revision

    @property
    def warning(self) -> str:
        return self.bulletin.warning

    @property
    def grade(self) -> Grade | None:
        """None for the all-clear and for what is cancelled."""
        return self.bulletin.grade


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came back for the delivery `key` to `address` at instant `at` (ms, our clock)."""

    key: str
    state: State
    at: int
    detail: str
    address: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a recipient says to us: an SMS from the number `address`, the button of the horn `address`.

    `key` is the delivery it answers, "" where the channel cannot tell.
    """

    channel: str
    address: str
    text: str
    at: int
    key: str = ""


class Channel(Protocol):
    """A way to reach people; `send` returns within its own timeout and raises only on a defect.

    `honours_keys`: whoever receives a key twice acts on it once, so an unknown outcome may be tried again.
    `receipt_within` (ms): how long after acceptance a missing receipt is a failure; None if none is sent.
    """

    name: str
    realm: Realm
    honours_keys: bool
    receipt_within: int | None

    async def send(self, delivery: Delivery) -> Outcome: ...
