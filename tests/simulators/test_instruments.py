"""What devices make of a quiet day and of an event: their character, memory, scale and decimals."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from ingest.kinds.kinds_file import read_kinds
from simulators.device import Device
from simulators.events import Arcing, Crowd, Fire, HotCable, Leakage, Release, Sag, Storm, TankUpset
from simulators.instruments import INSTRUMENTS
from simulators.scenario import Scenario
from simulators.signal import Signal
from simulators.waveforms import weather
from tests.simulators.county import DEVICES, START, device

KINDS = Path(__file__).parents[2] / "configs" / "kinds.yaml"
MIDNIGHT = START - START % DAY + DAY
# 116.5 degrees east.
SOLAR = int(116.5 / 15 * HOUR)
EVERYTHING = (
    Fire(START + HOUR, "smoke-market-street-05", growth="ultra-fast", peak=5000, fuel="foam"),
    HotCable(START + HOUR, "electrical-old-town-01", rise=300, overload=1.5),
    Leakage(START + HOUR, "electrical-old-town-02", leak=9000),
    Arcing(START + HOUR, "electrical-old-town-03"),
    Sag(START + HOUR, "market-street", drop=300),
    Storm(START + HOUR, "upper-valley", depth=300, duration=2 * HOUR),
    Release(START + HOUR, "gas-chemical-park-05", "ch4", mass=50_000),
    Release(START + HOUR, "gas-chemical-park-06", "nh3", mass=50_000, stability="F"),
    Release(START + HOUR, "gas-chemical-park-01", "cl2", mass=50_000, lasting=0),
    TankUpset(START + HOUR, "tank-chemical-park-01", "overfill", size=300),
    TankUpset(START + HOUR, "tank-chemical-park-02", "leak", size=90),
    TankUpset(START + HOUR, "tank-chemical-park-03", "heating", size=60),
    Crowd(START + HOUR, "workshop-firework-hollow-01", people=40),
)


def measured(
    of: Device,
    effects: Mapping[str, Signal],
    *,
    begin: int = START,
    lasting: int = DAY,
    every: int = 5 * MINUTE,
) -> dict[str, list[str]]:
    """By metric the numbers of each report."""
    ask = INSTRUMENTS[of.kind](of, random.Random(of.id), effects)
    found: dict[str, list[str]] = {}
    for at in range(begin + every, begin + lasting + 1, every):
        for metric, number in ask(at).items():
            found.setdefault(metric, []).append(number)
    return found


def numbers(of: Device, metric: str, effects: Mapping[str, Signal] | None = None, **when: int) -> list[float]:
    return [float(number) for number in measured(of, effects or {}, **when)[metric]]


def steady(value: float, begin: int = START, lasting: int = DAY) -> Signal:
    return Signal((begin, begin + lasting), (value, value))


def test_whatever_happens_a_device_says_only_what_it_can_with_the_decimals_of_its_kind() -> None:
    kinds, _ = read_kinds("kinds.yaml", KINDS.read_text("utf-8"))
    assert kinds is not None
    scenario = Scenario.of(EVERYTHING, DEVICES, 1)
    for of in DEVICES:
        for metric, told in measured(of, scenario.effects.get(of.id, {}), lasting=6 * HOUR).items():
            known = kinds[of.kind].metrics[metric]
            assert all(known.low <= float(number) <= known.high for number in told), (of.id, metric)
            places = max(-int(known.resolution.normalize().as_tuple().exponent), 0)
            assert all(len(number.partition(".")[2]) <= places for number in told), (of.id, metric)


def test_detectors_differ_by_1_33_and_1_5_from_what_is_in_the_air() -> None:
    some = [replace(device("smoke-market-street-05"), id=f"s{number}") for number in range(400)]
    seen = [numbers(of, "smoke", {"smoke": steady(1.0)}, lasting=5 * MINUTE)[0] for of in some]

    assert 1 / 1.5 <= min(seen) < 0.72
    assert 1.28 < max(seen) <= 1.33 * 1.03


def test_natural_leakage_lies_between_100_and_200_milliamperes() -> None:
    some = [replace(device("electrical-old-town-01"), id=f"e{number}") for number in range(100)]
    means = [fmean(numbers(of, "leakage")) for of in some]

    assert 100 < min(means) < 115
    assert 170 < max(means) < 200


def test_a_cable_is_still_warm_when_its_load_has_fallen() -> None:
    """Warmth above the air: highest a good while after the evening's peak of the current."""
    of = device("electrical-old-town-01")
    evening = MIDNIGHT - SOLAR + int(19.5 * HOUR)
    when = {"begin": evening - 6 * HOUR, "lasting": 12 * HOUR, "every": MINUTE}
    hours = 13.5 + np.arange(1, 721) / 60
    current, cable = numbers(of, "current", **when), numbers(of, "cable_temperature", **when)

    def highest(series: Sequence[float]) -> int:
        return int(np.argmax(np.convolve(series, np.ones(60), mode="valid")))

    assert highest(cable - weather.air(hours)) > highest(current) + 10


def test_what_an_event_adds_is_on_top_of_the_quiet_value() -> None:
    of = device("electrical-old-town-02")
    quiet, leaking = numbers(of, "leakage"), numbers(of, "leakage", {"leakage": steady(400)})

    assert [b - a for a, b in zip(quiet, leaking, strict=True)] == pytest.approx([400] * len(quiet), abs=0.11)


