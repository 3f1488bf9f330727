"""Water is neither made nor lost: hyetograph, bucket and unit hydrograph keep their balance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.waveforms import catchment, gauge, storm

PLACE = storm.Intensity()


@given(st.floats(10, 400), st.floats(20, 1440), st.floats(0, 1))
def test_a_design_storm_brings_its_depth(depth: float, duration: float, peak: float) -> None:
    minutes = np.linspace(0, duration, 20_001)
    rate = storm.chicago(minutes, duration, depth, peak, PLACE)

    assert np.trapezoid(rate, minutes) / 60 == pytest.approx(depth, rel=1e-3)
    assert np.all(rate >= 0)
    assert abs(minutes[np.argmax(rate)] - peak * duration) <= duration / 20_000


@given(st.floats(0.05, 0.95), st.floats(5, 170))
def test_each_time_around_the_peak_has_the_mean_of_the_formula(peak: float, around: float) -> None:
    """Of a storm as deep as the formula says of its duration."""
    depth, years = PLACE.depth(180, 20), 20.0
    minutes = np.linspace(
        (1 - around / 180) * peak * 180, peak * 180 + around / 180 * (1 - peak) * 180, 20_001
    )
    rate = storm.chicago(minutes, 180, depth, peak, PLACE)

    assert np.trapezoid(rate, minutes) / 60 == pytest.approx(PLACE.depth(around, years), rel=1e-3)


def test_what_comes_more_seldom_or_lasts_longer_is_deeper_and_longer_is_weaker() -> None:
    assert PLACE.depth(60, 50) > PLACE.depth(60, 2)
    assert PLACE.depth(120, 2) > PLACE.depth(60, 2)
    assert PLACE.mean(120, 2) < PLACE.mean(60, 2)


def test_it_rains_only_between_the_beginning_and_the_end() -> None:
    rate = storm.chicago(np.array([-1.0, 0.0, 80.0, 81.0]), 80, 220, 0.4, PLACE)

    assert [value > 0 for value in rate] == [False, True, True, False]


def test_the_footprint_is_a_bell_of_one_sigma() -> None:
    share = storm.footprint(np.array([0.0, 6.0, 0.0, 12.0]), np.array([0.0, 0.0, -6.0, 0.0]), 6)

    assert share == pytest.approx(np.exp([0, -0.5, -0.5, -2]))


@given(st.lists(st.floats(0, 30), min_size=1, max_size=50), st.floats(0, 0.0999))
def test_tips_and_what_is_left_in_the_bucket_are_what_was_caught(caught: list[float], left: float) -> None:
    tips, after = gauge.tips(np.array(caught), left)

    assert tips.sum() * gauge.TIP + after == pytest.approx(left + sum(caught), abs=1e-6)
    assert np.all(tips >= 0)
    assert -1e-6 <= after < gauge.TIP + 1e-6


@given(st.lists(st.floats(0, 3), min_size=2, max_size=20), st.integers(1, 19))
def test_a_bucket_that_is_asked_in_between_tips_as_often(caught: list[float], cut: int) -> None:
    at_once, _ = gauge.tips(np.array(caught))
    first, left = gauge.tips(np.array(caught[:cut]))
    then, _ = gauge.tips(np.array(caught[cut:] or [0.0]), left)

    assert abs(first.sum() + then.sum() - at_once.sum()) <= 1e-6


def test_drizzle_tips_now_and_then() -> None:
    tips, left = gauge.tips(np.full(10, 0.03))

    assert tips.tolist() == [0, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    assert left == pytest.approx(0)


def test_a_bucket_that_is_full_to_the_brim_tips() -> None:
    """0.3 / 0.1 is a little less than 3 in floating point."""
    tips, left = gauge.tips(np.array([0.3]))

    assert tips.tolist() == [3]
    assert left == pytest.approx(0)


def test_a_counter_starts_again_after_99999_9_mm() -> None:
    assert gauge.advanced(999_998, 1) == 999_999
    assert gauge.advanced(999_998, 5) == 3


@given(st.lists(st.floats(0, 200), min_size=1, max_size=100), st.floats(0, 50), st.floats(0, 30))
def test_what_runs_off_is_no_more_than_fell_less_the_first_losses(
    rain: list[float], initial: float, constant: float
) -> None:
    hours = 1 / 12
    fallen = sum(rain) * hours
    runoff = catchment.effective(np.array(rain), hours, initial, constant)

    assert np.all(runoff >= 0)
    assert runoff.sum() * hours <= max(fallen - initial, 0) + 1e-6
    assert catchment.effective(np.array(rain), hours, initial, 0).sum() * hours == pytest.approx(
        max(fallen - initial, 0), abs=1e-6
    )


def test_losses_come_first_and_then_all_the_time() -> None:
    runoff = catchment.effective(np.array([10.0, 10.0, 10.0]), 1, initial=15, constant=2)

    assert runoff == pytest.approx([0, 3, 8])


@given(st.floats(0.2, 12), st.floats(0.01, 0.5))
def test_a_unit_hydrograph_is_one_unit_of_water_with_the_lag_of_scs(
    concentration: float, hours: float
) -> None:
    shares = catchment.unit_hydrograph(hours, concentration)
    middle = (np.arange(len(shares)) + 0.5) * hours

    assert shares.sum() == pytest.approx(1)
    assert np.all(shares >= 0)
    # Each share counts at the middle of its step, which a coarse step moves by less than half of it.
    assert (shares * middle).sum() == pytest.approx(catchment.LAG * concentration, abs=hours / 2)


@given(st.lists(st.floats(0, 150), min_size=1, max_size=60), st.floats(1, 500), st.floats(0.3, 8))
def test_all_that_runs_off_passes_the_gauge(runoff: list[float], area: float, concentration: float) -> None:
    hours = 1 / 12
    flow = catchment.discharge(np.array(runoff), hours, area, concentration)

    volume = flow.sum() * hours * 3600
    assert volume == pytest.approx(sum(runoff) * hours / 1000 * area * 1e6, rel=1e-9)


def test_a_river_comes_later_and_flatter_than_its_rain() -> None:
    runoff = np.zeros(60)
    runoff[10] = 60.0
    flow = catchment.discharge(runoff, 1 / 60, 20, 1.5)

    assert np.argmax(flow) > 10 + 20
    assert flow.max() < 60 / 3.6 * 20 / 10


@given(st.floats(1, 500), st.floats(0.2, 8), st.floats(0, 3))
def test_a_rating_curve_goes_through_what_is_known_by_the_law_of_manning(
    flow: float, depth: float, more: float
) -> None:
    known, other = catchment.depth(np.array([flow, more * flow]), flow, depth)

    assert known == pytest.approx(depth)
    assert (other / depth) ** (5 / 3) == pytest.approx(more, abs=1e-9)


@given(st.floats(1, 500), st.floats(0.2, 8), st.floats(0, 1000))
def test_a_rating_curve_is_read_both_ways(known_flow: float, known_depth: float, flow: float) -> None:
    depth = catchment.depth(np.array([flow]), known_flow, known_depth)

    assert catchment.flow(depth, known_flow, known_depth) == pytest.approx(flow)
