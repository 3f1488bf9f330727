"""Which of the readings and refused messages of the journal somebody wants to see."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from ingest.decode.topic import levels_of
from ingest.document.source_text import did_you_mean
from ingest.reading import Quality, Reason, Rejected
from ingest.registry import Registry
from tocsin.judge import Basis
from tocsin.sensing import Sensed

Flags = npt.NDArray[np.bool_]


class Wish(StrEnum):
    """A quality to show alone; `suspect` has its kinds in it, `refused` whatever is in quarantine."""

    OK = "ok"
    LATE = "late"
    STALE = "stale"
    CLOCK = "clock"
    SUSPECT = "suspect"
    IMPOSSIBLE = "impossible"
    REFUSED = "refused"


BITS = {
    Wish.LATE: Quality.LATE,
    Wish.STALE: Quality.STALE,
    Wish.CLOCK: Quality.CLOCK,
    Wish.SUSPECT: Quality.SUSPECT,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One value; instants and `period` (0 for none) in ms, `value` in `unit`."""

    received: int
    observed: int
    sensor: str
    kind: str
    zone: str
    metric: str
    value: Decimal
    unit: str
    period: int
    quality: Quality


@dataclass(frozen=True, slots=True)
class Refused:
    """One message in quarantine; sensor, kind and zone as its topic says, empty if it is of no such form."""

    received: int
    sensor: str
    kind: str
    zone: str
    topic: str
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be seen: `sensor` a pattern, `zone` with what lies in it; empty is everything."""

    sensor: str = "*"
    zone: str = ""
    kind: str = ""
    metric: str = ""
    qualities: frozenset[Wish] = frozenset()


def unknown(wanted: Wanted, basis: Basis) -> str:
    """The names that nothing is known by, with the way out; empty if there are none."""
    known = {
        "zone": (wanted.zone, set(basis.registry.zones)),
        "kind": (wanted.kind, set(basis.kinds.kinds)),
        "metric": (wanted.metric, {metric.name for metric in basis.kinds.columns}),
    }
    return "; ".join(
        f"no {what} '{name}': {did_you_mean(name, names) or 'tocsin sensors status lists what there is'}"
        for what, (name, names) in known.items()
        if name and name not in names
    )


class Selection:
    """Picks what is wanted, entry by entry, in arrays before anything is made of a value."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._bits = np.uint8(sum(BITS.get(wish, Quality.OK) for wish in wanted.qualities))
        self._basis: Basis | None = None
        self._zones = frozenset[str]()
        self._slots = self._columns = np.zeros(0, np.bool_)

    def of(self, sensed: Sensed) -> Iterator[Seen | Refused]:
        """The values of an entry in their order, then what was refused of it."""
        if self._basis is not sensed.basis:
            self._use(sensed.basis)
        yield from self._values(sensed)
        for rejected in sensed.rejected:
            refused = _refused(sensed.received, rejected)
            if self._wants(refused):
                yield refused

    def _use(self, basis: Basis) -> None:
        wanted, registry = self._wanted, basis.registry
        self._basis, self._zones = basis, within(registry, wanted.zone)
        self._slots = np.array([self._at(s.id, s.kind, s.zone) for s in registry.sensors], np.bool_)
        columns = [wanted.metric in ("", metric.name) for metric in basis.kinds.columns]
        self._columns = np.array(columns, np.bool_)

    def _at(self, sensor: str, kind: str, zone: str) -> bool:
        wanted = self._wanted
        here = not wanted.zone or zone in self._zones
        return here and wanted.kind in ("", kind) and fnmatchcase(sensor, wanted.sensor)

    def _values(self, sensed: Sensed) -> Iterator[Seen]:
        rows, basis = sensed.readings, sensed.basis
        chosen = self._slots[rows.slot] & self._columns[rows.column] & self._of_quality(rows.quality)
        columns = (rows.slot, rows.column, rows.observed, rows.value, rows.period, rows.quality)
        for slot, column, observed, value, period, quality in zip(
            *(each[chosen].tolist() for each in columns), strict=True
        ):
            sensor, metric = basis.registry.sensors[slot], basis.kinds.columns[column]
            yield Seen(
                received=sensed.received,
                observed=observed,
                sensor=sensor.id,
                kind=sensor.kind,
                zone=sensor.zone,
                metric=metric.name,
                value=metric.quantity(value),
                unit=metric.unit,
                period=period,
                quality=Quality(quality),
            )

    def _of_quality(self, quality: npt.NDArray[np.uint8]) -> Flags:
        wishes = self._wanted.qualities
        if not wishes:
            return np.ones(len(quality), np.bool_)
        fine = (quality == 0) & (Wish.OK in wishes)
        chosen: Flags = fine | (quality & self._bits != 0)
        return chosen

    def _wants(self, refused: Refused) -> bool:
        """A refused message has no metric; asked for one, nobody asks for it."""
        wishes = self._wanted.qualities
        impossible = Wish.IMPOSSIBLE in wishes and refused.reason is Reason.IMPOSSIBLE
        asked = not wishes or Wish.REFUSED in wishes or impossible
        return asked and not self._wanted.metric and self._at(refused.sensor, refused.kind, refused.zone)


def within(registry: Registry, zone: str) -> frozenset[str]:
    """The zone and all that lie in it."""
    return frozenset(inner for inner in registry.zones if zone in registry.ancestry(inner))


def _refused(received: int, rejected: Rejected) -> Refused:
    zone, kind, sensor = levels_of(rejected.topic)
    return Refused(received, sensor, kind, zone, rejected.topic, rejected.reason, rejected.detail)
