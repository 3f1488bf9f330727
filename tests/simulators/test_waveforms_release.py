"""All gas that is let go passes each plane across the wind, and each place gets its dose."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.waveforms import release

STABILITIES = "ABCDEF"
WINDS = st.builds(release.Air, st.floats(0.5, 15), st.sampled_from(STABILITIES))


def crosswind(along: float, air: release.Air) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    wide, _ = release.spreads(np.array(along), air.stability)
    return np.linspace(-8 * wide, 8 * wide, 801)


@given(st.floats(0.1, 50), WINDS, st.floats(10, 5000))
def test_the_mass_through_a_plane_across_the_wind_is_what_is_let_go(
    rate: float, air: release.Air, along: float
) -> None:
    """Quadrature over the plane: what is at the ground, times the vertical bell above it."""
    y = crosswind(along, air)
    ground = release.plume(rate, air, np.full_like(y, along), y)
    _, high = release.spreads(np.array(along), air.stability)
    z = np.linspace(0, 8 * high, 801)
    column = np.trapezoid(np.exp(-np.square(z / high) / 2), z)

    assert np.trapezoid(ground, y) * column * air.wind == pytest.approx(rate * release.MG_PER_KG, rel=1e-3)


@given(st.floats(1, 5000), WINDS, st.floats(20, 5000), st.floats(-2, 2))
def test_the_dose_of_a_puff_is_the_closed_form(
    mass: float, air: release.Air, along: float, sigmas: float
) -> None:
    """M / (pi u sigma_y sigma_z) exp(-y^2 / 2 sigma_y^2) at the ground, by quadrature over time."""
    wide, high = (float(s) for s in release.spreads(np.array(along), air.stability))
    across = sigmas * wide
    seconds = np.linspace((along - 8 * wide) / air.wind, (along + 8 * wide) / air.wind, 4001)

    dose = np.trapezoid(release.puff(seconds, mass, air, (along, across)), seconds)

    expected = mass * 1e6 / (np.pi * air.wind * wide * high) * np.exp(-(sigmas**2) / 2)
    assert dose == pytest.approx(expected, rel=1e-3)


@given(st.floats(0.1, 20), st.floats(30, 3600), WINDS, st.floats(20, 3000), st.floats(0, 20))
def test_the_dose_of_a_spell_is_that_of_the_plume_for_as_long(
    rate: float, lasting: float, air: release.Air, along: float, height: float
) -> None:
    wide, _ = release.spreads(np.array(along), air.stability)
    reach = 8 * float(wide) / air.wind
    seconds = np.linspace(along / air.wind - reach, along / air.wind + lasting + reach, 8001)
    steady = release.plume(rate, air, np.array(along), np.array(1.0), height=height)

    dose = np.trapezoid(release.spell(seconds, rate, lasting, air, (along, 1.0), height=height), seconds)

    assert dose == pytest.approx(float(steady) * lasting, rel=1e-3)


def test_a_spell_is_all_its_puffs() -> None:
    air, place = release.Air(2, "D"), (500.0, 20.0)
    seconds, puffs = np.arange(0.0, 1000.0, 5), np.arange(0.5, 120)

    together = sum(release.puff(seconds - start, 1.5, air, place) for start in puffs)

    assert release.spell(seconds, 1.5, 120, air, place) == pytest.approx(together, rel=0.01, abs=0.1)


def test_half_of_the_front_has_come_when_the_wind_has() -> None:
    steady = release.plume(1, release.Air(2, "D"), np.array(500.0), np.array(0.0))
    [front] = release.spell(np.array([250.0]), 1, 3600, release.Air(2, "D"), (500, 0))

    assert front == pytest.approx(float(steady) / 2)


@given(WINDS, st.floats(50, 4000), st.floats(1.1, 2), st.floats(0.2, 3))
def test_it_is_thinner_downwind_aside_and_in_more_wind_and_nothing_upwind(
    air: release.Air, along: float, more: float, sigmas: float
) -> None:
    def at(along: float, across: float, wind: float) -> float:
        moved = release.Air(wind, air.stability)
        return float(release.plume(1, moved, np.array(along), np.array(across)))

    wide = float(release.spreads(np.array(along), air.stability)[0])
    here = at(along, 0, air.wind)
    assert at(along * more, 0, air.wind) < here
    assert at(along, sigmas * wide, air.wind) < here
    assert at(along, 0, air.wind * more) == pytest.approx(here / more)
    assert at(-along, 0, air.wind) == 0
    assert not release.puff(np.array([0.0, 100.0]), 1, air, (-along, 0)).any()


def test_still_air_of_the_night_keeps_it_together() -> None:
    ground = [float(release.plume(1, release.Air(2, s), np.array(500.0), np.array(0.0))) for s in STABILITIES]

    assert ground == sorted(ground)


def test_a_high_source_spares_the_ground_near_it() -> None:
    air, along = release.Air(2, "D"), np.array([50.0, 2000.0])
    low, high = (release.plume(1, air, along, np.zeros(2), height=h) for h in (0.0, 30.0))

    assert high[0] < low[0] / 1000
    assert high[1] > low[1] / 2


@pytest.mark.parametrize(
    ("wind_from", "along", "across"), [(270, 3, 4), (0, -4, 3), (180, 4, -3), (90, -3, -4)]
)
def test_wind_is_named_for_where_it_comes_from(wind_from: float, along: float, across: float) -> None:
    """3 east and 4 north of the source."""
    assert release.downwind(3, 4, wind_from) == pytest.approx((along, across))
