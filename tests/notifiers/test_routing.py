"""The one answer to "who is told", and to who is asked when they do not answer."""

from dataclasses import replace
from datetime import UTC

import msgspec
import pytest

from ingest.registry import Registry
from notifiers.bulletin import Act
from notifiers.routes import Routes
from notifiers.routing import Addressee, Announcement, Router
from rules.grade import Grade
from rules.rule import Subjects
from rules.transition import Disposition, Transition
from tests.notifiers.parish import HOUR, SENSOR, ZONES, router, rule

ROUTES = """\
routes:
  - {hazard: "*", grades: [red], to: [ana, horns], channels: [sms, loudspeaker]}
  - {hazard: rain, grades: [orange, red], zones: [town], to: [duty], channels: [sms]}
  - {hazard: fire, grades: [red], zones: [mill], to: [bo], channels: [sms]}
"""


def told(zone_: str, hazard: str, grade: Grade, text: str = ROUTES) -> list[tuple[str, str]]:
    return [(a.recipient, a.channel) for a in router(text).who(zone_, hazard, grade, 0)]


def transition(
    rule: str = "rainstorm", subject: str = "rain-1", grade: Grade | None = Grade.ORANGE
) -> Transition:
    return Transition(
        at=0,
        rule=rule,
        subject=subject,
        warning="w",
        ordinal=0,
        before=None,
        after=grade,
        disposition=Disposition.AUTO,
        reason="raised",
        evidence={},
    )


def test_a_route_of_a_zone_covers_the_zones_below_and_no_others() -> None:
    assert told("mill", "rain", Grade.ORANGE) == [("ana", "sms"), ("bo", "sms")]
    assert told("town", "rain", Grade.ORANGE) == [("ana", "sms"), ("bo", "sms")]
    assert told("far", "rain", Grade.ORANGE) == []


def test_hazard_and_grade_must_fit() -> None:
    assert told("mill", "fire", Grade.ORANGE) == []
    assert told("far", "fire", Grade.RED) == [("ana", "sms")]


def test_horns_are_those_of_the_warnings_own_zone() -> None:
    speakers = [("horn-1", "loudspeaker"), ("horn-2", "loudspeaker")]
    assert told("mill", "fire", Grade.RED) == [("ana", "sms"), *speakers, ("bo", "sms")]
    assert told("town", "fire", Grade.RED) == [("ana", "sms")]


def test_nobody_is_named_twice_and_the_first_route_says_why() -> None:
    [ana, *_, bo] = router(ROUTES).who("mill", "rain", Grade.RED, 0)
    assert (ana.recipient, ana.why, ana.languages) == ("ana", "routes.yaml:2", ("en",))
    assert (bo.recipient, bo.why, bo.address) == ("bo", "routes.yaml:3", "+8610000000002")


def test_a_transition_is_routed_by_its_sensors_zone_and_its_rules_hazard() -> None:
    assert (router(ROUTES).zone(transition()), router(ROUTES).hazard(transition())) == ("mill", "rain")
    assert router(ROUTES).zone(transition(subject="mill")) == "mill"


def test_a_transition_of_a_removed_rule_or_sensor_still_reaches_the_general_routes() -> None:
    gone = transition(rule="gone", subject="gone", grade=Grade.RED)
    placed = router(ROUTES).zone(gone), router(ROUTES).hazard(gone)
    assert placed == ("gone", "gone")
    assert [a.recipient for a in router(ROUTES).who(*placed, Grade.RED, 0)] == ["ana"]


def test_a_raise_in_words_names_the_place_and_all_above_it() -> None:
    announcement = Announcement(
        incident="i",
        revision=0,
        act=Act.ALERT,
        hazard="rain",
        zone="mill",
        grade=Grade.ORANGE,
        before=None,
        sent=5,
        expires=9,
        count=1,
        references=(),
    )

    bulletin = router(ROUTES).bulletin(transition(), announcement)

    assert bulletin.place["en"] == "mill, town, rain-1"
    assert (bulletin.hazard, bulletin.rule, bulletin.sent, bulletin.expires) == ("rain", "rainstorm", 5, 9)


def one(text: str, zone: str = "mill", now: int = 0) -> list[Addressee]:
    """Who is told of red rain by the only route."""
    return router(f"routes:\n  - {{hazard: rain, grades: [red], {text}}}\n").who(zone, "rain", Grade.RED, now)


def test_a_roster_gives_who_is_on_duty_at_that_instant() -> None:
    first, second, again = (
        [(a.recipient, a.duty) for a in one("to: [watch], channels: [sms]", now=hour * HOUR)]
        for hour in (0, 1, 2)
    )

    assert first == again == [("bo", "watch")]
    assert second == [("di", "watch"), ("ana", "watch")]


def test_who_is_named_beside_their_roster_is_told_once() -> None:
    assert [(a.recipient, a.duty) for a in one("to: [bo, watch], channels: [sms]")] == [("bo", "")]


