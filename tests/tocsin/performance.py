"""What might have come of a drill in the shipped county, said instant by instant."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ingest.clock import MINUTE
from notifiers.bulletin import Act
from notifiers.outbox.handover import Told
from notifiers.outbox.unreached import Unreached, Why
from rules.grade import Grade
from tocsin.configuration import Configuration, configure, read_bundle
from tocsin.drill.performance import Deed, Hearing, Performance, Reached, Rise

CONFIGS = Path(__file__).parents[2] / "configs"
BEGAN = 1_800_000_000_000
INCIDENT = "0123456789abcdef"


@cache
def county() -> Configuration:
    """The shipped configuration."""
    return configure(read_bundle(CONFIGS / "tocsin.yaml"))


def rise(minute: float, rule: str, zone: str, grade: Grade, subject: str = "") -> Rise:
    return Rise(BEGAN + int(minute * MINUTE), rule, subject or zone, zone, "fire", grade, INCIDENT)


def hearing(who: str, minute: float | None, grade: Grade | None = Grade.RED, **changes: object) -> Hearing:
    """Announced at minute 10 in Market Street, unless said otherwise."""
    said = {
        "incident": INCIDENT, "zone": "market-street", "hazard": "fire", "act": Act.ALERT, "grade": grade,
        "recipient": who, "channel": "sms", "created": BEGAN + 10 * MINUTE,
        "heard": None if minute is None else BEGAN + int(minute * MINUTE),
    }  # fmt: skip
    return Hearing(**{**said, **changes})  # type: ignore[arg-type]


def reached(minute: float, stage: str, grade: Grade = Grade.RED) -> Reached:
    return Reached(INCIDENT, stage, grade, BEGAN + int(minute * MINUTE), "lin-duty")


def deed(minute: float, who: str, does: str, *, done: bool = True) -> Deed:
    return Deed(BEGAN + int(minute * MINUTE), who, does, INCIDENT, done, "")


def missing(who: str) -> Unreached:
    return Unreached(Why.MISSED, INCIDENT, "market-street", "fire", Grade.RED, who, "no receipt", BEGAN)


def performance(
    *,
    rises: Sequence[Rise] = (),
    hearings: Sequence[Hearing] = (),
    stages: Sequence[Reached] = (),
    deeds: Sequence[Deed] = (),
    unreached: Sequence[Unreached] = (),
) -> Performance:
    """Of one hour, with one incident in Market Street."""
    told = Told(INCIDENT, "fire", "market-street", Grade.RED, BEGAN + 9 * MINUTE, None, "")
    return Performance(
        began=BEGAN, ended=BEGAN + 60 * MINUTE, incidents=[told], rises=rises, hearings=hearings,
        stages=stages, deeds=deeds, unreached=unreached,
    )  # fmt: skip
