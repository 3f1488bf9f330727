"""The engine's bench: what it feeds, and what it calls missed."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from bench.blocks import BATCH, START, city, in_turns, ladders, one_sensor, rounds, sensors
from bench.engine import cost, sums, thresholds, trends
from bench.engine_figures import EngineRun, Figure, encode, number, show
from bench.machine import Machine
from bench.shipped import shipped_kinds
from rules.engine import Engine
from rules.grade import Grade

KINDS = shipped_kinds()
SMOKE = KINDS["smoke"].metrics["smoke"].column
MACHINE = Machine("a processor", 2, 8 * 2**30, "6.1", "3.11.7", "ext4", 0.4)


def test_sensors_take_turns_and_say_what_their_turn_has() -> None:
    quiet, loud = np.zeros(2 * BATCH, np.int64), np.full(2 * BATCH, 7)
    blocks = list(in_turns(SMOKE, [quiet, loud], 10_000, 5))

    assert [int(b.slot[0]) for b in blocks] == [0, BATCH, 0, BATCH, 0]
    assert [b.value.tolist() == [0] * BATCH for b in blocks] == [True, True, False, False, True]
    assert [b.received - START for b in blocks] == [5_000, 10_000, 15_000, 20_000, 25_000]
    assert all(len(set(b.slot.tolist())) == BATCH for b in blocks)


def test_the_record_of_one_sensor_goes_on_without_a_gap() -> None:
    first, second = one_sensor(SMOKE, 10_000, 2)

    assert set(np.diff(np.concatenate([first.observed, second.observed])).tolist()) == {10_000}
    assert set(first.slot.tolist()) == {0}


def test_a_round_hears_every_sensor_once() -> None:
    blocks = list(rounds(SMOKE, BATCH + 5, 300_000, 2))

    assert [len(b) for b in blocks] == [BATCH, 5, BATCH, 5]
    assert sorted(np.concatenate([b.slot for b in blocks[:2]]).tolist()) == list(range(BATCH + 5))


@pytest.mark.parametrize(("kind", "written"), [("smoke", thresholds), ("smoke", trends), ("rain", sums)])
def test_as_many_different_rules_are_read(kind: str, written: object) -> None:
    rules = ladders(KINDS, kind, written(50))  # type: ignore[operator]

    assert len({rule.meaning for rule in rules}) == 50


def test_quiet_readings_open_nothing_and_loud_ones_every_rule() -> None:
    rules = ladders(KINDS, "smoke", thresholds(3))
    registry = city(sensors(KINDS, "smoke", BATCH, "10s"))
    values = np.zeros(BATCH, np.int64)
    values[4] = 900
    engine = Engine(KINDS, registry, rules)
    for readings in in_turns(SMOKE, [values], 10_000, 2):
        engine.advance(readings)

    assert [(warning.subject, warning.grade) for warning in engine.warnings()] == [
        ("smoke-0000004", Grade.ORANGE)
    ] * 3


def test_the_cost_is_that_of_a_fresh_engine_behind_its_warm_up() -> None:
    """Only the first turn, the warm-up, is loud, and what it opened is still open."""
    built = []
    rules, registry = ladders(KINDS, "smoke", thresholds(1)), city(sensors(KINDS, "smoke", BATCH, "10s"))

    def build() -> Engine:
        built.append(Engine(KINDS, registry, rules))
        return built[-1]

    loud, quiet = np.zeros(BATCH, np.int64), np.zeros(BATCH, np.int64)
    loud[:3] = 900
    blocks = list(in_turns(SMOKE, [loud, quiet, quiet], 10_000, 3))

    assert cost(build, blocks, 1) > 0
    assert len({id(engine) for engine in built}) == 3
    assert {(engine.now, len(engine.warnings())) for engine in built} == {(blocks[-1].received, 3)}


@pytest.mark.parametrize(
    ("value", "limit", "at_most", "holds"),
    [
        (5, None, False, True),
        (5, 5, False, True),
        (4, 5, False, False),
        (5, 5, True, True),
        (6, 5, True, False),
    ],
)
def test_a_limit_is_the_least_or_the_most(
    value: float, limit: float | None, at_most: bool, holds: bool
) -> None:
    assert Figure(name="f", value=value, unit="u", limit=limit, at_most=at_most).holds is holds


def test_the_table_names_what_was_missed_and_the_json_has_it_all() -> None:
    figures = [
        Figure(name="fast", value=1_234_567.0, unit="readings/s", limit=1e6),
        Figure(name="wide", value=51.25, unit="MiB", limit=50, at_most=True),
    ]
    run, output = EngineRun(machine=MACHINE, figures=figures), io.StringIO()
    show(run, Console(file=output, width=120))
    fast, wide = output.getvalue().splitlines()[-2:]

    assert fast.split() == ["fast", "1,235,000", "readings/s", ">=", "1,000,000"]
    assert wide.split() == ["wide", "51.25", "MiB", "<=", "50.00", "missed"]
    assert not run.holds
    assert json.loads(encode(run))["figures"][0]["value"] == 1_234_567.0


@pytest.mark.parametrize(
    ("value", "text"), [(1_234_567.0, "1,235,000"), (250.4, "250"), (0.138, "0.14"), (17.0, "17.00")]
)
def test_figures_are_rounded_to_what_they_are_worth(value: float, text: str) -> None:
    assert number(value) == text
