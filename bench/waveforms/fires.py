"""Smoke, what is taken for it, and circuits."""

from collections.abc import Sequence

import numpy as np

from bench.waveforms.panel import COUNTY, Line, Panel, at, felt, shipped
from ingest.clock import MINUTE, SECOND
from simulators.events import Arcing, Fire, HotCable, Leakage
from simulators.waveforms import circuit, fire, nuisance, weather


def fire_panels() -> Sequence[Panel]:
    minutes = np.linspace(0, 15, 451)
    growth = [
        Line(minutes, fire.heat_release(60 * minutes, rate, 1000, 300, 180), name)
        for name, rate in fire.GROWTH.items()
    ]
    event = Fire(0, "smoke-market-street-05", neighbours=2)
    smoke = [effects["smoke"] for effects in event.effects(COUNTY, 1).values()]
    radii = (f"{1.5 + number * event.spacing:g} m" for number in range(3))
    later, early = np.linspace(0, 40, 481), np.linspace(10, 40, 121)
    [first, *_] = smoke
    spread = [
        Line(early, factor * at(first, early, SECOND), f"{factor:.2f} of the mean")
        for factor in (fire.MOST_SENSITIVE, 1, fire.LEAST_SENSITIVE)
    ]
    alarm = shipped("smoke", "smoke", "smoke.yaml", "yellow") + shipped(
        "smoke-pre-alarm", "smoke", "smoke.yaml", "blue"
    )
    at_detectors = [Line(later, at(s, later, MINUTE), r) for s, r in zip(smoke, radii, strict=True)]
    return [
        Panel("growth with the square of time, 1 MW for 5 min", "min", "heat release, kW", growth),
        Panel(
            "smoke of 300 kW below 3 m, medium growth",
            "min",
            "m, dB/m",
            at_detectors,
            alarm,
            0.01,
            logarithmic=True,
        ),
        Panel("its first seconds, detectors that differ", "s", "m, dB/m", spread, alarm, top=0.6),
    ]


def nuisance_panels() -> Sequence[Panel]:
    minutes, days = np.linspace(0, 40, 401), np.linspace(0, 60, 601)
    alarm = shipped("smoke", "smoke", "smoke.yaml", "yellow") + shipped(
        "smoke-pre-alarm", "smoke", "smoke.yaml", "blue"
    )
    short = [
        Line(minutes, nuisance.cooking(60 * minutes, 0.12, 300), "cooking, 0.12 dB/m"),
        Line(minutes, nuisance.steam(60 * minutes, 0.16, 480, 160), "steam, 0.16 dB/m for 8 min"),
    ]
    dust = Line(days, nuisance.dust(days, 0.0025, cleaned=50))
    return [
        Panel("cooking and steam", "min", "m, dB/m", short, alarm, top=0.2),
        Panel("dust, cleaned after 50 days", "d", "m, dB/m", [dust], alarm),
    ]


def circuit_panels() -> Sequence[Panel]:
    hours, minutes, seconds = np.linspace(0, 24, 289), np.linspace(0, 180, 1081), np.linspace(0, 300, 3001)
    load, air = circuit.daily_load(hours), weather.air(hours)
    warm = air + circuit.cable_rise(load, 3600 * hours)
    joint = at(felt(HotCable(0, "old-town"), "cable_temperature"), minutes, MINUTE)
    leak = at(felt(Leakage(0, "old-town"), "leakage"), minutes[:301], MINUTE)
    arcs = at(felt(Arcing(0, "old-town"), "arcs"), seconds, SECOND)
    cable = shipped(
        "cable-temperature", "cable_temperature", "electrical.yaml", "blue", "yellow", "orange", "red"
    )
    leaking = shipped("leakage", "leakage", "electrical.yaml", "blue", "orange")
    low = shipped("voltage", "or voltage", "electrical.yaml", "yellow", "orange")
    minute = np.linspace(-1, 4, 3001)
    volts = circuit.NOMINAL_VOLTAGE + circuit.sag(60 * minute, 60, 120)
    return [
        Panel("a day's load", "local hour", "share of the rated current", [Line(hours, load)]),
        Panel(
            "a day of a cable",
            "local hour",
            "degC",
            [Line(hours, air, "air"), Line(hours, warm, "cable")],
            cable[:1],
        ),
        Panel("a bad joint, 60 K for an hour", "min", "degC", [Line(minutes, 35 + joint)], cable),
        Panel(
            "insulation that fails", "min", "residual current, mA", [Line(minutes[:301], 150 + leak)], leaking
        ),
        Panel(
            "arcs",
            "s",
            "half-cycles/s",
            [Line(seconds, arcs)],
            shipped("arc", "arcs", "electrical.yaml", "orange"),
        ),
        Panel("a sag of 60 V", "min", "V", [Line(minute, volts)], low, bottom=140),
    ]