def test_only_a_device_that_will_see_arcs_tells_of_them_and_then_always() -> None:
    of = device("electrical-old-town-03")

    assert "arcs" not in measured(of, {})
    assert set(measured(of, {"arcs": steady(20, lasting=MINUTE)})["arcs"]) == {"0"}


def test_a_gas_detector_tells_of_a_toxic_gas_from_its_first_report_on() -> None:
    told = measured(device("gas-chemical-park-05"), {"nh3": steady(50, begin=START + HOUR, lasting=HOUR)})

    assert set(told) == {"combustible", "oxygen", "nh3"}
    assert float(told["nh3"][0]) == 0
    assert max(map(float, told["nh3"])) == 50


@pytest.mark.parametrize("every", [MINUTE, 5 * MINUTE, HOUR])
def test_a_gauge_tips_all_that_it_caught_whatever_its_interval(every: int) -> None:
    """It catches 5 % more or less than fell; one tip may still be in the bucket."""
    of = device("rain-upper-valley-02")
    [rain] = Scenario.of([Storm(START + HOUR, of.id, depth=220)], [of], 1).effects[of.id].values()
    catch = random.Random(of.id).uniform(0.95, 1.05)

    told = numbers(of, "rain", {"rain": rain}, every=every)

    fallen = rain.integral(START, START + DAY) / HOUR
    assert sum(told) <= catch * fallen + 1e-6
    assert sum(told) > catch * fallen - 0.1 - 1e-6
    assert fallen == pytest.approx(220, rel=0.005)


def test_rain_before_the_first_report_is_that_of_one_interval() -> None:
    of = replace(device("rain-upper-valley-02"), interval=HOUR)
    ask = INSTRUMENTS["rain"](of, random.Random(1), {"rain": steady(12, begin=START - DAY, lasting=2 * DAY)})

    assert float(ask(START)["rain"]) == pytest.approx(12, rel=0.06)


def test_a_gauge_with_a_counter_tells_what_it_shows_over_its_rollover_and_a_restart() -> None:
    of = replace(device("rain-upper-valley-02"), site={"counter": (99_990.0, "mm")})
    restart = START + 12 * HOUR
    effects = {"rain": steady(2), "restart": Signal((restart, restart + 1), (1.0, 1.0))}
    told = measured(of, effects, every=HOUR)
    shown = [float(number) for number in told["rain_total"]]

    assert "rain" not in told
    # The first report is of five minutes.
    assert shown[3] == pytest.approx(99_996.2, abs=0.4)
    assert shown[6] == pytest.approx(2.2, abs=0.7)
    assert shown[11] == pytest.approx(12.2, abs=1.2)
    # What fell in the hour of the restart is all that the counter shows.
    assert shown[12] == pytest.approx(2, abs=0.3)


def test_a_heated_tank_of_the_county_exceeds_its_limits_of_temperature_and_pressure() -> None:
    of = device("tank-chemical-park-01")
    [warmth] = Scenario.of([TankUpset(START, of.id, "heating", size=40)], [of], 1).effects[of.id].values()
    effects = {"temperature": warmth}

    assert max(numbers(of, "temperature")) < 35 < 45 < max(numbers(of, "temperature", effects))
    assert max(numbers(of, "pressure")) < 250 < 280 < max(numbers(of, "pressure", effects))


def test_nobody_draws_off_so_fast_that_it_looks_like_a_leak() -> None:
    """1 % in ten minutes."""
    for of in (d for d in DEVICES if d.kind == "tank"):
        level = numbers(of, "level", lasting=2 * DAY)
        assert max(a - b for a, b in zip(level, level[2:], strict=False)) < 1


def test_a_workshop_never_exceeds_its_quota_and_is_empty_at_noon_and_at_night() -> None:
    for of in (d for d in DEVICES if d.kind == "workshop"):
        people = numbers(of, "headcount", begin=MIDNIGHT - SOLAR, lasting=20 * DAY)
        by_hour = [people[12 * hour : 12 * hour + 12] for hour in range(20 * 24)]

        assert max(people) == of.parameter("quota", "", 0)
        assert not any(max(by_hour[day * 24 + hour]) for day in range(20) for hour in (2, 12, 18, 22))


def test_how_many_work_changes_now_and_then_and_not_with_each_report() -> None:
    people = numbers(device("workshop-firework-hollow-04"), "headcount", begin=MIDNIGHT - SOLAR + 8 * HOUR)
    morning = people[6:44]

    assert sum(a != b for a, b in pairwise(morning)) < 10


def test_a_battery_loses_a_percent_in_weeks() -> None:
    battery = numbers(device("smoke-market-street-05"), "battery", lasting=90 * DAY, every=HOUR)

    assert battery == sorted(battery, reverse=True)
    assert 0 <= battery[0] - battery[-1] <= 3


def test_a_quiet_minute_later_a_value_is_almost_the_same() -> None:
    of = device("stage-tea-hill")
    stage = numbers(of, "stage", every=10 * SECOND, lasting=HOUR)

    assert max(stage) - min(stage) < 0.03
