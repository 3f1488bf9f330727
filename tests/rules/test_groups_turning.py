"""Conditions of sensors in a place that may turn true without a value that says so: by age or the clock."""

import pytest

from ingest.clock import SECOND
from rules.rule import Subjects
from tests.rules.district import District, place_rule, sensor, zone
from tests.rules.town import at


def calm(condition: str, *, alarm: str = "") -> District:
    """F says 0.01 from 08:00 for half a minute, but 0.3 at `alarm`, and is then silent; G never reports."""
    town = District(
        [place_rule(Subjects.ZONE, {"yellow": f"sensors(smoke >= 0.15 dB/m or {condition}) >= 1"})],
        [sensor("F"), sensor("G")],
        [zone("z")],
    )
    for stamp in range(at("08:00"), at("08:00:30"), 10 * SECOND):
        town.receive(stamp, [town.row("F", stamp, 0.3 if alarm and stamp == at(alarm) else 0.01)])
    return town


@pytest.mark.parametrize("condition", ["age(smoke) >= 5min", "hours(23:00-23:30)"])
def test_a_value_raises_it_at_once_whatever_else_may(condition: str) -> None:
    town = calm(condition, alarm="08:00:10")

    assert town.lines == ["08:00:10 none>yellow"]


def test_silence_alone_raises_it() -> None:
    town = calm("age(smoke) >= 5min")
    town.restart()
    town.until("12:00")

    assert town.lines == ["08:05:20 none>yellow"]


def test_the_clock_alone_raises_it_for_a_sensor_that_has_reported() -> None:
    """The times of the town are those of UTC, eight hours behind the rule's."""
    assert calm("hours(15:00-17:00)").lines == ["08:00 none>yellow"]

    town = calm("hours(18:00-19:00)")
    town.until("12:00")
    assert town.lines == ["10:00 none>yellow"]


def test_it_is_a_place_with_no_sensor_yet_that_stays_calm() -> None:
    town = District(
        [place_rule(Subjects.ZONE, {"yellow": "sensors(smoke >= 0.15 dB/m or hours(09:00-10:00)) >= 1"})],
        [sensor("F")],
        [zone("z")],
    )
    town.until("12:00")

    assert town.lines == []
