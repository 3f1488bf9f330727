"""A panel of a picture: curves with their units, and thresholds as lines."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ruamel.yaml import YAML

from simulators.device import Device, read_devices
from simulators.events import Event
from simulators.signal import Signal
from simulators.waveforms import Floats

CONFIGS = Path(__file__).parents[2] / "configs"
COUNTY = read_devices(CONFIGS / "sensors.csv")


Corner = Literal["best", "upper right", "lower left"]


@dataclass(frozen=True, slots=True)
class Line:
    x: Floats
    y: Floats
    label: str = ""
    steps: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold; `grade` gives the colour."""

    value: float
    grade: str
    label: str


@dataclass(frozen=True, slots=True)
class Panel:
    """`x` and `y` name the axes with their units; without a `top` all is seen."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    limits: Sequence[Limit] = ()
    bottom: float = 0
    top: float | None = None
    logarithmic: bool = False
    legend: Corner = "best"


def shipped(rule: str, metric: str, file: str, *grades: str) -> list[Limit]:
    """The thresholds of `metric` in those grades of a rule: what it is compared with first."""
    [found] = [r for r in _rules(file) if r.get("id") == rule]
    return [Limit(_number(found, metric, grade), grade, f"{rule} {grade}") for grade in grades]


def _number(rule: Mapping[str, Any], metric: str, grade: str) -> float:
    condition = str(rule["grades"][grade])
    match = re.search(rf"{re.escape(metric)} *[<>]=? *(?:site\.(\w+)|([\d.]+))", condition)
    if match is None:
        raise LookupError(f"the rule {rule['id']} compares no {metric} in its grade {grade}")
    parameter, number = match.groups()
    return float(number or str(rule["parameters"][parameter]).split()[0])


def toxic(rule: str) -> list[Limit]:
    """The three levels of a toxic gas in mg/m3."""
    [levels] = [r["with"] for r in _rules("gas.yaml") if r.get("id") == rule]
    names = {"level_1": "yellow", "level_2": "orange", "idlh": "red"}
    return [Limit(float(levels[name]), grade, f"{rule} {grade}") for name, grade in names.items()]


def _rules(file: str) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = YAML(typ="safe").load((CONFIGS / "rules" / file).read_text("utf-8"))[
        "rules"
    ]
    return found


def site(sensor: Device, unit: str, marks: Mapping[str, str]) -> list[Limit]:
    """The site's own limits: by the name of its parameter the grade."""
    return [Limit(sensor.parameter(name, unit, 0), grade, name) for name, grade in marks.items()]


def device(sensor: str) -> Device:
    return next(d for d in COUNTY if d.id == sensor)


def felt(event: Event, metric: str) -> Signal:
    """What the first of the county's sensors feels of it."""
    return next(of[metric] for of in event.effects(COUNTY, 1).values() if metric in of)


def at(signal: Signal, x: Floats, unit: int) -> Floats:
    """A signal of an event that began at 0; `unit` is the ms of one on the axis."""
    return np.array([signal.at(int(each * unit)) for each in x])
