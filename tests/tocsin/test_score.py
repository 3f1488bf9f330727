"""`tocsin score`: what the live rules caught, missed and raised for nothing, by rule, hazard and zone."""

import json
from pathlib import Path
from typing import Any

import pytest

from rules.grade import Grade
from tests.tocsin.program import Tocsin, program
from tests.tocsin.village import START, ZONES, basis, write
from tests.tocsin.village import bundle as village_bundle
from tocsin.verification.alarms import Course
from tocsin.verification.events_file import Event, Labelled
from tocsin.verification.score import Score, score

ROOT = Path(__file__).parent.parent.parent
MINUTE = 60_000
DAY = (0, 24 * 60)


@pytest.fixture
def tocsin(capfd: pytest.CaptureFixture[str]) -> Tocsin:
    return program(capfd)


def course(subject: str, *steps: tuple[int, Grade | None], rule: str = "river") -> Course:
    """A warning by minutes."""
    return Course(rule, subject, tuple((at * MINUTE, grade) for at, grade in steps))


def event(begin: int, end: int, place: str, grade: Grade | None = None, hazard: str = "flood") -> Event:
    return Event(begin * MINUTE, end * MINUTE, place, hazard, grade)


def scored(courses: list[Course], events: list[Event], grade: Grade = Grade.BLUE) -> Score:
    """Over a day in the village, whose people need half an hour to leave."""
    zones = ZONES.replace('"code"', '"evacuation": 30, "code"')
    of = basis(village_bundle(others={"zones.geojson": zones}))
    period = (DAY[0] * MINUTE, DAY[1] * MINUTE)
    return score(courses, of.rules, of.registry, Labelled(events, 60 * MINUTE), (grade, period))


def test_a_rule_has_its_hits_misses_and_false_alarms() -> None:
    warned = course("river-1", (60, Grade.YELLOW), (120, None))
    for_nothing = course("river-2", (300, Grade.BLUE), (330, None))

    [river] = scored([warned, for_nothing], [event(90, 100, "river-1"), event(600, 660, "river-3")]).rules

    assert (river.rule, river.hazard) == ("river", "flood")
    counts = river.pairing.contingency
    assert (counts.hits, counts.misses, counts.false_alarms, counts.alarms) == (1, 1, 1, 2)
    assert (river.figures.alarms, river.figures.most, river.figures.lasted) == (2, 1, 45 * MINUTE)
    assert river.figures.open_share == pytest.approx(90 / (24 * 60))


def test_lead_times_are_held_against_what_the_people_of_the_zone_need_to_leave() -> None:
    early = course("river-1", (60, Grade.YELLOW), (120, None))
    late = course("river-2", (200, Grade.YELLOW), (260, None))

    [village] = scored([early, late], [event(95, 100, "river-1"), event(210, 250, "river-2")]).zones

    assert (village.hazard, village.zone) == ("flood", "village")
    assert village.leads == (35 * MINUTE, 10 * MINUTE)
    assert (village.evacuation, village.too_short) == (30 * MINUTE, 1)


def test_a_miss_names_the_closest_grade_that_told_of_it() -> None:
    weak = course("river-1", (60, Grade.BLUE), (80, Grade.YELLOW), (120, None))
    called = [
        event(90, 100, "river-1", Grade.RED),
        event(90, 100, "river-2"),
        event(90, 95, "village", Grade.BLUE),
    ]

    result = scored([weak], called)

    assert [(each.event.place, each.closest) for each in result.missed] == [
        ("river-1", Grade.YELLOW),
        ("river-2", None),
    ]


def test_a_false_alarm_is_listed_with_its_strongest_grade_and_whether_it_is_over() -> None:
    over = course("river-1", (60, Grade.BLUE), (80, Grade.RED), (120, None))
    open_ = course("river-2", (200, Grade.YELLOW))

    found = scored([open_, over], [event(900, 960, "river-1")]).false_alarms

    assert [(each.alarm.place, each.alarm.highest, each.alarm.is_open) for each in found] == [
        ("river-1", Grade.RED, False),
        ("river-2", Grade.YELLOW, True),
    ]


def test_with_a_grade_only_warnings_and_events_of_it_or_above_count() -> None:
    """A red that fell to yellow and rose again is two alarms of red."""
    twice = course("river-1", (60, Grade.RED), (70, Grade.YELLOW), (80, Grade.RED), (90, None))
    events = [event(60, 90, "river-1", Grade.YELLOW), event(85, 90, "river-1", Grade.RED)]

    result = scored([twice], events, Grade.RED)

    [river] = result.rules
    assert (result.events, river.figures.alarms) == (1, 2)
    assert (river.pairing.contingency.hits, river.pairing.contingency.false_alarms) == (1, 0)


def test_rules_of_another_hazard_do_not_tell_of_an_event() -> None:
    rain = course("rain-1", (60, Grade.RED), (120, None), rule="rain")

    result = scored([rain], [event(90, 100, "village")])

    assert [(each.rule, each.pairing.contingency.misses) for each in result.rules] == [
        ("river", 1),
        ("rain", 0),
    ]
    assert [each.alarm.rule for each in result.false_alarms] == ["rain"]
    assert [each.hazard for each in result.missed] == ["flood"]


def shipped(tocsin: Tocsin, *more: str) -> Any:
    demo = ROOT / "configs" / "demo"
    asked = (
        "--on",
        demo / "river.csv",
        "--events",
        demo / "events.csv",
        "--config",
        ROOT / "configs/tocsin.yaml",
    )
    return tocsin("score", *asked, *more)


def test_the_shipped_rules_on_the_shipped_record(tocsin: Tocsin) -> None:
    found = json.loads(shipped(tocsin, "--json", "--grade", "orange", "--lead", "10min").out)

    assert {
        each["rule"]: (each["hits"], each["misses"], each["false_alarms"]) for each in found["rules"]
    } == {
        "river-stage": (1, 0, 0),
        "river-rise": (1, 0, 0),
        "river-eta": (1, 0, 1),
    }
    [riverside] = found["zones"]
    assert (riverside["zone"], riverside["evacuation"], riverside["too_short"]) == ("riverside", 1800.0, 1)
    assert [each["rule"] for each in found["false_alarms"]] == ["river-eta"]
    assert found["missed"] == []


@pytest.mark.parametrize(("language", "heading"), [("en", "By hazard and zone"), ("zh", "按灾种和区域")])
def test_the_tables_speak_both_languages(tocsin: Tocsin, language: str, heading: str) -> None:
    ended = shipped(tocsin, "--lang", language)

    assert ended.code == 0
    assert f"\n{heading}\n" in ended.out
    assert "river-stage\tflood\t2\t" in ended.out


def test_every_event_names_its_hazard(tocsin: Tocsin, tmp_path: Path) -> None:
    config = write(tmp_path / "village", village_bundle())
    events, csv = tmp_path / "events.csv", tmp_path / "river.csv"
    events.write_text(f"begin,end,place\n{START},{START},village\n", encoding="utf-8")
    csv.write_text(f"time,sensor,metric,value\n{START},river-1,stage,1\n", encoding="utf-8")

    ended = tocsin("score", "--on", csv, "--events", events, "--config", config)

    assert ended.code == 1
    assert "E111 the hazard is missing" in ended.err
