"""What a rule measures at one subject now: each left side once, with the thresholds of its grades."""

from decimal import Decimal

from rules.engine.left_values import LeftValue, left_values
from rules.grade import Grade
from tests.tocsin.village import START, basis, block, bundle, report
from tocsin.judge import Judge

MINUTE = 60_000
ZONE_RULE = """\
rules:
  - id: wet
    title: {zh: 水, en: Wet}
    hazard: flood
    for_each: zone
    grades:
      yellow: sensors(stage >= 2 m) >= 1
      red: sensors(stage >= 2 m) >= 2
    source: {text: "made up", status: project}
"""


def heard(text: str | None, *stages: tuple[str, float]) -> Judge:
    """A village whose sensors have said so, one each minute."""
    by = basis(bundle() if text is None else bundle(rules=text))
    judge = Judge(by, lambda _: by)
    for number, (sensor, stage) in enumerate(stages, start=1):
        at = START + number * MINUTE
        judge.take(block(number, at, [report(sensor, at, stage)]))
    return judge


def test_each_left_side_stands_once_with_the_thresholds_of_its_grades_at_this_sensor() -> None:
    judge = heard(None, ("river-1", 1.25), ("river-2", 2.75))

    found = {left.text: left for left in left_values(judge.engine, "river", "river-2")}

    assert found["stage"] == LeftValue(
        "stage", "m", Decimal("2.75"), {Grade.YELLOW: Decimal("2.5"), Grade.ORANGE: 3, Grade.RED: 4}
    )
    assert found["rise(stage, 30min)"].thresholds == {Grade.BLUE: Decimal("0.3")}
    assert found.keys() == {"stage", "rise(stage, 30min)"}


def test_of_a_zone_it_is_how_many_sensors_count() -> None:
    judge = heard(ZONE_RULE, ("river-1", 2.5), ("river-2", 1.0), ("river-3", 3.0))

    [left] = left_values(judge.engine, "wet", "village")

    assert (left.text, left.value) == ("sensors(stage >= 2 m)", 2)
    assert left.thresholds == {Grade.YELLOW: 1, Grade.RED: 2}


def test_a_sensor_that_never_spoke_has_no_value_and_a_strange_one_no_left_side() -> None:
    judge = heard(None, ("river-1", 1.25))

    assert {left.value for left in left_values(judge.engine, "river", "river-3")} == {None}
    assert left_values(judge.engine, "river", "rain-1") == []
    assert left_values(judge.engine, "gone", "river-1") == []
