"""What a smoke detector feels that is no fire: absorbance in dB/m. The shapes are this project's own."""

import numpy as np

from simulators.waveforms import Floats


def cooking(seconds: Floats, peak: float, rising: float) -> Floats:
    """Fumes that reach `peak` dB/m after `rising` s and are aired away about as fast: t/T exp(1 - t/T)."""
    part = np.clip(seconds, 0, None) / rising
    return peak * part * np.exp(1 - part)


def steam(seconds: Floats, peak: float, lasting: float, airing: float) -> Floats:
    """A shower: at `peak` dB/m within a tenth of `lasting` s, then aired away with the time `airing` s."""
    rising = np.clip(seconds / (0.1 * lasting), 0, 1)
    return peak * rising * np.exp(-np.clip(seconds - lasting, 0, None) / airing)


def dust(days: Floats, daily: float, cleaned: float) -> Floats:
    """A chamber that gathers dust: its baseline rises by `daily` dB/m a day until it is `cleaned`."""
    return np.where((days >= 0) & (days < cleaned), daily * days, 0.0)
