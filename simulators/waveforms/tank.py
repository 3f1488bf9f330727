"""A tank at work: level in % of its height, gauge pressure in kPa, temperature in degC.

The rates of its operations are this project's own.
"""

import numpy as np

from simulators.waveforms import Floats

ATMOSPHERE = 101.3  # kPa
KELVIN = 273.15
EVAPORATION = 23_300 / 8.314  # K


def operations(hours: Floats) -> Floats:
    """Share of a day's delivery in the tank by local hour: it comes from 6 to 10 and goes from 12 to 22."""
    return np.interp(np.mod(hours, 24), [0, 6, 10, 12, 22, 24], [0, 0, 1, 1, 0, 0])


def vapour(pressure: float, warmer: Floats) -> Floats:
    """kPa over a liquefied gas that has `pressure` kPa at 24 degC and is `warmer` K than that (Clausius and
    Clapeyron, heat of evaporation of ammonia 23.3 kJ/mol, from memory)."""
    reference = KELVIN + 24
    return (pressure + ATMOSPHERE) * np.exp(
        EVAPORATION * (1 / reference - 1 / (reference + warmer))
    ) - ATMOSPHERE


def overfill(seconds: Floats, rate: float, lasting: float) -> Floats:
    """% added by an inlet that is open for `lasting` s at `rate` % an hour; pumped off at the same rate."""
    return rate / 3600 * np.clip(np.minimum(seconds, 2 * lasting - seconds), 0, None)


def leak(seconds: Floats, loss: float, lasting: float, refilling: float) -> Floats:
    """% missing of a tank that loses `loss` % in `lasting` s through a hole, ever slower as the head falls,
    and is then filled up again over `refilling` s."""
    part = np.clip(seconds / lasting, 0, 1)
    emptied = 1.25 * part - 0.25 * np.square(part)
    return -loss * emptied * np.clip(1 - (seconds - lasting) / refilling, 0, 1)
