"""Devices whose clock is behind (D5): known by the pace at which they report.

Old stamps are late data, as a rule. Three arrivals in a row that lag and come at the pace of their stamps are
no backlog: a backlog comes at the pace of the line. From the third on `received` counts, until the lag ends.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ingest.clock import MINUTE
from ingest.decode.rows import in_order
from ingest.quality.places import NEVER, Indices, Ints
from ingest.quality.runs import Flags
from ingest.reading import Quality, Readings
from ingest.registry import Registry
from ingest.stretches import sizes, starts

LAG = 5 * MINUTE
ARRIVALS = 3


class SlowClocks:
    """Per sensor: its last arrival if it lagged, how many came at the pace of their stamps, the verdict.

    An arrival is a reading; readings of one stamp in a row are one arrival, that of the first.
    """

    def __init__(self, registry: Registry) -> None:
        sensors = registry.sensors
        self._patience = np.array([s.reporting.interval or s.heartbeat for s in sensors], np.int64)
        self._stamp = np.full(len(sensors), NEVER, np.int64)
        self._received = np.full(len(sensors), NEVER, np.int64)
        self._paced = np.zeros(len(sensors), np.uint8)
        self._slow = np.zeros(len(sensors), np.bool_)

    @property
    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "stamp": self._stamp,
            "received": self._received,
            "paced": self._paced,
            "slow": self._slow,
        }

    def correct(self, readings: Readings) -> Readings:
        """The readings with `received` as observed, and quality `clock`, where the device's clock is slow."""
        lags = readings.stamp < readings.received - LAG
        if not (lags.any() or self._paced[readings.slot].any()):
            return readings
        first = starts(readings.message, readings.slot, readings.stamp)
        slow = np.repeat(self._slow_arrivals(readings, first), sizes(first, len(readings)))
        if not slow.any():
            return readings
        observed = np.where(slow, readings.received, readings.observed)
        quality = np.where(slow, readings.quality | np.uint8(Quality.CLOCK), readings.quality)
        return in_order(replace(readings, observed=observed, quality=quality))

    def _slow_arrivals(self, readings: Readings, first: Indices) -> Flags:
        """Which readings are of slow clocks; the last arrival of each sensor is remembered."""
        received = readings.received
        order = np.argsort(readings.slot[first], kind="stable")
        slot, stamp = readings.slot[first][order].astype(np.intp), readings.stamp[first][order]
        lags = stamp < received - LAG
        begins = starts(slot)
        # Arrivals of one instant are at no pace, so only a block's first can go on with what was before.
        heads, lengths = slot[begins], sizes(begins, len(slot))
        again = (self._paced[heads] > 0) & (stamp[begins] == self._stamp[heads])
        further = again | self._in_pace(heads, stamp[begins], received)
        paced = np.minimum(np.where(further, self._paced[heads] + ~again, 1), ARRIVALS)
        slow = lags[begins] & (self._slow[heads] | (paced >= ARRIVALS))
        timely = np.cumsum(~lags)
        unbroken = timely == np.repeat(timely[begins] - ~lags[begins], lengths)
        found = np.repeat(slow, lengths) & unbroken
        last = begins + lengths - 1
        one = np.logical_and.reduceat(stamp == np.repeat(stamp[begins], lengths), begins)
        self._received[heads] = np.where(one & again, self._received[heads], received)
        self._paced[heads] = np.where(lags[last], np.where(one, paced, 1), 0)
        self._stamp[heads], self._slow[heads] = stamp[last], found[last]
        arrivals = np.empty(len(slot), np.bool_)
        arrivals[order] = found
        return arrivals

    def _in_pace(self, slot: Indices, stamp: Ints, received: int) -> Flags:
        """Whether an arrival follows the one before, which lagged as well, at the pace of their stamps."""
        told, passed = stamp - self._stamp[slot], received - self._received[slot]
        wide = 2 * np.minimum(told, passed) >= self._patience[slot]
        paced: Flags = (self._paced[slot] > 0) & wide & (10 * np.abs(told - passed) <= passed)
        return paced
