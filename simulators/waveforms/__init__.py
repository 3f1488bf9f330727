"""What the things that sensors watch do over time: functions over numpy arrays, without devices or chance."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
