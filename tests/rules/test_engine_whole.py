"""All sorts of rules in one engine: blocks, single messages, idle ticks and restarts say the same."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ingest.clock import MINUTE, SECOND
from ingest.registry import Registry, Sensor, Zone
from rules.engine import Engine
from rules.grade import Grade
from rules.language import parse_condition
from rules.language.vocabulary import Vocabulary
from rules.rule import Confirm, Rule, Subjects
from rules.transition import Transition, line
from tests.rules.town import KINDS, Row, at, block, rule, sensor

ZONES = {
    name: Zone(id=name, name={"en": name}, parent=parent, code="", polygon=())
    for name, parent in (("town", None), ("east", "town"), ("west", "town"))
}


def placed(name: str, kind: str, every: int, zone: str, km: float) -> Sensor:
    at_zone = sensor(name, kind, every, heartbeat=2 * MINUTE, zone=zone)
    return structs.replace(at_zone, gateway=f"gw-{zone}", lon=116 + km / 96.3, lat=30.0)


SENSORS = [
    placed("a", "smoke", 10 * SECOND, "east", 0),
    placed("b", "smoke", 10 * SECOND, "east", 1),
    placed("c", "smoke", 0, "west", 2),
    placed("n", "smoke", 20 * SECOND, "west", 3),
    placed("e", "electrical", 10 * SECOND, "west", 0),
]
REGISTRY = Registry.of(SENSORS, ZONES)


def place_rule(name: str, subjects: Subjects, descendants: bool = False, **grades: str) -> Rule:
    """A rule over zones or gateways; the rest is that of the town's rules."""
    words = Vocabulary(KINDS, None)
    conditions = {Grade.named(g): parse_condition(text, words) for g, text in grades.items()}
    return replace(
        rule("smoke", {"red": "smoke >= 9 dB/m"}, name=name, after=30 * SECOND, max_age=MINUTE),
        subjects=subjects,
        kind="",
        descendants=descendants,
        grades=conditions,
        sustain=dict.fromkeys(conditions, 0),
    )


RULES = (
    rule("smoke", {"yellow": "smoke >= 0.15 dB/m", "red": "sustained(smoke >= 0.15 dB/m, 20s)"}, name="own"),
    rule("smoke", {"blue": "age(smoke) >= 3 reports"}, name="silent", after=20 * SECOND, max_age=MINUTE),
    rule("smoke", {"blue": "smoke > 0 dB/m and hours(18:01-18:03)"}, name="clock", after=20 * SECOND),
    replace(
        rule(
            "smoke",
            {"orange": "max(smoke, 1min) >= 0.2 dB/m", "red": "smoke >= 0.3 dB/m"},
            name="confirmed",
            sustain={"red": 10 * SECOND},
            after=30 * SECOND,
        ),
        confirm=Confirm(1, Decimal(2500), Decimal("0.5")),
    ),
    rule("electrical", {"yellow": "leakage >= 300 mA"}, name="leak", sustain=15 * SECOND, after=30 * SECOND),
    place_rule(
        "fire",
        Subjects.ZONE,
        yellow="sensors(smoke >= 0.15 dB/m) >= 1",
        red="sensors(smoke >= 0.15 dB/m, within=1min) >= 2",
    ),
    place_rule("share", Subjects.ZONE, True, orange="share(smoke >= 0.15 dB/m) >= 50 %"),
    place_rule("lost", Subjects.GATEWAY, orange="share(age() >= 3 reports) >= 60 %"),
)


@st.composite
def journals(draw: st.DrawFn) -> list[tuple[int, list[Row]]]:
    """Blocks of readings by the instant they are received."""
    # 18:00 in Shanghai, where the hours of the rules are.
    received, journal = at("10:00"), []
    for _ in range(draw(st.integers(1, 12))):
        received += draw(st.sampled_from([0, SECOND, 10 * SECOND, 10 * SECOND, 25 * SECOND, 2 * MINUTE]))
        rows = []
        for number in range(draw(st.integers(0, 5))):
            name = draw(st.sampled_from("abcne"))
            metric, values = (
                ("leakage", ["0", "310"]) if name == "e" else ("smoke", ["0", "0.1", "0.16", "0.4"])
            )
            lag = draw(st.sampled_from([0, 0, 0, SECOND, 15 * SECOND]))
            value = Decimal(draw(st.sampled_from(values)))
            quality = draw(st.sampled_from([0, 0, 0, 8]))
            rows.append(Row(name, metric, value, received - lag, quality=quality, message=number))
        journal.append((received, rows))
    return journal


def restarted(engine: Engine) -> Engine:
    """Another engine with the state of this one."""
    state = {k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in engine.snapshot().items()}
    found = Engine(KINDS, REGISTRY, RULES)
    found.restore(state)
    return found


def lines_of(transitions: list[Transition]) -> list[bytes]:
    return sorted(line(t) for t in transitions)


@given(journals(), st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.data())
def test_cuts_idle_ticks_and_restarts_change_nothing(
    journal: list[tuple[int, list[Row]]], blind: set[int], restarts: set[int], data: st.DataObject
) -> None:
    whole, cut = Engine(KINDS, REGISTRY, RULES), Engine(KINDS, REGISTRY, RULES)
    told: list[Transition] = []
    again: list[Transition] = []
    before = at("09:59")
    for number, (received, rows) in enumerate(journal):
        if number in blind:
            for engine, lines in ((whole, told), (cut, again)):
                lines += engine.blind(before, received)
                lines += engine.sighted(received)
        else:
            for instant in sorted(data.draw(st.sets(st.integers(before, received), max_size=2))):
                again += cut.advance_to(instant)
        told += whole.advance(block(REGISTRY, received, rows))
        for row in rows:
            if number in restarts:
                cut = restarted(cut)
            again += cut.advance(block(REGISTRY, received, [row]))
        before = received
    end = before + 10 * MINUTE
    told += whole.advance_to(end)
    again += restarted(cut).advance_to(end)
    assert lines_of(again) == lines_of(told)
