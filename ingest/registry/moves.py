"""Where the sensors of one registry are in another."""

import numpy as np
import numpy.typing as npt

from ingest.registry import Registry

Indices = npt.NDArray[np.intp]
Moves = tuple[Indices, Indices]


def slot_moves(before: Registry, after: Registry) -> Moves:
    """The slots of the sensors that both registries have, before and after."""
    if before is after:
        return np.arange(len(before.sensors)), np.arange(len(before.sensors))
    there = np.fromiter((after.slots.get(name, -1) for name in before.slots), np.intp, len(before.slots))
    here = np.fromiter(before.slots.values(), np.intp, len(before.slots))
    return here[there >= 0], there[there >= 0]


def is_still(moved: Moves, before: int, after: int) -> bool:
    """Whether, of so many sensors before and after, each is where it was."""
    old, new = moved
    return len(old) == before == after and bool((old == new).all())
