"""Rules over zones, gateways and neighbourhoods: whom they look at, and what ages, time and blindness do."""

from decimal import Decimal

import numpy as np
import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from ingest.reading import Quality
from ingest.registry import Sensor
from rules.engine.foresight import Foresight
from rules.engine.groups.rest import Rest
from rules.engine.waves import runs
from rules.rule import Parameters, Rule, Subjects
from tests.rules.district import District, place_rule, sensor, zone
from tests.rules.town import Row, at, block

SMOKE = "smoke >= 0.15 dB/m"
ZONES = [zone("town"), zone("lane", "town"), zone("yard", "town")]


def of_zones(text: str, **more: object) -> Rule:
    return place_rule(Subjects.ZONE, {"yellow": text}, **more)


def test_a_zone_with_descendants_counts_the_sensors_below_it() -> None:
    sensors = [sensor("A", zone="lane"), sensor("B", zone="yard")]
    alone = District([of_zones(f"sensors({SMOKE}) >= 2")], sensors, ZONES)
    below = District([of_zones(f"sensors({SMOKE}) >= 2", descendants=True)], sensors, ZONES)
    for town in (alone, below):
        town.send("A", "10:00", 0.2)
        town.send("B", "10:00:05", 0.2)

    assert alone.lines == []
    assert below.lines == ["town 10:00:05 none>yellow"]


def test_a_rule_in_a_zone_leaves_the_others_alone() -> None:
    sensors = [sensor("A", zone="lane"), sensor("B", zone="yard")]
    town = District([of_zones(f"sensors({SMOKE}) >= 1", zone="yard")], sensors, ZONES)
    town.send("A", "10:00", 0.2)
    town.send("B", "10:01", 0.2)

    assert town.lines == ["yard 10:01 none>yellow"]


def test_a_gateway_is_lost_when_its_sensors_grow_old() -> None:
    rule = place_rule(Subjects.GATEWAY, {"orange": "share(age() >= 3 reports) >= 90 %"}, after=MINUTE)
    sensors = [sensor(f"s{k}", gateway="g1") for k in range(10)] + [sensor("t", gateway="g2")]
    town = District([rule], sensors)
    for k in range(10):
        town.send(f"s{k}", f"10:00:{k:02}", 0.02)
    for stamp in range(at("10:00:10"), at("10:10"), 10 * SECOND):
        town.receive(stamp, [town.row("t", stamp, 0.02)])
    for k in range(10):
        town.send(f"s{k}", f"10:10:{k:02}", 0.02)
    town.until("10:10:25")

    assert town.lines == ["g1 10:00:38 none>orange", "g2 10:10:20 none>orange"]
    assert town.transitions[0].evidence["members"] == [f"s{k}" for k in range(9)]


def test_a_gateway_that_is_back_clears() -> None:
    rule = place_rule(Subjects.GATEWAY, {"orange": "share(age() >= 3 reports) >= 50 %"}, after=MINUTE)
    town = District([rule], [sensor("A", gateway="g1"), sensor("B", gateway="g1")])
    for clock in ("10:00", "10:05"):
        for name in "AB":
            town.send(name, clock, 0.02)
    for stamp in range(at("10:05:10"), at("10:08"), 10 * SECOND):
        town.receive(stamp, [town.row("A", stamp, 0.02), town.row("B", stamp, 0.02, message=1)])

    assert town.lines == ["g1 10:00:30 none>orange", "g1 10:06 orange>none"]


def test_a_report_of_the_same_instant_comes_before_old_age() -> None:
    rule = place_rule(Subjects.GATEWAY, {"orange": "share(age() >= 3 reports) >= 50 %"})
    town = District([rule], [sensor("A", gateway="g1")])
    town.every("A", 30 * SECOND, "10:00", [0.02] * 20)

    assert town.lines == []


def test_a_sensor_looks_at_its_neighbours_and_itself() -> None:
    """Of A (0 km), B (5.6 km) and C (22 km) only the first two are within 10 km of each other."""
    places = {"A": (116.0, 30.0), "B": (116.0, 30.05), "C": (116.0, 30.2)}
    rule = place_rule(Subjects.SENSOR, {"yellow": f"sensors({SMOKE}, radius=10 km) >= 2"}, kind="smoke")
    town = District([rule], [sensor(name, place=place) for name, place in places.items()])
    for name in "CAB":
        town.send(name, "10:00", 0.2)

    assert town.lines == ["A 10:00 none>yellow", "B 10:00 none>yellow"]
    assert town.transitions[0].evidence["members"] == ["A", "B"]


