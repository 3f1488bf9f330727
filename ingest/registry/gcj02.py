"""GCJ-02, the shifted coordinates of Chinese map providers, and the way back to WGS 84.

The offset is the polynomial with sines that has been public since 2010 under the name of "Mars coordinates",
on the ellipsoid of Krasovsky (1940). The authority has never published it; it agrees with the maps to a few
metres. It holds in China alone.
"""

from math import cos, pi, radians, sin, sqrt
from typing import Final

AXIS: Final = 6_378_245.0
ECCENTRICITY_SQUARED: Final = 0.006_693_421_622_965_943
# Each round divides the error by about 1000; three come to less than a millimetre.
ROUNDS: Final = 3


def in_china(lon: float, lat: float) -> bool:
    """Whether maps shift what lies there: the box that they use."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """What a Chinese map shows for a place; degrees, (lon, lat)."""
    x, y = lon - 105, lat - 35
    slant = 20 * sin(6 * pi * x) + 20 * sin(2 * pi * x)
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
    east += (slant + _waves(x, 150, 300)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
    north += (slant + _waves(y, 160, 320)) * 2 / 3
    bulge = 1 - ECCENTRICITY_SQUARED * sin(radians(lat)) ** 2
    meridian = AXIS * (1 - ECCENTRICITY_SQUARED) / bulge**1.5
    parallel = AXIS / sqrt(bulge) * cos(radians(lat))
    return lon + east / radians(parallel), lat + north / radians(meridian)


def to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Where what a Chinese map shows at this place is; degrees, (lon, lat)."""
    east, north = lon, lat
    for _ in range(ROUNDS):
        shown = to_gcj02(east, north)
        east, north = east - (shown[0] - lon), north - (shown[1] - lat)
    return east, north


def _waves(degrees: float, short: float, long: float) -> float:
    near = 20 * sin(pi * degrees) + 40 * sin(pi * degrees / 3)
    return near + short * sin(pi * degrees / 12) + long * sin(pi * degrees / 30)
