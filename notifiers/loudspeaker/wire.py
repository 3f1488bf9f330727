"""What passes between the daemon and a horn; the fields are signed in the order in which they stand here."""

from typing import Annotated, ClassVar, Literal

import msgspec

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Instants in ms since the epoch; `mac` is that of `signature.py`."""

    kind: ClassVar[str]
    mac: str = ""


class Command(Message, frozen=True, kw_only=True):
    """Play `text`, its languages in this order, `repeat` times.

    `id` is the delivery's key. `grade` is None where nothing is warned of any more. With `stop`, what this
    horn plays or has queued of an older revision of the incident ends first.
    """

    kind: ClassVar[str] = "command"
    id: str
    incident: str
    revision: int
    warning: str
    act: str
    grade: str | None
    text: dict[str, str]
    repeat: int
    expires: int
    realm: str
    stop: bool
    nonce: str


class Poll(Message, frozen=True, kw_only=True):
    """Are you there?"""

    kind: ClassVar[str] = "poll"
    nonce: str
    at: int


class Receipted(Message, frozen=True, kw_only=True):
    """The receipt of the command `id`; `reason` says why it failed."""

    kind: ClassVar[str] = "receipt"
    id: str
    state: Literal["played", "failed"]
    at: int
    reason: str = ""


class Present(Message, frozen=True, kw_only=True):
    """The answer to the poll with this nonce; `battery` is None on mains."""

    kind: ClassVar[str] = "state"
    nonce: str
    at: int
    volume: Percent
    battery: Percent | None = None


class Pressed(Message, frozen=True, kw_only=True):
    """Somebody at the horn has heard the command `id`, the one it plays or played last."""

    kind: ClassVar[str] = "button"
    id: str
    at: int
