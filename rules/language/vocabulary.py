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
    `site.<name>` is taken. `time_zone` (IANA) is what `hours` and `season` mean.
    """

    kinds: Kinds
    kind: Kind | None
    parameters: Mapping[str, Units] | None = field(default=None, repr=False)
    time_zone: str = TIME_ZONE
