"""What each layer makes of reports, in the bytes that leave."""

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ingest.clock import DAY, HOUR, MINUTE, SECOND
from simulators.device import Device
from simulators.faults import FAULTS, Layer, Scope, everyday
from simulators.faults.carriage import (
    Dropout,
    Duplicates,
    Ghosts,
    LateBatch,
    Outage,
    Reordering,
    StoreAndForward,
)
from simulators.faults.clocks import ClockAhead, ClockBehind, ClockSteps, Restamped
from simulators.faults.speech import Garbage, Impersonation
from simulators.faults.values import SENTINELS, Drift, Sentinels, Stuck, WrongUnit
from simulators.report import Report
from tests.simulators.faulty import START, devices, fleet, wire

UNTIL = START + 6 * HOUR
FROM, TO = START + 2 * HOUR, START + 4 * HOUR
RIVER = Scope(sensors=frozenset({"h1"}), begin=FROM, end=TO)
WEST = Scope(gateways=frozenset({"gw-2"}), begin=FROM, end=TO)


@pytest.fixture
def county(tmp_path: Path) -> list[Device]:
    return devices(tmp_path)


def of(sensor: str, county: Sequence[Device], *layers: Layer, until: int = UNTIL) -> list[Report]:
    return [r for r in fleet(county, *layers).until(until) if r.device.id == sensor]


def inside(reports: Sequence[Report]) -> list[Report]:
    return [report for report in reports if FROM <= report.at < TO]


def said(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report.encoded())
    return found


def test_dropout_loses_its_share_for_good(county: list[Device]) -> None:
    layer = Dropout(Scope(sensors=frozenset({"g1"}), share=0.3), 1)
    numbers = [said(report)["seq"] for report in of("g1", county, layer, until=START + DAY)]

    assert len(numbers) + layer.happened == 1440
    assert layer.happened == pytest.approx(0.3 * 1440, rel=0.15)
    assert numbers == sorted(set(numbers))


def test_a_duplicate_is_the_same_bytes_again_at_once_or_later(county: list[Device]) -> None:
    for after in (0, 7 * MINUTE):
        reports = inside(of("h1", county, layer := Duplicates(RIVER, 1, after=after)))
        twice = defaultdict(list)
        for report in reports:
            twice[said(report)["seq"]].append(report)

        assert layer.happened == len(twice) == 24
        for first, second in twice.values():
            assert (first.topic, first.encoded()) == (second.topic, second.encoded())
            assert second.leaves == first.leaves + after


def test_reordered_reports_are_overtaken_and_none_is_lost(county: list[Device]) -> None:
    numbers = [said(report)["seq"] for report in of("h1", county, Reordering(RIVER, 1))]

    assert numbers != sorted(numbers)
    assert sorted(numbers) == list(range(1, 73))


def test_a_ghost_is_an_old_report_with_the_flag_of_what_is_kept(county: list[Device]) -> None:
    reports = of("h1", county, layer := Ghosts(RIVER, 1, after=HOUR))
    ghosts = [report for report in reports if report.retain]
    living = {said(report)["seq"]: report for report in reports if not report.retain}

    assert layer.happened == len(ghosts) == 24
    for ghost in ghosts:
        original = living[said(ghost)["seq"]]
        assert ghost.encoded() == original.encoded()
        assert ghost.leaves == original.leaves + HOUR


def test_a_late_batch_comes_at_once_in_order_and_complete(county: list[Device]) -> None:
    reports = of("h1", county, layer := LateBatch(RIVER, 1, lasts=HOUR))
    leaves = [report.leaves for report in reports if report.leaves > report.at]

    assert [said(report)["seq"] for report in reports] == list(range(1, 73))
    assert layer.happened == len(leaves) == 24
    first, second = sorted(set(leaves))
    assert first - FROM == pytest.approx(HOUR + 5 * MINUTE, abs=5 * MINUTE)
    # The scope is over before the second hour is.
    assert second == TO


def test_a_gateway_that_is_out_loses_what_all_its_sensors_say_meanwhile(county: list[Device]) -> None:
    reports = list(fleet(county, layer := Outage(WEST, 1, lasts=DAY)).until(UNTIL))
    silent = {report.device.id for report in inside(reports)}

    assert silent == {"s1", "s2", "e1", "t1"}
    assert layer.happened == 24 + 24 + 120
    assert {report.device.id for report in reports} == {device.id for device in county}


