"""Rules over zones: the scenarios of the semantics."""

from ingest.clock import MINUTE, SECOND
from ingest.registry import Sensor
from rules.grade import Grade
from rules.rule import Subjects
from tests.rules.district import District, place_rule, sensor, zone
from tests.rules.town import at

SMOKE = "smoke >= 0.15 dB/m"
FIRE = {
    "yellow": f"sensors({SMOKE}) >= 1",
    "orange": f"sensors(sustained({SMOKE}, 60s)) >= 1",
    "red": f"sensors({SMOKE}, within=3min) >= 2",
}


def confirmed(second: str) -> District:
    """S13: A alone twice, then B, whose clock is 2 min slow, at `second`; both go on saying 0.02."""
    town = District([place_rule(Subjects.ZONE, FIRE)], [sensor("A"), sensor("B")])
    alarms = {at("10:00"), at("10:01")}
    for stamp in range(at("10:00"), at("10:30"), 10 * SECOND):
        town.receive(stamp, [town.row("A", stamp, 0.20 if stamp in alarms else 0.02)])
        received = stamp + at(second) % (10 * SECOND)
        value = 0.20 if received == at(second) else 0.02
        town.receive(received, [town.row("B", received - 2 * MINUTE, value)])
    return town


def test_s13_two_distinct_sensors_within_three_minutes() -> None:
    town = confirmed("10:04:09")

    assert town.lines == [
        "10:00 none>yellow",
        "10:04:09 yellow>red",
        "10:14:10 red>yellow",
        "10:14:19 yellow>none",
    ]


def test_s13_one_second_later_the_first_has_left() -> None:
    town = confirmed("10:04:10")

    assert town.lines == ["10:00 none>yellow", "10:14:20 yellow>none"]


def zone_z(**elsewhere: str) -> list[Sensor]:
    return [sensor(name, zone=elsewhere.get(name, "Z")) for name in "ABD"]


def moving() -> District:
    """S14: everybody reports every 10 s; B is moved to Y at 10:10, D from X to Z at 10:12."""
    rules = [place_rule(Subjects.ZONE, {grade: FIRE[grade] for grade in ("yellow", "red")})]
    town = District(rules, zone_z(D="X"), [zone("X"), zone("Y"), zone("Z")])
    burns = {"A": ("10:00", "99:00"), "B": ("10:02", "99:00"), "D": ("10:09", "10:10:30")}
    for stamp in range(at("09:59"), at("10:30"), 10 * SECOND):
        if stamp == at("10:10"):
            town.reload("10:10", rules, zone_z(B="Y", D="X"))
        if stamp == at("10:12"):
            town.reload("10:12", rules, zone_z(B="Y"))
        for name, (first, last) in burns.items():
            town.receive(stamp, [town.row(name, stamp, 0.2 if at(first) <= stamp < at(last) else 0.02)])
    return town


def test_s14_sensors_join_and_leave_a_zone() -> None:
    town = moving()

    assert [told for told in town.lines if told[0] in "YZ"] == [
        "Z 10:00 none>yellow",
        "Z 10:02 yellow>red",
        "Y 10:10 none>yellow",
        "Z 10:23:30 red>yellow",
    ]
    assert next(t for t in town.transitions if t.subject == "Y").reason == "raised, B joined"


def test_s14_a_zone_without_sensors_keeps_its_warning_as_an_orphan() -> None:
    [orphan] = moving().warnings(orphaned=True)

    assert (orphan.subject, orphan.grade, orphan.orphaned) == ("X", Grade.YELLOW, True)


def test_s14_the_reason_names_the_sensor_that_left() -> None:
    """Without D nothing interrupts the release run that B's leaving begins."""
    rules = [place_rule(Subjects.ZONE, {grade: FIRE[grade] for grade in ("yellow", "red")})]
    town = District(rules, zone_z(), [zone("Y"), zone("Z")])
    for name, clock in (("A", "10:00"), ("D", "10:00"), ("B", "10:02")):
        town.send(name, clock, 0.02 if name == "D" else 0.2)
    town.reload("10:10", rules, zone_z(B="Y", D="Y"))
    town.until("10:30")

    assert town.lines[-1] == "Z 10:20 red>yellow"
    assert town.transitions[-1].reason == "downgraded, B left"


def test_s15_sustained_completes_by_deadline_with_sparse_reports() -> None:
    rule = place_rule(Subjects.ZONE, {"orange": FIRE["orange"]})
    town = District([rule], [sensor("E", every=0, zone="z")])
    town.send("E", "10:00", 0.20)
    town.send("E", "10:04", 0.01)
    town.until("11:00")

    assert town.lines == ["10:01 none>orange", "10:14 orange>none"]


def test_s15_a_sensor_that_burns_keeps_its_true() -> None:
    rule = place_rule(Subjects.ZONE, {"orange": FIRE["orange"]})
    town = District([rule], [sensor("F")])
    town.send("F", "10:00", 0.20)
    town.send("F", "10:00:10", 0.30)
    town.until("34:00")

    assert town.lines == ["10:01 none>orange"]
    [warning] = town.warnings()
    assert warning.blind


HEAT = f"sensors({SMOKE}, within=3min) >= 2 or sensors(max(temperature, 1min) >= 54 degC) >= 1"


def heated(*warm: str) -> District:
    """S25: A and B true at 10:00:00, false from 10:01:00; `warm` once sent 25 degC."""
    town = District([place_rule(Subjects.ZONE, {"yellow": FIRE["yellow"], "red": HEAT})], map(sensor, "ABC"))
    for name in warm:
        town.send(name, "09:59", 25, metric="temperature")
    for stamp in range(at("10:00"), at("10:20"), 10 * SECOND):
        for name in "ABC":
            value = 0.2 if stamp < at("10:01") and name != "C" else 0.02
            town.receive(stamp, [town.row(name, stamp, value)])
    return town


def test_s25_a_metric_that_nobody_ever_reported_is_known_to_be_false() -> None:
    town = heated()

    assert town.lines[0] == "10:00 none>yellow"
    assert town.lines[1:] == ["10:00 yellow>red", "10:14 red>none"]


def test_s25_a_metric_that_fell_silent_is_unknown_and_red_holds() -> None:
    town = heated("B")

    assert town.lines == ["10:00 none>yellow", "10:00 yellow>red"]
    [warning] = town.warnings()
    assert (warning.grade, warning.blind) == (Grade.RED, True)
