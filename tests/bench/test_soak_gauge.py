"""The slope of a figure is taken within the lives of the daemon; what grows is told from what restarts."""

import math

import pytest

from bench.soak.gauge import FEW, Gauge


def gauge(*lives: list[tuple[float, float]]) -> Gauge:
    """Of (s, value) by life."""
    made = Gauge()
    for life in lives:
        made.begin()
        for at, value in life:
            made.add(at, value)
    return made


def line(begin: float, end: float, level: float, slope: float) -> list[tuple[float, float]]:
    """Every 10 s a value that grows by `slope` an hour."""
    count = int((end - begin) / 10) + 1
    return [(begin + 10 * n, level + slope * 10 * n / 3600) for n in range(count)]


def test_the_slope_of_one_life_is_that_of_its_line() -> None:
    assert gauge(line(0, 3600, 150.0, 12.5)).slope == pytest.approx(12.5)


def test_a_restart_that_resets_the_level_hides_no_growth_and_makes_none() -> None:
    growing = gauge(line(0, 3600, 200.0, 6.0), line(3700, 7300, 150.0, 6.0), line(7400, 9000, 180.0, 6.0))
    flat = gauge(line(0, 3600, 100.0, 0.0), line(3700, 7300, 150.0, 0.0))

    assert growing.slope == pytest.approx(6.0)
    assert flat.slope == pytest.approx(0.0)


def test_a_long_life_outweighs_short_ones() -> None:
    short = [line(10_000 + 200 * n, 10_060 + 200 * n, 100.0, 600.0) for n in range(20)]

    assert gauge(line(0, 7200, 100.0, 1.0), *short).slope == pytest.approx(1.0, abs=0.1)


def test_noise_is_fitted_by_least_squares() -> None:
    """(0, 0), (1800, 2), (3600, 1): by hand, sum of products 1800 over 6,480,000 s^2, times 3,600 s."""
    assert gauge([(0, 0.0), (1800, 2.0), (3600, 1.0)]).slope == pytest.approx(1.0)


def test_what_was_seen_once_has_no_slope() -> None:
    assert math.isnan(gauge([(0, 1.0)], [(10, 2.0)]).slope)
    assert math.isnan(Gauge().slope)


def test_growth_is_that_of_the_worst_life_and_of_no_single_moment() -> None:
    leaking = [(10.0 * n, 20.0 + n // 2) for n in range(40)]
    busy = [(1000.0 + 10 * n, 90.0 if n == 20 else 20.0) for n in range(40)]
    found = gauge(leaking, busy)

    assert found.growth == 39 // 2 - (FEW - 1) // 2 == 17
    assert (found.lives[1].first, found.lives[1].last, found.lives[1].most) == (20.0, 20.0, 90.0)


def test_a_life_of_which_nothing_was_seen_does_not_count() -> None:
    made = gauge([], [], [(0, 1.0)])

    assert len(made.lives) == len(made.seen) == 1
    assert Gauge().growth == 0
