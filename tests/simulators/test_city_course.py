"""The courses of a city's events keep to the physics of what they show."""

import numpy as np
import pytest

from ingest.clock import DAY, MINUTE
from simulators.city.course import COURSES, LONGEST, course, texts
from simulators.city.speech import FIRE, SPEECHES, STORM, WIDTH

CHANCES = range(5)


def chance(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


# (kind, trouble): by metric the lowest and the highest that the most of a course may be, which are the
# thresholds of its grade and of the next one in the shipped rules, or the ends of the scale.
MARKS = {
    ("smoke", FIRE): {"smoke": (0.15, 10), "temperature": (54, 125)},
    ("smoke", "smoulder"): {"smoke": (0.09, 0.149), "temperature": (24, 30)},
    ("electrical", "hot"): {"cable_temperature": (80, 110), "current": (63, 71)},
    ("electrical", "leakage"): {"leakage": (500, 1000)},
    ("stage", "high"): {"stage": (3.2, 3.9), "flow": (100, 300)},
    ("stage", STORM): {"stage": (3.9, 4.6), "flow": (200, 332)},
    ("gas", "combustible"): {"combustible": (50, 100), "oxygen": (20.9, 20.9)},
    ("tank", "high"): {"level": (90, 100)},
}


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("kind", "trouble"), MARKS)
def test_a_course_reaches_the_grade_of_its_trouble_and_no_higher_one(
    kind: str, trouble: str, seed: int
) -> None:
    most = {metric: of.max() for metric, of in course(kind, trouble, MINUTE, chance(seed)).items()}

    assert most.keys() == MARKS[kind, trouble].keys()
    for metric, (least, below) in MARKS[kind, trouble].items():
        assert least <= most[metric] <= below


@pytest.mark.parametrize(("kind", "trouble"), MARKS)
@pytest.mark.parametrize("interval", [1, 47_500, 60 * MINUTE, DAY, 30 * DAY])
def test_a_course_ends_as_a_quiet_day_however_seldom_a_sensor_reports(
    kind: str, trouble: str, interval: int
) -> None:
    quiet = {metric: value for metric, value, _ in SPEECHES[kind].metrics}
    last = {metric: of[-1] for metric, of in course(kind, trouble, interval, chance(1)).items()}

    assert last == {metric: quiet[metric] for metric in last}


@pytest.mark.parametrize("seed", CHANCES)
def test_smoke_of_a_fire_comes_after_its_time_and_grows_with_its_warmth(seed: int) -> None:
    fire = course("smoke", FIRE, MINUTE // 12, chance(seed))
    smoke, warmth = fire["smoke"] - 0.01, fire["temperature"] - 24
    warm = warmth > 1

    assert not smoke[0]
    assert np.ptp(smoke[warm] / warmth[warm]) == pytest.approx(0, abs=1e-9)
    assert (np.diff(smoke[: smoke.argmax()]) >= 0).all()


@pytest.mark.parametrize("seed", CHANCES)
def test_a_cable_warms_with_a_time_constant(seed: int) -> None:
    """What is left to its end temperature falls by the same factor in each minute."""
    cable = course("electrical", "hot", MINUTE, chance(seed))["cable_temperature"]
    steps = np.diff(cable[:70])
    constants = -1 / np.log(steps[1:] / steps[:-1])

    assert np.ptp(constants) == pytest.approx(0, abs=1e-6)
    assert 8 <= constants[0] <= 20
    assert cable.max() > 70


@pytest.mark.parametrize("interval", [MINUTE // 60, MINUTE, 5 * MINUTE, DAY])
@pytest.mark.parametrize(("trouble", "depth"), [("shower", 25.0), (STORM, 110.0)])
def test_all_that_falls_is_told_whatever_the_interval(trouble: str, depth: float, interval: int) -> None:
    """To a tip of the bucket, which stays in it."""
    rain = course("rain", trouble, interval, chance(1))["rain"]

    assert rain.sum() == pytest.approx(depth, rel=0.005)
    assert np.allclose(10 * rain, np.round(10 * rain))
    assert (rain >= 0).all()


@pytest.mark.parametrize("seed", CHANCES)
def test_a_flood_rises_faster_than_it_falls_and_flows_by_the_law_of_manning(seed: int) -> None:
    flood = course("stage", STORM, MINUTE, chance(seed))
    stage, rise, flow = flood["stage"], flood["stage"] - 1.2, flood["flow"] - 12
    above, peak = np.flatnonzero(rise > 1.5), int(stage.argmax())

    assert peak - above[0] < above[-1] - peak
    assert flow / flow.max() == pytest.approx((rise / rise.max()) ** (5 / 3))


@pytest.mark.parametrize("seed", CHANCES)
def test_gas_displaces_oxygen(seed: int) -> None:
    cloud = course("gas", "combustible", MINUTE // 2, chance(seed))

    # 100 %LEL of methane are 5 % by volume, of which oxygen would have been 20.9 %.
    displaced = 20.9 - cloud["oxygen"]
    felt = displaced > 0.05
    assert felt.sum() > 10
    assert displaced[felt] / cloud["combustible"][felt] == pytest.approx(0.209 * 5 / 100)


def test_a_tank_is_filled_at_a_constant_rate() -> None:
    level = course("tank", "high", MINUTE, chance(1))["level"][:30]

    assert np.ptp(np.diff(level)) == pytest.approx(0, abs=1e-9)
    assert level[-1] > level[0]


@pytest.mark.parametrize(("kind", "trouble"), COURSES)
@pytest.mark.parametrize("interval", [1, 47_500, 60 * MINUTE, 30 * DAY])
def test_every_course_stands_in_the_reports_of_its_kind(kind: str, trouble: str, interval: int) -> None:
    said = texts(kind, course(kind, trouble, interval, chance(2)))

    assert trouble in SPEECHES[kind].troubles
    assert said.keys() <= {metric for metric, *_ in SPEECHES[kind].metrics}
    assert 1 <= len(said) <= 2
    assert {len(written) for of_one in said.values() for written in of_one} == {WIDTH}
    [length] = {len(of_one) for of_one in said.values()}
    assert 1 <= length <= LONGEST


@pytest.mark.parametrize(("kind", "trouble"), COURSES)
def test_the_same_seed_gives_the_same_course_and_another_one_not(kind: str, trouble: str) -> None:
    one, same, other = (texts(kind, course(kind, trouble, 10_000, chance(seed))) for seed in (1, 1, 2))

    assert one == same
    assert one != other
