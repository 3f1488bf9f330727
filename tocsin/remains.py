"""What is left when another judge takes over, given back piece by piece.

A city's sensors and arrays in one piece halt every thread for as long as that takes.
"""

import gc
import sys

# What `sys.getrefcount` counts of a thing that nobody but its caller knows: its name, and the argument.
OURS = 2


def give_back(remains: list[object]) -> None:
    """Empties the list; what somebody else still holds stays. Any thread may, for as long as it takes."""
    while remains:
        piece = remains.pop()
        if sys.getrefcount(piece) == OURS:
            remains += gc.get_referents(piece)
