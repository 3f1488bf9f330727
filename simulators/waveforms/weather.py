"""The air of a summer's day, by local hour."""

import numpy as np

from simulators.waveforms import Floats

MEAN = 24.0  # degC


def air(hours: Floats, swing: float = 5.0, warmest: float = 15.0) -> Floats:
    """degC: `swing` K around 24, highest at the hour `warmest`."""
    return MEAN + swing * np.cos((hours - warmest) / 24 * 2 * np.pi)


def humidity(temperature: Floats) -> Floats:
    """% relative: air that warms by a degree with the water in it becomes drier by about 2 %."""
    return 110 - 2 * temperature
