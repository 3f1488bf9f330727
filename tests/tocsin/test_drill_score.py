"""What was expected of a drill against what came: met, early, late, missed."""

from ingest.clock import MINUTE
from notifiers.bulletin import Act
from rules.grade import Grade
from tests.tocsin.performance import (
    BEGAN,
    county,
    deed,
    hearing,
    missing,
    performance,
    reached,
    rise,
)
from tocsin.drill.card import Item, Verdict
from tocsin.drill.courses import courses
from tocsin.drill.drill_file import DrillFile, read_drill
from tocsin.drill.performance import Performance
from tocsin.drill.score import Scoring

FILE = """\
title: {{zh: 火灾, en: Fire}}
purpose: {{zh: 叫应, en: Who answers}}
start: "2026-07-01 08:00"
lasts: 1h
storyline:
  - {{at: 10min, fire: {{place: market-street}}}}
expect:
{expect}
"""
RED = "{rule: smoke, zone: market-street, grade: red, from: 10min, by: 20min}"


def file(expect: str) -> DrillFile:
    text = FILE.format(expect="".join(f"  {line}\n" for line in expect.splitlines()))
    drill, findings = read_drill("fire.yaml", text)
    assert drill is not None, findings
    return drill.file


def scored(expect: str, came: Performance) -> list[Item]:
    return [*Scoring(file(expect), county(), came).items()]


def verdicts(expect: str, came: Performance) -> list[tuple[str, Verdict, float | None]]:
    """Kind, verdict, and the minute at which it came."""
    found = scored(expect, came)
    return [(item.kind, item.verdict, None if item.came is None else item.came / 60_000) for item in found]


def warned(*minutes: float, grade: Grade = Grade.RED) -> Performance:
    return performance(rises=[rise(minute, "smoke", "market-street", grade) for minute in minutes])


def test_a_warning_is_met_late_early_or_missed_by_its_first_rise_to_the_grade() -> None:
    expect = f"warnings: [{RED}]"

    assert verdicts(expect, warned(20)) == [("warnings", Verdict.MET, 20)]
    assert verdicts(expect, warned(20.5)) == [("warnings", Verdict.LATE, 20.5)]
    assert verdicts(expect, warned(9.5, 15)) == [("warnings", Verdict.EARLY, 9.5)]
    assert verdicts(expect, warned()) == [("warnings", Verdict.MISSED, None)]


def test_a_weaker_grade_another_rule_or_another_zone_is_not_the_warning() -> None:
    other = [
        rise(15, "smoke", "market-street", Grade.ORANGE),
        rise(15, "leakage", "market-street", Grade.RED),
        rise(15, "smoke", "old-town", Grade.RED),
    ]

    assert verdicts(f"warnings: [{RED}]", performance(rises=other)) == [("warnings", Verdict.MISSED, None)]


def test_a_warning_below_the_zone_is_one_of_it() -> None:
    expect = f"warnings: [{RED.replace('market-street', 'qingxi')}]"

    assert verdicts(expect, warned(15)) == [("warnings", Verdict.MET, 15)]


def test_all_who_are_named_must_have_heard_and_the_last_one_counts() -> None:
    told = "{who: [zhao-fire, wu-emergency], zone: market-street, grade: red, by: 12min}"
    expect = f"warnings: [{RED}]\ntold: [{told}]"

    both = performance(hearings=[hearing("zhao-fire", 10.5), hearing("wu-emergency", 11.5)])
    late = performance(hearings=[hearing("zhao-fire", 10.5), hearing("wu-emergency", 13)])
    one = performance(hearings=[hearing("zhao-fire", 10.5), hearing("wu-emergency", None)])

    assert verdicts(expect, both)[1] == ("told", Verdict.MET, 11.5)
    assert verdicts(expect, late)[1] == ("told", Verdict.LATE, 13)
    assert verdicts(expect, one)[1] == ("told", Verdict.MISSED, None)
    assert scored(expect, one)[1].detail == "wu-emergency"


def test_what_tells_of_less_or_of_its_end_tells_not_of_the_grade() -> None:
    expect = f"warnings: [{RED}]\ntold: [{{who: zhao-fire, zone: market-street, grade: red, by: 12min}}]"
    told = [hearing("zhao-fire", 11, Grade.ORANGE), hearing("zhao-fire", 11, None, act=Act.CLEAR)]

    assert verdicts(expect, performance(hearings=told))[1] == ("told", Verdict.MISSED, None)


def test_horns_are_those_of_the_zone_and_a_roster_whoever_is_on_duty() -> None:
    expect = f"warnings: [{RED}]\ntold: [{{who: [horns, watch], zone: market-street, grade: red, by: 12min}}]"

    [_, item] = scored(expect, performance())

    assert item.detail.startswith("horn-market-street-1, horn-market-street-2, ")
    assert item.detail.endswith("-watch")


def test_stages_count_from_the_telling_and_the_slowest_incident_is_judged() -> None:
    expect = (
        f"warnings: [{RED}]\n"
        "handling: [{zone: market-street, grade: red, acknowledged: 1min, arrived: 3min, handled: 5min}]"
    )
    came = performance(
        hearings=[hearing("zhao-fire", 10.1)],
        stages=[reached(11, "acknowledged"), reached(14, "arrived")],
    )

    assert verdicts(expect, came)[1:] == [
        ("handling", Verdict.MET, 1),
        ("handling", Verdict.LATE, 4),
        ("handling", Verdict.MISSED, None),
    ]