def test_a_percentage_is_of_the_sensors_that_speak() -> None:
    """3 of 5 are 60 %; when one that said no falls silent, it is 3 of 4."""
    town = District([of_zones(f"share({SMOKE}) >= 75 %")], map(sensor, "ABCDE"))
    for name, clock in (("D", "10:00:20"), ("E", "10:00:30")):
        town.send(name, clock, 0.02)
    for name in "ABC":
        town.send(name, "10:00:40", 0.2)
    town.until("10:00:50")
    assert town.lines == []
    town.until("10:01")

    assert town.lines == ["10:00:50 none>yellow"]


def test_a_false_is_known_while_four_fifths_speak() -> None:
    """D and E are silent from 10:00:40 on: the warning holds until one is back."""
    town = District([of_zones(f"sensors({SMOKE}) >= 1", after=MINUTE)], map(sensor, "ABCDE"))
    for name in "DE":
        town.send(name, "10:00:10", 0.02)
    for stamp in range(at("10:01"), at("10:10"), 10 * SECOND):
        for name in "ABC":
            value = 0.2 if name == "A" and stamp == at("10:01") else 0.02
            town.receive(stamp, [town.row(name, stamp, value)])
    assert town.lines == ["10:01 none>yellow"]
    for stamp in range(at("10:10"), at("10:12"), 10 * SECOND):
        for name in "ABCD":
            town.receive(stamp, [town.row(name, stamp, 0.02)])

    assert town.lines == ["10:01 none>yellow", "10:11 yellow>none"]


def test_what_clears_waits_for_the_margin_of_every_sensor() -> None:
    town = District([of_zones(f"sensors({SMOKE}) >= 1", margin="20 %", after=MINUTE)], [sensor("A")])
    town.every("A", 10 * SECOND, "10:00", [0.2, *[0.13] * 30, *[0.11] * 8])

    assert town.lines == ["10:00 none>yellow", "10:06:10 yellow>none"]


def test_a_doubtful_sensor_is_reviewed_until_a_second_one_is_sure() -> None:
    town = District([of_zones(f"sensors({SMOKE}) >= 1")], map(sensor, "AB"))
    town.send("A", "10:00", 0.2, quality=int(Quality.SUSPECT))
    town.send("B", "10:00:10", 0.2)

    assert town.lines == ["10:00 none>yellow review", "10:00:10 yellow>yellow"]
    assert town.transitions[0].evidence["quality"] == ["suspect"]


def test_a_late_report_counts_at_its_stamp_with_what_stood_around_it() -> None:
    """B's alarm of 10:02 arrives at 10:06, A's ended at 10:04:30."""
    rule = place_rule(Subjects.ZONE, {"red": f"sensors({SMOKE}, within=3min) >= 2"})
    town = District([rule], map(sensor, "AB"))
    town.send("A", "10:04", 0.2)
    town.send("A", "10:04:30", 0.02)
    town.send("B", "10:05:50", 0.02)
    town.send("B", "10:02", 0.2, received="10:06")
    town.send("B", "10:00", 0.2, received="10:06:10")

    assert town.lines == ["10:06 none>red"]
    assert town.transitions[0].evidence["late"] is True
    assert town.transitions[0].evidence["members"] == ["A", "B"]


def test_thresholds_of_a_sensors_site_and_of_the_rule_stand_beside_each_other() -> None:
    text = "sensors(stage >= site.warning_stage) >= 1"
    parameters = Parameters(defaults={"warning_stage": (Decimal(3), "m")})
    own = sensor("deep", "stage", 600_000, site={"warning_stage": "5 m"}, zone="lane")
    town = District(
        [of_zones(text, parameters=parameters)], [own, sensor("shallow", "stage", 600_000)], ZONES
    )
    for name in ("deep", "shallow"):
        town.send(name, "10:00", 4)

    assert town.lines == ["10:00 none>yellow"]
    assert town.transitions[0].evidence["members"] == ["shallow"]


def test_the_clock_raises_what_the_sensors_say_all_along() -> None:
    rule = of_zones(f"sensors({SMOKE}) >= 1 and hours(22:00-06:00)", after=MINUTE)
    town = District([rule], [sensor("A", every=0)])
    town.send("A", "00:30", 0.2)
    town.until("30:00")
    [raised, cleared] = town.transitions

    assert (raised.at % (24 * HOUR), cleared.at % (24 * HOUR)) == (14 * HOUR, 22 * HOUR + MINUTE)


