"""Reload (D30, S21): every open warning is carried, judged anew, or orphaned and shown."""

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.registry import Registry
from rules.engine import Engine
from rules.rule import Rule
from tests.rules.town import KINDS, Town, at, rule, sensor


def storm(limit: str = "50 mm", **more: object) -> Rule:
    red = {"red": str(more.pop("red"))} if "red" in more else {}
    return rule("rain", {"orange": f"sum(rain, 3h) >= {limit}", **red}, margin="20 %", after=HOUR, **more)  # type: ignore[arg-type]


def open_town() -> Town:
    """Orange is open, the sum 52.0 and staying."""
    town = Town([storm()], sensor("g", "rain", 5 * MINUTE))
    town.every(5 * MINUTE, "09:05", [1.4] * 35 + [3.0])
    assert town.lines == ["12:00 none>orange"]
    return town


def go_on(town: Town) -> list[str]:
    """The lines that follow while what leaves the window falls again."""
    before = len(town.lines)
    town.every(5 * MINUTE, "12:05", [1.4] * 20)
    return town.lines[before:]


def test_a_warning_within_the_margin_of_the_new_threshold_is_carried() -> None:
    town = open_town()

    town.reload("12:02", storm("60 mm"))

    assert go_on(town) == []
    [warning] = town.engine.warnings()
    assert (str(warning.grade), warning.orphaned) == ("orange", False)


def test_a_warning_below_the_margin_releases_from_the_reload() -> None:
    town = open_town()

    town.reload("12:02", storm("80 mm"))

    assert go_on(town) == ["13:02 orange>none"]
    assert town.transitions[-1].reason == "rule changed"


def test_a_new_grade_raises_at_once() -> None:
    town = open_town()

    town.reload("12:02", storm(red="sum(rain, 3h) >= 51 mm"))

    assert town.lines[1:] == ["12:02 orange>red"]
    assert town.transitions[-1].reason == "rule changed"
    assert town.transitions[-1].warning == town.transitions[0].warning
    assert town.transitions[-1].ordinal == 1


def test_a_new_grade_with_a_sustain_raises_when_that_is_over() -> None:
    town = open_town()

    town.reload("12:02", storm(red="sum(rain, 3h) >= 51 mm", sustain={"red": 5 * MINUTE}))
    town.send("12:05", 1.4)
    town.until("12:10")

    assert town.lines[1:] == ["12:07 orange>red"]
    assert town.transitions[-1].reason == "rule changed"


def test_a_deleted_rule_leaves_its_warning_open_and_orphaned() -> None:
    town = open_town()

    town.reload("12:02", rule("rain", {"red": "sum(rain, 1h) >= 300 mm"}, name="other"))
    town.every(5 * MINUTE, "12:05", [0] * 60)

    assert len(town.lines) == 1
    [warning] = town.engine.warnings()
    assert (warning.rule, warning.subject, warning.orphaned) == ("r", "g", True)
    assert warning.id == town.transitions[0].warning


def test_an_orphan_lives_through_snapshots_and_further_reloads() -> None:
    town = open_town()
    other = storm("500 mm", name="other")
    town.reload("12:02", other)
    town.reload("12:03", other, storm())
    assert town.lines[1:] == ["12:03 none>orange"]
    assert [warning.orphaned for warning in town.engine.warnings()] == [True, False]

    engine = Engine(KINDS, town.registry, (other, storm()))
    engine.restore(town.engine.snapshot())

    assert engine.warnings() == town.engine.warnings()


def test_a_removed_sensor_leaves_its_warning_orphaned_and_the_others_go_on() -> None:
    town = Town([storm()], sensor("g", "rain", 5 * MINUTE), sensor("h", "rain", 5 * MINUTE))
    for name in ("g", "h"):
        town.receive(at("12:00"), [town.row(at("11:55"), 60, sensor=name, message=0)])

    registry = Registry.of([sensor("a", "rain", 5 * MINUTE), sensor("h", "rain", 5 * MINUTE)], {})
    town.engine, lines = town.engine.carry(KINDS, registry, (storm(),), at("12:01"))
    town.registry = registry

    assert lines == []
    assert [(w.subject, w.orphaned) for w in town.engine.warnings()] == [("g", True), ("h", False)]
    town.receive(at("12:05"), [town.row(at("12:05"), 0, sensor="h")])
    assert [(w.subject, w.orphaned) for w in town.engine.warnings()] == [("g", True), ("h", False)]


