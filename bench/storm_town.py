"""A district to be stormed: a thousand villages with outlines, rules, routes, people, and the warnings."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from ingest.registry import Registry, Zone
from notifiers.contacts import Person
from notifiers.routes import Budgets, Route, Routes
from notifiers.routing import Router
from rules.grade import Grade
from rules.language.tree import Comparison, Literal, Value
from rules.rule import Release, Rule, Subjects
from rules.transition import Disposition, Transition

# 2018-06-03T21:10:00Z.
START = 1_528_060_200_000
WARNINGS = 10_000
TOWNS, VILLAGES = 20, 50
# Points of a village's outline; real ones of villages have some dozens.
POINTS = 60
RED = "dam"
TEXT = "sum(rain, 3h) = 57.8 mm >= 50 mm ✓"
BUDGETS = Budgets()
SMS, HORN = "sms", "loudspeaker"


class Shape(StrEnum):
    """What storms: one rule everywhere, which floods; many rules everywhere; in one village; all hazards."""

    ONE_RULE = "one rule"
    MANY_RULES = "many rules"
    ONE_ZONE = "one zone"
    ALL_HAZARDS = "all hazards"


@dataclass(frozen=True, slots=True)
class _Plan:
    rules: int
    hazards: int
    zones: int


_PLANS = {
    Shape.ONE_RULE: _Plan(rules=1, hazards=1, zones=TOWNS * VILLAGES),
    Shape.MANY_RULES: _Plan(rules=1_000, hazards=10, zones=TOWNS * VILLAGES),
    Shape.ONE_ZONE: _Plan(rules=1_000, hazards=10, zones=1),
    Shape.ALL_HAZARDS: _Plan(rules=1_000, hazards=1_000, zones=10),
}


def storm(shape: Shape, seed: int, warnings: int = WARNINGS) -> list[Transition]:
    """So many warnings of one instant, the one at a random place red; no two alike, none of two rules."""
    plan, chance = _PLANS[shape], random.Random(seed)
    lines = []
    for number in range(warnings):
        rule, turn = number % plan.rules, number // plan.rules
        # A rule's warnings are in different villages, as are the rules of one hazard.
        zone = (rule // plan.hazards + turn * (plan.rules // plan.hazards)) % plan.zones
        grade = chance.choice([Grade.BLUE, Grade.YELLOW, Grade.ORANGE])
        lines.append(_line(number, f"rule-{rule}", _village(zone), grade))
    position = chance.randrange(warnings)
    lines[position] = _line(position, RED, _village(chance.randrange(plan.zones)), Grade.RED)
    return lines


def router(shape: Shape, budgets: Budgets = BUDGETS) -> Router:
    """Everybody's routes: the duty room has everything, a town's officer what happens there, horns orange."""
    plan, zones = _PLANS[shape], _zones()
    rules = [_rule(f"rule-{number}", f"hazard-{number % plan.hazards}") for number in range(plan.rules)]
    routes = [_route(1, frozenset(Grade), (_person(0),), (SMS,))]
    routes += [
        _route(2 + town, frozenset(Grade), (_person(1 + town),), (SMS,), f"town-{town}")
        for town in range(TOWNS)
    ]
    routes.append(_route(2 + TOWNS, frozenset({Grade.ORANGE, Grade.RED}), (), (HORN,)))
    return Router(
        Routes(routes=tuple(routes), budgets=budgets),
        Registry.of([], zones),
        [*rules, _rule(RED, "dam")],
        ZoneInfo("Asia/Shanghai"),
    )


def _line(number: int, rule: str, zone: str, grade: Grade) -> Transition:
    return Transition(
        at=START,
        rule=rule,
        subject=zone,
        warning=f"{number:016x}",
        ordinal=0,
        before=None,
        after=grade,
        disposition=Disposition.AUTO,
        reason="raised",
        evidence={"text": TEXT, "coverage": 0.9},
    )


def _village(number: int) -> str:
    return f"village-{number % (TOWNS * VILLAGES)}"


def _zones() -> dict[str, Zone]:
    zones = [_zone("district", None, "区", 0)]
    zones += [_zone(f"town-{town}", "district", f"镇{town}", town) for town in range(TOWNS)]
    zones += [
        _zone(_village(number), f"town-{number // VILLAGES}", f"村{number}", number)
        for number in range(TOWNS * VILLAGES)
    ]
    return {zone.id: zone for zone in zones}


def _zone(identity: str, parent: str | None, name: str, number: int) -> Zone:
    lon, lat = 116 + number % 40 / 40, 30 + number // 40 / 40
    angles = [2 * math.pi * step / POINTS for step in range(POINTS)]
    ring = [(round(lon + 0.01 * math.cos(a), 6), round(lat + 0.01 * math.sin(a), 6)) for a in angles]
    return Zone(
        id=identity,
        name={"zh": name, "en": identity.capitalize()},
        parent=parent,
        code="",
        polygon=((*ring, ring[0]),),
        horns=(f"horn-{identity}",),
    )


def _rule(identity: str, hazard: str) -> Rule:
    return Rule(
        id=identity,
        title={"zh": f"规则{identity}", "en": f"Rule {identity}"},
        hazard=hazard,
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
        advice={"zh": "请立即转移至高处。", "en": "Move to higher ground now."},
        source="",
        meaning="",
        file="rules.yaml",
        line=1,
    )


def _person(number: int) -> Person:
    phone = f"+86{13800000000 + number}"
    return Person(id=f"officer-{number}", name={"zh": f"{number}号"}, phone=phone, languages=("zh", "en"))


def _route(
    line: int, grades: frozenset[Grade], people: Sequence[Person], channels: tuple[str, ...], zone: str = ""
) -> Route:
    return Route(
        hazard="*",
        grades=grades,
        zones=frozenset({zone} if zone else ()),
        people=tuple(people),
        horns=not people,
        channels=channels,
        file="routes.yaml",
        line=line,
    )
