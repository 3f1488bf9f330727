"""What an event does at which sensors of the shipped county, in the units of an operator."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from simulators.device import Device
from simulators.events import (
    Arcing,
    Crowd,
    Event,
    Fire,
    HotCable,
    Leakage,
    NobodyThere,
    Nuisance,
    Release,
    Restart,
    Sag,
    Storm,
    TankUpset,
)
from simulators.events.place import distance
from simulators.scenario import Scenario, county_days
from simulators.signal import Signal
from tests.simulators.county import DEVICES, START, device, felt, most

EVENTS: Sequence[Event] = (
    Fire(START, "market-street"),
    Fire(START, "market-street", growth="ultra-fast", peak=3000, fuel="foam", ceiling=8, neighbours=5),
    Nuisance(START, "old-town"),
    Nuisance(START, "old-town", "steam", peak=0.3),
    Nuisance(START, "old-town", "dust", peak=0.1, lasting=30 * DAY),
    HotCable(START, "old-town", overload=0.5),
    Leakage(START, "old-town"),
    Arcing(START, "old-town"),
    Sag(START, "old-town"),
    Storm(START, "upper-valley", drift=(20, -10)),
    Release(START, "chemical-park", "nh3", mass=3000),
    Release(START, "gas-chemical-park-05", "cl2", mass=50, lasting=0, stability="F"),
    TankUpset(START, "chemical-park"),
    TankUpset(START, "chemical-park", "leak", size=8),
    TankUpset(START, "chemical-park", "heating", size=30),
    Crowd(START, "firework-hollow"),
    Restart(START, "tea-hill"),
)


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_an_event_is_felt_between_its_beginning_and_its_end_the_same_for_one_seed(event: Event) -> None:
    effects = event.effects(DEVICES, 1)
    signals = [signal for metrics in effects.values() for signal in metrics.values()]

    assert signals
    assert event.begin <= min(signal.start for signal in signals)
    assert max(signal.end for signal in signals) <= event.ends
    assert all(math.isfinite(value) for signal in signals for value in signal.values)
    assert event.effects(DEVICES, 1) == effects


@pytest.mark.parametrize("event", EVENTS, ids=repr)
def test_an_event_where_nobody_can_feel_it_is_refused_with_the_place(event: Event) -> None:
    with pytest.raises(NobodyThere, match="'nowhere'"):
        replace(event, place="nowhere").effects(DEVICES, 1)


def test_a_zone_stands_for_one_of_its_sensors_which_the_seed_chooses() -> None:
    chosen = {next(iter(felt(Leakage(START, "old-town"), "leakage", seed))) for seed in range(20)}

    assert len(chosen) > 3
    assert {device(sensor).zone for sensor in chosen} == {"old-town"}
    assert list(felt(Leakage(START, "electrical-old-town-02"), "leakage")) == ["electrical-old-town-02"]


def test_a_fire_reaches_its_neighbours_later_and_weaker_in_the_order_of_their_distance() -> None:
    fire = Fire(START, "smoke-market-street-05", neighbours=3)
    smoke = felt(fire, "smoke")

    assert len(smoke) == 4
    first = device(next(iter(smoke)))
    distances = [distance(first, device(sensor)) for sensor in smoke]
    assert first.id == "smoke-market-street-05"
    assert distances == sorted(distances)
    starts, peaks = [signal.start for signal in smoke.values()], [most(signal) for signal in smoke.values()]
    assert starts == sorted(set(starts))
    assert peaks == sorted(peaks, reverse=True)
    assert {device(sensor).zone for sensor in smoke} == {"market-street"}


def test_a_usual_fire_is_an_alarm_and_hot_at_its_detector_and_smoke_at_the_next() -> None:
    smoke, warmth = (
        felt(Fire(START, "market-street"), "smoke"),
        felt(Fire(START, "market-street"), "temperature"),
    )
    [here, there] = smoke

    assert most(smoke[here]) / 1.5 > 0.15
    assert most(smoke[there]) / 1.5 > 0.15
    assert most(warmth[here]) > 54 - 19 > most(warmth[there])


def test_foam_smokes_more_than_wood_and_a_fast_fire_is_noticed_earlier() -> None:
    wood = Fire(START, "smoke-market-street-05", neighbours=0)
    [slow], [fast] = (felt(replace(wood, growth=g), "smoke").values() for g in ("slow", "ultra-fast"))
    [foam] = felt(replace(wood, fuel="foam"), "smoke").values()
    [plain] = felt(wood, "smoke").values()

    def alarm(signal: Signal) -> int:
        return next(t for t, v in zip(signal.times, signal.values, strict=True) if v >= 0.15)

    assert most(foam) > 3 * most(plain)
    assert alarm(fast) < alarm(slow)


def test_dust_is_no_reason_to_hurry_and_cooking_is() -> None:
    assert not Nuisance(START, "old-town", "dust").urgent
    assert Nuisance(START, "old-town").urgent


def test_a_hot_cable_has_63_percent_of_its_rise_after_a_time_constant() -> None:
    [warmth] = felt(HotCable(START, "old-town", rise=60, lasting=3 * HOUR), "cable_temperature").values()

    assert warmth.at(START + 20 * MINUTE) == pytest.approx(60 * (1 - math.exp(-1)), abs=0.1)


def test_an_overload_is_current_of_the_rated_one_and_heat_by_its_square() -> None:
    event = HotCable(START, "old-town", rise=0, overload=0.5, lasting=10 * HOUR)
    [current], [warmth] = felt(event, "current").values(), felt(event, "cable_temperature").values()

    assert current.at(START + HOUR) == pytest.approx(0.5 * 63)
    assert most(warmth) == pytest.approx(25 * (1 - 0.25), abs=0.1)


def test_each_burst_of_arcs_is_in_one_report_of_each_ten_seconds() -> None:
    event = Arcing(START, "old-town", half_cycles=20, bursts=3, every=2 * MINUTE)
    [arcs] = felt(event, "arcs").values()

    told = [arcs.at(at) for at in range(START, event.ends + MINUTE, 10 * SECOND)]
    assert [value for value in told if value] == [20, 20, 20]


def test_a_sag_hits_all_circuits_of_a_zone_or_the_one() -> None:
    zone, one = (
        felt(Sag(START, "old-town", drop=60), "voltage"),
        felt(Sag(START, "electrical-old-town-02"), "voltage"),
    )

    assert set(zone) == {d.id for d in DEVICES if d.kind == "electrical" and d.zone == "old-town"}
    assert set(one) == {"electrical-old-town-02"}
    assert [signal.at(START + MINUTE) for signal in zone.values()] == pytest.approx([-60.0] * len(zone))


def test_a_tank_that_is_heated_an_overfilled_and_a_leaking_one() -> None:
    [level] = felt(TankUpset(START, "chemical-park", "overfill", size=60, lasting=HOUR), "level").values()
    [leak] = felt(TankUpset(START, "chemical-park", "leak", size=8, lasting=HOUR), "level").values()
    heating = TankUpset(START, "chemical-park", "heating", size=30, lasting=5 * HOUR)
    [warmth] = felt(heating, "temperature").values()

    assert most(level) == pytest.approx(60)
    # More than 1 % in ten minutes: nobody draws off so fast.
    assert leak.at(START) - leak.at(START + 10 * MINUTE) > 1
    assert most(warmth) == pytest.approx(30, abs=0.1)


def test_a_crowd_is_so_many_people_for_so_long() -> None:
    [people] = felt(Crowd(START, "firework-hollow", people=3, lasting=20 * MINUTE), "headcount").values()

    assert people.at(START + 10 * MINUTE) == 3


def test_what_several_events_do_adds_up_and_each_is_urgent_for_as_long_as_it_is_felt() -> None:
    one, other = (
        Leakage(START, "electrical-old-town-02"),
        Leakage(START + 10 * MINUTE, "electrical-old-town-02"),
    )
    scenario = Scenario.of([one, other], DEVICES, 1)
    [alone], [later] = felt(one, "leakage").values(), felt(other, "leakage").values()

    at = START + 15 * MINUTE
    assert scenario.effects["electrical-old-town-02"]["leakage"].at(at) == pytest.approx(
        alone.at(at) + later.at(at)
    )
    assert scenario.urgent["electrical-old-town-02"] == (
        (alone.start, alone.end),
        (later.start, later.end),
    )


def test_rain_and_rivers_keep_their_interval() -> None:
    assert Scenario.of([Storm(START, "upper-valley")], DEVICES, 1).urgent == {}


def test_the_default_days_differ_by_seed_and_need_no_more_than_there_is() -> None:
    gauges: list[Device] = [d for d in DEVICES if d.kind in ("rain", "stage")]
    days = county_days(gauges, START, 1, days=1)

    assert {metric for effects in days.effects.values() for metric in effects} == {"rain", "stage"}
    assert days != county_days(gauges, START, 2, days=1)
