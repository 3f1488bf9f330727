"""Routes files and the one answer to "who is told"."""

from datetime import UTC
from decimal import Decimal
from pathlib import Path

from ingest.kinds import Reporting, ReportingMode
from ingest.registry import Registry, Sensor, Zone
from ingest.registry.zones_file import read_zones
from notifiers.contacts import Contacts
from notifiers.contacts_file import read_contacts
from notifiers.coverage import coverage
from notifiers.routes import Reach, Routes
from notifiers.routes_file import read_routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.language.tree import Comparison, Literal, Value
from rules.rule import Release, Rule
from rules.transition import Disposition, Transition

CONTACTS = """\
people:
  ana: {name: {en: Ana}, phone: "+8610000000001", languages: [en]}
  bo: {name: {en: Bo}, phone: "+8610000000002", languages: [zh]}
groups:
  duty: [ana, bo]
"""
ROUTES = """\
routes:
  - {hazard: "*", grades: [red], to: [ana, horns], channels: [sms, loudspeaker]}
  - {hazard: rain, grades: [orange, red], zones: [town], to: [duty], channels: [sms]}
  - {hazard: fire, grades: [red], zones: [mill], to: [bo], channels: [sms]}
"""


SHIPPED = {"sms": Reach.PHONE, "mail": Reach.EMAIL, "board": Reach.PUBLIC, "loudspeaker": Reach.HORN}


def zone(id_: str, parent: str | None, *horns: str) -> Zone:
    return Zone(id=id_, name={"en": id_}, parent=parent, code="", polygon=(), horns=horns)


ZONES = {z.id: z for z in (zone("town", None), zone("mill", "town", "horn-1", "horn-2"), zone("far", None))}
SENSOR = Sensor(
    id="rain-1",
    kind="rain",
    zone="mill",
    gateway="",
    lon=None,
    lat=None,
    heartbeat=1,
    reporting=Reporting(ReportingMode.EVENT),
    site={},
)
REGISTRY = Registry.of([SENSOR], ZONES)
RULE = Rule(
    id="rainstorm",
    title={"en": "Rainstorm"},
    hazard="rain",
    kind="rain",
    tag=None,
    zone=None,
    grades={Grade.ORANGE: Comparison(Value("rain"), ">=", Literal(Decimal(1), "mm"))},
    only_if=None,
    sustain={Grade.ORANGE: 0},
    release=Release(0),
    silent_after=3,
    max_age=1,
    advice={},
    source="",
    meaning="",
    file="rules.yaml",
    line=1,
)


def contacts() -> Contacts:
    known, _ = read_contacts("contacts.yaml", CONTACTS)
    assert known is not None
    return known


def routes(text: str) -> Routes:
    read, found = read_routes("routes.yaml", text, contacts(), REGISTRY)
    assert found == []
    assert read is not None
    return read


def router(text: str = ROUTES, rules: tuple[Rule, ...] = (RULE,)) -> Router:
    return Router(routes(text), REGISTRY, rules, UTC)


def told(zone_: str, hazard: str, grade: Grade, text: str = ROUTES) -> list[tuple[str, str]]:
    return [(a.recipient, a.channel) for a in router(text).who(zone_, hazard, grade, 0)]


def findings(text: str) -> list[tuple[str, int, str]]:
    read, found = read_routes("routes.yaml", text, contacts(), REGISTRY)
    assert read is None
    return [(f.code, f.line, f.suggestion) for f in found]


def transition(
    rule: str = "rainstorm", subject: str = "rain-1", grade: Grade | None = Grade.ORANGE
) -> Transition:
    return Transition(
        at=0,
        rule=rule,
        subject=subject,
        warning="w",
        ordinal=0,
        before=None,
        after=grade,
        disposition=Disposition.AUTO,
        reason="raised",
        evidence={},
    )


