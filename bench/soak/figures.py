"""What a soak found, and whether it holds."""

from dataclasses import dataclass, field

import msgspec

from bench.figures import percentile
from bench.machine import Machine
from bench.soak.gauge import Gauge
from bench.soak.witness import Compared

# Of file handles within one life: a connection that is being replaced is no leak, one a fault left behind is.
HANDLES_MORE = 10


@dataclass(frozen=True, slots=True)
class Struck:
    """A fault that happened: began so many s after the soak did, was taken away after `hold` s.

    `ready` is from then until the daemon was ready and connected, s; None if it was not in time.
    """

    name: str
    at: float
    hold: float
    ready: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfKind:
    """All faults of one name; times in s, NaN if none was survived."""

    name: str
    times: int
    survived: int
    ready_p50: float
    ready_most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A figure of the daemon: the least of its first samples and of its last, the most, and how it moved.

    slope    an hour, within lives (`bench.soak.gauge`)
    growth   from the beginning of a life to its end, the most of all lives
    """

    first: float
    last: float
    most: float
    slope: float
    growth: float
    samples: int
    lives: int

    @classmethod
    def of(cls, gauge: Gauge) -> "Course":
        seen = gauge.seen
        return cls(
            first=seen[0].first if seen else float("nan"),
            last=seen[-1].last if seen else float("nan"),
            most=max((life.most for life in seen), default=float("nan")),
            slope=gauge.slope,
            growth=gauge.growth,
            samples=sum(life.samples for life in seen),
            lives=len(seen),
        )


@dataclass(slots=True)
class Messages:
    """`late` watches were not all journaled and stored in time; the others as in `bench.reconcile`."""

    published: int = 0
    journaled: int = 0
    lost: int = 0
    duplicates: int = 0
    foreign: int = 0
    watches: int = 0
    late: int = 0


@dataclass(slots=True, kw_only=True)
class Soaked:
    """Everything that is shown at the end; memory and journal in bytes, `seconds` as asked for."""

    machine: Machine
    seed: int
    seconds: float
    rate: float
    sensors: int
    messages: Messages = field(default_factory=Messages)
    compared: Compared = field(default_factory=Compared)
    struck: list[Struck] = field(default_factory=list)
    courses: dict[str, Course] = field(default_factory=dict)
    bundles: int = 0
    blind: int = 0
    deliveries: dict[str, int] = field(default_factory=dict)
    journal: int = 0
    # Of the process that runs the soak, after its first watch and at the end, bytes.
    own: tuple[int, int] = (0, 0)

    @property
    def kinds(self) -> list[OfKind]:
        """Those that happened, in the order in which they did first."""
        return [self._kind(name) for name in dict.fromkeys(struck.name for struck in self.struck)]

    def _kind(self, name: str) -> OfKind:
        found = [struck.ready for struck in self.struck if struck.name == name]
        ready = [seconds for seconds in found if seconds is not None]
        return OfKind(
            name=name,
            times=len(found),
            survived=len(ready),
            ready_p50=percentile(ready, 0.5),
            ready_most=percentile(ready, 1.0),
        )

    @property
    def findings(self) -> list[str]:
        """What does not hold, in words; none of a soak that holds."""
        messages, compared = self.messages, self.compared
        counts = {
            "messages lost": messages.lost,
            "messages journaled and never published": messages.foreign,
            "watches whose messages were not all stored in time": messages.late,
            "transitions that a replay tells otherwise": compared.changed,
            "transitions that are not in the outbox": compared.missing,
            "transitions that no replay tells": compared.unexpected,
            "transitions that the daemon judged otherwise again": compared.faults,
            "faults after which the daemon was not ready in time": sum(s.ready is None for s in self.struck),
        }
        found = [f"{count} {what}" for what, count in counts.items() if count]
        handles = self.courses.get("handles")
        if handles is not None and handles.growth > HANDLES_MORE:
            found.append(f"file handles grow: {handles.growth:.0f} more at the end of a life")
        if not self.struck:
            found.append("nothing befell the daemon: a soak without a fault shows nothing")
        if not compared.equal:
            found.append("no transition was compared")
        return found


def encode(soaked: Soaked) -> bytes:
    """As JSON, with what is worked out of it; NaN is null."""
    whole = {**msgspec.to_builtins(soaked), "kinds": soaked.kinds, "findings": soaked.findings}
    return msgspec.json.format(msgspec.json.encode(whole)) + b"\n"
