"""Which sensors are there: one meaning for the console, the metrics and the command line."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.clock import SECOND
from ingest.registry import Registry
from ingest.screening import NEVER

INTERVALS = 3

Instants = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def heard_in_time(registry: Registry, heard: Instants, now: int) -> Flags:
    """Which sensors, by slot, were heard within three of their kind's intervals before `now`.

    `heard` has the newest receipt of each slot, ms. Heartbeats where reports are not periodic.
    """
    silence = np.zeros(len(heard), np.int64)
    for kind, slots in registry.ranges.items():
        silence[slots.start : slots.stop] = INTERVALS * registry.patience[kind] + SECOND
    in_time: Flags = heard > now - silence
    return in_time


@dataclass(frozen=True, slots=True)
class Share:
    """Of one kind in one zone: how many are registered and online; `last` (ms) is when one was heard."""

    kind: str
    zone: str
    registered: int
    online: int
    last: int | None


def shares(registry: Registry, heard: Instants, now: int) -> list[Share]:
    """By kind and zone, the worst first: the smallest share, and of equal ones the most sensors."""
    in_time = heard_in_time(registry, heard, now)
    slots: dict[tuple[str, str], list[int]] = {}
    for slot, sensor in enumerate(registry.sensors):
        slots.setdefault((sensor.kind, sensor.zone), []).append(slot)
    found = [
        Share(kind, zone, len(of), int(np.count_nonzero(in_time[of])), _instant(int(heard[of].max())))
        for (kind, zone), of in slots.items()
    ]
    return sorted(found, key=lambda s: (s.online / s.registered, s.online - s.registered, s.kind, s.zone))


def silent(registry: Registry, heard: Instants, now: int) -> Iterator[tuple[str, int | None]]:
    """Id and last receipt (ms) of each sensor that is not online, those never heard first."""
    slots = np.flatnonzero(~heard_in_time(registry, heard, now))
    for slot in slots[np.argsort(heard[slots], kind="stable")].tolist():
        yield registry.sensors[slot].id, _instant(int(heard[slot]))


def _instant(heard: int) -> int | None:
    return None if heard == NEVER else heard