def test_blind_time_moves_what_leaves_and_what_releases() -> None:
    """The alarms would leave at 10:03:10; they leave one interval after the end of the blind time."""
    rule = place_rule(Subjects.ZONE, {"red": f"sensors({SMOKE}, within=3min) >= 2"}, after=MINUTE)
    town = District([rule], map(sensor, "AB"))
    for clock, value in (("10:00", 0.2), ("10:00:10", 0.02)):
        for name in "AB":
            town.send(name, clock, value)
    town.blinded("10:01", "10:30")
    for stamp in range(at("10:30"), at("10:40"), 10 * SECOND):
        for name in "AB":
            town.receive(stamp, [town.row(name, stamp, 0.02)])

    assert town.lines == ["10:00 none>red", "10:31:10 red>none"]


def test_a_sustain_that_fell_due_in_blind_time_waits_for_a_reading_that_breaks_it() -> None:
    grades = {"orange": f"sensors(sustained({SMOKE}, 60s)) >= 1"}
    broken, whole = (District([place_rule(Subjects.ZONE, grades)], map(sensor, "AB")) for _ in range(2))
    for town in (broken, whole):
        town.send("A", "10:00", 0.2)
        town.blinded("10:00:30", "10:05")
    broken.send("A", "10:00:40", 0.02, received="10:05:01")
    for town in (broken, whole):
        town.until("10:20")

    assert broken.lines == []
    assert whole.lines == ["10:05:30 none>orange"]


def test_the_text_names_the_count_and_the_members() -> None:
    town = District([of_zones(f"sensors({SMOKE}, within=3min) >= 1")], map(sensor, "ABC"))
    for name, value in (("C", 0.02), ("B", 0.02), ("A", 0.2)):
        town.send(name, "10:00", value)

    assert town.transitions[0].evidence["text"] == "sensors(smoke >= 0.15 dB/m, within=3min) = 1 of 3 >= 1 ✓"
    assert town.transitions[0].evidence["coverage"] == 1.0


@pytest.mark.parametrize("awake", [False, True])
def test_quiet_readings_do_not_matter(awake: bool) -> None:
    """Neither in places at rest nor beside a sensor that says true."""
    rule = of_zones(f"sensors({SMOKE}, within=3min) >= 2")
    town = District([rule], [sensor(f"s{k:03}") for k in range(500)])

    def rows(stamp: int) -> list[Row]:
        return [town.row(f"s{k:03}", stamp, 0.2 if awake and k == 7 else 0.02, message=k) for k in range(500)]

    for clock in ("10:00", "10:00:10"):
        town.receive(at(clock), rows(at(clock)))
    readings = block(town.registry, at("10:00:20"), rows(at("10:00:20")))
    [[wave]] = runs(readings, np.zeros(1, np.int64), np.ones(1, np.bool_))

    ahead = Foresight(town.engine.boards[0], wave)

    assert len(wave.slot) == 500
    assert not town.engine.groups[0].matters("smoke", ahead, at("10:00:20")).any()


@pytest.mark.parametrize(("condition", "suspect", "alone"), [
    (f"sensors({SMOKE}) >= 2", False, 0),
    (f"sensors({SMOKE}) >= 2", True, 8),
    (f"share({SMOKE}) >= 50 %", False, 8),
])  # fmt: skip
def test_first_reports_join_a_watched_place_together_where_all_its_sensors_are_known(
    condition: str, suspect: bool, alone: int
) -> None:
    """Of a share each of them is a part; and where somebody's word is unknown, one more may be enough."""
    town = District([of_zones(condition)], [sensor(name) for name in "ABCDEFGHIK"])
    quality = int(Quality.SUSPECT) if suspect else 0
    town.receive(
        at("10:00"), [town.row("A", at("10:00"), 0.2), town.row("B", at("10:00"), 0.02, quality=quality)]
    )
    later = at("10:00:05")
    rows = [town.row(name, later, 0.02, message=k) for k, name in enumerate("CDEFGHIK")]
    [[wave]] = runs(block(town.registry, later, rows), np.zeros(1, np.int64), np.ones(1, np.bool_))

    mattering = town.engine.groups[0].matters("smoke", Foresight(town.engine.boards[0], wave), later)

    assert mattering.sum() == alone


def test_first_reports_count_behind_a_reading_of_their_block_that_makes_one_sensor_unknown() -> None:
    """B is doubtful and A calm: too few are known to begin the release, until eight more say false."""
    town = District([of_zones(f"sensors({SMOKE}) >= 1")], [sensor(name) for name in "ABCDEFGHIK"])
    town.receive(at("10:00"), [town.row("A", at("10:00"), 0.2), town.row("B", at("10:00"), 0.02)])
    for stamp in range(at("10:00:10"), at("10:11"), 10 * SECOND):
        doubtful = town.row("B", stamp, 0.02, quality=int(Quality.SUSPECT))
        others = [town.row(name, stamp, 0.02, message=k) for k, name in enumerate("ACDEFGHIK", start=1)]
        town.receive(stamp, [doubtful, *others])

    assert town.lines == ["10:00 none>yellow", "10:10:10 yellow>none"]


