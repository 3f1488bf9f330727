"""A rain gauge: what a tipping bucket makes of rain, and a counter of its tips."""

import numpy as np
from numpy.typing import NDArray

from simulators.waveforms import Floats

TIP = 0.1  # mm; SL 651-2014 knows 1, 0.5, 0.2 and 0.1 mm
# SL 651-2014, element 26 PT, N(6,1): the counter starts again after 99 999.9 mm.
ROLLOVER = 1_000_000  # tips of 0.1 mm


def tips(caught: Floats, left: float = 0.0) -> tuple[NDArray[np.int64], float]:
    """Tips of 0.1 mm in each period that caught so many mm, and the mm that are in the bucket in the end.

    What does not fill the bucket stays in it for the next period, `left` before the first.
    """
    total = left + np.cumsum(caught)
    # 3 x 0.1 mm are three tips, though a little less than 0.3 in floating point.
    emptied = np.floor(total / TIP + 1e-9).astype(np.int64)
    return np.diff(emptied, prepend=0), float(total[-1] - emptied[-1] * TIP)


def advanced(shown: int, tipped: int) -> int:
    """What a counter that has shown so many tips shows after some more."""
    return (shown + tipped) % ROLLOVER
