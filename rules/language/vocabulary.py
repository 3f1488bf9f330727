"""What the names in a condition can mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ingest.kinds import Kind, Kinds

# The units in which a kind's sensors give each site parameter.
Units: TypeAlias = Mapping[str, frozenset[str]]

TIME_ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`kind` is that of a sensor rule; None for zones and gateways, which look at sensors of all `kinds`.

    `parameters` holds the site parameters by kind; None when the sensors are not known, then every
    `site.<name>` is taken. `time_zone` (IANA) is what `hours` and `season` mean. `intervals` are the shortest
    reporting intervals (ms) of the kinds' sensors, where known; else a kind's own counts.
    """

    kinds: Kinds
    kind: Kind | None
    parameters: Mapping[str, Units] | None = field(default=None, repr=False)
    time_zone: str = TIME_ZONE
    intervals: Mapping[str, int] = field(default_factory=dict, repr=False)

    def interval(self, kind: Kind) -> int:
        """How often the fastest sensors of a kind report, ms; 0 where they report on change or by event."""
        return self.intervals.get(kind.name, kind.reporting.interval)
