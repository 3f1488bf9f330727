"""One number for each sensor and metric that a check remembers something of."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ingest.kinds import Kinds, Metric
from ingest.registry import Registry
from ingest.registry.moves import Moves

Ints = npt.NDArray[np.int64]
Indices = npt.NDArray[np.intp]

# Before every instant, and far enough from the ends of int64 that differences fit.
NEVER = -(2**62)


class Places:
    """The places of the metrics that `chosen` picks: those of one metric in a row, by slot.

    `has[column]` says whether a metric is among them, `size` how many places there are; `parts` are the
    metrics with the slots of their sensors and the place of the first; `patience` is how long one report of a
    place's sensor is waited for, ms: its interval, or heartbeat where it has none.
    """

    def __init__(self, kinds: Kinds, registry: Registry, chosen: Callable[[Metric], bool]) -> None:
        self.has = np.zeros(len(kinds.columns), np.bool_)
        self.size = 0
        self.parts: list[tuple[Metric, range, int]] = []
        self._kinds: list[str] = []
        self._base = np.zeros(len(kinds.columns), np.int64)
        for metric, kind in zip(kinds.columns, kinds.column_kind, strict=True):
            slots = registry.ranges.get(kind)
            if slots is not None and chosen(metric):
                self.has[metric.column] = True
                self._base[metric.column] = self.size - slots.start
                self.parts.append((metric, slots, self.size))
                self._kinds.append(kind)
                self.size += len(slots)
        self.patience = self._patience(registry)

    def _patience(self, registry: Registry) -> Ints:
        waits = [
            sensor.reporting.interval or sensor.heartbeat
            for _, slots, _ in self.parts
            for sensor in registry.sensors[slots.start : slots.stop]
        ]
        return np.array(waits, np.int64)

    def of(self, column: npt.NDArray[np.int16], slot: npt.NDArray[np.int32]) -> Indices:
        """The places of values of metrics that `has` holds for."""
        return (self._base[column] + slot).astype(np.intp)

    def each(self, measure: Callable[[Metric, range], Ints | int]) -> Ints:
        """An int64 for each place, from its metric and the slots of the metric's kind."""
        parts = [
            np.broadcast_to(np.asarray(measure(metric, slots), np.int64), len(slots))
            for metric, slots, _ in self.parts
        ]
        return np.concatenate([np.zeros(0, np.int64), *parts])

    def is_as(self, later: "Places") -> bool:
        """Whether each place is of the same slot, and of a metric that means the same."""
        slots, others = ([part[1:] for part in places.parts] for places in (self, later))
        return slots == others and self._meanings() == later._meanings()

    def moves(self, later: "Places", moved: Moves) -> Moves:
        """Where the places went: those of metrics that mean the same, of sensors that `moved`, by slot."""
        meanings = dict(zip(later._meanings(), later.parts, strict=True))
        old, new = [np.zeros(0, np.intp)], [np.zeros(0, np.intp)]
        for meaning, (_, slots, first) in zip(self._meanings(), self.parts, strict=True):
            _, others, place = meanings.get(meaning, (None, range(0), 0))
            before, after = moved
            stays = (before >= slots.start) & (before < slots.stop)
            stays &= (after >= others.start) & (after < others.stop)
            old.append(before[stays] - slots.start + first)
            new.append(after[stays] - others.start + place)
        return np.concatenate(old), np.concatenate(new)

    def _meanings(self) -> list[tuple[object, ...]]:
        """What makes the values of two metrics comparable."""
        return [
            (kind, m.name, m.unit, m.resolution, m.form, m.rollover, m.feeds)
            for kind, (m, _, _) in zip(self._kinds, self.parts, strict=True)
        ]
