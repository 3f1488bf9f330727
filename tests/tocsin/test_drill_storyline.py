"""A storyline as what the simulators play: each key of an entry, its time and its sizes."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from ingest.clock import HOUR, MINUTE, SECOND
from simulators.device import read_devices
from simulators.events import NobodyThere
from simulators.officers import ABSENT
from simulators.phone import Fault
from simulators.signal import Signal
from tests.tocsin.performance import BEGAN, CONFIGS
from tocsin.drill.drill_file import read_drill
from tocsin.drill.layout import Layout
from tocsin.drill.storyline import USUAL, layout_of

SENSORS = CONFIGS / "sensors.csv"
FILE = """\
title: {zh: 演练, en: Drill}
purpose: {zh: 叫应, en: Who answers}
start: "2026-07-01 08:00"
lasts: 12h
"""


def layout(entry: str, rest: str = "") -> Layout:
    text = f"{FILE}storyline:\n  - {{at: 1h, {entry}}}\n{rest}expect:\n  no_other: [red]\n"
    drill, findings = read_drill("drill.yaml", text)
    assert drill is not None, findings
    return layout_of(drill, BEGAN, SENSORS, read_devices(SENSORS))


def felt(entry: str) -> Mapping[str, Mapping[str, Signal]]:
    """By sensor and metric."""
    scenario = layout(entry).scenario
    assert scenario is not None
    return scenario.effects


def highest(signal: Signal) -> float:
    return max(signal.values, key=abs)


@pytest.mark.parametrize(
    ("key", "place", "sizes", "metric", "least", "most"),
    [
        ("fire", "smoke-market-street-07", "growth: fast", "smoke", 0.5, 20),
        ("nuisance", "smoke-riverside-03", "cause: dust, peak: 0.08 dB/m, lasts: 2h", "smoke", 0.07, 0.09),
        ("leakage", "electrical-old-town-05", "leak: 0.6 A", "leakage", 590, 610),
        ("cable", "electrical-old-town-05", "rise: 40 K, lasts: 6h", "cable_temperature", 39, 41),
        ("arcing", "electrical-old-town-05", "half_cycles: 24", "arcs", 24, 24),
        ("sag", "electrical-bridge-end-01", "drop: 55 V", "voltage", -55.1, -54.9),
        ("release", "gas-chemical-park-06", "gas: nh3, mass: 0.1 t", "nh3", 100, 1e6),
        ("tank", "tank-chemical-park-01", "cause: leak, size: 12", "level", -12.1, -11.9),
        ("crowd", "workshop-firework-hollow-01", "people: 5", "headcount", 5, 5),
    ],
)
def test_an_event_is_felt_from_its_time_on_as_strongly_as_it_is_written(
    key: str, place: str, sizes: str, metric: str, least: float, most: float
) -> None:
    signal = felt(f"{key}: {{place: {place}, {sizes}}}")[place][metric]

    assert least <= highest(signal) <= most
    assert BEGAN + HOUR <= signal.start < BEGAN + HOUR + 30 * MINUTE


def test_a_storm_rains_its_depth_over_its_place_and_fills_the_river() -> None:
    found = felt("storm: {place: rain-tea-hill-01, depth: 22 cm, lasts: 80min}")

    rain = found["rain-tea-hill-01"]["rain"]
    assert rain.integral(rain.start, rain.end) / HOUR == pytest.approx(220, rel=0.02)
    assert highest(found["stage-tea-hill"]["stage"]) > 1


def test_a_storm_that_drifts_passes_over_what_lies_where_it_goes() -> None:
    standing = felt("storm: {place: market-street, depth: 100 mm, lasts: 2h, radius: 3 km}")
    east = felt(
        "storm: {place: market-street, depth: 100 mm, lasts: 2h, radius: 3 km, drift: 5 km/h, towards: 90}"
    )

    def fallen(found: Mapping[str, Mapping[str, Signal]], sensor: str) -> float:
        rain = found[sensor]["rain"]
        # The second half of the storm.
        return rain.integral(BEGAN + 2 * HOUR, rain.end)

    assert fallen(east, "rain-riverside-01") > fallen(standing, "rain-riverside-01")
    assert fallen(east, "rain-old-town-01") < fallen(standing, "rain-old-town-01")


def test_a_fault_covers_whom_it_names_for_as_long_as_it_lasts() -> None:
    [layer] = layout("fault: {kind: garbage, gateways: [gw-old-town-water], share: 0.5, lasts: 30min}").faults

    scope = layer.scope
    assert (layer.name, scope.share) == ("garbage", 0.5)
    assert (scope.gateways, scope.sensors) == ({"gw-old-town-water"}, frozenset())
    assert (scope.begin, scope.end) == (BEGAN + HOUR, BEGAN + 90 * MINUTE)


def test_horns_are_as_the_last_entry_says() -> None:
    horn = "which: [horn-tea-hill-1]"
    horns = layout(f"horns: {{{horn}, are: dead}}}}\n  - {{at: 2h, horns: {{{horn}, are: well}}").horns

    of_horn = horns["horn-tea-hill-1"]
    dead = [of_horn.at(BEGAN + hours * HOUR).dead for hours in (0, 1, 2)]
    assert dead == [False, True, False]


def test_phones_answer_badly_for_a_time() -> None:
    phones = layout("phones: {answer: busy, lasts: 5min}").phones

    assert [phones.at(BEGAN + m * MINUTE) for m in (59, 60, 64, 65)] == [None, Fault.BUSY, Fault.BUSY, None]


def test_people_have_their_tempers_and_players_answer_for_themselves() -> None:
    profiles = layout(
        "sag: {place: bridge-end}",
        "people:\n  lin-duty: {answers: 0.3, refuses: 0.2, after: [1min, 2min]}\nplayers: [wu-emergency]\n",
    ).profiles

    lin = profiles["lin-duty"]
    assert (lin.takes, lin.presses, lin.decides, lin.refuses, lin.answer) == (3, 3, 3, 2, (60, 120))
    assert profiles["wu-emergency"] is ABSENT
    assert "chen-flood" not in profiles
    assert USUAL.refuses == 0


def test_nothing_goes_wrong_by_itself_and_devices_speak_at_once() -> None:
    found = layout("sag: {place: bridge-end}")

    assert (found.mishaps, found.tick, found.usual) == (0.0, 10 * SECOND, USUAL)


def test_what_nobody_can_feel_is_refused() -> None:
    with pytest.raises(NobodyThere, match="river-9"):
        layout("storm: {place: river-9, depth: 100 mm, lasts: 1h}")


def test_the_sensors_of_the_layout_are_those_of_the_file() -> None:
    assert layout("sag: {place: bridge-end}").sensors == Path(SENSORS)
