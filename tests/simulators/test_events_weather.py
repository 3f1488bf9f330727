"""Storms over the shipped gauges, the rivers below them, and gas in the wind."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ingest.clock import HOUR, MINUTE
from simulators.events import Catchment, Release, Storm
from simulators.events.storm import low_water
from simulators.signal import Signal
from simulators.waveforms import storm
from tests.simulators.county import START, device, felt, most

LIUKEYU = Storm(START, "upper-valley", depth=220, duration=80 * MINUTE)


def depth(signal: Signal, begin: int = START, end: int = START + 24 * HOUR) -> float:
    """mm."""
    return signal.integral(begin, end) / HOUR


def deepest(signal: Signal, window: int) -> float:
    """The most mm within `window` ms."""
    ends = range(signal.start, signal.end + window, MINUTE)
    return max(depth(signal, end - window, end) for end in ends)


def stages(storm: Storm) -> Iterable[tuple[str, float]]:
    """By gauge how far above low water, as a share of the way to the record stage."""
    for sensor, signal in felt(storm, "stage").items():
        low = low_water(device(sensor))
        yield sensor, most(signal) / (device(sensor).parameter("record_stage", "m", 0) - low)


def test_a_storm_brings_its_depth_at_its_centre_and_less_aside_by_the_bell() -> None:
    place = device("rain-upper-valley-02")
    storm = Storm(START, place.id, depth=220, duration=80 * MINUTE, radius=6)
    depths = {sensor: depth(signal) for sensor, signal in felt(storm, "rain").items()}

    assert depths[place.id] == pytest.approx(220, rel=0.005)
    for sensor, found in depths.items():
        away = np.hypot(device(sensor).x - place.x, device(sensor).y - place.y)
        assert found == pytest.approx(220 * np.exp(-(away**2) / 72), rel=0.005)


def test_a_storm_that_drifts_is_over_its_place_in_its_heaviest_minute() -> None:
    east = Storm(START, "rain-upper-valley-02", duration=3 * HOUR, peak=0.5, radius=3, drift=(20, 0))
    rain = felt(east, "rain")
    peak = START + 90 * MINUTE

    def heaviest(sensor: str) -> int:
        signal = rain[sensor]
        return signal.times[int(np.argmax(signal.values))]

    assert heaviest("rain-upper-valley-02") == peak
    # 20 km/h: the centre itself passes a place 6 km to the east 18 minutes later.
    chemical = device("rain-chemical-park-02").x - device("rain-upper-valley-02").x
    assert 0 < heaviest("rain-chemical-park-02") - peak <= chemical / 20 * HOUR


def test_the_rain_of_liukeyu_is_red_by_the_shipped_rules_and_so_is_the_river() -> None:
    """Torrent: 80 mm in 1 h; rainstorm: 100 mm in 3 h; river: the record stage."""
    rain = felt(LIUKEYU, "rain")
    worst = max(rain.values(), key=most)

    assert deepest(worst, HOUR) > 80
    assert deepest(worst, 3 * HOUR) > 100
    assert max(share for _, share in stages(LIUKEYU)) > 1


def test_a_summer_shower_leaves_every_river_below_its_warning_stage() -> None:
    shower = Storm(START, "upper-valley", depth=25, duration=HOUR)

    assert max(dict(stages(shower)).values(), default=0) < 0.3


def test_more_rain_is_a_higher_river_and_a_larger_catchment_a_later_one() -> None:
    heavier = [max(share for _, share in stages(replace(LIUKEYU, depth=mm))) for mm in (80, 120, 160, 220)]
    [small], [large] = (
        [
            s
            for sensor, s in felt(replace(LIUKEYU, catchment=c), "stage").items()
            if sensor == "stage-upper-valley"
        ]
        for c in (Catchment(), Catchment(area=80, concentration=4))
    )

    assert all(a < b for a, b in pairwise(heavier))
    assert np.argmax(large.values) > np.argmax(small.values) + 30


def test_the_record_is_that_of_each_square_kilometre_and_a_site_may_have_an_area_of_its_own() -> None:
    minutes = np.arange(481.0)
    rain = storm.chicago(minutes, 80, 220, 0.4, storm.Intensity())
    here = device("stage-upper-valley")
    own = replace(here, site={**here.site, "catchment_area": (80.0, "km2")})

    assert Catchment().stage(rain, own) == pytest.approx(Catchment(area=20).stage(rain, here))
    assert Catchment(record_flow=32).stage(rain, here).max() < Catchment().stage(rain, here).max()


def test_a_river_rises_after_its_rain() -> None:
    rain = felt(LIUKEYU, "rain")["rain-upper-valley-02"]
    stage = felt(LIUKEYU, "stage")["stage-upper-valley"]

    crest = stage.times[int(np.argmax(stage.values))]
    assert crest > rain.times[int(np.argmax(rain.values))] + 15 * MINUTE


def test_gas_reaches_the_detector_that_is_named_and_those_downwind_of_it() -> None:
    first, other = device("gas-chemical-park-06"), device("gas-chemical-park-01")
    towards = np.degrees(np.arctan2(other.x - first.x, other.y - first.y))
    release = Release(START, first.id, "nh3", mass=1200, wind_from=float(towards + 180) % 360)
    nh3 = felt(release, "nh3")

    assert most(nh3[first.id]) > 360
    assert 20 < most(nh3[other.id]) < most(nh3[first.id]) / 10
    assert nh3[first.id].start < nh3[other.id].start
    against = felt(replace(release, wind_from=float(towards) % 360), "nh3")
    assert other.id not in against


def test_a_release_at_a_tank_begins_there() -> None:
    """The only detectors that feel it lie downwind."""
    tank = device("tank-chemical-park-04")
    release = Release(START, tank.id, "nh3", mass=3000, wind_from=180)

    reached = [device(sensor) for sensor in felt(release, "nh3")]
    assert reached
    assert all(d.y > tank.y for d in reached)


def test_what_burns_is_in_percent_of_its_lower_limit_and_takes_the_place_of_oxygen() -> None:
    """5 % of methane are 100 %LEL; they leave 95 % of the air."""
    release = Release(START, "gas-chemical-park-06", "ch4")
    [burning], [oxygen] = felt(release, "combustible").values(), felt(release, "oxygen").values()
    at = burning.times[int(np.argmax(burning.values))]

    assert 50 < burning.at(at) < 110
    assert oxygen.at(at) == pytest.approx(-20.9 * burning.at(at) / 100 * 0.05, rel=1e-6)
    assert felt(release, "ch4") == {}


def test_a_toxic_gas_that_burns_is_both_and_chlorine_is_not() -> None:
    assert felt(Release(START, "gas-chemical-park-06", "co", mass=3000), "combustible")
    assert not felt(Release(START, "gas-chemical-park-06", "cl2", mass=3000), "combustible")


def test_a_gas_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"'nh4' is no gas.* nh3"):
        Release(START, "chemical-park", "nh4")
