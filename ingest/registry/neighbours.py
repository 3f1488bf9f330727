"""Which sensors lie around each: fixed at load, the nearest 32 at most."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from shapely import STRtree, points

from ingest.registry import Sensor

Slots: TypeAlias = npt.NDArray[np.intp]

MOST = 32
# Mean radius of the Earth, m (IUGG).
EARTH = 6_371_008.8


def nearest(sensors: Sequence[Sensor], radius: float) -> list[Slots]:
    """The sensors within `radius` m of each, nearest first, equally near ones by slot; not itself.

    A sensor without a position has no neighbours.
    """
    placed = np.array([k for k, s in enumerate(sensors) if s.lon is not None and s.lat is not None], np.intp)
    around: list[Slots] = [np.zeros(0, np.intp) for _ in sensors]
    if not len(placed):
        return around
    sphere = _on_sphere([sensors[k] for k in placed.tolist()])
    for k, found in zip(placed.tolist(), _within(sphere.tobytes(), radius), strict=True):
        around[k] = placed[found]
    return around


def _on_sphere(sensors: Sequence[Sensor]) -> npt.NDArray[np.float64]:
    degrees = np.array([[s.lon for s in sensors], [s.lat for s in sensors]], np.float64)
    lon, lat = np.radians(degrees)
    flat = np.cos(lat)
    return np.stack([flat * np.cos(lon), flat * np.sin(lon), np.sin(lat)], axis=1) * EARTH


@lru_cache(maxsize=4)
def _within(places: bytes, radius: float) -> list[Slots]:
    """By chords, which rank as the distances along the ground do; a tree in two of the three axes first.

    `places` are the rows of `_on_sphere`. Quality control and several rules ask for the same ones at a start.
    """
    sphere = np.frombuffer(places, np.float64).reshape(-1, 3)
    chord = 2 * EARTH * np.sin(min(radius / EARTH, np.pi) / 2)
    spread = np.argsort(np.ptp(sphere, axis=0))[1:]
    plane: npt.NDArray[np.object_] = np.asarray(points(sphere[:, spread]))
    own, other = STRtree(plane).query(plane, predicate="dwithin", distance=chord)
    distance = np.linalg.norm(sphere[own] - sphere[other], axis=1)
    near = (distance <= chord) & (own != other)
    own, other, distance = own[near], other[near], distance[near]
    order = np.lexsort((other, distance, own))
    parts = np.split(other[order], np.cumsum(np.bincount(own, minlength=len(sphere)))[:-1])
    return [part[:MOST] for part in parts]
