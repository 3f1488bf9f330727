"""What came of a drill, read from its record: what was raised, who heard of it and when, who did what.

The instants at which people heard are those of the simulated phones and loudspeakers, not of the channels.
"""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from notifiers.bulletin import Act
from notifiers.outbox.desk import Desk
from notifiers.outbox.handover import Told
from notifiers.outbox.proposals import Decision
from notifiers.outbox.reader import Progress
from notifiers.outbox.unreached import Unreached
from rules.grade import Grade

EVERYTHING = 10**9


class Heard(msgspec.Struct, frozen=True):
    """A delivery that a phone showed or a loudspeaker played, at `at` (ms)."""

    at: int
    key: str


@dataclass(frozen=True, slots=True)
class Rise:
    """A warning reaches a grade at `at` (ms); `zone` and `hazard` are those of its incident."""

    at: int
    rule: str
    subject: str
    zone: str
    hazard: str
    grade: Grade
    incident: str


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one recipient is told of an incident; `heard` (ms) is None where it never arrived.

    `grade` is None for the end of it. What waited for a release was `created` when it was released.
    """

    incident: str
    zone: str
    hazard: str
    act: Act
    grade: Grade | None
    recipient: str
    channel: str
    created: int
    heard: int | None


@dataclass(frozen=True, slots=True)
class Reached:
    """A stage of a work order: acknowledged, arrived, handled."""

    incident: str
    stage: str
    grade: Grade
    at: int
    by: str


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did at the desk or by answering, and whether it was done."""

    at: int
    by: str
    does: str
    incident: str
    done: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Everything in the order of time; instants in ms since the epoch."""

    began: int
    ended: int
    incidents: Sequence[Told]
    rises: Sequence[Rise]
    hearings: Sequence[Hearing]
    stages: Sequence[Reached]
    deeds: Sequence[Deed]
    unreached: Sequence[Unreached]


def performed(outbox: Path, heard: Sequence[Heard], began: int, ended: int) -> Performance:
    """Of the outbox of a drill that is over; raises OutboxError."""
    with closing(Desk.reading(outbox)) as desk:
        record = desk.handover(0, ended)
        incidents = {told.incident: told for told in (*record.raised, *record.open)}
        released = {
            (p.incident, p.revision): p.decided_at for p in record.decided if p.state is Decision.RELEASED
        }
        first: dict[str, int] = {}
        for each in heard:
            first.setdefault(each.key, each.at)
        return Performance(
            began=began,
            ended=ended,
            incidents=sorted(incidents.values(), key=lambda told: (told.opened, told.incident)),
            rises=_rises(desk, incidents),
            hearings=[_hearing(p, incidents, first, released) for p in reversed(desk.recent(EVERYTHING))],
            stages=[Reached(r.incident, r.stage, r.grade, r.at, r.user) for r in record.stages],
            deeds=_deeds(desk),
            unreached=record.unreached,
        )


def _rises(desk: Desk, incidents: Mapping[str, Told]) -> list[Rise]:
    found = []
    for _, line in desk.transitions(0, EVERYTHING):
        if line.after is not None and (line.before is None or line.after > line.before):
            told = incidents.get(desk.incident_of(line.warning) or "")
            place = (told.zone, told.hazard) if told else ("", "")
            incident = told.incident if told else ""
            found.append(Rise(line.at, line.rule, line.subject, *place, line.after, incident))
    return found


def _hearing(
    progress: Progress,
    incidents: Mapping[str, Told],
    first: Mapping[str, int],
    released: Mapping[tuple[str, int], int | None],
) -> Hearing:
    delivery = progress.delivery
    told_at = released.get((delivery.incident, delivery.revision)) or delivery.created
    told = incidents.get(delivery.incident)
    return Hearing(
        incident=delivery.incident,
        zone=told.zone if told else "",
        hazard=told.hazard if told else "",
        act=delivery.bulletin.act,
        grade=delivery.grade,
        recipient=delivery.recipient,
        channel=delivery.channel,
        created=max(told_at, delivery.created),
        heard=first.get(delivery.key),
    )


def _deeds(desk: Desk) -> list[Deed]:
    return [
        Deed(
            acted.at,
            acted.user,
            str(acted.action.__struct_config__.tag),
            str(getattr(acted.action, "incident", getattr(acted.action, "warning", ""))),
            acted.done,
            acted.said,
        )
        for acted in desk.actions(0)
    ]
