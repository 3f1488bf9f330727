"""The figures of a run, and the little arithmetic they need."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.machine import Machine


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank: the smallest value that at least `share` (0 to 1) of all reach; NaN of nothing."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Messages of both phases of a set-up; `lost`, `unjudged` and `unraised` must be 0.

    published   given to the broker, every one different
    journaled   on disk once the daemon has stopped; `duplicates` of them were there before
    unjudged    published, and not among what the daemon accepted
    raising     those that had to raise a warning
    """

    published: int
    journaled: int
    lost: int
    duplicates: int
    unjudged: int
    raising: int
    unraised: int

    @property
    def complete(self) -> bool:
        return not (self.lost or self.unjudged or self.unraised)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sustained:
    """The first phase: as fast as the publisher goes.

    messages    in this phase
    offered     messages/s that the broker took
    rate        messages/s from the first publish to the judge having taken the last
    judged, stored   s that judge and database needed after the broker had the last one
    daemon, broker, publisher, database   CPU us per message, user and system, until all is stored; None is a
                database that is part of the daemon
    """

    messages: int
    offered: float
    rate: float
    judged: float
    stored: float
    daemon: float
    broker: float
    publisher: float
    database: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The second phase, at `rate` messages/s: ms from publish to the transition standing in the outbox.

    `samples` messages raised one. `resolution` is how often was looked, the p99 of it, in ms.
    """

    rate: float
    samples: int
    p50: float
    p99: float
    most: float
    resolution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One set-up; `memory` is the most the daemon had resident, in bytes."""

    setup: str
    counts: Counts
    sustained: Sustained
    latency: Latency
    memory: int


@dataclass(frozen=True, slots=True)
class Bare:
    """CPU us per message of a subscriber that keeps nothing."""

    library: str
    messages: int
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything measured in one run."""

    machine: Machine
    seconds: float
    sensors: int
    measured: list[Measured]
    bare: list[Bare]

    @property
    def complete(self) -> bool:
        """Whether nothing was lost anywhere."""
        return all(measured.counts.complete for measured in self.measured)