def test_a_gateway_stores_and_forwards_all_in_order_when_it_is_back(county: list[Device]) -> None:
    reports = list(fleet(county, layer := StoreAndForward(WEST, 1, lasts=DAY)).until(UNTIL))
    stored = [report for report in reports if report.device.gateway == "gw-2" and FROM <= report.at < TO]

    assert layer.happened == len(stored) == 24 + 24 + 120
    assert {report.leaves for report in stored} == {TO}
    assert [report.at for report in stored] == sorted(report.at for report in stored)


def test_what_a_late_device_sends_while_its_gateway_is_out_is_lost_with_the_rest(
    county: list[Device],
) -> None:
    late = LateBatch(Scope(sensors=frozenset({"h1"}), begin=START, end=START + 3 * HOUR), 1, lasts=DAY)
    reports = of("h1", county, late, Outage(WEST, 1, lasts=DAY))

    assert {report.at >= TO for report in reports} == {True}


@pytest.mark.parametrize(("make", "by"), [(ClockAhead, HOUR), (ClockBehind, -HOUR)])
def test_a_wrong_clock_is_in_every_stamp_until_it_is_set(
    county: list[Device], make: type[ClockAhead], by: int
) -> None:
    reports = of("h1", county, make(RIVER, 1, by=HOUR))

    assert {said(report)["t"] - report.at for report in inside(reports)} == {by}
    assert {said(report)["t"] - report.at for report in reports if report.at >= TO} == {0}


def test_a_clock_steps_to_and_fro(county: list[Device]) -> None:
    reports = inside(of("h1", county, ClockSteps(RIVER, 1, by=MINUTE, every=30 * MINUTE)))
    wrong = [said(report)["t"] - report.at for report in reports]

    assert wrong == [MINUTE] * 6 + [0] * 6 + [MINUTE] * 6 + [0] * 6
    stamps = [said(report)["t"] for report in reports]
    assert min(b - a for a, b in pairwise(stamps)) < 5 * MINUTE


def test_a_gateway_stamps_with_the_instant_at_which_it_sends(county: list[Device]) -> None:
    reports = inside(of("h1", county, Restamped(RIVER, 1, every=MINUTE)))

    assert {said(report)["t"] % MINUTE for report in reports} == {0}
    assert {0 < said(report)["t"] - report.at < MINUTE for report in reports} == {True}
    assert all(report.leaves == said(report)["t"] for report in reports)


def test_a_stuck_sensor_says_what_it_said_first(county: list[Device]) -> None:
    reports = of("h1", county, Stuck(RIVER, 1))
    stages = {said(report)["v"]["stage"] for report in inside(reports)}

    assert len(stages) == 1
    assert len({said(report)["v"]["stage"] for report in reports}) > 10


def test_a_drift_grows_with_time_and_keeps_the_decimals(county: list[Device]) -> None:
    true = [said(report)["v"]["stage"] for report in inside(of("h1", county))]
    drifted = inside(of("h1", county, Drift(RIVER, 1, an_hour=0.6)))

    off = [said(report)["v"]["stage"] - stage for report, stage in zip(drifted, true, strict=True)]
    assert off == pytest.approx([0.05 * number for number in range(24)], abs=1e-9)
    assert {len(report.values["stage"].partition(".")[2]) for report in drifted} == {3}


def test_a_sentinel_stands_in_place_of_one_value(county: list[Device]) -> None:
    reports = inside(of("g1", county, Sentinels(Scope(share=1, begin=FROM, end=TO), 1)))
    true = {report.seq: report.values for report in of("g1", county)}

    changed = [set(report.values.items()) - set(true[report.seq].items()) for report in reports]
    assert {len(values) for values in changed} == {1}
    assert {value for values in changed for _, value in values} == set(SENTINELS)
    assert {metric for values in changed for metric, _ in values} == {"combustible", "oxygen"}


def test_a_wrong_unit_is_of_another_dimension(county: list[Device]) -> None:
    reports = inside(of("g1", county, WrongUnit(Scope(begin=FROM, end=TO), 1)))

    assert {json.dumps(said(report)["u"]) for report in reports} == {'{"combustible": "kW"}'}


def test_garbage_is_cut_off_or_noise(county: list[Device]) -> None:
    whole = {report.seq: report.encoded() for report in of("g1", county)}
    reports = inside(of("g1", county, Garbage(Scope(begin=FROM, end=TO), 1)))

    cut = [report for report in reports if whole[report.seq].startswith(report.encoded())]
    assert 30 < len(cut) < len(reports) == 120
    for report in reports:
        assert report.encoded() != whole[report.seq]
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|decode|Extra|character"):
            json.loads(report.encoded())


