"""A design storm that moves over a network of gauges and is added to what they really reported."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.evidence.gauges import STEP, Gauges
from ingest.clock import MINUTE

Floats = npt.NDArray[np.float64]

# m on the ground in a degree of latitude (mean radius of the Earth, IUGG).
DEGREE = 6_371_008.8 * np.pi / 180


@dataclass(frozen=True, slots=True)
class Storm:
    """`depth` mm fall within `radius` m of `centre` (longitude, latitude), less outside, nothing at twice it.

    Each place has it for `lasts` ms, with the peak after a third of the time; it comes from the west at
    `speed` m/s and meets the western rim at `onset` (ms).
    """

    onset: int
    centre: tuple[float, float]
    depth: float = 110.0
    radius: float = 5_000.0
    lasts: int = 90 * MINUTE
    speed: float = 30 / 3.6

    def distances(self, gauges: Gauges) -> Floats:
        """From the centre, m."""
        east, north = self._offsets(gauges)
        return np.hypot(east, north)

    def onto(self, gauges: Gauges) -> Gauges:
        """The gauges with the storm in every report that really came; what is missing stays missing."""
        return replace(gauges, rain=np.round(gauges.rain + self.amounts(gauges), 3))

    def amounts(self, gauges: Gauges) -> Floats:
        """What it brings to each gauge in the 5 min before each instant, mm."""
        ends, starts = (self._fallen(gauges, gauges.instants - ago) for ago in (0, STEP))
        return ends - starts

    def _offsets(self, gauges: Gauges) -> tuple[Floats, Floats]:
        lon, lat = gauges.places.T
        east = (lon - self.centre[0]) * DEGREE * np.cos(np.radians(self.centre[1]))
        return east, (lat - self.centre[1]) * DEGREE

    def _fallen(self, gauges: Gauges, instants: npt.NDArray[np.int64]) -> Floats:
        """mm that have fallen on each gauge by each instant."""
        east, north = self._offsets(gauges)
        begins = self.onset + (np.maximum(east + self.radius, 0) / self.speed) * 1000
        share = np.clip((instants[:, None] - begins) / self.lasts, 0, 1)
        outside = np.hypot(east, north) / self.radius - 1
        return self.depth * np.clip(1 - outside, 0, 1) * _triangle(share)


def _triangle(share: Floats) -> Floats:
    """What has fallen of the whole after `share` of the time, the peak at a third."""
    peak = 1 / 3
    return np.where(share < peak, share**2 / peak, 1 - (1 - share) ** 2 / (1 - peak))
