"""How a rule stands on a subject: what is missing, what waits, what stands, and that the engine agrees."""

import operator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.reading import Quality
from ingest.registry import Registry
from rules.engine import Engine
from rules.engine.explaining import explain
from rules.engine.parts import Part
from rules.engine.rule_account import GradeAccount, RuleAccount
from rules.grade import Grade
from rules.rule import Confirm, Rule, Subjects
from tests.conftest import EXAMPLES
from tests.rules import test_groups_properties as places
from tests.rules.broken import POISON, breaking
from tests.rules.district import District, place_rule
from tests.rules.district import sensor as member
from tests.rules.drawn import SENSORS, VALUES, cases
from tests.rules.reference_groups import GRID
from tests.rules.town import KINDS, MIDNIGHT, Row, Town, at, block, rule, sensor

COMPARE = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def river(**more: Any) -> Town:
    """A gauge that reports every 10 minutes."""
    grades = {"yellow": "stage >= 2 m", "red": "stage >= 3.5 m"}
    every = sensor("g", "stage", 10 * MINUTE)
    return Town([rule("stage", more.pop("grades", grades), **more)], every)


def of(town: Town | District, grade: str, subject: str = "g") -> GradeAccount:
    found = explain(town.engine, "r", subject)
    return next(each for each in found.grades if each.grade is Grade.named(grade))


def only(account: GradeAccount) -> Part:
    [part] = account.condition.parts
    return part


def test_what_is_missing_is_told_in_the_unit_of_the_threshold() -> None:
    town = river()
    town.send("10:00", "3.42")

    part = only(of(town, "red"))
    assert part.text == "stage = 3.42 m >= 3.5 m ✗"
    assert (part.missing, part.unit, part.verdict) == (Fraction("0.08"), "m", -1)
    assert of(town, "yellow").raised == at("10:00")
    assert only(of(town, "yellow")).missing == 0


def test_of_a_window_it_says_how_much_more_and_how_much_of_it_is_known() -> None:
    town = Town([rule("rain", {"orange": "sum(rain, 1h) >= 50 mm"})], sensor("g", "rain", 5 * MINUTE))
    town.every(5 * MINUTE, "10:05", [4] * 6)

    part = only(of(town, "orange"))
    assert (part.value, part.missing, part.verdict) == (24, 26, 0)
    assert (part.covered, part.width) == (30 * MINUTE, HOUR)


def test_what_stands_under_not_is_told_as_it_is_demanded() -> None:
    town = river(grades={"red": "not (stage < 3 m or stuck(stage, 1h))"})
    town.send("10:00", "2.5")

    low, stuck = of(town, "red").condition.parts
    assert (low.text, low.missing) == ("stage = 2.5 m >= 3 m ✗", Fraction("0.5"))
    assert stuck.text.startswith("not stuck(stage, 1h)")


def test_each_part_of_two_tells_what_is_missing_and_the_whole_is_as_far_as_the_farthest() -> None:
    town = river(grades={"red": "stage >= 3 m and rise(stage, 1h) > 0.5 m"})
    town.send("10:00", "2.9")
    town.send("10:10", "3.1")

    reached, risen = of(town, "red").condition.parts
    assert (reached.missing, risen.missing) == (0, Fraction("0.301"))
    assert of(town, "red").condition.distance == risen.distance > reached.distance == 0


def test_the_rest_of_a_sustain_and_of_a_sustained_is_counted_down() -> None:
    town = river(grades={"yellow": "stage >= 2 m", "red": "sustained(stage >= 3 m, 30min)"}, sustain=HOUR)
    town.send("10:00", "3.2")
    town.until("10:05")

    assert of(town, "yellow").sustain_left == 55 * MINUTE
    assert only(of(town, "red")).left == 25 * MINUTE
    assert of(town, "yellow").raised is None


def test_what_stands_tells_when_it_may_fall_and_what_holds_it() -> None:
    town = river(margin="0.2 m", after=30 * MINUTE)
    town.send("10:00", "3.5")
    town.send("10:10", "3.4")
    held = of(town, "red")
    town.send("10:20", "3")
    town.until("10:25")
    falling = of(town, "red")

    assert (held.raised, held.holds, held.release_left) == (at("10:00"), True, None)
    assert (falling.holds, falling.release_left) == (False, 25 * MINUTE)


def test_only_if_is_judged_for_itself() -> None:
    town = river(only_if="rise(stage, 1h) > 0 m")
    town.send("10:00", "3.6")

    found = explain(town.engine, "r", "g")
    assert found.only_if is not None
    assert (found.allowed, found.only_if.text) == (True, "rise(stage, 1h) = 0 m > 0 m ?")
    town.every(10 * MINUTE, "10:10", ["3.6"] * 6)
    assert not explain(town.engine, "r", "g").allowed


