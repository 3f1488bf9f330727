"""A rain gauge: what a tipping bucket makes of rain, and a counter of its tips."""

import numpy as np
from numpy.typing import NDArray

from simulators.waveforms import Floats

TIP = 0.1  # mm; SL 651-2014 knows 1, 0.5, 0.2 and 0.1 mm
# SL 651-2014, element 26 PT, N(6,1): the counter starts again after 99 999.9 mm.
ROLLOVER = 1_000_000  # tips of 0.1 mm


def tips(caught: Floats, left: float = 0.0, tip: float = TIP) -> tuple[NDArray[np.int64], float]:
    """Tips of each period that caught so many mm, and the mm that are left in the bucket.

    What does not fill the bucket stays in it, `left` at first.
    """
    total = left + np.cumsum(caught)
    # The bucket has tipped at 0.1 mm although 0.1 x 3 is a little less than 0.3 in floating point.
    emptied = np.floor(total / tip + 1e-9).astype(np.int64)
    return np.diff(emptied, prepend=0), float(total[-1] - emptied[-1] * tip) if len(total) else left


def counter(tipped: NDArray[np.int64], before: int = 0, resets: tuple[int, ...] = ()) -> NDArray[np.int64]:
    """What the counter shows after each period, in tips: from `before` on, over the rollover, from 0 again in
    each period of `resets`."""
    total = np.cumsum(tipped)
    shown = total + before
    for period in resets:
        shown[period:] = total[period:] - (total[period - 1] if period else 0)
    return shown % ROLLOVER
