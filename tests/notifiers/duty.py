"""Riverside and the town above it, who is told there, who is asked when nobody answers, an outbox at work."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any

from ingest.registry import Registry, Zone
from notifiers.action import Action, Answer, Taken
from notifiers.contacts import Person
from notifiers.delivery import Delivery, State
from notifiers.outbox import Outbox
from notifiers.outcome import Outcome, Sent
from notifiers.routes import Level, Reach, Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.transition import Disposition, Transition

START = 1_528_060_200_000


def person(name: str, number: int) -> Person:
    return Person(
        id=name,
        name={"en": name.title()},
        phone=f"+861000000000{number}",
        email=f"{name}@example.org",
        languages=("zh", "en"),
    )


ANA, BO, LIN, WEI, MAYOR = (person(name, n) for n, name in enumerate(("ana", "bo", "lin", "wei", "mayor")))
ZONES = {
    "town": Zone(id="town", name={"en": "Town"}, parent=None, code="", polygon=()),
    "riverside": Zone(
        id="riverside",
        name={"en": "Riverside"},
        parent="town",
        code="",
        polygon=(),
        horns=("horn-1", "horn-2"),
    ),
    "hillside": Zone(id="hillside", name={"en": "Hillside"}, parent="town", code="", polygon=()),
}
REACH = {"sms": Reach.PHONE, "email": Reach.EMAIL, "loudspeaker": Reach.HORN, "feed": Reach.PUBLIC}
CHANNELS = tuple(REACH)


def route(
    *people: Person,
    grades: Iterable[Grade] = Grade,
    channels: tuple[str, ...] = ("sms",),
    approval: bool = False,
    otherwise: tuple[str, ...] = (),
) -> Route:
    return Route(
        hazard="*",
        grades=frozenset(grades),
        zones=frozenset(),
        people=people,
        horns="loudspeaker" in channels,
        public="feed" in channels,
        channels=channels,
        otherwise=otherwise,
        approval=approval,
        file="routes.yaml",
        line=1,
    )


def level(zone: str, *people: Person, channel: str = "sms") -> Level:
    return Level(zones=frozenset({zone}), people=people, channels=(channel,), file="routes.yaml", line=9)


LEVELS = (level("riverside", LIN, WEI), level("town", MAYOR))


def router(*routes: Route, levels: tuple[Level, ...] = LEVELS, **changes: Any) -> Router:
    """Lin and Wei answer for Riverside, the mayor for the town."""
    known = Routes(routes=routes, levels=levels, **changes)
    return Router(known, Registry.of([], ZONES), [], UTC, REACH)


def raised(
    before: Grade | None = None,
    after: Grade | None = Grade.ORANGE,
    *,
    ordinal: int = 0,
    warning: str = "5f2a9c0e",
    rule: str = "river",
    subject: str = "riverside",
    at: int = START,
    review: bool = False,
    **evidence: Any,
) -> Transition:
    return Transition(
        at=at,
        rule=rule,
        subject=subject,
        warning=warning,
        ordinal=ordinal,
        before=before,
        after=after,
        disposition=Disposition.REVIEW if review else Disposition.AUTO,
        reason="raised" if after else "condition no longer holds",
        evidence={"text": "stage = 3.4 m >= 3.0 m ✓", **evidence},
    )


def commit(outbox: Outbox, by: Router, *lines: Transition, now: int = START) -> None:
    """Record lines and do all that is due, but send nothing."""
    outbox.commit(outbox.position + 1, lines)
    turn(outbox, by, now)


def turn(outbox: Outbox, by: Router, now: int) -> None:
    """What the dispatcher does in a round, but for sending."""
    with outbox.transaction():
        outbox.expire(now)
        while outbox.lapse(by, now):
            pass
        while outbox.route(by, now):
            pass


def send(
    outbox: Outbox, now: int = START, outcome: Outcome | None = None, receipt_within: int | None = None
) -> list[Delivery]:
    """Claim and settle what is due on every channel until nothing is."""
    sent = []
    while claimed := [d for channel in CHANNELS for d in outbox.claim(channel, now, 100)]:
        sent += claimed
        for delivery in claimed:
            outbox.settle(delivery.key, outcome or Sent("p"), now, receipt_within=receipt_within)
    return sent


def act(outbox: Outbox, action: Action, user: str = "lin", at: int = START) -> Answer:
    """As the next entry of the journal."""
    outbox.commit(outbox.position + 1, [])
    return outbox.act(outbox.position, at, Taken(user, f"account:{user}", action))


def told(deliveries: Iterable[Delivery]) -> list[tuple[str, str, str]]:
    """(recipient, act, grade) of each, sorted."""
    return sorted((d.recipient, str(d.bulletin.act), str(d.grade or "")) for d in deliveries)


def states(outbox: Outbox, warning: str = "5f2a9c0e") -> list[tuple[str, str, State]]:
    """(recipient, act, state) of every delivery of its incident, oldest first."""
    return [(p.delivery.recipient, str(p.delivery.bulletin.act), p.state) for p in outbox.story(warning)]