def test_suspect_and_stale_evidence_and_missing_neighbours_are_what_would_wait_for_a_person() -> None:
    confirm = Confirm(neighbours=2, radius=Decimal(10_000), share=Decimal("0.5"))
    ladder = replace(rule("stage", {"red": "stage >= 3.5 m"}), confirm=confirm)
    town = Town([ladder], sensor("g", "stage", 10 * MINUTE))
    town.send("10:00", "3.6", received="11:00", quality=Quality.SUSPECT)

    red = of(town, "red")
    assert (red.raised, red.auto) == (at("11:00"), False)
    assert red.neighbours == "no neighbour within 10 km, 2 demanded"
    assert only(red).quality == ("suspect",)
    assert red.doubts[0] == "evidence"


def test_while_tocsin_is_blind_it_says_so() -> None:
    town = river()
    town.send("10:00", "3.6")
    town.engine.blind(at("10:05"), at("10:06"))

    assert explain(town.engine, "r", "g").blind == at("10:05")


def test_the_last_word_has_both_times_and_its_quality() -> None:
    town = river()
    town.send("10:00", "1.2", received="10:03", quality=Quality.CLOCK)

    [newest] = explain(town.engine, "r", "g").newest
    assert (newest.value, newest.observed, newest.received) == (Fraction("1.2"), at("10:00"), at("10:03"))
    assert (newest.quality, newest.silent) == (("clock",), False)
    town.until("12:00")
    assert explain(town.engine, "r", "g").newest[0].silent


def test_a_missing_site_parameter_is_a_fault_of_that_sensor() -> None:
    town = river(grades={"red": "stage >= site.guarantee_stage"})
    town.send("10:00", "3")

    found = explain(town.engine, "r", "g")
    assert "guarantee_stage" in found.faults[0]
    assert (only(found.grades[0]).verdict, only(found.grades[0]).missing) == (0, None)


def test_a_rule_that_is_switched_off_says_so_and_judges_nothing() -> None:
    ladder = breaking(rule("stage", {"yellow": "stage >= 2 m", "red": "stage >= 3.5 m"}))
    town = Town([ladder], sensor("g", "stage", 10 * MINUTE))
    town.send("10:00", "2.5")
    town.send(at("10:10") + POISON, "3.6")

    found = explain(town.engine, "r", "g")
    assert "switched off" in found.off
    assert found.grades == ()
    assert found.warning is not None
    assert found.warning.orphaned


def test_who_is_not_for_the_rule_is_not_explained() -> None:
    town = Town([rule("smoke", {"red": "smoke >= 1 dB/m"}, tag="kitchen")], sensor("g", "smoke", 10 * SECOND))

    for name, subject in (("r", "g"), ("r", "elsewhere"), ("none", "g")):
        with pytest.raises(KeyError):
            explain(town.engine, name, subject)


def test_of_a_place_it_names_who_counts_who_is_next_and_how_many_more() -> None:
    fire = {"red": "sensors(smoke >= 0.15 dB/m, within=3min) >= 3"}
    town = District([place_rule(Subjects.ZONE, fire)], [member(name) for name in "ABCD"])
    for name, value in (("A", 0.2), ("B", 0.1), ("C", 0.14)):
        town.send(name, "10:00", value)

    part = only(of(town, "red", "z"))
    assert (part.value, part.missing) == (1, 2)
    assert part.members is not None
    assert (part.members.members, part.members.counting) == (3, ("A",))
    assert [near.sensor for near in part.members.nearest] == ["C", "B"]
    assert part.members.nearest[0].parts[0].missing == Fraction("0.01")


def test_of_a_share_it_tells_the_percent_that_are_missing() -> None:
    fire = {"red": "share(smoke >= 0.15 dB/m) >= 75 %"}
    town = District([place_rule(Subjects.ZONE, fire)], [member(name) for name in "AB"])
    for name, value in (("A", 0.2), ("B", 0.1)):
        town.send(name, "10:00", value)

    assert (only(of(town, "red", "z")).value, only(of(town, "red", "z")).missing) == (50, 25)


def every_part(account: RuleAccount) -> list[Part]:
    wholes = [grade.condition for grade in account.grades] + ([account.only_if] if account.only_if else [])
    return [part for whole in wholes for part in whole.parts]


def agrees_with_the_margin(part: Part) -> bool:
    """Whether the value with what is missing is just enough."""
    assert part.value is not None
    assert part.threshold is not None
    assert part.missing is not None
    compare, reached = COMPARE[part.operator], part.value + part.missing
    if not part.missing and not part.beyond:
        return bool(compare(part.value, part.threshold))
    hair = (part.step or Fraction(1, 10**9)) * (1 if part.missing > 0 else -1)
    if part.beyond:
        beyond = {">": 1, "<": -1, "!=": 1}[part.operator] * Fraction(1, 10**9)
        return not compare(reached, part.threshold) and bool(compare(reached + beyond, part.threshold))
    return bool(compare(reached, part.threshold)) and not compare(reached - hair, part.threshold)


