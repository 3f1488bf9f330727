"""What a sweep varies, what it calls sustained, and the picture of it."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.city_files import generated
from bench.figures import Cost, Counts, Latency, Measured, Memory, Phase
from bench.machine import Machine
from bench.picture import PANELS, X_LABELS, draw
from bench.shipped import shipped_kinds, written_rules
from bench.sweep import LINGERS, RATES, RULES, SENSORS, STEPS, Basis, Curve, Name, Point, write

BASIS = Basis(seconds=1, rate=1000, sensors=5000, gateways=50, database=True)
MACHINE = Machine("a processor", 2, 8 * 2**30, "6.1", "3.11.7", "ext4", 0.4)
PHASE = Phase(
    asked=1000, messages=1000, offered=1000, behind=0, acked=0.1, judged=0.2, rate=900, stored=1,
    transition=Latency(samples=5, p50=20, p99=80, most=90, resolution=2),
    horn=Latency(samples=5, p50=30, p99=95, most=99, resolution=1),
    processes=[Cost(name="daemon", cpu=1, message=24)], threads=[Cost(name="main", cpu=1, message=15)],
)  # fmt: skip
MEASURED = Measured(
    setup="Mosquitto", phases=[PHASE],
    counts=Counts(
        published=1, journaled=1, lost=0, duplicates=0, foreign=0, unjudged=0, quarantined=0, absurd=0,
        raising=0, unraised=0,
    ),
    memory=[Memory(name="daemon", resident=1, peak=2**28)], journal=250, database=30,
)  # fmt: skip


def curve(name: Name) -> Curve:
    return Curve(
        machine=MACHINE,
        name=name,
        basis="5,000 sensors",
        points=[
            Point(series="one", x=1000, measured=MEASURED),
            Point(series="one", x=2000, measured=None),
            Point(series="other", x=1000, measured=MEASURED),
        ],
    )


def test_each_sweep_varies_its_own_figure_and_nothing_else() -> None:
    steps = {name: list(made(BASIS)) for name, made in STEPS.items()}

    assert [step.options.loads[0].rate for step in steps[Name.RATE]] == list(RATES)
    assert {step.options.plan.sensors for step in steps[Name.RATE]} == {5000}
    assert sorted({step.options.plan.sensors for step in steps[Name.SENSORS]}) == list(SENSORS)
    assert [step.options.linger for step in steps[Name.LINGER]] == list(LINGERS)
    assert [step.x for step in steps[Name.RULES]] == 3 * list(RULES)


def test_sensors_report_as_often_as_the_rate_makes_them() -> None:
    intervals = [step.options.plan.interval for step in STEPS[Name.SENSORS](BASIS)]

    assert sorted(set(intervals)) == [1000, 10_000, 100_000, 388_500, 1_000_000]


def test_the_curve_over_sensors_ends_where_it_is_told_to() -> None:
    steps = STEPS[Name.SENSORS](replace(BASIS, most=100_000))

    assert {step.x for step in steps} == {1_000, 10_000, 100_000}


@pytest.mark.parametrize("windows", ["", "shared", "distinct"])
def test_as_many_different_rules_are_generated(windows: str) -> None:
    rules = written_rules(generated(60, windows)["generated.yaml"], shipped_kinds())

    assert len({rule.meaning for rule in rules}) == 60


@pytest.mark.parametrize(
    ("changed", "sustained"),
    [
        ({}, True),
        ({"offered": 989}, False),
        ({"judged": 1.5}, False),
        ({"acked": 1.0}, False),
        ({"asked": None, "offered": 1}, True),
    ],
)
def test_a_rate_is_sustained_when_it_was_published_and_judged_within_a_second(
    changed: dict[str, float], sustained: bool
) -> None:
    point = Point(series="s", x=1, measured=replace(MEASURED, phases=[replace(PHASE, **changed)]))

    assert point.sustained is sustained


def test_a_daemon_that_cannot_follow_at_all_sustains_nothing() -> None:
    assert not Point(series="s", x=1, measured=None).sustained


@pytest.mark.parametrize(
    ("name", "measured", "over"),
    [(Name.RATE, MEASURED, False), (Name.RATE, None, True), (Name.LINGER, None, False)],
)
def test_only_the_sweep_of_the_rate_ends_where_nothing_is_sustained_any_more(
    name: Name, measured: Measured | None, over: bool
) -> None:
    points = [Point(series="s", x=1, measured=MEASURED), Point(series="s", x=2, measured=measured)]

    assert Curve(machine=MACHINE, name=name, basis="b", points=points).over is over


@pytest.mark.parametrize("name", list(Name))
def test_a_picture_names_both_axes_with_their_units(name: Name, tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    draw(curve(name), path)
    texts = [element.text for element in ET.parse(path).iter() if element.tag.endswith("}text")]

    assert X_LABELS[name] in texts
    assert {panel.label for panel in PANELS[name]} <= set(texts)
    assert {"one", "other", "5,000 sensors"} <= set(texts)


def test_the_same_curve_gives_the_same_picture(tmp_path: Path) -> None:
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    for path in (one, other):
        draw(curve(Name.RATE), path)

    assert one.read_bytes() == other.read_bytes()


def test_the_json_holds_every_point(tmp_path: Path) -> None:
    write(curve(Name.LINGER), tmp_path)
    found = json.loads((tmp_path / "performance-linger.json").read_bytes())

    assert [point["x"] for point in found["points"]] == [1000, 2000, 1000]
    assert found["points"][0]["measured"]["phases"][0]["transition"]["p99"] == 80
    assert found["points"][1]["measured"] is None
