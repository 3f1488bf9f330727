"""A town with a mill below it and a place far away, and whom they can tell: for tests of routes."""

from datetime import UTC
from decimal import Decimal

from ingest.kinds import Reporting, ReportingMode
from ingest.registry import Registry, Sensor, Zone
from notifiers.contacts import Contacts
from notifiers.contacts_file import read_contacts
from notifiers.routes import Reach, Routes
from notifiers.routes_file import read_routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.language.tree import Comparison, Literal, Value
from rules.rule import Release, Rule

CONTACTS = """\
people:
  ana: {name: {en: Ana}, phone: "+8610000000001", email: ana@town.example, languages: [en]}
  bo: {name: {en: Bo}, phone: "+8610000000002", languages: [zh]}
  cy: {name: {en: Cy}, email: cy@town.example, languages: [zh, en], account: cy, roles: [approver]}
  di: {name: {en: Di}, phone: "+8610000000004", languages: [zh], account: di, roles: [approver]}
groups:
  duty: [ana, bo]
  night: [watch]
rosters:
  watch: {from: 1970-01-01T00:00Z, shift: 1h, turns: [bo, [di, ana]]}
"""
REACH = {"sms": Reach.PHONE, "mail": Reach.EMAIL, "board": Reach.PUBLIC, "loudspeaker": Reach.HORN}
HOUR = 3_600_000


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


def rule(*grades: Grade, hazard: str = "rain") -> Rule:
    """Raises these grades of `hazard`."""
    condition = Comparison(Value("rain"), ">=", Literal(Decimal(1), "mm"))
    return Rule(
        id="rainstorm",
        title={"en": "Rainstorm"},
        hazard=hazard,
        kind="rain",
        tag=None,
        zone=None,
        grades=dict.fromkeys(grades, condition),
        only_if=None,
        sustain=dict.fromkeys(grades, 0),
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
    known, found = read_contacts("contacts.yaml", CONTACTS)
    assert found == []
    assert known is not None
    return known


def routes(text: str) -> Routes:
    read, found = read_routes("routes.yaml", text, contacts(), REGISTRY, REACH)
    assert found == []
    assert read is not None
    return read


def router(text: str, *rules: Rule) -> Router:
    return Router(routes(text), REGISTRY, rules or (rule(Grade.ORANGE),), UTC, REACH)


def findings(text: str) -> list[tuple[str, int, str]]:
    """Code, line and the way out of each finding of a file that is refused."""
    read, found = read_routes("routes.yaml", text, contacts(), REGISTRY, REACH)
    assert read is None
    return [(f.code, f.line, f.suggestion) for f in found]