def test_a_stage_that_was_reached_for_less_is_not_one_of_this_grade() -> None:
    expect = f"warnings: [{RED}]\nhandling: [{{zone: market-street, grade: red, handled: 5min}}]"
    yellow = performance(
        hearings=[hearing("zhao-fire", 10.1)], stages=[reached(10.2, "handled", Grade.YELLOW)]
    )

    assert verdicts(expect, yellow)[1] == ("handling", Verdict.MISSED, None)


def test_who_is_asked_to_release_it_is_not_told_yet() -> None:
    expect = f"warnings: [{RED}]\nhandling: [{{zone: market-street, grade: red, acknowledged: 1min}}]"
    asked = hearing("gao-district", 10.1, act=Act.REQUEST)
    told = hearing("zhao-fire", 15, created=BEGAN + 15 * MINUTE)
    came = performance(hearings=[asked, told], stages=[reached(15.5, "acknowledged")])

    assert verdicts(expect, came)[1] == ("handling", Verdict.MET, 0.5)


def test_another_hazard_does_not_stand_for_the_one_that_is_meant() -> None:
    expect = (
        f"warnings: [{RED}]\n"
        "told: [{who: zhao-fire, zone: market-street, grade: red, hazard: gas, by: 12min}]\n"
        "handling: [{zone: market-street, grade: red, hazard: gas, acknowledged: 1min}]"
    )
    came = performance(hearings=[hearing("zhao-fire", 10.1)], stages=[reached(10.2, "acknowledged")])

    assert [item[1] for item in verdicts(expect, came)[1:]] == [Verdict.MISSED, Verdict.MISSED]


def test_nobody_is_told_where_nobody_is_meant() -> None:
    expect = f"warnings: [{RED}]\ntold: [{{who: horns, zone: qingxi, grade: red, by: 12min}}]"

    assert verdicts(expect, performance())[1] == ("told", Verdict.MISSED, None)


def test_nobody_handles_in_time_what_nobody_was_told() -> None:
    expect = f"warnings: [{RED}]\nhandling: [{{zone: market-street, grade: red, handled: 5min}}]"

    assert verdicts(expect, performance())[1] == ("handling", Verdict.MISSED, None)


def test_a_deed_counts_that_was_done() -> None:
    expect = f"warnings: [{RED}]\ndeeds: [{{who: gao-district, does: release, by: 30min}}]"

    assert verdicts(expect, performance(deeds=[deed(25, "gao-district", "release")]))[1][1] is Verdict.MET
    refused = performance(deeds=[deed(25, "gao-district", "release", done=False)])
    assert verdicts(expect, refused)[1][1] is Verdict.MISSED
    other = performance(deeds=[deed(25, "wu-emergency", "release")])
    assert verdicts(expect, other)[1][1] is Verdict.MISSED


def test_whoever_was_meant_to_be_unreached_must_be_listed() -> None:
    expect = f"warnings: [{RED}]\nunreached: [horn-market-street-2]"

    assert verdicts(expect, performance(unreached=[missing("horn-market-street-2")]))[1][1] is Verdict.MET
    assert verdicts(expect, performance())[1][1] is Verdict.MISSED


def test_a_forbidden_grade_that_no_expectation_names_is_a_false_warning() -> None:
    expect = f"warnings: [{RED}]\nno_other: [orange, red]"
    expected = rise(15, "smoke", "market-street", Grade.RED)
    weak = rise(16, "leakage", "old-town", Grade.YELLOW)
    false = rise(17, "leakage", "old-town", Grade.ORANGE, "electrical-old-town-01")

    assert verdicts(expect, performance(rises=[expected, weak]))[1] == ("no_other", Verdict.MET, None)
    assert verdicts(expect, performance(rises=[expected, false]))[1] == ("no_other", Verdict.MISSED, 17)
    assert scored(expect, performance(rises=[false]))[1].detail == "leakage electrical-old-town-01 orange"


def test_an_incident_is_told_in_the_order_of_its_hours() -> None:
    came = performance(
        rises=[
            rise(9, "smoke", "market-street", Grade.ORANGE),
            rise(10, "smoke", "market-street", Grade.RED),
        ],
        hearings=[
            hearing("zhao-fire", 10.5),
            hearing("wu-emergency", 11),
            hearing("horn-market-street-2", None),
        ],
        stages=[reached(11, "acknowledged"), reached(13, "arrived"), reached(14, "handled")],
    )

    [course] = courses(county(), came)

    minutes = (
        course.raised,
        course.told,
        course.delivered,
        course.acknowledged,
        course.arrived,
        course.handled,
    )
    assert [minute / 60_000 for minute in minutes if minute is not None] == [10, 10, 10.5, 11, 13, 14]
    assert (course.grade, course.reached, course.of) == ("red", 2, 3)
    assert course.limits == {"acknowledged": 60_000, "arrived": 180_000, "handled": 300_000}