def test_a_sensor_that_joined_among_others_and_falls_silent_holds_the_release() -> None:
    """C reports once, and is due every 2 s: from 6 s later on half of the sensors are known."""
    town = District(
        [of_zones(f"sensors({SMOKE}) >= 1", after=20 * SECOND)], [sensor("A"), sensor("C", every=2_000)]
    )
    town.send("A", "10:00", 0.2)
    for stamp in range(at("10:00:10"), at("10:05"), 10 * SECOND):
        rows = [town.row("A", stamp, 0.02)]
        if stamp == at("10:00:20"):
            rows.append(town.row("C", stamp, 0.02, message=1))
        town.receive(stamp, rows)

    assert town.lines == ["10:00 none>yellow"]


def fifty_zones() -> District:
    """All their sensors, two in each, report at 10:00."""
    sensors = [sensor(f"s{k}", zone=f"z{k % 50}") for k in range(100)]
    town = District([of_zones("share(age() >= 3 reports) >= 90 %")], sensors)
    town.receive(at("10:00"), [town.row(f"s{k}", at("10:00"), 0.02, message=k) for k in range(100)])
    return town


def test_places_that_began_together_are_looked_at_together_until_they_grow_old() -> None:
    town = fifty_zones()

    looks = list[int]()
    while (due := town.engine.due) is not None and due < at("10:00:29"):
        looks.append(due)
        town.engine.advance_to(due)

    assert len(looks) <= 2
    town.until("10:00:31")
    assert len(town.lines) == 50


def test_not_all_places_of_a_large_city_are_looked_at_at_one_instant() -> None:
    rest = Rest(fifty_zones().engine.groups[0].ladder, together=40)

    rest.look(np.arange(50), at("10:00"))

    assert rest.due is not None
    first, _ = rest.due
    assert at("10:00") < first < at("10:00:30")
    assert 0 < len(rest.coming(first)) <= 20


def test_a_place_whose_first_sensor_joins_grows_old_from_then_on() -> None:
    town = District([of_zones("share(age() >= 3 reports) >= 90 %")], [sensor("A", zone="z")])
    town.until("10:07:12")

    town.send("A", "10:07:13", 0.02)
    town.until("10:08")

    assert town.lines == ["10:07:43 none>yellow"]


def everyone(count: int) -> list[Sensor]:
    return [sensor(f"s{k}", zone=f"z{k % 7}", gateway=f"g{k % 5}") for k in range(count)]


def test_what_is_kept_does_not_grow_with_quiet_sensors() -> None:
    town = District([of_zones(f"sensors({SMOKE}, within=3min) >= 2")], everyone(2_000))
    town.receive(at("10:00"), [town.row(f"s{k}", at("10:00"), 0.02, message=k) for k in range(2_000)])

    assert town.engine.groups[0].subjects == {}
    assert town.engine.groups[0].nbytes < 2_000 * 60


def test_a_stale_report_casts_doubt_on_what_counts_from_then_on() -> None:
    """A's newest report took 11 minutes, so two sensors are not two certain ones."""
    town = District([of_zones(f"sensors({SMOKE}) >= 2")], map(sensor, "AB"))
    town.send("A", "10:00", 0.2)
    town.send("A", "10:01", 0.2, received="10:12")
    town.send("B", "10:12:30", 0.2)

    assert town.lines == ["10:12:30 none>yellow review"]


def test_a_release_goes_on_after_blind_time_one_interval_later() -> None:
    """4 of its 10 minutes were served before."""
    town = District([of_zones(f"sensors({SMOKE}) >= 1")], [sensor("A")])
    town.every("A", 10 * SECOND, "10:00", [0.2, *[0.02] * 24])
    town.blinded("10:04:10", "10:30")
    town.every("A", 10 * SECOND, "10:30", [0.02] * 60)

    assert town.lines == ["10:00 none>yellow", "10:36:10 yellow>none"]


def test_a_place_at_rest_again_is_forgotten() -> None:
    rule = of_zones(f"sensors({SMOKE}, within=3min) >= 1", after=MINUTE)
    town = District([rule], map(sensor, "AB"))
    town.every("A", 10 * SECOND, "10:00", [0.2, *[0.02] * 40])
    town.every("B", 10 * SECOND, "10:07", [0.02] * 30)
    town.until("10:20")

    assert town.engine.groups[0].subjects == {}
    assert not town.engine.groups[0].watch.awake.any()