@pytest.mark.parametrize(("victim", "heard"), [("s2", "s2"), ("", "unlisted-village-smoke")])
def test_an_impostor_speaks_on_two_topics(county: list[Device], victim: str, heard: str) -> None:
    scope = Scope(sensors=frozenset({"s1"}), begin=FROM, end=TO)
    reports = inside(of("s1", county, layer := Impersonation(scope, 1, victim=victim)))
    own, other = reports[::2], reports[1::2]

    assert layer.happened == len(own) == len(other) == 24
    assert {report.topic for report in other} == {f"tocsin/v1/village/smoke/{heard}/telemetry"}
    assert [report.encoded() for report in own] == [report.encoded() for report in other]


@pytest.mark.parametrize("name", FAULTS)
def test_a_layer_acts_within_its_scope_and_leaves_all_else_alone(county: list[Device], name: str) -> None:
    layer = FAULTS[name](
        Scope(sensors=frozenset({"h1"}), gateways=frozenset({"gw-1"}), begin=FROM, end=TO), 1
    )
    met = {"h1", "s1", "s2", "e1"}

    def untouched(reports: list[Report]) -> list[tuple[str, bytes, bool]]:
        return wire(r for r in reports if r.device.id not in met or not FROM <= r.at < TO)

    assert untouched(list(fleet(county, layer).until(UNTIL))) == untouched(list(fleet(county).until(UNTIL)))
    assert layer.happened == 4 * 24


@pytest.mark.parametrize("name", FAULTS)
def test_whoever_is_spared_meets_no_fault(county: list[Device], name: str) -> None:
    layer = FAULTS[name](Scope(spared=frozenset(device.id for device in county)), 1)

    assert wire(fleet(county, layer).until(UNTIL)) == wire(fleet(county).until(UNTIL))
    assert layer.happened == 0


def test_a_lasting_fault_begins_for_each_device_by_itself_and_ends_in_time(county: list[Device]) -> None:
    layer = ClockAhead(Scope(share=0.02), 1, lasts=HOUR, by=SECOND)
    wrong = defaultdict(list)
    for report in fleet(county, layer).until(START + DAY):
        wrong[report.device.id].append(said(report)["t"] - report.at)

    runs = {sensor: "".join("x" if off else "." for off in offs).split(".") for sensor, offs in wrong.items()}
    assert all("x" * 12 in lengths for sensor, lengths in runs.items() if sensor not in ("g1", "t1"))
    assert len({tuple(lengths) for lengths in runs.values()}) == len(county)


def test_the_mishaps_of_every_day_have_their_shares(county: list[Device]) -> None:
    reports = fleet(county, *everyday(0.01, 1))
    total = sum(1 for _ in reports.until(START + 20 * DAY))

    # Of the late ones, each report of their hour.
    shares = {"garbage": 0.25, "wrong-unit": 0.2, "impersonation": 0.2, "duplicates": 0.3}
    assert set(reports.happened) == {*shares, "late"}
    for name, share in shares.items():
        assert reports.happened[name] / total == pytest.approx(0.01 * share, rel=0.2)
    assert everyday(0, 1) == []


def test_all_behind_a_gateway_share_its_outage(county: list[Device]) -> None:
    layer = StoreAndForward(Scope(share=0.01), 1, lasts=HOUR)
    batches = defaultdict(set)
    for report in fleet(county, layer).until(START + DAY):
        if report.leaves > report.at:
            batches[report.device.gateway, report.leaves].add(report.device.id)

    of_gateway = {"gw-1": {"s1", "s2", "e1"}, "gw-2": {"r1", "h1", "g1"}, "": set()}
    assert {gateway for gateway, _ in batches} >= {"gw-1", "gw-2"}
    for (gateway, _), behind in batches.items():
        assert behind >= of_gateway[gateway]


def test_two_layers_meet_a_report_independently(county: list[Device]) -> None:
    layers = [Dropout(Scope(sensors=frozenset({"g1"}), share=0.5), seed) for seed in (1, 2)]
    left = of("g1", county, *layers, until=START + DAY)

    assert len(left) == pytest.approx(1440 / 4, rel=0.15)
    assert [layer.happened for layer in layers] == pytest.approx([720, 360], rel=0.15)
