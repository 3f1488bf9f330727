"""Where the sensors of one registry are in another."""

import numpy as np
import numpy.typing as npt

from ingest.registry import Registry

Indices = npt.NDArray[np.intp]
Moves = tuple[Indices, Indices]


def slot_moves(before: Registry, after: Registry) -> Moves:
    """The slots of the sensors that both registries have, before and after."""
    pairs = [(slot, after.slots[name]) for name, slot in before.slots.items() if name in after.slots]
    old, new = np.array(pairs, np.intp).reshape(-1, 2).T
    return old, new


def is_still(moved: Moves, before: int, after: int) -> bool:
    """Whether, of so many sensors before and after, each is where it was."""
    old, new = moved
    return len(old) == before == after and bool((old == new).all())
