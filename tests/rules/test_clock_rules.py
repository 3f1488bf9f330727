"""What the clock alone decides (D16, D17, S7, S20): local hours, and sensors that stay silent."""

from dataclasses import replace

import numpy as np
import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from rules.engine import Engine
from tests.rules.town import KINDS, Town, at, rule, sensor

# The town's midnight is 00:00 UTC, 08:00 in Shanghai.
NIGHT = "hours(14:00-22:00)"
ALERT = rule(
    "smoke", {"yellow": "smoke > 0 dB/m"}, only_if=f"{NIGHT}", sustain=60 * SECOND, max_age=24 * HOUR
)
PEOPLE = sensor("w", "smoke", 0, heartbeat=24 * HOUR)


@pytest.mark.parametrize(
    ("since", "raised"),
    [("05:30", ["06:00 none>yellow"]), ("05:59:30", ["06:00:30 none>yellow"]), ("13:59:30", [])],
)
def test_s20_a_complete_run_raises_when_the_hours_begin_and_not_when_they_are_over(
    since: str, raised: list[str]
) -> None:
    town = Town([ALERT], PEOPLE)
    town.send(since, 1)

    town.until("14:30")

    assert town.lines == raised


def test_s20_hours_in_only_if_do_not_clear() -> None:
    town = Town([ALERT], PEOPLE)
    town.send("13:50", 1)

    town.until("20:00")

    assert town.lines == ["13:51 none>yellow"]


def test_s20_hours_in_the_grade_raise_and_clear_by_the_clock() -> None:
    within = rule("smoke", {"yellow": f"smoke > 0 dB/m and {NIGHT}"}, max_age=24 * HOUR)
    town = Town([within], PEOPLE)
    town.send("05:30", 1)

    town.until("16:00")

    assert town.lines == ["06:00 none>yellow", "14:10 yellow>none"]


SILENT = rule("rain", {"yellow": "age(rain) >= 3 reports"}, max_age=24 * HOUR)
GAUGE = sensor("g", "rain", 5 * MINUTE)


def test_s7_a_silent_sensor_raises_when_its_last_report_is_too_old() -> None:
    town = Town([SILENT], GAUGE)
    town.every(5 * MINUTE, "11:50", [0, 0, 0], delay=20 * SECOND)

    town.until("12:15:20")
    assert town.lines == []
    town.until("12:16")

    assert town.lines == ["12:15:20 none>yellow"]


def test_a_report_at_the_very_instant_is_in_time() -> None:
    town = Town([SILENT], GAUGE)
    town.send("12:00", 0)

    town.send("12:15", 0)
    town.until("12:29")

    assert town.lines == []


def test_a_sensor_that_reports_again_clears_after_release() -> None:
    town = Town([SILENT], GAUGE)
    town.send("12:00", 0)

    town.every(5 * MINUTE, "13:00", [0, 0, 0, 0])

    assert town.lines == ["12:15 none>yellow", "13:10 yellow>none"]


def test_a_sensor_never_heard_is_no_member() -> None:
    town = Town([SILENT], GAUGE, sensor("h", "rain", 5 * MINUTE))
    town.send("12:00", 0)

    town.until("20:00")

    assert [t.subject for t in town.transitions] == ["g"]


def test_a_sensor_first_heard_while_another_is_silent_has_its_own_deadline() -> None:
    fast = sensor("h", "rain", MINUTE)
    town = Town([SILENT], GAUGE, fast)
    town.send("12:00", 0)
    town.send("12:01", 0, sensor="h")

    town.until("12:30")

    assert [(t.subject, line) for t, line in zip(town.transitions, town.lines, strict=True)] == [
        ("h", "12:04 none>yellow"),
        ("g", "12:15 none>yellow"),
    ]


def test_blind_time_makes_nobody_old() -> None:
    town = Town([SILENT], GAUGE)
    town.send("12:00", 0)
    town.transitions += town.engine.blind(at("12:05"), at("13:00"))
    town.transitions += town.engine.sighted(at("13:00"))

    town.until("13:10")
    assert town.lines == []
    town.until("13:20")

    assert town.lines == ["13:15 none>yellow"]


def test_deadlines_of_the_clock_survive_a_restart() -> None:
    town = Town([SILENT, replace(SILENT, id="later")], GAUGE)
    town.send("12:00", 0)
    state = {k: np.copy(v) if isinstance(v, np.ndarray) else v for k, v in town.engine.snapshot().items()}
    rules = (SILENT, replace(SILENT, id="later"))
    town.engine = Engine(KINDS, town.registry, rules)
    town.engine.restore(state)

    town.until("12:16")

    assert town.lines == ["12:15 none>yellow", "12:15 none>yellow"]


@pytest.mark.parametrize("late", [0, 55 * MINUTE])
def test_any_report_ends_the_age_of_a_sensor_a_late_one_too(late: int) -> None:
    quiet = rule("smoke", {"yellow": "age() >= 3 reports"}, max_age=24 * HOUR)
    town = Town([quiet], sensor("s", "smoke", 5 * MINUTE))
    town.send("12:00", 0)
    town.send("12:10", 20, metric="temperature")

    town.send(at("13:00") - late, 20, metric="temperature", received="13:00")
    town.send("13:05", 0)
    town.send("13:11", 0)

    assert town.lines == ["12:25 none>yellow", "13:10 yellow>none"]
