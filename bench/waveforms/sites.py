"""Gas, tanks and workshops."""

from collections.abc import Sequence

import numpy as np

from bench.waveforms.panel import Limit, Line, Panel, device, shipped, site, toxic
from simulators.waveforms import release, tank, weather, workshop


def release_panels() -> Sequence[Panel]:
    minutes, metres = np.linspace(0, 25, 751), np.linspace(50, 2000, 976)
    air = release.Air(2, "D")
    spell = [
        Line(minutes, release.spell(60 * minutes, 5, 600, air, (along, 0.0)), f"{along:g} m")
        for along in (100.0, 300.0, 1000.0)
    ]
    puffs = [
        Line(minutes, release.puff(60 * minutes, 300, air, (along, 0.0)), f"{along:g} m")
        for along in (100.0, 300.0, 1000.0)
    ]
    ground = [
        Line(metres, release.plume(5, release.Air(2, s), metres, np.zeros_like(metres)), s) for s in "ABCDEF"
    ]
    ammonia = toxic("gas-nh3")
    return [
        Panel("5 kg/s of ammonia for 10 min, D, 2 m/s", "min", "mg/m3", spell, ammonia, 1, logarithmic=True),
        Panel("300 kg at once", "min", "mg/m3", puffs, ammonia, 1, logarithmic=True),
        Panel(
            "on the axis of a plume by stability",
            "m downwind",
            "mg/m3",
            ground,
            ammonia,
            10,
            logarithmic=True,
        ),
    ]


def tank_panels() -> Sequence[Panel]:
    hours, kelvin = np.linspace(0, 24, 289), np.linspace(-5, 40, 91)
    quiet = 45 + 12 * tank.operations(hours)
    since = 3600 * (hours - 14)
    upset = [
        Line(hours, quiet, "quiet"),
        Line(hours, quiet + tank.overfill(since, 40, 3600), "overfilled from 14 h, 40 %/h"),
        Line(hours, quiet + tank.leak(since, 15, 3600, 7200), "leak of 15 % in an hour"),
    ]
    levels = shipped("tank-level-high", "level", "tank.yaml", "yellow", "orange")
    sphere = device("tank-chemical-park-01")
    pressures = site(sphere, "kPa", {"pressure_high": "yellow", "pressure_high_high": "orange"})
    vapour = Line(24 + kelvin, tank.vapour(90, kelvin))
    return [
        Panel("a day's level", "local hour", "% of the height", upset, levels, legend="lower left"),
        Panel("pressure of the vapour, 90 kPa at 24 degC", "degC", "kPa", [vapour], pressures),
    ]


def workshop_panels() -> Sequence[Panel]:
    hours = np.linspace(0, 24, 1441)
    quota = 4
    people = np.floor(quota * workshop.occupancy(hours) + 1e-9)
    crowded = people + workshop.crowd(3600 * (hours - 14), 5, 120, 1200)
    air = weather.air(hours) + 1
    at_work = [
        Limit(quota + 1, "yellow", "headcount yellow"),
        Limit(quota + 2, "orange", "headcount orange"),
        Limit(2 * quota, "red", "headcount red"),
    ]
    hot = shipped("workshop-temperature", "temperature", "workshop.yaml", "yellow")
    dry = shipped("workshop-humidity", "humidity", "workshop.yaml", "blue", "yellow")
    return [
        Panel(
            "a shift of four, and five too many",
            "local hour",
            "people",
            [Line(hours, crowded, steps=True)],
            at_work,
        ),
        Panel("its air", "local hour", "degC", [Line(hours, air)], hot, bottom=15),
        Panel("its humidity", "local hour", "%", [Line(hours, weather.humidity(air - 1))], dry, bottom=30),
    ]
