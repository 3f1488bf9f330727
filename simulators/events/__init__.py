"""What happens in a story: each event knows who feels it, when and how much.

Times and durations are in ms; all other sizes are in the units an operator writes.
"""

from typing import Protocol

from simulators.events.circuit import Arcing, HotCable, Leakage, Sag
from simulators.events.fire import Fire, Nuisance
from simulators.events.place import Devices, Effects, NobodyThere
from simulators.events.release import Release
from simulators.events.site import Crowd, TankUpset
from simulators.events.storm import Catchment, Restart, Storm


class Event(Protocol):
    """Something that begins and ends.

    `urgent`: a device that feels it does not wait for its next report.
    """

    @property
    def begin(self) -> int: ...

    @property
    def ends(self) -> int:
        """From then on nobody feels it."""
        ...

    @property
    def urgent(self) -> bool: ...

    def effects(self, devices: Devices, seed: int) -> Effects:
        """By sensor and metric what it adds; NobodyThere if no device can be at its place."""
        ...


__all__ = [
    "Arcing",
    "Catchment",
    "Crowd",
    "Effects",
    "Event",
    "Fire",
    "HotCable",
    "Leakage",
    "NobodyThere",
    "Nuisance",
    "Release",
    "Restart",
    "Sag",
    "Storm",
    "TankUpset",
]
