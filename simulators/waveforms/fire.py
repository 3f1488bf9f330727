"""A growing fire under a ceiling, and what a detector there feels.

Sources: growth constants of NFPA 72, Annex B (1055 kW after 600, 300, 150 and 75 s); ceiling jet of Alpert
(1972), rise in the plume after McCaffrey (1979); extinction of smoke of flaming fires 8700 m2/kg (Mulholland
and Croarkin 2000); yields of soot and heats of combustion as in the tables of Tewarson, from memory.
"""

import math
from collections.abc import Mapping

import numpy as np

from simulators.waveforms import Floats

# kW/s2
GROWTH: Mapping[str, float] = {"slow": 0.00293, "medium": 0.01172, "fast": 0.0469, "ultra-fast": 0.1876}
# (kg of soot a kg burnt, kJ of heat a kg burnt)
FUEL: Mapping[str, tuple[float, float]] = {
    "wood": (0.015, 12_400),
    "plastic": (0.06, 24_000),
    "foam": (0.131, 17_600),
}
# Share of the heat that the plume carries; the rest is radiated.
CONVECTIVE = 0.7
EXTINCTION = 8700.0  # m2/kg
HEAT_OF_AIR = 1.2  # kJ/(m3 K)
DECIBELS = 10 / math.log(10)  # dB a neper
# No detector is nearer to the axis of the plume than where the turning flow ends (Alpert).
TURNING = 0.18
# GB 4715-2024, 5.7: the most sensitive detector of a batch by 1.33, the least by 1.5 from the mean.
MOST_SENSITIVE, LEAST_SENSITIVE = 1.33, 1 / 1.5


def heat_release(seconds: Floats, growth: float, peak: float, burning: float, decay: float) -> Floats:
    """Q in kW: `growth` kW/s2 times the square of the time up to `peak` kW, held for `burning` s, then it
    decays with the time constant `decay` s."""
    grown = seconds_to(peak, growth)
    rising = growth * np.square(np.clip(seconds, 0, grown))
    return rising * np.exp(-np.clip(seconds - grown - burning, 0, None) / decay)


def seconds_to(power: float, growth: float) -> float:
    """When a fire that grows by `growth` kW/s2 has reached `power` kW."""
    return math.sqrt(power / growth)


def temperature_rise(power: Floats, radius: float, ceiling: float) -> Floats:
    """K above the room under a ceiling of `ceiling` m, `radius` m from the axis, for a fire of `power` kW."""
    if radius / ceiling <= TURNING:
        return 16.9 * np.power(power, 2 / 3) / math.pow(ceiling, 5 / 3)
    return 5.38 * np.power(power / radius, 2 / 3) / ceiling


def delay(power: Floats, radius: float, ceiling: float) -> Floats:
    """Seconds that smoke of a fire of `power` kW needs up the plume and along the ceiling; inf without fire.

    Both speeds go with the cube root of the power: 1.03 Q^(1/3) z^(-1/3) m/s up (convective Q), and Alpert's
    0.96 (Q/H)^(1/3), beyond 0.15 H 0.195 Q^(1/3) H^(1/2) r^(-5/6) along.
    """
    up = 0.75 * math.pow(ceiling, 4 / 3) / (1.03 * math.pow(CONVECTIVE, 1 / 3))
    near = min(radius, 0.15 * ceiling)
    along = near * math.pow(ceiling, 1 / 3) / 0.96
    far = (math.pow(radius, 11 / 6) - math.pow(near, 11 / 6)) * 6 / 11 / (0.195 * math.sqrt(ceiling))
    with np.errstate(divide="ignore"):
        return (up + along + far) / np.cbrt(power)


def arriving(seconds: Floats, power: Floats, radius: float, ceiling: float) -> Floats:
    """The power (kW) whose smoke passes the detector at each of `seconds`: later smoke of a growing fire is
    faster and takes the earlier along, so that what arrives first comes as a front."""
    arrivals = seconds + delay(power, radius, ceiling)
    front = np.minimum.accumulate(arrivals[::-1])[::-1]
    here = np.isfinite(front)
    emitted = np.interp(seconds, front[here], seconds[here], left=-1.0)
    return np.where(emitted < 0, 0.0, np.interp(emitted, seconds, power))


def absorbance(rise: Floats, fuel: str) -> Floats:
    """Absorbance index m in dB/m of smoke that is `rise` K warmer than the room.

    Soot and heat are diluted by the same air, so one follows from the other.
    """
    soot, heat = FUEL[fuel]
    density = soot * HEAT_OF_AIR * rise / (CONVECTIVE * heat)  # kg/m3
    return DECIBELS * EXTINCTION * density
