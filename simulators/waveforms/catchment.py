"""A small catchment: rain in, discharge and stage out."""

import math

import numpy as np

from simulators.waveforms import Floats

RESERVOIRS = 3  # of the Nash cascade
# Of the time of concentration, until the middle of a unit of rain has passed the gauge (SCS, National
# Engineering Handbook 4).
LAG = 0.6
PASSED = 12 * LAG  # times of concentration until all water has passed but one part in 10^12
# A wide channel by Manning: discharge goes with the depth to the power 5/3.
MANNING = 5 / 3


def effective(rain: Floats, hours: float, initial: float, constant: float) -> Floats:
    """mm/h that run off of `rain` (mm/h, each for `hours`), less `initial` mm and then `constant` mm/h."""
    fallen = np.cumsum(rain) * hours
    wetted = np.diff(np.clip(fallen - initial, 0, None), prepend=0.0) / hours
    return np.clip(wetted - constant, 0, None)


def unit_hydrograph(hours: float, concentration: float) -> Floats:
    """Shares of a unit of rain of `hours` that pass in each step of `hours`: a Nash cascade of three
    reservoirs whose lag is 0.6 of the time of `concentration` (h). They add up to 1."""
    storage = LAG * concentration / RESERVOIRS
    steps = math.ceil(PASSED * concentration / hours)
    passed = _gamma(np.arange(steps + 1, dtype=np.float64) * (hours / storage))
    shares = np.diff(passed)
    return shares / float(shares.sum())


def _gamma(part: Floats) -> Floats:
    """The share of water of an instant that has left the third reservoir after `part` storage times."""
    return 1 - np.exp(-part) * (1 + part + np.square(part) / 2)


def discharge(runoff: Floats, hours: float, area: float, concentration: float) -> Floats:
    """m3/s of `runoff` (mm/h, each for `hours`) over `area` km2; longer than `runoff` by the tail."""
    return np.convolve(runoff, unit_hydrograph(hours, concentration)) * area / 3.6


def depth(flow: Floats, known_flow: float, known_depth: float) -> Floats:
    """m above low water of a river that is `known_depth` m deep at `known_flow` m3/s."""
    return known_depth * np.clip(flow / known_flow, 0, None) ** (1 / MANNING)


def flow(height: Floats, known_flow: float, known_depth: float) -> Floats:
    """m3/s of a river that is `height` m above low water: `depth` the other way round."""
    return known_flow * np.clip(height / known_depth, 0, None) ** MANNING
