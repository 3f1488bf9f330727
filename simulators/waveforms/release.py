"""Gas that is let go near the ground: Gaussian puff and plume with reflection at the ground.

Spreads after Briggs (1973) for open country, stability A (very unstable) to F (very stable). Neither heavy
gas nor buildings are in it: distances of 10 m to 10 km, for exercises and not for an expert's opinion.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulators.waveforms import Floats

MG_PER_KG = 1e6
# sigma_y = a x (1 + 0.0001 x)^-1/2 and sigma_z = b x (1 + c x)^e, in m
_BRIGGS: Mapping[str, tuple[float, float, float, float]] = {
    "A": (0.22, 0.20, 0.0, 0.0),
    "B": (0.16, 0.12, 0.0, 0.0),
    "C": (0.11, 0.08, 0.0002, -0.5),
    "D": (0.08, 0.06, 0.0015, -0.5),
    "E": (0.06, 0.03, 0.0003, -1.0),
    "F": (0.04, 0.016, 0.0003, -1.0),
}


@dataclass(frozen=True, slots=True)
class Air:
    """`wind` in m/s, `stability` A to F."""

    wind: float
    stability: str


# m along the wind and across it
Place = tuple[float, float]


def spreads(distance: Floats, stability: str) -> tuple[Floats, Floats]:
    """Sigma across the wind and upwards in m, `distance` m downwind."""
    a, b, c, e = _BRIGGS[stability]
    across = a * distance / np.sqrt(1 + 0.0001 * distance)
    return across, b * distance * (1 + c * distance) ** e


def downwind(x: float, y: float, wind_from: float) -> tuple[float, float]:
    """How far along and across the wind a place is that lies `x` east and `y` north of the source, in their
    unit; `wind_from` in degrees, 0 from the north, 90 from the east."""
    east, north = -math.sin(math.radians(wind_from)), -math.cos(math.radians(wind_from))
    return x * east + y * north, y * east - x * north


def plume(rate: float, air: Air, along: Floats, across: Floats, *, height: float = 0) -> Floats:
    """mg/m3 at the ground of a steady `rate` kg/s, so many m from a source `height` m high; 0 upwind."""
    return _crosswind(along, across, air.stability, height) * rate * MG_PER_KG / air.wind


def puff(seconds: Floats, mass: float, air: Air, place: Place, *, height: float = 0) -> Floats:
    """mg/m3 at one place after so many `seconds` of `mass` kg that were let go at once.

    Spreads are those of the place throughout, and as wide along as across.
    """
    along, across = np.array(place[0]), np.array(place[1])
    if along <= 0:
        return np.zeros_like(seconds)
    sigma, _ = spreads(along, air.stability)
    shape = np.exp(-np.square((along - air.wind * seconds) / sigma) / 2) / (math.sqrt(2 * math.pi) * sigma)
    return shape * mass * MG_PER_KG * _crosswind(along, across, air.stability, height)


def spell(
    seconds: Floats, rate: float, lasting: float, air: Air, place: Place, *, height: float = 0
) -> Floats:
    """mg/m3 at one place of `rate` kg/s for `lasting` s: all its puffs together, which are the plume with a
    front and an end."""
    along, across = np.array(place[0]), np.array(place[1])
    if along <= 0:
        return np.zeros_like(seconds)
    sigma, _ = spreads(along, air.stability)

    def passed(since: Floats) -> Floats:
        return (_erf((air.wind * since - along) / (math.sqrt(2) * sigma)) + 1) / 2

    return plume(rate, air, along, across, height=height) * (passed(seconds) - passed(seconds - lasting))


def _erf(numbers: Floats) -> Floats:
    return np.array([math.erf(number) for number in numbers])


def _crosswind(along: Floats, across: Floats, stability: str, height: float) -> Floats:
    """1/m2 at the ground: how thin what flows is spread over the plane across the wind."""
    wide, high = spreads(np.maximum(along, 1e-6), stability)
    vertical = 2 * np.exp(-np.square(height / high) / 2)  # reflected at the ground
    density = np.exp(-np.square(across / wide) / 2) * vertical / (2 * math.pi * wide * high)
    return np.where(along > 0, density, 0.0)
