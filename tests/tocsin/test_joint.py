"""Two sets of rules on one engine: each tells what it tells on an engine of its own, byte for byte."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ingest.clock import HOUR, MINUTE
from ingest.namespace import Namespace
from ingest.registry import Registry, Sensor
from rules.engine import Engine
from rules.rule import Confirm, Rule, Subjects
from rules.transition import Transition, line
from tests.rules.district import place_rule, zone
from tests.rules.drawn import SENSORS, START, STEP, journals, rules
from tests.rules.town import KINDS, Row, block, rule
from tocsin.comparison.joint import Joint, joined
from tocsin.judge import Basis

Journal: TypeAlias = list[tuple[int, list[list[Row]]]]
Set: TypeAlias = tuple[Rule, ...]

END = START + 200 * HOUR
ZONE = zone("z")
CONFIRM = Confirm(neighbours=1, radius=Decimal(10_000), share=Decimal("0.5"))
# Counted in the zone, at thresholds that the values cross.
INSIDE = {
    "smoke": ["smoke >= 0.15 dB/m", "smoke >= 0.2 dB/m"],
    "rain": ["sum(rain, 1h) >= 8 mm", "sum(rain, 1h) >= 5 mm"],
    "stage": ["stage >= 2 m", "stage >= 1.6 m"],
    "electrical": ["leakage >= 180 mA", "leakage >= 300 mA"],
}


def beside(sensors: Iterable[Sensor]) -> list[Sensor]:
    """A kilometre apart."""
    return [structs.replace(each, lon=116 + k / 96.3, lat=30.0) for k, each in enumerate(sensors)]


def basis(kind: str, found: Set, sensors: Iterable[Sensor] | None = None) -> Basis:
    known = beside(SENSORS[kind]) if sensors is None else [*sensors]
    return Basis("set", KINDS, Registry.of(known, {"z": ZONE}), found, Namespace.LIVE)


def told(by: Basis, journal: Journal) -> list[Transition]:
    engine = Engine(by.kinds, by.registry, by.rules)
    blocks = (block(by.registry, at, [row for rows in messages for row in rows]) for at, messages in journal)
    found = [transition for readings in blocks for transition in engine.advance(readings)]
    return found + engine.advance_to(END)


def assert_each_by_itself(joint: Joint, sides: tuple[Basis, Basis], journal: Journal) -> None:
    parts = joint.split(told(joint.basis, journal))
    for part, side in zip(parts, sides, strict=True):
        assert [line(each) for each in part] == [line(each) for each in told(side, journal)]


@st.composite
def changed(draw: st.DrawFn, of: Rule, kind: str) -> Rule:
    """As an operator would change it: how it lets go, for whom it waits, a grade less."""
    step, weakest = STEP[kind], min(of.grades)
    found = draw(
        st.sampled_from(
            [
                replace(of, release=replace(of.release, after=5 * step)),
                replace(of, max_age=2 * step),
                replace(of, silent_after=2),
                replace(of, only_if=None),
                replace(of, confirm=None if of.confirm else CONFIRM),
                replace(of, grades={weakest: of.grades[weakest]}, sustain={weakest: of.sustain[weakest]}),
                draw(rules(kind, of.id)),
            ]
        )
    )
    return replace(found, meaning=f"{found.meaning} changed")


@st.composite
def of_zone(draw: st.DrawFn, kind: str) -> Rule:
    counted = f"sensors({draw(st.sampled_from(INSIDE[kind]))}) >= {draw(st.integers(1, 2))}"
    return place_rule(Subjects.ZONE, {"yellow": counted}, name="zone", max_age=30_000)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, Set, Set]:
    """Up to three rules on single sensors and one on their zone; each the same in both sets, or changed."""
    kind = draw(st.sampled_from(sorted(SENSORS)))
    old = [draw(rules(kind, name)) for name in "xyz"[: draw(st.integers(1, 3))]]
    old = [replace(each, confirm=draw(st.sampled_from([None, CONFIRM]))) for each in old]
    new = [draw(st.one_of(st.just(each), changed(each, kind))) for each in old]
    zones = draw(st.sampled_from([[], [draw(of_zone(kind))]]))
    other = draw(st.one_of(st.just(zones), of_zone(kind).map(lambda rule: [rule])))
    return kind, (*old, *zones), (*new, *other)


@given(pairs(), st.data())
def test_each_set_tells_what_it_tells_by_itself(drawn: tuple[str, Set, Set], data: st.DataObject) -> None:
    kind, old, new = drawn
    sides = basis(kind, old), basis(kind, new)
    joint = joined(*sides)
    if joint is not None:
        assert_each_by_itself(joint, sides, data.draw(journals(kind)))


def test_what_both_have_is_judged_once() -> None:
    both = rule("rain", {"orange": "sum(rain, 1h) >= 8 mm"}, name="both")
    old, new = (rule("rain", {"red": f"sum(rain, 1h) >= {mm} mm"}, name="other") for mm in (12, 10))

    itself = joined(basis("rain", (both, old)), basis("rain", (both, old)))
    other = joined(basis("rain", (both, old)), basis("rain", (both, new)))

    assert itself is not None
    assert other is not None
    assert itself.basis.rules == (both, old)
    assert other.basis.rules == (both, old, new)
    assert (itself.is_mostly_common, other.is_mostly_common) == (True, False)


def test_sets_that_look_back_differently_far_are_not_joined_as_late_readings_tell_them_apart() -> None:
    """2.5 mm, and 8 h later 1 mm of two minutes after them: only a day still holds the 2.5 mm."""
    short = rule("rain", {"blue": "sum(rain, 10min) >= 3 mm"}, name="short", max_age=24 * HOUR)
    day = rule("rain", {"blue": "sum(rain, 24h) >= 300 mm"}, name="day")
    late = START + 2 * MINUTE
    rain = [(START, "2.5", START), *((START + k * HOUR, "0", START + k * HOUR) for k in range(1, 9))]
    journal = [
        (received, [[Row("c", "rain", Decimal(amount), stamp)]])
        for received, amount, stamp in [*rain, (START + 8 * HOUR, "1", late)]
    ]
    sides = basis("rain", (short,)), basis("rain", (short, day))

    alone, beside_it = (told(side, journal) for side in sides)

    assert [each.rule for each in beside_it][:1] == ["short"]
    assert alone == []
    assert joined(*sides) is None


def test_a_changed_rule_that_learns_what_is_usual_is_not_joined() -> None:
    usual = rule("electrical", {"blue": "leakage / baseline(leakage, 2h, default=0 mA) > 2"})
    changed = replace(usual, max_age=MINUTE, meaning="changed")
    other = rule("electrical", {"red": "leakage >= 300 mA"}, name="other")

    assert joined(basis("electrical", (usual,)), basis("electrical", (changed,))) is None
    assert joined(basis("electrical", (usual,)), basis("electrical", (usual, other))) is not None


def test_other_sensors_are_not_joined() -> None:
    found = (rule("rain", {"red": "sum(rain, 1h) >= 12 mm"}),)
    fewer = basis("rain", found, beside(SENSORS["rain"][:2]))

    assert joined(basis("rain", found), fewer) is None
