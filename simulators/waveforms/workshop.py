"""People in a workshop of one shift with a break at noon."""

import numpy as np

from simulators.waveforms import Floats

# Local hours; they come and go within a quarter of an hour.
_HOURS = [8.0, 8.25, 11.75, 12.0, 13.0, 13.25, 16.75, 17.0]
_SHARE = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]


def occupancy(hours: Floats) -> Floats:
    """Share of the shift that is in the building by local hour."""
    return np.interp(np.mod(hours, 24), _HOURS, _SHARE)


def crowd(seconds: Floats, people: float, gathering: float, lasting: float) -> Floats:
    """People too many: they come within `gathering` s, stay for `lasting` s and leave as fast."""
    coming = np.minimum(seconds / gathering, (2 * gathering + lasting - seconds) / gathering)
    return np.floor(people * np.clip(coming, 0, 1) + 1e-9)
