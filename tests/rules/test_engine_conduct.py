"""What the engine does beside the scenarios: faults, order, doubt, time."""

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from rules.engine.normal_form import Fault
from rules.engine.subject import Standing, changes
from rules.grade import Grade
from tests.rules.town import Town, at, line, rule, sensor

RAIN = sensor("g", "rain", 5 * MINUTE)
LEAKAGE = rule("electrical", {"yellow": "leakage >= 300 mA"}, margin="10 %")


def test_a_missing_site_parameter_is_a_fault_of_that_sensor_and_stops_no_other() -> None:
    river = rule("stage", {"yellow": "stage >= site.warning_stage"})
    good = sensor("a", "stage", MINUTE, site={"warning_stage": "2 m"})
    town = Town([river], good, sensor("b", "stage", MINUTE))
    town.send("10:00", 3, sensor="b")
    town.send("10:00", 3, sensor="a")

    assert [t.subject for t in town.transitions] == ["a"]
    assert town.engine.faults() == [Fault("r", "b", "the sensor has no site parameter warning_stage")]


def test_a_coarse_amount_raises_the_longer_window_at_once_and_the_shorter_for_review() -> None:
    """The second half of S12: 60 mm in one report over five hours."""
    grades = {"yellow": "sum(rain, 6h) >= 50 mm", "orange": "sum(rain, 3h) >= 50 mm"}
    town = Town([rule("rain", grades)], RAIN)
    town.every(5 * MINUTE, "08:05", [1.4, 3.0, 0, 2.0])

    town.send("13:20", 60.0, period=5 * HOUR)

    assert town.lines == ["13:20 none>yellow", "13:20 yellow>orange review"]
    assert town.transitions[1].evidence["quality"] == ["coarse"]


def test_engine_time_never_goes_back() -> None:
    town = Town([LEAKAGE], sensor("e", "electrical", MINUTE))
    town.until("10:00")

    with pytest.raises(ValueError, match="go back"):
        town.until("09:59")


def test_lines_of_one_instant_are_ordered_by_message_rule_and_subject() -> None:
    rules = [rule("smoke", {"yellow": "smoke >= 0.15 dB/m"}, name=name) for name in ("b", "a")]
    town = Town(rules, sensor("y", "smoke", SECOND), sensor("x", "smoke", SECOND))

    town.receive(
        at("10:00"), [town.row(at("10:00"), 1, sensor=s, message=m) for s, m in (("y", 0), ("x", 1))]
    )

    assert [(t.subject, t.rule) for t in town.transitions] == [("y", "a"), ("y", "b"), ("x", "a"), ("x", "b")]
    assert line(town.transitions[0]) == "10:00 none>yellow"


def steps(before: tuple[int, int], after: tuple[int, int]) -> list[str]:
    """The lines from one (top, certain) to another, as numbers of grades; 0 is none."""
    standings = [Standing(*(Grade(g) if g else None for g in pair)) for pair in (before, after)]
    return [f"{int(c.before or 0)}>{int(c.after or 0)} {c.disposition}" for c in changes(*standings)]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ((0, 0), (3, 2), ["0>2 auto", "2>3 review"]),
        ((3, 0), (3, 3), ["3>3 auto"]),
        ((3, 0), (3, 2), ["3>2 auto", "2>3 review"]),
        ((3, 2), (4, 2), ["3>4 review"]),
        ((3, 3), (1, 1), ["3>1 auto"]),
        ((3, 0), (1, 0), ["3>1 review"]),
        ((3, 0), (0, 0), ["3>0 auto"]),
        ((2, 2), (2, 2), []),
    ],
)
def test_doubt_never_holds_back_what_is_certain(
    before: tuple[int, int], after: tuple[int, int], lines: list[str]
) -> None:
    assert steps(before, after) == lines


@pytest.mark.parametrize(("window", "stuck"), [("1h", "11:00"), ("12h", "22:00")])
def test_what_moved_is_stuck_once_its_last_move_has_left_the_window(window: str, stuck: str) -> None:
    """Every report of an hour is kept, and cells of twelve hours."""
    town = Town([rule("stage", {"blue": f"stuck(stage, {window})"})], sensor("w", "stage", 10 * MINUTE))

    town.every(10 * MINUTE, "09:00", [1.5, 1.4, 1.5, 1.4, 1.4, 1.4, 1.5, *[1.6] * 80])

    assert town.lines == [f"{stuck} none>blue"]
