"""A fire grows with the square of time, its smoke takes its way, and soot goes with heat."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.waveforms import fire, nuisance


@pytest.mark.parametrize(
    ("growth", "seconds"), [("slow", 600), ("medium", 300), ("fast", 150), ("ultra-fast", 75)]
)
def test_each_growth_reaches_1055_kw_in_its_time(growth: str, seconds: float) -> None:
    assert fire.seconds_to(1055, fire.GROWTH[growth]) == pytest.approx(seconds, rel=0.01)


@given(st.sampled_from(list(fire.GROWTH)), st.floats(1, 40))
def test_twice_the_time_is_four_times_the_fire(growth: str, seconds: float) -> None:
    once, twice = fire.heat_release(np.array([seconds, 2 * seconds]), fire.GROWTH[growth], 1e9, 0, 60)

    assert twice == pytest.approx(4 * once)


def test_a_fire_holds_its_peak_while_it_burns_and_falls_to_a_third_in_its_time_constant() -> None:
    grown = fire.seconds_to(300, fire.GROWTH["medium"])
    times = np.array([grown - 1, grown, grown + 600, grown + 600 + 180])
    before, peak, still, after = fire.heat_release(times, fire.GROWTH["medium"], 300, 600, 180)

    assert before < peak == pytest.approx(300)
    assert still == pytest.approx(300)
    assert after == pytest.approx(300 * math.exp(-1))


@given(st.floats(1, 5000), st.floats(2.5, 12), st.floats(0.2, 20), st.floats(1.1, 3))
def test_farther_away_and_higher_up_it_is_cooler(
    power: float, ceiling: float, radius: float, more: float
) -> None:
    def warmth(power: float, radius: float, ceiling: float) -> float:
        return float(fire.temperature_rise(np.array([power]), radius, ceiling)[0])

    here = warmth(power, radius, ceiling)
    assert warmth(power, radius * more, ceiling) <= here
    assert warmth(power * more, radius, ceiling) > here
    assert warmth(power, fire.TURNING * ceiling, ceiling) > warmth(
        power, fire.TURNING * ceiling, ceiling * more
    )


def test_the_ceiling_jet_has_the_temperatures_of_alpert() -> None:
    """1000 kW below 3 m: 16.9 Q^(2/3) / H^(5/3) at the axis, 5.38 (Q/r)^(2/3) / H at 3 m."""
    [axis] = fire.temperature_rise(np.array([1000.0]), 0.3, 3)
    [beside] = fire.temperature_rise(np.array([1000.0]), 3, 3)

    assert axis == pytest.approx(270.8, abs=0.2)
    assert beside == pytest.approx(86.2, abs=0.2)


def test_the_delay_is_the_way_at_the_speeds_of_plume_and_jet() -> None:
    """Quadrature of dz/w and dr/u against the closed form."""
    power, radius, ceiling = 100.0, 6.0, 4.0
    z, r = (np.linspace(1e-9, end, 400_001) for end in (ceiling, radius))
    up = 1.03 * (fire.CONVECTIVE * power) ** (1 / 3) * z ** (-1 / 3)
    near, far = 0.96 * (power / ceiling) ** (1 / 3), 0.195 * power ** (1 / 3) * ceiling**0.5 * r ** (-5 / 6)
    along = np.where(r <= 0.15 * ceiling, near, far)

    [delay] = fire.delay(np.array([power]), radius, ceiling)

    assert delay == pytest.approx(np.trapezoid(1 / up, z) + np.trapezoid(1 / along, r), rel=1e-3)


@given(st.floats(1, 15), st.floats(1.2, 3))
def test_smoke_comes_later_the_farther_away_and_never_before_its_fire(radius: float, more: float) -> None:
    # Smoke of a medium fire needs 420 s to the farthest of them, 45 m away; it burns steadily until 600 s.
    seconds = np.arange(0.0, 500.0)
    power = fire.heat_release(seconds, fire.GROWTH["medium"], 300, 600, 180)
    near, far = (fire.arriving(seconds, power, r, 3) for r in (radius, radius * more))

    assert np.all(near <= power + 1e-9)
    assert np.all(far <= near + 1e-9)
    assert 0 < np.argmax(near > 0) < np.argmax(far > 0)
    assert np.all(np.diff(near) >= -1e-9)


def test_smoke_of_a_steady_fire_arrives_unchanged_after_its_delay() -> None:
    seconds = np.arange(0.0, 200.0, 0.5)
    power = np.where(seconds < 60, 100.0, 400.0)
    [slow], [fast] = (fire.delay(np.array([q]), 3, 3) for q in (100.0, 400.0))

    here = fire.arriving(seconds, power, 3, 3)

    assert here[0] == 0
    assert here[int(2 * (slow + 1))] == pytest.approx(100)
    assert here[int(2 * (60 + fast + 1))] == pytest.approx(400)


def test_soot_and_warmth_are_thinned_by_the_same_air() -> None:
    """1 kg/s of air warmed by Q and filled with the soot of Q: extinction times what is in a cubic metre."""
    heat, air = 50.0, 2.0  # kW carried by the plume, m3/s
    soot, content = fire.FUEL["foam"]
    rise = heat / (fire.HEAT_OF_AIR * air)
    density = soot * heat / fire.CONVECTIVE / content / air
    transmitted = math.exp(-fire.EXTINCTION * density)  # over one metre

    [absorbance] = fire.absorbance(np.array([rise]), "foam")

    assert absorbance == pytest.approx(-10 * math.log10(transmitted))


def test_cooking_peaks_when_it_is_told_and_is_aired_away() -> None:
    seconds = np.arange(0.0, 3600.0)
    smoke = nuisance.cooking(seconds, 0.12, 300)

    assert np.argmax(smoke) == 300
    assert smoke.max() == pytest.approx(0.12)
    assert smoke[-1] < 0.001


def test_steam_stands_as_long_as_the_shower_and_then_falls_to_a_third_in_its_time() -> None:
    smoke = nuisance.steam(np.array([0.0, 60.0, 600.0, 800.0]), 0.1, 600, airing=200)

    assert smoke == pytest.approx([0, 0.1, 0.1, 0.1 * math.exp(-1)])


def test_dust_gathers_evenly_until_it_is_cleaned() -> None:
    baseline = nuisance.dust(np.array([0.0, 10.0, 29.0, 30.0]), 0.002, cleaned=30)

    assert baseline == pytest.approx([0, 0.02, 0.058, 0])
