"""What goes wrong between a sensor and the broker, as layers that are put one behind another in any order."""

from collections.abc import Mapping
from typing import Protocol

from ingest.clock import HOUR
from simulators.faults.carriage import (
    Dropout,
    Duplicates,
    Ghosts,
    LateBatch,
    Outage,
    Reordering,
    StoreAndForward,
)
from simulators.faults.clocks import ClockAhead, ClockBehind, ClockSteps, Restamped
from simulators.faults.layer import FOREVER, Layer, Scope
from simulators.faults.speech import Garbage, Impersonation
from simulators.faults.stack import Stack, stack_of
from simulators.faults.values import Drift, Sentinels, Stuck, WrongUnit

__all__ = ["FAULTS", "FOREVER", "Layer", "Scope", "Stack", "everyday", "stack_of"]


class Maker(Protocol):
    """Makes a layer that has, but for its scope, its usual ways."""

    def __call__(self, scope: Scope, seed: int) -> Layer: ...


FAULTS: Mapping[str, Maker] = {
    layer.name: layer
    for layer in (
        *(Stuck, Drift, Sentinels, WrongUnit),
        *(ClockAhead, ClockBehind, ClockSteps),
        *(Impersonation, Garbage),
        *(LateBatch, Dropout, Reordering, Duplicates, Ghosts),
        *(Outage, StoreAndForward, Restamped),
    )
}
"""By name, from the sensor to the broker."""

# Of a hundred mishaps, how many begin an hour in which a device keeps what it measures, and the others.
LATE = 5
OFTEN = {Garbage: 25, WrongUnit: 20, Impersonation: 20, Duplicates: 30}


def everyday(share: float, seed: int, spared: frozenset[str] = frozenset()) -> list[Layer]:
    """What goes wrong with a `share` of the messages of a sound fleet, but for the sensors in `spared`."""

    def scope(of_hundred: int) -> Scope:
        return Scope(share=share * of_hundred / 100, spared=spared)

    single = [layer(scope(of_hundred), seed) for layer, of_hundred in OFTEN.items()]
    return [*single, LateBatch(scope(LATE), seed, lasts=HOUR)] if share else []
