"""All that is known of some sensors, as if it had been read now."""

from collections.abc import Iterable

import numpy as np

from rules.engine.board import Board
from rules.engine.ring import NEVER, Slots
from rules.engine.waves import Values, Wave


def standing(board: Board, columns: Iterable[int], slots: Slots) -> Wave:
    """A wave that carries every value the sensors have ever reported of the metrics."""
    read = {}
    for column in columns:
        known = np.flatnonzero(board.columns[column].stamp[slots] > NEVER)
        none = np.zeros(len(known), np.int64)
        read[column] = Values(known, none, none, none.astype(np.uint8))
    nowhere = np.zeros(len(slots), np.int64)
    return Wave(0, slots, board.newest[slots], nowhere, nowhere, read)
