"""All that is known of some sensors, as if it had been read now."""

from collections.abc import Iterable

import numpy as np

from rules.engine.board import Board
from rules.engine.ring import NEVER, Slots
from rules.engine.waves import Values, Wave


def standing(board: Board, columns: Iterable[int], slots: Slots) -> Wave:
    """A wave that carries every value the sensors have ever reported of the metrics."""
    named = np.array(sorted(columns), np.int64)
    told = [board.columns[column].stamp[slots] > NEVER for column in named.tolist()]
    which, known = np.nonzero(np.array(told, np.bool_).reshape(len(named), len(slots)))
    none, nowhere = np.zeros(len(known), np.int64), np.zeros(len(slots), np.int64)
    values = Values(named[which], known, none, none, none.astype(np.uint8))
    return Wave(0, slots, board.newest[slots], nowhere, nowhere, values)
