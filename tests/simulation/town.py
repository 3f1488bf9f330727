"""The village with horns, and a clockwork that is short: reports every 10 s, releases of half a minute.

So much happens soon.
"""

import random
from dataclasses import replace
from functools import cache

from ingest.clock import SECOND
from notifiers.contacts import Contacts
from notifiers.routes import Level, Route
from notifiers.routing import Router
from tests.tocsin import village
from tocsin.bundle import Bundle
from tocsin.configuration import Configuration, configure
from tocsin.judge import Basis
from tocsin.wiring import router_of

EVERY = 10 * SECOND

SETTINGS = f"""\
{village.SETTINGS.replace(", linger: 0s", "")}\
  loudspeaker: {{via: loudspeaker, realm: live, key_env: TOCSIN_HORN_KEY, receipt_within: 30s}}
"""
HORNS = """,
 "horns": ["horn-1"]}"""
RULES = """\
rules:
  - id: river
    title: {zh: 洪水, en: River}
    hazard: flood
    for_each: stage sensor
    grades:
      blue: rise(stage, 1min) >= 1.5 m
      yellow: stage >= site.warning_stage
      orange: sustained(stage >= 3 m, 20s)
      red: stage >= 4 m
    release: {margin: 0.1 m, after: 30s}
    missing: {after: 3 reports, raise: yellow}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: "made up", status: project}
  - id: rain
    title: {zh: 降雨, en: Rain}
    hazard: rain
    for_each: rain sensor
    grades:
      yellow: sum(rain, 1min) >= 20 mm
      red: sum(rain, 30s) >= 30 mm
    sustain: {yellow: 15s}
    release: {margin: 10 %, after: 40s}
    advice: {zh: 勿动。, en: Stay.}
    source: {text: "made up", status: project}
  - id: village
    title: {zh: 全村, en: Whole village}
    hazard: flood
    for_each: zone
    grades:
      red: "sensors(stage >= 2.5 m, within=30s) >= 2"
    release: {after: 30s}
    advice: {zh: 撤离。, en: Leave.}
    source: {text: "made up", status: project}
"""
ROUTES = f"""\
{village.ROUTES}\
  - {{hazard: "*", grades: [orange, red], to: [horns], channels: [loudspeaker]}}
"""
OTHERS = {
    "kinds.yaml": village.KINDS.replace("5min", "10s").replace("1h", "10s"),
    "sensors.csv": village.SENSORS.replace(",village,,,", ",village,,,gw"),
    "zones.geojson": village.ZONES.replace('"110101001001"}', f'"110101001001"{HORNS}'),
    "routes.yaml": ROUTES,
}
PHONES = {"ana": "+8610000000001", "bo": "+8610000000002", "wu": "+8610000000003"}
SENSOR_IDS = ("river-1", "river-2", "river-3", "rain-1", "rain-2")


def bundle(rules: str = RULES) -> Bundle:
    return village.bundle(SETTINGS, rules, OTHERS)


def bundles() -> tuple[Bundle, ...]:
    """What reloads go to and fro between: a threshold, a release and a rule differ."""
    stricter = RULES.replace("stage >= 4 m", "stage >= 3.5 m")
    longer = RULES.replace("margin: 0.1 m, after: 30s", "margin: 0.2 m, after: 45s")
    return bundle(), bundle(stricter), bundle(longer)


@cache
def configured(number: int = 0) -> Configuration:
    """Of a flood the horns tell once a person has released it; Bo and Wu answer for the village."""
    read = configure(bundles()[number])
    ana = read.contacts.people["ana"]
    people = {name: replace(ana, id=name, phone=phone) for name, phone in PHONES.items()}
    level = Level(
        zones=frozenset({"village"}),
        people=(people["bo"], people["wu"]),
        channels=("sms",),
        file="routes.yaml",
        line=9,
    )
    routes = replace(read.routes, routes=(*read.routes.routes[:1], *_horns(read)), levels=(level,))
    return replace(read, contacts=Contacts(people, {}), routes=routes)


def _horns(read: Configuration) -> tuple[Route, ...]:
    horns = read.routes.routes[1]
    return replace(horns, hazard="flood", approval=True), replace(horns, hazard="rain")


@cache
def router(number: int = 0) -> Router:
    return router_of(configured(number))


@cache
def basis_of(hash_: str) -> Basis:
    """The basis of one of the town's bundles by its hash; built once, for nothing changes it."""
    return next(configured(n).basis for n, each in enumerate(bundles()) if each.hash == hash_)


class Weather:
    """Levels that wander between quiet and flood, so that every grade is reached and left."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._level = dict.fromkeys(SENSOR_IDS, 1.0)

    def measure(self, sensor: str) -> float:
        if sensor.startswith("rain"):
            return self._chance.choice([0.0, 0.0, 0.0, 2.0, 12.0])
        if self._chance.random() < 0.2:
            self._level[sensor] = self._chance.choice([1.0, 1.0, 2.1, 2.6, 3.2, 4.2])
        return round(self._level[sensor] + self._chance.choice([0.0, 0.01, 0.03]), 3)
