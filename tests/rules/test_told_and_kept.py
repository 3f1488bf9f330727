"""What is told of a carried grade, what is kept for rules of tomorrow, and what a rule never hears of."""

from ingest.clock import DAY, MINUTE, SECOND
from rules.rule import Subjects
from tests.rules.district import District, place_rule
from tests.rules.district import sensor as placed
from tests.rules.town import Town, rule, sensor


def test_a_weaker_grade_that_a_stronger_one_carries_tells_the_stronger_condition() -> None:
    leak = rule(
        "electrical",
        {"orange": "leakage >= 300 mA and leakage < 400 mA", "red": "leakage >= 500 mA"},
        sustain={"red": MINUTE},
    )
    town = Town([leak], sensor("e", "electrical", 10 * SECOND))

    town.send("10:00", 600)

    assert town.lines == ["10:00 none>orange"]
    assert town.transitions[0].evidence["text"] == "leakage = 600 mA >= 500 mA ✓"


def test_a_new_rule_is_judged_on_a_metric_that_no_rule_named_before() -> None:
    battery = rule("smoke", {"blue": "battery < 10 %"}, max_age=DAY)
    smoke = rule("smoke", {"yellow": "smoke >= 0.15 dB/m"}, name="s", max_age=DAY)
    town = Town([battery], sensor("d", "smoke", 0, heartbeat=DAY))
    town.send("10:00", 0.5)

    town.reload("10:05", battery, smoke)

    assert town.lines == ["10:05 none>yellow"]


def test_sensors_that_never_sent_a_metric_of_a_rule_are_one_fault_of_it_with_their_number() -> None:
    heat = rule("smoke", {"red": "temperature >= 54 degC"})
    town = Town([heat], *(sensor(name, "smoke", 10 * SECOND) for name in "abc"), sensor("d", "smoke", MINUTE))

    for name in "abc":
        town.send("10:00", 0.02, sensor=name)

    [fault] = town.engine.faults()
    assert (fault.rule, fault.subject) == ("r", "*")
    assert fault.reason.startswith("3 of its sensors")


def test_a_backlog_however_late_confirms_what_burned_at_the_same_time() -> None:
    fire = place_rule(
        Subjects.ZONE,
        {
            "yellow": "sensors(smoke >= 0.15 dB/m) >= 1",
            "red": "sensors(smoke >= 0.15 dB/m, within=1min) >= 2",
        },
        max_age=DAY,
    )
    town = District([fire], [placed("a"), placed("b")])
    town.send("a", "10:00:00", 0.2)
    town.send("a", "10:00:10", 0.02)
    town.send("b", "10:00:10", 0.02)

    town.send("b", "10:00:05", 0.2, received="10:03:25")

    assert town.lines[-1].startswith("10:03:25 yellow>red")
