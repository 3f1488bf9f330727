"""A cable warms with a time constant and the square of its current; insulation fails faster and faster."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.waveforms import circuit


@given(st.floats(1, 120), st.floats(10, 7200))
def test_a_fault_has_warmed_by_63_percent_after_one_time_constant(rise: float, constant: float) -> None:
    [warm] = circuit.heating(np.array([constant]), rise, 10 * constant, constant)

    assert warm == pytest.approx(rise * (1 - math.exp(-1)))


def test_a_fault_that_is_over_has_cooled_by_63_percent_after_one_more() -> None:
    hot, cooler = circuit.heating(np.array([1e5, 1e5 + 1200]), 60, 1e5, 1200)

    assert hot == pytest.approx(60)
    assert cooler == pytest.approx(60 * math.exp(-1))


@given(st.floats(0, 2), st.floats(0, 2))
def test_a_cable_ends_at_a_rise_that_goes_with_the_square_of_its_load(first: float, then: float) -> None:
    seconds = np.arange(0.0, 20 * circuit.TIME_CONSTANT, 60)
    load = np.where(seconds == 0, first, then)

    rise = circuit.cable_rise(load, seconds)

    assert rise[0] == pytest.approx(circuit.RATED_RISE * first**2)
    assert rise[-1] == pytest.approx(circuit.RATED_RISE * then**2, abs=0.01)


def test_how_often_a_cable_is_looked_at_changes_nothing() -> None:
    coarse = circuit.lagged(10, 40, 600)
    fine = 10.0
    for _ in range(600):
        fine = circuit.lagged(fine, 40, 1)

    assert fine == pytest.approx(coarse)


def test_a_step_of_the_load_is_followed_by_63_percent_in_one_time_constant() -> None:
    """The load of 1 holds from the second instant on."""
    seconds = np.array([0.0, 1e-9, circuit.TIME_CONSTANT])
    rise = circuit.cable_rise(np.array([0.0, 1.0, 1.0]), seconds)

    assert rise[-1] == pytest.approx(circuit.RATED_RISE * (1 - math.exp(-1)), rel=1e-6)


def test_the_day_has_its_peaks_in_the_morning_and_in_the_evening() -> None:
    hours = np.arange(0, 24, 0.25)
    load = circuit.daily_load(hours)

    assert 19 <= hours[np.argmax(load)] <= 20
    assert circuit.daily_load(np.array([8.0]))[0] > circuit.daily_load(np.array([13.0]))[0] + 0.1
    assert load.min() >= 0.3
    assert load.max() <= 0.81
    assert circuit.daily_load(np.array([25.0])) == circuit.daily_load(np.array([1.0]))


def test_insulation_fails_the_faster_the_worse_it_is_and_is_gone_once_it_is_off() -> None:
    seconds = np.arange(0.0, 2500.0, 10)
    leak = circuit.insulation_failure(seconds, 550, 1200, 1200)
    growing = leak[seconds <= 1200]

    assert np.all(np.diff(growing, 2) > 0)
    assert leak[seconds == 600] < 550 / 4
    assert leak[(seconds >= 1200) & (seconds <= 2400)] == pytest.approx(550)
    assert leak[seconds > 2400] == pytest.approx(0)


def test_arcs_come_in_so_many_bursts() -> None:
    seconds = np.arange(0.0, 1000.0)
    arcs = circuit.arcs(seconds, 20, bursts=3, every=120, lasting=9)

    assert set(arcs) == {0.0, 20.0}
    assert list(seconds[np.flatnonzero(np.diff(arcs, prepend=0) > 0)]) == [0, 120, 240]
    assert np.count_nonzero(arcs) == 3 * 9


def test_a_sag_is_as_deep_as_told_and_over_in_time() -> None:
    volts = circuit.sag(np.array([-1.0, 0.0, 0.1, 60.0, 119.9, 120.0, 121.0]), 60, 120)

    assert volts == pytest.approx([0, 0, -60, -60, -60, 0, 0])