def check_grades(account: RuleAccount, *, in_order: bool, just_judged: bool) -> None:
    """What is true and lasted long enough stands; `only_if` is asked at readings, not in silence.

    What is late makes no warning stand again that has cleared after it (D6).
    """
    allowed = account.only_if is None or (just_judged and account.allowed)
    for grade in account.grades:
        if grade.true and grade.raised is None and in_order and allowed:
            assert grade.sustain_left
    for part in every_part(account):
        assert part.missing is None or agrees_with_the_margin(part)


@settings(max_examples=max(EXAMPLES // 5, 10))
@given(cases())
def test_the_account_agrees_with_what_the_engine_has_told(case: Any) -> None:
    kind, found, journal = case
    registry = Registry.of(SENSORS[kind], {})
    engine = Engine(KINDS, registry, found)
    told: dict[tuple[str, str], Grade | None] = {}
    newest: dict[str, int] = {}
    settled = dict.fromkeys(registry.slots, True)
    for received, messages in journal:
        rows = [row for message in messages for row in message]
        for row in rows:
            settled[row.sensor] &= row.observed >= newest.setdefault(row.sensor, row.observed)
            newest[row.sensor] = max(newest[row.sensor], row.observed)
        told |= {(t.rule, t.subject): t.after for t in engine.advance(block(registry, received, rows))}
        for each, subject in product(found, newest):
            account = explain(engine, each.id, subject)
            assert account.top == told.get((each.id, subject))
            if any(word.value is not None for word in account.newest):
                just_judged = any(word.received == received for word in account.newest)
                check_grades(account, in_order=settled[subject], just_judged=just_judged)


@settings(max_examples=max(EXAMPLES // 5, 10))
@given(places.rules(), places.histories())
def test_of_places_too_the_account_agrees_and_changes_nothing(
    ladder: Rule, drawn: list[places.Reading]
) -> None:
    asked, left_alone = (District([ladder], places.SENSORS, places.ZONES) for _ in range(2))
    told: dict[str, Grade | None] = {}
    for reading in drawn:
        now = MIDNIGHT + reading.received * GRID
        for town in (asked, left_alone):
            town.receive(now, places.rows(reading))
        told |= {t.subject: t.after for t in asked.transitions}
        for place in asked.engine.groups[0].names:
            account = explain(asked.engine, "r", place)
            assert account.top == told.get(place)
            for grade in account.grades:
                stands = grade.raised is not None or account.only_if is not None or grade.sustain_left
                assert stands or not grade.true
            for part in every_part(account):
                assert part.members is None or len(part.members.counting) <= part.members.members

    assert places.told(asked) == places.told(left_alone)


@settings(max_examples=max(EXAMPLES // 5, 10))
@given(cases())
def test_explaining_changes_nothing(case: Any) -> None:
    kind, found, journal = case
    registry = Registry.of(SENSORS[kind], {})
    asked, left_alone = Engine(KINDS, registry, found), Engine(KINDS, registry, found)
    for received, messages in journal:
        readings = block(registry, received, [row for message in messages for row in message])
        assert asked.advance(readings) == left_alone.advance(readings)
        for each, subject in product(found, registry.slots):
            explain(asked, each.id, subject)

    assert str(asked.snapshot()) == str(left_alone.snapshot())


PLAIN = {"smoke": "0.15 dB/m", "stage": "2.271 m", "electrical": "180 mA"}


@given(st.sampled_from(["smoke", "stage", "electrical"]), st.sampled_from([">=", ">", "<=", "<"]), st.data())
def test_a_reading_with_what_is_missing_raises_and_one_with_a_hair_less_does_not(
    kind: str, sign: str, data: st.DataObject
) -> None:
    metric = next(iter(VALUES[kind]))
    value = data.draw(st.sampled_from(VALUES[kind][metric]))
    town = Town([rule(kind, {"red": f"{metric} {sign} {PLAIN[kind]}"})], sensor("g", kind, MINUTE))
    town.send("10:00", value)
    part = only(of(town, "red"))
    assert part.missing is not None
    if not part.missing:
        assert of(town, "red").raised is not None
        return
    enough = Fraction(value) + part.missing
    hair = part.step if part.missing > 0 else -part.step

    def raised_by(number: Fraction, stamp: str) -> bool:
        whole = Decimal(number.numerator) / Decimal(number.denominator)
        town.receive(at(stamp), [Row("g", metric, whole, at(stamp))])
        return of(town, "red").raised is not None

    assert not raised_by(enough - hair, "10:01")
    assert raised_by(enough, "10:02")
