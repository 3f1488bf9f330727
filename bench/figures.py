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
    """Messages of all phases of a set-up; `lost`, `foreign`, `unjudged` and `unraised` must be 0.

    published   given to the broker, every one different
    journaled   on disk once the daemon has stopped; `duplicates` of them were there before
    foreign     on disk, and never published
    unjudged    published, and neither accepted by the daemon nor in its quarantine
    quarantined refused by the daemon; `absurd` of those published are such that it must refuse them
    raising     alarms to time; each has to raise a warning
    """

    published: int
    journaled: int
    lost: int
    duplicates: int
    foreign: int
    unjudged: int
    quarantined: int
    absurd: int
    raising: int
    unraised: int

    @property
    def complete(self) -> bool:
        return not (self.lost or self.foreign or self.unjudged or self.unraised) and (
            self.quarantined == self.absurd
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Of `samples` alarms, ms from the publish; `resolution` is how often was looked: its p99, in ms."""

    samples: int
    p50: float
    p99: float
    most: float
    resolution: float

    @classmethod
    def of(cls, late: Sequence[float], gaps: Sequence[float]) -> "Latency":
        """`late` in ms; `gaps` in s between two looks."""
        p50, p99, most = (percentile(late, share) for share in (0.5, 0.99, 1.0))
        resolution = percentile(gaps, 0.99) * 1e3
        return cls(samples=len(late), p50=p50, p99=p99, most=most, resolution=resolution)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU of one process or thread in a phase, user and system: seconds, and us a message."""

    name: str
    cpu: float
    message: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A time of even load.

    asked       messages/s; None is as fast as it goes
    messages    published
    offered     messages/s that the fleet published
    behind      messages that were due and waited for the broker, the most at one time
    acked       s until the broker had acknowledged the last message after it was published
    judged      s until the judge had taken the last message after the broker had acknowledged it
    rate        messages/s from the first publish to the judge having taken the last
    stored      s from then until the database had everything; None if it had not within the time it was given
    transition, horn   from the publish of an alarm to its transition in the outbox, and to its horn
    processes, threads   until judged, and of the history until stored; threads are the daemon's, by name
    """

    asked: float | None
    messages: int
    offered: float
    behind: int
    acked: float
    judged: float
    rate: float
    stored: float | None
    transition: Latency
    horn: Latency
    processes: list[Cost]
    threads: list[Cost]

    @property
    def sustained(self) -> bool:
        """Whether what was asked for was published, and judged within a second of the last one."""
        asked = self.asked or 0.0
        return self.offered >= 0.99 * asked and self.acked + self.judged <= 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Bytes resident in one process when the load ended, and the most at one time."""

    name: str
    resident: int
    peak: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One set-up; `journal` and `database` in bytes a message on disk."""

    setup: str
    phases: list[Phase]
    counts: Counts
    memory: list[Memory]
    journal: float
    database: float


@dataclass(frozen=True, slots=True)
class Bare:
    """CPU us per message of a subscriber that keeps nothing."""

    library: str
    messages: int
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything measured in one run; `rules` in words, `linger` in ms."""

    machine: Machine
    sensors: int
    gateways: int
    rules: str
    linger: int
    measured: list[Measured]
    bare: list[Bare]

    @property
    def complete(self) -> bool:
        """Whether nothing was lost anywhere."""
        return all(measured.counts.complete for measured in self.measured)