def test_a_person_is_told_over_each_channel_that_has_an_address_of_theirs() -> None:
    told = one("to: [ana, bo, cy], channels: [sms, mail]")

    assert [(a.recipient, a.channel, a.address) for a in told] == [
        ("ana", "sms", "+8610000000001"),
        ("ana", "mail", "ana@town.example"),
        ("bo", "sms", "+8610000000002"),
        ("cy", "mail", "cy@town.example"),
    ]


def test_what_is_tried_next_is_another_channel_of_the_same_person() -> None:
    ana, bo = one("to: [ana, bo], channels: [sms], otherwise: [sms, mail]")

    assert (ana.otherwise, bo.otherwise) == ((("mail", "ana@town.example", "ana"),), ())
    assert "@" not in repr(ana)
    assert "+86" not in repr(ana)


def test_in_place_of_a_silent_horn_the_people_of_its_route_are_told() -> None:
    told = one("to: [horns, watch, ana], channels: [loudspeaker], otherwise: [sms, mail]")

    numbers = (
        ("sms", "+8610000000002", "bo"),
        ("sms", "+8610000000001", "ana"),
        ("mail", "ana@town.example", "ana"),
    )
    assert [(a.recipient, a.address, a.otherwise) for a in told] == [
        ("horn-1", "horn-1", numbers),
        ("horn-2", "horn-2", numbers),
    ]


def test_whoever_reads_what_is_open_is_one_recipient_in_both_languages() -> None:
    [public] = one("zones: [town], to: [public], channels: [board]")

    assert (public.recipient, public.address, public.languages) == ("public", "", ("zh", "en"))
    assert not public.approval


def test_the_languages_of_a_route_stand_for_everybodys() -> None:
    text = "to: [ana, horns, public], channels: [sms, loudspeaker, board], languages: [zh]"

    assert {a.languages for a in one(text)} == {("zh",)}


def test_what_a_person_must_release_says_so_for_each_recipient() -> None:
    text = """\
routes:
  - {hazard: rain, grades: [red], zones: [mill], to: [ana, horns, public],
     channels: [sms, loudspeaker, board], approval: true}
  - {hazard: rain, grades: [red], to: [ana, bo], channels: [sms]}
levels:
  - {zones: [town], to: [cy], channels: [mail]}
"""
    told = router(text).who("mill", "rain", Grade.RED, 0)

    assert {a.recipient: a.approval for a in told} == {
        "ana": True,
        "horn-1": True,
        "horn-2": True,
        "public": True,
        "bo": False,
    }


LEVELS = (
    ROUTES
    + """\
levels:
  - {zones: [town], to: [cy, di], channels: [sms, mail]}
  - {zones: [mill], to: [watch], channels: [sms]}
  - {zones: [mill], to: [bo, ana], channels: [sms]}
"""
)


def asked(zone: str, now: int = 0) -> list[list[str]]:
    return [[f"{a.recipient} {a.channel}" for a in level] for level in router(LEVELS).levels(zone, now)]


def test_those_of_the_zone_are_asked_first_and_then_those_above() -> None:
    assert asked("mill") == [["bo sms", "ana sms"], ["cy mail", "di sms"]]
    assert asked("mill", HOUR) == [["di sms", "ana sms", "bo sms"], ["cy mail", "di sms"]]
    assert asked("town") == [["cy mail", "di sms"]]
    assert asked("far") == []


def test_the_channels_of_a_router_are_all_that_it_may_ever_name() -> None:
    text = ROUTES.replace("channels: [sms]}", "channels: [sms], otherwise: [mail]}", 1)
    assert router(text.replace("[duty]", "[ana]")).channels == {"sms", "mail", "loudspeaker"}


def of_sensors(kind: Subjects, zone: str | None, tag: str | None = None) -> tuple[Router, Registry]:
    """Three gauges: two at the mill, of which one is marked, and one far away."""
    sensors = [
        msgspec.structs.replace(SENSOR, id="a", tags=frozenset({"bank"})),
        msgspec.structs.replace(SENSOR, id="b"),
        msgspec.structs.replace(SENSOR, id="c", zone="far"),
    ]
    registry = Registry.of(sensors, ZONES)
    judged = replace(rule(Grade.RED), id="r", subjects=kind, kind="rain", zone=zone, tag=tag)
    return Router(Routes(routes=()), registry, [judged], UTC), registry


@pytest.mark.parametrize(
    ("kind", "zone", "tag", "count"),
    [
        (Subjects.SENSOR, None, None, 3),
        (Subjects.SENSOR, "town", None, 2),
        (Subjects.SENSOR, "town", "bank", 1),
        (Subjects.ZONE, None, None, len(ZONES)),
        (Subjects.ZONE, "far", None, 1),
    ],
)
def test_a_rule_is_judged_for_the_sensors_or_zones_that_it_names(
    kind: Subjects, zone: str | None, tag: str | None, count: int
) -> None:
    assert of_sensors(kind, zone, tag)[0].subjects("r") == count
    assert of_sensors(kind, zone, tag)[0].subjects("gone") == 0


def test_what_a_rule_is_judged_for_is_counted_once_however_often_a_flood_asks() -> None:
    asked, registry = of_sensors(Subjects.SENSOR, "town")
    assert asked.subjects("r") == 2
    registry.ranges.clear()
    assert asked.subjects("r") == 2
