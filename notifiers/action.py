"""What a person does to warnings: journaled like every other input, applied in the outbox's transaction.

The user is whom the Unix socket's peer stands for in `contacts.yaml`, or whose telephone or horn answered; it
is never an argument.
"""

from typing import Literal, TypeAlias

import msgspec

from rules.grade import Grade

Scope: TypeAlias = Literal["sensor", "zone", "rule"]


class Acknowledge(msgspec.Struct, frozen=True, tag="ack"):
    """I know of it and take it on: reminders end, the warning does not."""

    incident: str


class Arrive(msgspec.Struct, frozen=True, tag="arrive"):
    """Somebody is there."""

    incident: str


class Handle(msgspec.Struct, frozen=True, tag="handle"):
    """What was to be done is done."""

    incident: str
    note: str = ""


class Close(msgspec.Struct, frozen=True, tag="close"):
    """End a warning that cannot end by itself: orphaned, blind, or raised by hand."""

    warning: str
    reason: str


class Cancel(msgspec.Struct, frozen=True, tag="cancel"):
    """It was wrong: everybody who was told is told so; silent until its condition lets go."""

    incident: str
    reason: str


class Release(msgspec.Struct, frozen=True, tag="release"):
    """What waits for a person goes out, if it still is what `hash` says.

    `break_glass`: by its own author, because nobody else is there; loud, recorded, escalated.
    """

    incident: str
    revision: int
    hash: str
    break_glass: bool = False
    reason: str = ""


class Refuse(msgspec.Struct, frozen=True, tag="refuse"):
    """What waits for a person does not go out."""

    incident: str
    revision: int
    reason: str


class Raise(msgspec.Struct, frozen=True, tag="raise"):
    """A warning by hand, or another grade of one that is open there; `text` by language."""

    hazard: str
    zone: str
    grade: Grade
    text: dict[str, str]


class Shelve(msgspec.Struct, frozen=True, tag="shelve"):
    """Tell nobody of this sensor, zone or rule until the instant `until` (ms).

    With `red` red ones too, once a second person has agreed.
    """

    scope: Scope
    name: str
    reason: str
    until: int
    red: bool = False
    maintenance: bool = False


class Agree(msgspec.Struct, frozen=True, tag="agree"):
    """The second person of a shelf that hides red."""

    shelf: int


class Unshelve(msgspec.Struct, frozen=True, tag="unshelve"):
    """Tell of it again; what is open is told at once."""

    shelf: int


Action: TypeAlias = (
    Acknowledge | Arrive | Handle | Close | Cancel | Release | Refuse | Raise | Shelve | Agree | Unshelve
)


class Taken(msgspec.Struct, frozen=True):
    """An action as it stands in the journal: `user` is the contact's id, `via` how it came.

    `via`: `account:<name>`, `sms:<number>` or `horn:<id>`.
    """

    user: str
    via: str
    action: Action

    def encode(self) -> bytes:
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> "Taken":
        """Raises msgspec.ValidationError for what is no action."""
        return msgspec.json.decode(data, type=cls)


class Answer(msgspec.Struct, frozen=True):
    """What became of an action: `done`, or refused and why; `said` is for the person."""

    done: bool
    said: str
