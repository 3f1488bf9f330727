"""The courses of a city's events keep to the physics of what they show."""

import numpy as np
import pytest

from ingest.clock import MINUTE
from simulators.city.course import COURSES, LONGEST, course, texts
from simulators.city.speech import FIRE, SPEECHES, STORM, WIDTH

CHANCES = range(5)


def chance(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("seed", CHANCES)
def test_smoke_grows_with_the_square_of_time(seed: int) -> None:
    smoke = course("smoke", FIRE, MINUTE // 10, chance(seed))["smoke"] - 0.02

    # The tenth report is of one minute, the fortieth of four, and no fire is full grown before its fifth.
    assert smoke[39] / smoke[9] == pytest.approx(16)
    assert smoke[19] / smoke[9] == pytest.approx(4)
    assert smoke.max() + 0.02 > 0.15


@pytest.mark.parametrize("seed", CHANCES)
def test_a_cable_warms_with_a_time_constant(seed: int) -> None:
    """What is left to its end temperature falls by the same factor in each minute."""
    cable = course("electrical", "hot", MINUTE, chance(seed))["cable_temperature"]
    steps = np.diff(cable[:70])
    constants = -1 / np.log(steps[1:] / steps[:-1])

    assert np.ptp(constants) == pytest.approx(0, abs=1e-6)
    assert 8 <= constants[0] <= 20
    assert cable.max() > 70


@pytest.mark.parametrize("interval", [MINUTE // 60, MINUTE, 5 * MINUTE])
@pytest.mark.parametrize(("trouble", "depth"), [("shower", 25.0), (STORM, 110.0)])
def test_all_that_falls_is_told_whatever_the_interval(trouble: str, depth: float, interval: int) -> None:
    """To a tip of the bucket, which stays in it."""
    rain = course("rain", trouble, interval, chance(1))["rain"]

    assert depth - 0.1 <= rain.sum() + 1e-9 <= depth + 1e-6
    assert np.allclose(10 * rain, np.round(10 * rain))
    assert (rain >= 0).all()


@pytest.mark.parametrize("seed", CHANCES)
def test_a_flood_rises_faster_than_it_falls_and_passes(seed: int) -> None:
    stage = course("stage", STORM, MINUTE, chance(seed))["stage"]
    above = np.flatnonzero(stage > 1.2 + 1.5)

    assert stage.max() == pytest.approx(4.2, abs=0.01)
    assert int(np.argmax(stage)) - above[0] < above[-1] - int(np.argmax(stage))
    assert stage[-1] < 1.4


@pytest.mark.parametrize("seed", CHANCES)
def test_gas_displaces_oxygen(seed: int) -> None:
    cloud = course("gas", "combustible", MINUTE // 2, chance(seed))

    assert np.corrcoef(cloud["combustible"], cloud["oxygen"])[0, 1] == pytest.approx(-1)
    assert cloud["combustible"].max() > 50


def test_a_tank_is_filled_at_a_constant_rate() -> None:
    level = course("tank", "high", MINUTE, chance(1))["level"][:30]

    assert np.ptp(np.diff(level)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("kind", "trouble"), COURSES)
@pytest.mark.parametrize("interval", [1, 47_500, 60 * MINUTE])
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
