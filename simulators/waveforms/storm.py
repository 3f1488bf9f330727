"""Design storms that move over a network of gauges."""

import math
from dataclasses import dataclass

import numpy as np

from simulators.waveforms import Floats


@dataclass(frozen=True, slots=True)
class Intensity:
    """The formula of storms of one place: i = A (1 + C lg T) / (t + b)^n in mm/min, t in min, T in years.

    The form of GB 50014 for storm sewers; the numbers are those of the place, here about what is published
    for towns south of the Yangtze (project).
    """

    a: float = 16.0
    c: float = 0.8
    b: float = 12.0
    n: float = 0.72

    def mean(self, minutes: float, years: float) -> float:
        """mm/min over the worst `minutes` that come once in `years`."""
        return self.a * (1 + self.c * math.log10(years)) / math.pow(minutes + self.b, self.n)

    def depth(self, minutes: float, years: float) -> float:
        """mm that fall in them."""
        return self.mean(minutes, years) * minutes


def chicago(minutes: Floats, duration: float, depth: float, peak: float, place: Intensity) -> Floats:
    """Rate in mm/h of a Chicago storm (Keifer and Chu 1957) of `duration` min that brings `depth` mm.

    `peak` (0 to 1) is the share of the duration before the heaviest minute. The shape is that of `place`:
    each time around the peak has the mean of the formula; the size is that of the depth.
    """
    since = minutes - peak * duration
    share = np.where(since < 0, peak, 1 - peak)
    distance = np.abs(since) / np.maximum(share, 1e-9)
    shape = ((1 - place.n) * distance + place.b) / (distance + place.b) ** (place.n + 1)
    volume = duration / (duration + place.b) ** place.n  # the integral of the shape over the storm
    inside = (minutes >= 0) & (minutes <= duration)
    return np.where(inside, 60 * depth * shape / volume, 0.0)


def footprint(x: Floats, y: Floats, radius: float) -> Floats:
    """Share of the rain of the centre that falls `x` and `y` km beside it; `radius` km is one sigma."""
    return np.exp(-(np.square(x) + np.square(y)) / (2 * radius**2))