def test_a_route_of_a_zone_covers_the_zones_below_and_no_others() -> None:
    assert told("mill", "rain", Grade.ORANGE) == [("ana", "sms"), ("bo", "sms")]
    assert told("town", "rain", Grade.ORANGE) == [("ana", "sms"), ("bo", "sms")]
    assert told("far", "rain", Grade.ORANGE) == []


def test_hazard_and_grade_must_fit() -> None:
    assert told("mill", "fire", Grade.ORANGE) == []
    assert told("far", "fire", Grade.RED) == [("ana", "sms")]


def test_horns_are_those_of_the_warnings_own_zone() -> None:
    speakers = [("horn-1", "loudspeaker"), ("horn-2", "loudspeaker")]
    assert told("mill", "fire", Grade.RED) == [("ana", "sms"), *speakers, ("bo", "sms")]
    assert told("town", "fire", Grade.RED) == [("ana", "sms")]


def test_nobody_is_named_twice_and_the_first_route_says_why() -> None:
    [ana, *_, bo] = router().who("mill", "rain", Grade.RED, 0)
    assert (ana.recipient, ana.why, ana.languages) == ("ana", "routes.yaml:2", ("en",))
    assert (bo.recipient, bo.why, bo.address) == ("bo", "routes.yaml:3", "+8610000000002")


def test_a_transition_is_routed_by_its_sensors_zone_and_its_rules_hazard() -> None:
    assert (router().zone(transition()), router().hazard(transition())) == ("mill", "rain")
    assert router().zone(transition(subject="mill")) == "mill"


def test_a_transition_of_a_removed_rule_or_sensor_still_reaches_the_general_routes() -> None:
    gone = transition(rule="gone", subject="gone", grade=Grade.RED)
    placed = router().zone(gone), router().hazard(gone)
    assert placed == ("gone", "gone")
    assert [a.recipient for a in router().who(*placed, Grade.RED, 0)] == ["ana"]


def test_every_unknown_name_is_found_with_a_suggestion() -> None:
    text = ROUTES.replace("[town]", "[twon]").replace("to: [bo]", "to: [duti]")
    assert findings(text) == [("E310", 3, "did you mean town?"), ("E311", 4, "did you mean duty?")]


def test_recipients_and_channels_that_cannot_meet_are_found() -> None:
    wrong = """\
routes:
  - {hazard: "*", grades: [red], to: [horns], channels: [sms]}
  - {hazard: "*", grades: [red], to: [ana], channels: [loudspeaker]}
  - {hazard: "*", grades: [red], zones: [far], to: [horns], channels: [loudspeaker]}
"""
    found = [(code, line) for code, line, _ in findings(wrong)]
    assert found == [("E312", 2), ("E313", 2), ("E312", 3), ("E313", 3), ("E314", 4)]


def test_a_fifth_grade_and_an_empty_list_are_found() -> None:
    text = ROUTES.replace("[orange, red]", "[purple]").replace("to: [bo]", "to: []")
    assert [(code, line) for code, line, _ in findings(text)] == [("E112", 3), ("E112", 4)]


def test_what_reaches_nobody_is_found_for_each_leaf_zone_and_grade() -> None:
    assert router().unreached(0) == [("far", "rain", Grade.ORANGE)]
    [finding] = coverage("routes.yaml", router(), 0)
    assert (finding.code, finding.message) == ("E320", "rain orange reaches nobody in far")


def test_the_shipped_routes_fit_the_shipped_contacts() -> None:
    known, _ = read_contacts("contacts.yaml", Path("configs/contacts.yaml").read_text("utf-8"))
    assert known is not None
    text = Path("configs/routes.yaml").read_text("utf-8")
    zones, _ = read_zones("zones.geojson", Path("configs/zones.geojson").read_text("utf-8"))
    assert zones is not None
    read, found = read_routes("routes.yaml", text, known, Registry.of([], zones), SHIPPED)
    assert found == []
    assert read is not None
    everyone = Router(read, Registry.of([], zones), (RULE,), UTC, SHIPPED)
    assert everyone.unreached(0) == []
    assert everyone.channels == SHIPPED.keys()
