"""Tanks are filled and drawn off slowly enough to be no leak; people come, rest and leave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.waveforms import tank, weather, workshop

DAY = np.arange(0, 24, 1 / 60)


def test_a_day_of_a_tank_ends_as_it_began() -> None:
    share = tank.operations(DAY)

    assert share.min() == 0
    assert share.max() == 1
    assert tank.operations(np.array([24.0])) == tank.operations(np.array([0.0]))
    assert share[DAY == 8] == pytest.approx(0.5)


def test_liquefied_gas_has_more_pressure_when_it_is_warmer() -> None:
    pressure = tank.vapour(100, np.array([-10.0, 0.0, 10.0, 20.0]))

    assert pressure[1] == pytest.approx(100)
    assert np.all(np.diff(pressure, 2) > 0)
    # Ammonia: 9.7 bar at 24 degC, 11.67 bar at 30 degC, absolute.
    assert tank.vapour(970 - tank.ATMOSPHERE, np.array([6.0]))[0] + tank.ATMOSPHERE == pytest.approx(
        1167, rel=0.02
    )


def test_an_open_inlet_adds_what_its_rate_says_and_is_pumped_off_again() -> None:
    level = tank.overfill(np.array([-1.0, 0.0, 1800.0, 3600.0, 5400.0, 7200.0, 9000.0]), 60, 3600)

    assert level == pytest.approx([0, 0, 30, 60, 30, 0, 0])


@given(st.floats(1, 90), st.floats(60, 7200))
def test_a_hole_lets_out_what_it_is_told_ever_slower(loss: float, lasting: float) -> None:
    level = tank.leak(np.linspace(0, lasting, 50), loss, lasting, 3600)

    assert level[0] == 0
    assert level[-1] == pytest.approx(-loss)
    assert np.all(np.diff(level) < 0)
    assert np.all(np.diff(level, 2) > -1e-9)
    assert tank.leak(np.array([lasting + 1800, lasting + 3600]), loss, lasting, 3600) == pytest.approx(
        [-loss / 2, 0]
    )


def test_a_shift_works_from_8_to_17_with_a_break_at_noon() -> None:
    share = workshop.occupancy(np.array([7.9, 9.0, 12.5, 15.0, 17.0, 23.0]))

    assert share == pytest.approx([0, 1, 0, 1, 0, 0])


def test_a_crowd_comes_and_goes_as_whole_people() -> None:
    people = workshop.crowd(np.arange(0.0, 1500.0), 3, gathering=120, lasting=1200)

    assert set(people) == {0.0, 1.0, 2.0, 3.0}
    assert np.count_nonzero(people == 3) == pytest.approx(1200, abs=2)


def test_the_air_is_driest_when_it_is_warmest() -> None:
    air = weather.air(DAY)

    assert DAY[np.argmax(air)] == 15
    assert np.argmin(weather.humidity(air)) == np.argmax(air)
    assert air.max() - air.min() == pytest.approx(10, abs=0.01)