def test_a_reload_of_the_same_rules_changes_nothing() -> None:
    plain, reloaded = open_town(), open_town()
    for minute in ("12:01", "12:02", "12:03"):
        reloaded.reload(minute, storm())
    for town in (plain, reloaded):
        town.every(5 * MINUTE, "12:05", [0] * 60)
        town.until("20:00")

    assert reloaded.transitions == plain.transitions
    assert len(plain.lines) > 1


FIRE = {"red": "sustained(smoke >= 0.15 dB/m, 60s)"}


def test_runs_live_on_where_the_condition_is_equal() -> None:
    town = Town([rule("smoke", FIRE)], sensor("s", "smoke", 10 * SECOND))
    town.every(10 * SECOND, "10:00", [0.2] * 3)

    town.reload("10:00:25", rule("smoke", {**FIRE, "yellow": "smoke >= 0.9 dB/m"}))
    town.until("10:02")

    assert town.lines == ["10:01 none>red"]


def test_a_new_sustained_starts_at_the_reload() -> None:
    town = Town([rule("smoke", {"yellow": "smoke >= 0.9 dB/m"})], sensor("s", "smoke", 10 * SECOND))
    town.every(10 * SECOND, "10:00", [0.2] * 3)

    town.reload("10:00:25", rule("smoke", FIRE))
    town.until("10:02")

    assert town.lines == ["10:01:25 none>red"]


def test_a_new_rule_starts_nothing_on_a_reading_that_no_longer_stands() -> None:
    town = Town([rule("smoke", {"red": "smoke >= 0.9 dB/m"})], sensor("s", "smoke", 10 * SECOND))
    town.send("10:00", 0.2)

    town.reload("10:05", rule("smoke", {"yellow": "smoke >= 0.15 dB/m"}))

    assert town.lines == []


def test_a_lowered_grade_that_is_removed_falls_by_a_release_run() -> None:
    town = open_town()
    town.reload("12:01", storm(red="sum(rain, 3h) >= 51 mm"))

    town.reload("12:02", storm())

    assert go_on(town) == ["13:02 red>orange"]


def test_a_new_window_starts_with_the_coverage_it_has() -> None:
    town = open_town()

    town.reload("12:02", storm(), rule("rain", {"yellow": "sum(rain, 6h) >= 52 mm"}, name="long"))

    assert town.lines[1:] == ["12:02 none>yellow"]
    assert town.transitions[-1].evidence["coverage"] == pytest.approx(0.5)


def test_deadlines_before_the_reload_are_settled_under_the_old_rules() -> None:
    town = Town([rule("smoke", FIRE)], sensor("s", "smoke", 10 * SECOND))
    town.every(10 * SECOND, "10:00", [0.2] * 6)

    town.reload("10:05")

    assert town.lines == ["10:01 none>red"]


def test_a_new_rule_that_warns_for_most_sensors_at_once_is_shown_as_a_fault() -> None:
    gauges = [sensor(name, "stage", 5 * MINUTE) for name in "abcde"]
    town = Town([rule("stage", {"yellow": "stage >= 9 m"})], *gauges)
    for name in "abcde":
        town.send("10:00", 2.3, sensor=name)

    town.reload("10:01", rule("stage", {"yellow": "stage >= 0.227 m"}))

    [fault] = town.engine.faults()
    assert (fault.rule, fault.subject) == ("r", "*")
    assert "5 of 5 sensors" in fault.reason


def test_a_new_rule_that_warns_for_a_few_sensors_is_none() -> None:
    gauges = [sensor(name, "stage", 5 * MINUTE) for name in "abcde"]
    town = Town([rule("stage", {"yellow": "stage >= 9 m"})], *gauges)
    for name, value in zip("abcde", [3, 1, 1, 1, 1], strict=True):
        town.send("10:00", value, sensor=name)

    town.reload("10:01", rule("stage", {"yellow": "stage >= 2 m"}))

    assert town.lines == ["10:01 none>yellow"]
    assert town.engine.faults() == []


def test_what_a_baseline_has_learnt_survives_a_reload() -> None:
    usual = {"yellow": "leakage - baseline(leakage, 4h, default=100 mA) >= 300 mA"}
    town = Town([rule("electrical", usual)], sensor("e", "electrical", 30 * MINUTE))
    town.every(30 * MINUTE, "00:00", [180] * 12)

    town.reload("05:45", rule("electrical", usual, max_age=HOUR))
    town.send("06:00", 470)
    town.send("06:30", 480)

    assert town.lines == ["06:30 none>yellow"]
