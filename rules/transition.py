"""One change of a warning: before, after, when, why."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

from rules.grade import Grade


class Disposition(StrEnum):
    """Whether it goes out by itself or waits for a person."""

    AUTO = "auto"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """`at` in ms since the epoch; `ordinal` counts the transitions of one warning from 0.

    `evidence` holds plain JSON values: `text` (the condition with its values), `values`, `coverage`,
    `quality`, `observed`, `rule` (the hash of the rule's meaning).
    """

    at: int
    rule: str
    subject: str
    warning: str
    ordinal: int
    before: Grade | None
    after: Grade | None
    disposition: Disposition
    reason: str
    evidence: dict[str, Any]


def warning_id(rule: str, subject: str, first_raise: int) -> str:
    """The identity of a warning (D18): recovery repeats nothing because it names the same warning."""
    return blake2b(f"{rule}\0{subject}\0{first_raise}".encode(), digest_size=8).hexdigest()


def iso(instant: int) -> str:
    """`instant` (ms) as ISO 8601 in UTC with milliseconds: `2018-06-03T21:10:00.000+00:00`."""
    return datetime.fromtimestamp(instant / 1000, UTC).isoformat(timespec="milliseconds")


def line(transition: Transition) -> bytes:
    """The transition as one JSON line, without the newline: what replay prints and the outbox compares."""
    return msgspec.json.encode(
        {
            "at": iso(transition.at),
            "rule": transition.rule,
            "subject": transition.subject,
            "warning": transition.warning,
            "from": None if transition.before is None else str(transition.before),
            "to": None if transition.after is None else str(transition.after),
            "disposition": str(transition.disposition),
            "reason": transition.reason,
            "evidence": transition.evidence,
        }
    )
