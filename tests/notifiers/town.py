"""A small town of three levels, its routes and rules, and an outbox worked by hand: for tests of storms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from decimal import Decimal

from ingest.registry import Registry, Zone
from notifiers.contacts import Person
from notifiers.delivery import Delivery
from notifiers.outbox import Outbox
from notifiers.outcome import Sent
from notifiers.routes import Budgets, Level, QuietHours, Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.language.tree import Comparison, Literal, Value
from rules.rule import Release, Rule, Subjects
from rules.transition import Disposition, Transition

# 2018-06-04T12:00:00Z.
NOON = 1_528_113_600_000
ANA = Person(id="ana", name={"en": "Ana"}, phone="+8610000000001", languages=("zh", "en"))
BO = Person(id="bo", name={"en": "Bo"}, phone="+8610000000002", languages=("en",))
RULES = ("rain", "rain-fast", "river", "fire")


def zone(identity: str, parent: str | None) -> Zone:
    return Zone(
        id=identity, name={"en": identity.title(), "zh": identity}, parent=parent, code="", polygon=()
    )


# Forty villages of two towns of one district.
ZONES = {
    zone_.id: zone_
    for zone_ in (
        zone("district", None),
        zone("east", "district"),
        zone("west", "district"),
        *(zone(f"v{n}", "east" if n < 20 else "west") for n in range(40)),
    )
}


def rule(identity: str) -> Rule:
    """Judged for all 43 zones; of the hazard that its id begins with."""
    return Rule(
        id=identity,
        title={"en": identity.title(), "zh": identity},
        hazard=identity.partition("-")[0],
        subjects=Subjects.ZONE,
        kind="",
        tag=None,
        zone=None,
        grades={Grade.RED: Comparison(Value("rain"), ">=", Literal(Decimal(1), "mm"))},
        only_if=None,
        sustain={Grade.RED: 0},
        release=Release(0),
        silent_after=3,
        max_age=1,
        advice={},
        source="",
        meaning="",
        file="rules.yaml",
        line=1,
    )


def route(people: Sequence[Person], hazard: str = "*", grades: Iterable[Grade] = Grade) -> Route:
    return Route(
        hazard=hazard,
        grades=frozenset(grades),
        zones=frozenset(),
        people=tuple(people),
        channels=("sms",),
        file="routes.yaml",
        line=1,
    )


def router(
    *routes: Route,
    budgets: Budgets = Budgets(),  # noqa: B008
    quiet: QuietHours | None = None,
    rules: Sequence[str] = RULES,
    levels: tuple[Level, ...] = (),
) -> Router:
    """UTC is the local time."""
    known = Routes(routes=routes or (route([ANA]),), budgets=budgets, quiet_hours=quiet, levels=levels)
    return Router(known, Registry.of([], ZONES), [rule(name) for name in rules], UTC)


def line(
    place: str,
    after: Grade | None,
    before: Grade | None = None,
    *,
    rule: str = "rain",
    ordinal: int = 0,
    at: int = NOON,
    disposition: Disposition = Disposition.AUTO,
) -> Transition:
    """Of the one warning that `rule` has in `place`."""
    return Transition(
        at=at,
        rule=rule,
        subject=place,
        warning=f"{rule}-{place}",
        ordinal=ordinal,
        before=before,
        after=after,
        disposition=disposition,
        reason="raised",
        evidence={"text": "rain = 60 mm >= 50 mm ✓"},
    )


@dataclass
class Desk:
    """An outbox, and what its gateway took, in order."""

    outbox: Outbox
    router: Router
    now: int = NOON
    sent: list[Delivery] = field(default_factory=list)

    def tell(self, *lines: Transition) -> list[Delivery]:
        """Commit, and do all that is due; what was sent by it."""
        self.outbox.commit(self.outbox.position + 1, lines)
        return self.work()

    def at(self, now: int) -> list[Delivery]:
        """Go on to `now`, through every instant at which something is due; what was sent on the way."""
        sent: list[Delivery] = []
        while (due := self.outbox.due(self.now)) is not None and due <= now:
            self.now = due
            sent += self.work()
        self.now = now
        return sent + self.work()

    def work(self) -> list[Delivery]:
        """Rounds as the dispatcher makes them, until nothing is left."""
        taken: list[Delivery] = []
        while self.round(taken):
            pass
        self.sent += taken
        return taken

    def round(self, taken: list[Delivery]) -> int:
        with self.outbox.transaction():
            self.outbox.expire(self.now)
            done = self.outbox.lapse(self.router, self.now)
            done += self.outbox.route(self.router, self.now, limit=50)
            claimed = self.outbox.claim("sms", self.now, 100, red=True)
            claimed += self.outbox.claim("sms", self.now, 100)
            for delivery in claimed:
                self.outbox.settle(delivery.key, Sent("p"), self.now)
        taken += claimed
        return done + len(claimed)
