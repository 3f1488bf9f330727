"""Storms, gauges and rivers."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bench.waveforms.panel import COUNTY, Line, Panel, at, device, shipped, site
from ingest.clock import HOUR, MINUTE
from simulators.device import Device
from simulators.events import Catchment, Restart, Storm
from simulators.events.storm import STEP_HOURS, low_water
from simulators.instruments import INSTRUMENTS
from simulators.signal import Signal
from simulators.waveforms import Floats, catchment, gauge, storm


def storm_panels() -> Sequence[Panel]:
    minutes, place = np.linspace(0, 80, 801), storm.Intensity()
    shapes = [
        Line(minutes, storm.chicago(minutes, 80, 220, peak, place), f"peak at {peak:g}")
        for peak in (0.2, 0.4, 0.6)
    ]
    event = Storm(0, "rain-upper-valley-02", depth=220, duration=80 * MINUTE, drift=(15, 0), radius=5)
    rain = {
        sensor: effects["rain"] for sensor, effects in event.effects(COUNTY, 1).items() if "rain" in effects
    }
    passing = ("rain-tea-hill-01", "rain-upper-valley-02", "rain-chemical-park-01", "rain-firework-hollow-01")
    moving = [Line(minutes, at(rain[sensor], minutes, MINUTE), sensor) for sensor in passing]
    hours = np.linspace(0, 6, 361)
    sums = [Line(hours, _sum(rain[passing[1]], hours, window), f"{window} h") for window in (1, 3)]
    lines = shipped("torrent", "sum(rain, 1h)", "torrent.yaml", "orange", "red") + shipped(
        "rainstorm", "sum(rain, 3h)", "rainstorm.yaml", "red"
    )
    around = np.linspace(5, 360, 356)
    depths = [
        Line(around / 60, np.array([place.depth(m, t) for m in around]), f"{t} years") for t in (2, 10, 50)
    ]
    return [
        Panel("Chicago storms of 220 mm in 80 min", "min", "mm/h", shapes),
        Panel("one that drifts east at 15 km/h", "min", "mm/h", moving),
        Panel("its sums at the gauge in its way", "h", "mm", sums, lines),
        Panel("depth by duration and return period", "h", "mm", depths),
    ]


def _sum(rain: Signal, hours: Floats, window: int) -> Floats:
    """mm of the last `window` hours."""
    return np.array([rain.integral(int((h - window) * HOUR), int(h * HOUR)) / HOUR for h in hours])


def gauge_panels() -> Sequence[Panel]:
    minutes = np.arange(0, 121, 5, dtype=np.float64)
    rate = storm.chicago(minutes, 120, 8, 0.4, storm.Intensity())
    caught = np.zeros_like(rate)
    caught[1:] = (rate[1:] + rate[:-1]) / 2 / 12
    tips, _ = gauge.tips(caught)
    counting = replace(device("rain-tea-hill-01"), site={"counter": (12.0, "mm")})
    on, restarted = (
        Restart(at * MINUTE, counting.id).effects([counting], 1)[counting.id] for at in (600, 60)
    )
    shown = [Line(minutes, _shown(counting, rate, effects)) for effects in (on, restarted)]
    return [
        Panel(
            "8 mm in 2 h, reports each 5 min",
            "min",
            "mm in 5 min",
            [
                Line(minutes, caught, "caught"),
                Line(minutes, tips.astype(np.float64) * gauge.TIP, "tipped", steps=True),
            ],
        ),
        Panel("a counter that restarts after an hour", "min", "mm shown", shown),
    ]


def _shown(counting: Device, rate: Floats, effects: Mapping[str, Signal]) -> Floats:
    """What its counter says every five minutes."""
    rain = Signal.sampled(0, 5 * MINUTE, rate)
    ask = INSTRUMENTS["rain"](counting, random.Random(1), {"rain": rain, **effects})
    return np.array([float(ask(5 * MINUTE * number)["rain_total"]) for number in range(len(rate))])


def catchment_panels() -> Sequence[Panel]:
    basin, river = Catchment(), device("stage-upper-valley")
    minutes = np.arange(0, 421, dtype=np.float64)
    rain = storm.chicago(minutes, 80, 220, 0.4, storm.Intensity())
    runoff = catchment.effective(rain, STEP_HOURS, basin.initial, basin.constant)
    flow = catchment.discharge(runoff, STEP_HOURS, basin.area, basin.concentration)[:421]
    hours = minutes / 60
    units = [
        Line(hours, np.append(shares, np.zeros(421))[:421] * 60, f"{concentration:g} h")
        for concentration in (1, 2, 4)
        for shares in [catchment.unit_hydrograph(STEP_HOURS, concentration)]
    ]
    stages = [
        Line(
            hours,
            low_water(river)
            + basin.stage(storm.chicago(minutes, 80, mm, 0.4, storm.Intensity()), river)[:421],
            f"{mm} mm",
        )
        for mm in (60, 120, 220)
    ]
    marks = site(river, "m", {"warning_stage": "yellow", "guarantee_stage": "orange", "record_stage": "red"})
    return [
        Panel("220 mm in 80 min", "h", "mm/h", [Line(hours, rain, "rain"), Line(hours, runoff, "runs off")]),
        Panel("unit hydrograph by time of concentration", "h", "share of the water an hour", units),
        Panel("20 km2, 220 mm", "h", "discharge, m3/s", [Line(hours, flow)]),
        Panel("the stage at stage-upper-valley, 80 min of rain", "h", "m", stages, marks),
    ]
