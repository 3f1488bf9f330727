"""What became of one attempt to send: a value with four cases, never a bool."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Sent:
    """The gateway took it under this id; a receipt may follow."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not taken; try again after this many ms.

    `lone`: the gateway works, and will not have any more for this recipient just now.
    """

    after: int
    reason: str
    lone: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not taken, and trying again would not help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The gateway may have taken it: repeated only where the gateway honours keys."""

    reason: str


Outcome: TypeAlias = Sent | Retry | Rejected | Unknown
