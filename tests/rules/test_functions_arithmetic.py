"""Arithmetic: exact, undefined where it divides by zero, and cheap only where nothing can be true."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from rules.engine.interest import Gathered
from rules.engine.nodes import Check
from rules.engine.normal_form import Fault
from rules.engine.ring import NEVER
from rules.engine.standing import standing
from rules.engine.verdict import FALSE, TRUE, UNKNOWN, checked
from rules.engine.view import Now
from rules.rule import Parameters
from tests.rules.drawn import LEAVES, SENSORS, VALUES
from tests.rules.town import Row, Town, at, rule, sensor

CABINET = sensor("c", "electrical", 5 * MINUTE, site={"rated": "300 mA"})


def cabinet(text: str, **more: object) -> Town:
    grades = {"yellow": text}
    return Town([rule("electrical", grades, max_age=DAY, **more)], CABINET)  # type: ignore[arg-type]


def asked(town: Town) -> int:
    """The verdict of the first rule's only grade."""
    judge = town.engine.judges[0]
    (check,) = judge.ladder.raising.values()
    assert isinstance(check, Check)
    return checked(check, Now(judge.board, 0, town.engine.now, town.engine.now, judge.patience(0), {}))


@pytest.mark.parametrize(("value", "expected"), [("99.9", FALSE), ("100", TRUE), ("100.1", TRUE)])
def test_a_quotient_that_no_float_holds_is_compared_exactly(value: str, expected: int) -> None:
    town = cabinet("leakage / 3 >= 100 mA / 3")
    town.send("10:00", value)

    assert asked(town) == expected


def test_a_share_of_a_site_parameter_raises_exactly_on_the_line() -> None:
    town = cabinet("leakage / site.rated >= 1.1")
    town.send("10:00", "329.9")
    town.send("10:05", "330")

    assert town.lines == ["10:05 none>yellow"]
    assert town.transitions[0].evidence["text"] == ("leakage (330 mA) / site.rated (300 mA) = 1.1 >= 1.1 ✓")


def test_the_margin_of_arithmetic_is_a_share_of_its_right_side() -> None:
    town = cabinet("leakage - site.rated >= 100 mA", margin="20 %", after=0)
    town.send("10:00", "400")
    town.send("10:05", "380")
    assert town.lines == ["10:00 none>yellow"]

    town.send("10:10", "379.9")
    town.until("10:12")
    assert [t.after for t in town.transitions[1:]] == [None]


def test_a_division_by_zero_is_a_fault_of_rule_and_sensor_until_it_can_be_evaluated_again() -> None:
    town = cabinet("leakage / max(leakage, 10min) >= 2")
    town.send("10:00", "0")
    assert asked(town) == UNKNOWN
    assert town.engine.faults() == [Fault("r", "c", "a division by zero")]

    town.send("10:05", "0")
    assert len(town.engine.faults()) == 1

    town.send("10:10", "10")
    assert town.engine.faults() == []
    assert asked(town) == FALSE


def test_a_missing_parameter_is_a_fault_at_load() -> None:
    town = Town(
        [rule("electrical", {"yellow": "leakage / site.rated >= 1.1"})],
        sensor("a", "electrical", 5 * MINUTE),
        CABINET,
    )

    assert town.engine.faults() == [Fault("r", "a", "the sensor has no site parameter rated")]


def test_the_parameters_of_the_rule_stand_in_for_those_of_the_sensor() -> None:
    own = rule("electrical", {"yellow": "leakage / site.rated >= 1.1"})
    known = replace(own, parameters=Parameters(defaults={"rated": (Decimal(100), "mA")}))
    town = Town([known], sensor("a", "electrical", 5 * MINUTE), CABINET)
    for name in ("a", "c"):
        town.send("10:00", "110", sensor=name)

    assert town.engine.faults() == []
    assert [t.subject for t in town.transitions] == ["a"]


GAUGE = sensor("g", "rain", 5 * MINUTE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum(rain, 1h) - sum(rain, 30min) >= 1 mm", UNKNOWN),
        ("sum(rain, 1h) + sum(rain, 30min) >= 1 mm", TRUE),
        ("sum(rain, 1h) * 2 >= 1 mm", TRUE),
        ("sum(rain, 1h) / sum(rain, 30min) >= 1", UNKNOWN),
        ("3 mm - sum(rain, 1h) < 3 mm", TRUE),
        ("sum(rain, 1h) - 3 mm < 3 mm", UNKNOWN),
    ],
)
def test_a_sum_that_may_be_too_small_makes_nothing_true_that_a_larger_one_would_not(
    text: str, expected: int
) -> None:
    town = Town([rule("rain", {"yellow": text})], GAUGE)
    town.send("10:00", 2)
    town.send("10:50", 1)

    assert asked(town) == expected


@given(st.data())
def test_no_reading_that_makes_a_condition_true_is_passed_over(data: st.DataObject) -> None:
    """What is fetched for a whole wave bounds what is measured of each sensor exactly."""
    kind = data.draw(st.sampled_from(sorted(SENSORS)))
    texts = [text for text in LEAVES[kind] if not text.startswith("sustained")]
    town = Town([rule(kind, {"yellow": text}, name=text) for text in texts], *SENSORS[kind])
    board, now = town.engine.boards[0], at("10:00")
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.sampled_from([10 * SECOND, MINUTE, 10 * MINUTE, HOUR]))
        rows = [
            Row(name, metric, Decimal(data.draw(st.sampled_from(VALUES[kind][metric]))), now, 0, flags)
            for name in data.draw(st.sets(st.sampled_from("abc"), min_size=1))
            for metric in sorted(VALUES[kind])
            for flags in [data.draw(st.sampled_from([0] * 7 + [8]))]
        ]
        town.receive(now, rows)
    slots = np.flatnonzero(board.newest > NEVER)
    gathered = Gathered(board, standing(board, (), slots), now)

    for judge in town.engine.judges:
        (check,) = judge.ladder.raising.values()
        assert isinstance(check, Check)
        possible = gathered.true(check)
        for place, slot in enumerate(slots.tolist()):
            view = Now(board, slot, now, now, judge.patience(slot), {})
            assert possible[place] or checked(check, view) != TRUE, judge.ladder.rule.id
            value, found = view.measure(check).value, gathered.range_of(check.left)
            if value is not None:
                assert found.known is None or found.known[place]
                assert found.low[place] <= value <= found.high[place]


def test_a_formula_knows_no_more_than_its_thinnest_window() -> None:
    for text in ("max(leakage, 15min) - min(leakage, 2h) >= 1 mA", "min(leakage, 2h) - leakage >= 1 mA"):
        town = cabinet(text)
        town.every(5 * MINUTE, "10:00", ["10"] * 6)
        assert asked(town) == UNKNOWN

        town.every(5 * MINUTE, "10:30", ["10"] * 18)
        assert asked(town) == FALSE
