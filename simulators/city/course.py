"""How the events of a city's sensors run: what is measured, report by report, from first to last.

A course begins and ends near a quiet day. Values are in the units of the wire; `t` is minutes since the event
began, one for each report.
"""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from ingest.clock import MINUTE
from simulators.city.speech import FIRE, SPEECHES, STORM, text

Floats = npt.NDArray[np.float64]
Waveform = Callable[[Floats, np.random.Generator], Mapping[str, Floats]]

# Reports of an event, at most: of sensors that report so often that these would not do, it runs faster.
LONGEST = 2_000


def course(kind: str, trouble: str, interval: int, chance: np.random.Generator) -> Mapping[str, Floats]:
    """Metric (two at most) to its value in each report, an `interval` (ms) apart.

    Those of COURSES have one.
    """
    minutes, waveform = COURSES[kind, trouble]
    step = max(interval / MINUTE, minutes / LONGEST)
    reports = max(int(minutes / step), 1)
    return waveform(np.linspace(step, reports * step, reports), chance)


def texts(kind: str, values: Mapping[str, Floats]) -> dict[str, tuple[str, ...]]:
    """The same as it stands in reports."""
    speech = SPEECHES[kind]
    return {
        metric: tuple(text(value, speech.decimals(metric)) for value in course_.tolist())
        for metric, course_ in values.items()
    }


def _fire(t: Floats, chance: np.random.Generator) -> Mapping[str, Floats]:
    """Growth with the square of time to its height in 5 to 10 minutes, then put out: dB/m and degC."""
    grown = chance.uniform(5, 10)
    heat = np.minimum((t / grown) ** 2, 1) * np.exp(-np.maximum(t - 20, 0) / 3)
    return {"smoke": 0.02 + 0.7 * chance.uniform(1 / 1.5, 1.33) * heat, "temperature": 24 + 45 * heat}


def _smoulder(t: Floats, chance: np.random.Generator) -> Mapping[str, Floats]:
    level = np.minimum(t / chance.uniform(20, 30), 1) * np.exp(-np.maximum(t - 45, 0) / 5)
    return {"smoke": 0.01 + 0.11 * level}


def _hot_cable(t: Floats, chance: np.random.Generator) -> Mapping[str, Floats]:
    """An overloaded cable warms towards its end temperature with its time constant: degC and A."""
    constant, loaded = chance.uniform(8, 20), 75.0
    end, on = chance.uniform(52, 70), t <= loaded
    warm = end * -np.expm1(-np.minimum(t, loaded) / constant) * np.exp(-np.maximum(t - loaded, 0) / constant)
    return {"cable_temperature": 28 + warm, "current": np.where(on, 70.0, 20.0)}


def _leakage(t: Floats, chance: np.random.Generator) -> Mapping[str, Floats]:
    """Insulation gives way, and somebody switches it off: mA."""
    return {"leakage": np.where(t < 50, 120 + chance.uniform(450, 600) * np.minimum(t / 20, 1), 120.0)}


def _rain(t: Floats, chance: np.random.Generator, depth: float, long: float) -> Mapping[str, Floats]:
    """`depth` mm in `long` minutes as a triangle over time, its peak early or late: mm a report."""
    peak = chance.uniform(0.3, 0.6) * long
    before = np.minimum(t, peak) ** 2 / (peak * long)
    after = 1 - np.maximum(long - t, 0) ** 2 / (long * (long - peak))
    fallen = depth * np.where(t <= peak, before, after)
    # A bucket tips at each tenth of a millimetre.
    return {"rain": np.diff(np.floor(10 * fallen), prepend=0.0) / 10}


def _flood(t: Floats, chance: np.random.Generator, rise: float) -> Mapping[str, Floats]:
    """A wave that rises by `rise` m with the response of a reservoir, and falls slower: m and m3/s."""
    peak = chance.uniform(35, 50)
    wave = t / peak * np.exp(1 - t / peak)
    return {"stage": 1.2 + rise * wave, "flow": 12 + 300 * wave**1.5}


def _puff(t: Floats, chance: np.random.Generator) -> Mapping[str, Floats]:
    """A cloud of gas that drifts by: % of the lower explosive limit, and % of oxygen that it displaces."""
    cloud = np.exp(-(((t - 12) / chance.uniform(3, 5)) ** 2) / 2)
    return {"combustible": 65 * cloud, "oxygen": 20.9 - 0.8 * cloud}


def _filling(t: Floats, chance: np.random.Generator) -> Mapping[str, Floats]:
    """Filled at a constant rate beyond its mark, and drained again: % and kPa."""
    level = np.minimum(60 + t * chance.uniform(0.8, 1.0), 93) - 1.5 * np.maximum(t - 70, 0)
    return {"level": level, "pressure": 120 + 0.5 * (level - 60)}


# (kind, trouble of its speech): minutes it lasts, and its waveform.
COURSES: dict[tuple[str, str], tuple[float, Waveform]] = {
    ("smoke", FIRE): (35, _fire),
    ("smoke", "smoulder"): (65, _smoulder),
    ("electrical", "hot"): (120, _hot_cable),
    ("electrical", "leakage"): (60, _leakage),
    ("rain", "shower"): (60, lambda t, chance: _rain(t, chance, 25, 60)),
    ("rain", STORM): (120, lambda t, chance: _rain(t, chance, 110, 120)),
    ("stage", "high"): (300, lambda t, chance: _flood(t, chance, 2.2)),
    ("stage", STORM): (300, lambda t, chance: _flood(t, chance, 3.0)),
    ("gas", "combustible"): (25, _puff),
    ("tank", "high"): (90, _filling),
}
