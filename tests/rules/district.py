"""A small district for tests of rules over places: zones, gateways, positions, rules from text."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from ingest.clock import DAY, MINUTE
from ingest.kinds import Reporting, ReportingMode
from ingest.registry import Registry, Sensor, Zone
from rules.engine import Engine
from rules.grade import Grade
from rules.language import parse_condition
from rules.language.vocabulary import Vocabulary
from rules.rule import Parameters, Release, Rule, Subjects
from rules.transition import Transition
from rules.warning import ZoneWarning
from tests.rules.town import KINDS, MIDNIGHT, Row, at, block, line


def zone(name: str, parent: str | None = None) -> Zone:
    return Zone(id=name, name={"en": name}, parent=parent, code="", polygon=())


def sensor(name: str, kind: str = "smoke", every: int = 10_000, **more: object) -> Sensor:
    """A sensor of zone `z` unless `zone=` is given; `gateway=`, `place=(lon, lat)`, `site={"a": "2 m"}`."""
    lon, lat = more.get("place", (None, None))  # type: ignore[misc]
    site = {k: (Decimal(v.split()[0]), v.split()[1]) for k, v in dict(more.get("site", {})).items()}  # type: ignore[call-overload]
    return Sensor(
        id=name,
        kind=kind,
        zone=str(more.get("zone", "z")),
        gateway=str(more.get("gateway", "")),
        lon=lon,
        lat=lat,
        heartbeat=int(more.get("heartbeat", DAY)),  # type: ignore[call-overload]
        reporting=Reporting(ReportingMode.PERIODIC if every else ReportingMode.ON_CHANGE, every),
        site=site,
        tags=frozenset(more.get("tags", ())),  # type: ignore[call-overload]
    )


def place_rule(
    subjects: Subjects,
    grades: Mapping[str, str],
    *,
    name: str = "r",
    only_if: str | None = None,
    **more: object,
) -> Rule:
    """A rule over places with its conditions as text.

    `sustain`, `after`, `missing`, `max_age` in ms, `margin` as text, `kind`, `zone`, `tag`, `descendants`.
    """
    number, _, unit = str(more.get("margin", "")).partition(" ")
    share = Decimal(number) / 100 if unit == "%" else Decimal(0)
    amount = Decimal(number) if number and unit != "%" else Decimal(0)
    kind = str(more.get("kind", ""))
    words = Vocabulary(KINDS, KINDS[kind] if kind else None)
    return Rule(
        id=name,
        title={"en": name},
        hazard="fire",
        subjects=subjects,
        kind=kind,
        tag=more.get("tag"),  # type: ignore[arg-type]
        zone=more.get("zone"),  # type: ignore[arg-type]
        descendants=bool(more.get("descendants", False)),
        grades={Grade.named(g): parse_condition(text, words) for g, text in grades.items()},
        only_if=parse_condition(only_if, words) if only_if else None,
        sustain={Grade.named(g): int(more.get("sustain", 0)) for g in grades},  # type: ignore[call-overload]
        release=Release(int(more.get("after", 10 * MINUTE)), share, amount, "" if unit == "%" else unit),  # type: ignore[call-overload]
        silent_after=int(more.get("missing", 3)),  # type: ignore[call-overload]
        max_age=int(more.get("max_age", 10 * MINUTE)),  # type: ignore[call-overload]
        parameters=more.get("parameters", Parameters()),  # type: ignore[arg-type]
        advice={},
        source="",
        meaning=repr((subjects, grades, only_if, sorted(more.items(), key=lambda item: item[0]))),
        file="",
        line=0,
    )


class District:
    """An engine with rules over places, driven by clock times; `lines` tells what it said so far."""

    def __init__(self, rules: Iterable[Rule], sensors: Iterable[Sensor], zones: Iterable[Zone] = ()) -> None:
        self.registry = Registry.of(list(sensors), {zone.id: zone for zone in zones})
        self.rules = tuple(rules)
        self.transitions: list[Transition] = []
        self.engine = Engine(KINDS, self.registry, self.rules)
        self.until_ms(MIDNIGHT)

    def receive(self, received: int, rows: Iterable[Row]) -> None:
        """One block of readings."""
        self.transitions += self.engine.advance(block(self.registry, received, rows))

    def send(self, name: str, observed: str, value: object, **more: object) -> None:
        """One reading of a sensor; `metric=` unless it is its kind's first, `received=`, `quality=`."""
        stamp = at(observed)
        received = more.get("received", observed)
        self.receive(at(str(received)), [self.row(name, stamp, value, **more)])

    def row(self, name: str, stamp: int, value: object, **more: object) -> Row:
        kind = KINDS[self.registry.sensors[self.registry.slots[name]].kind]
        metric = str(more.get("metric") or next(iter(kind.metrics)))
        quality, message = int(more.get("quality", 0)), int(more.get("message", 0))  # type: ignore[call-overload]
        return Row(name, metric, Decimal(str(value)), stamp, quality=quality, message=message)

    def every(self, name: str, step: int, first: str, values: Iterable[object]) -> None:
        """Values one after another, `step` ms apart, each received as it is observed."""
        for k, value in enumerate(values):
            stamp = at(first) + k * step
            self.receive(stamp, [self.row(name, stamp, value)])

    def until(self, instant: str) -> None:
        self.until_ms(at(instant))

    def until_ms(self, instant: int) -> None:
        self.transitions += self.engine.advance_to(instant)

    def blinded(self, since: str, until: str) -> None:
        """Nothing was seen from `since` to `until`, and nothing fell due."""
        self.transitions += self.engine.blind(at(since), at(since))
        self.transitions += self.engine.sighted(at(until))

    def restart(self) -> None:
        """As after a crash: everything from a snapshot."""
        state = self.engine.snapshot()
        self.engine = Engine(KINDS, self.registry, self.rules)
        self.engine.restore(state)

    def reload(self, instant: str, rules: Iterable[Rule], sensors: Iterable[Sensor]) -> None:
        """Go on with other rules and sensors; the zones stay."""
        self.until(instant)
        self.registry, self.rules = Registry.of(list(sensors), self.registry.zones), tuple(rules)
        self.engine, found = self.engine.carry(KINDS, self.registry, self.rules, at(instant))
        self.transitions += found

    def warnings(self, *, orphaned: bool = False) -> list[ZoneWarning]:
        """The open warnings that are judged, or those that are not any more."""
        return [warning for warning in self.engine.warnings() if warning.orphaned == orphaned]

    @property
    def lines(self) -> list[str]:
        """`10:00 none>yellow`, with ` review` unless it goes out by itself; after its subject, but z."""
        return [line(t) if t.subject == "z" else f"{t.subject} {line(t)}" for t in self.transitions]
