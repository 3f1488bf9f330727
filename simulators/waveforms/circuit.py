"""A low-voltage circuit: its load, its cable, its leakage, its arcs and its voltage."""

import math

import numpy as np

from simulators.waveforms import Floats

# Natural leakage of a supply: 100 to 200 mA (GB 50116-2013, 9.2.3, explanation).
NATURAL_LEAKAGE = (100.0, 200.0)  # mA
# What of it comes and goes with the appliances; project.
LEAKAGE_OF_LOAD = 25.0  # mA at the rated current
# PVC may reach 70 degC in air of 30 degC at the rated current (IEC 60364-5-52, from memory); the probe sits
# on the sheath and feels less of it; project.
RATED_RISE = 25.0  # K
# Of a cable of some 16 mm2 in a duct, from memory.
TIME_CONSTANT = 20 * 60.0  # s
# Statutory +7 and -10 % of 220 V (GB/T 12325-2008, from memory).
NOMINAL_VOLTAGE = 220.0  # V


def daily_load(hours: Floats) -> Floats:
    """Share of the rated current by local hour: little at night, more in the morning, most in the evening."""

    def around(peak: float) -> Floats:
        return np.mod(hours - peak + 12, 24) - 12

    return 0.3 + 0.2 * np.exp(-np.square(around(8) / 2)) + 0.5 * np.exp(-np.square(around(19.5) / 2.5))


def cable_rise(load: Floats, seconds: Floats, constant: float = TIME_CONSTANT) -> Floats:
    """K above the air for a load (I/In) that holds from each of `seconds` to the next, of a cable that was in
    balance with the first: a first-order lag behind `RATED_RISE` (I/In)^2."""
    steady = RATED_RISE * np.square(load)
    found = [float(steady[0])]
    for towards, passed in zip(steady, np.diff(seconds), strict=False):
        found.append(lagged(found[-1], float(towards), float(passed), constant))
    return np.array(found)


def lagged(before: float, steady: float, seconds: float, constant: float = TIME_CONSTANT) -> float:
    """Where what was at `before` and tends to `steady` is after so many `seconds`."""
    return steady + (before - steady) * math.exp(-seconds / constant)


def heating(seconds: Floats, rise: float, lasting: float, constant: float = TIME_CONSTANT) -> Floats:
    """K that a fault adds which would heat by `rise` K in the end and lasts for `lasting` s, then cools."""
    warm = rise * -np.expm1(-np.clip(seconds, 0, lasting) / constant)
    return warm * np.exp(-np.clip(seconds - lasting, 0, None) / constant)


def insulation_failure(seconds: Floats, leak: float, growing: float, lasting: float) -> Floats:
    """mA of an insulation that fails the faster the worse it is: e-folding four times in `growing` s up to
    `leak`, there for `lasting` s, then the circuit is off."""
    part = np.clip(seconds / growing, 0, 1)
    return np.where(seconds <= growing + lasting, leak * np.expm1(4 * part) / np.expm1(4), 0.0)


def arcs(seconds: Floats, half_cycles: float, bursts: int, every: float, lasting: float) -> Floats:
    """Half-cycles of arc in a second: `bursts` of them, one each `every` s, of `lasting` s."""
    number, within = np.divmod(seconds, every)
    return np.where((number >= 0) & (number < bursts) & (within < lasting), half_cycles, 0.0)


def sag(seconds: Floats, drop: float, lasting: float, edge: float = 0.1) -> Floats:
    """V that are missing for `lasting` s; down and up again within `edge` s."""
    return -drop * np.clip(np.minimum(seconds, lasting - seconds) / edge, 0, 1)
