"""A rule as loaded: checked, unit-converted, hashed by meaning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from ingest.registry import Registry, Sensor
from rules.grade import Grade
from rules.language.tree import Condition
from rules.transition import Disposition

Site = Mapping[str, tuple[Decimal, str]]


class Subjects(StrEnum):
    """What a rule is judged for, one by one."""

    SENSOR = "sensor"
    ZONE = "zone"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Release:
    """How a latch lets go: every comparison moved by the margin must be false for `after` ms.

    `share` of the right-hand side (0.2 for 20 %), or an `amount` in the dimension of `unit`, which leaves
    comparisons of other dimensions unmoved; at most one of the two is not zero.
    """

    after: int
    share: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """What a grade needs to go out by itself (D29): so many neighbours within `radius` m that agree.

    A neighbour agrees when its own left-hand value reaches `share` of its threshold of the grade.
    `otherwise` is what a grade gets that has fewer neighbours than demanded, or fewer that agree.
    """

    neighbours: int
    radius: Decimal
    share: Decimal
    otherwise: Disposition = Disposition.REVIEW


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a rule knows of places beside the registry: parameter -> (value, canonical unit).

    The nearest wins: the row of the sensor, the sensor's own in the registry, the row of its zone or of the
    nearest zone above, the rule's default.
    """

    sensors: Mapping[str, Site] = field(default_factory=dict)
    zones: Mapping[str, Site] = field(default_factory=dict)
    defaults: Site = field(default_factory=dict)

    def of(self, sensor: Sensor, registry: Registry) -> Site:
        """All parameters of one sensor; `evacuation` is its zone's, where no other is given.

        One and the same mapping for all that know the same: a city's zones differ in few.
        """
        found: dict[str, tuple[Decimal, str]] = dict(self.defaults)
        for zone in reversed(registry.ancestry(sensor.zone)):
            minutes = registry.zones[zone].evacuation
            found |= {} if minutes is None else {"evacuation": (Decimal(minutes), "min")}
            found |= self.zones.get(zone, {})
        return _alike(tuple((found | sensor.site | dict(self.sensors.get(sensor.id, {}))).items()))


@lru_cache(maxsize=2**12)
def _alike(parameters: tuple[tuple[str, tuple[Decimal, str]], ...]) -> Site:
    return dict(parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One ladder. Durations in ms; `sustain` has an entry for each grade of `grades`.

    Of sensors, `kind` names theirs, `tag` and `zone` narrow them; of zones and gateways `kind` is "", and
    `zone` keeps to those in it. `descendants`: a zone's sensors are also those of the zones below.
    `silent_after` is in reporting intervals (heartbeats for devices that report on change or by event);
    `meaning` is the hash of everything that decides transitions.
    """

    id: str
    title: dict[str, str]
    hazard: str
    subjects: Subjects = Subjects.SENSOR
    kind: str
    tag: str | None
    zone: str | None
    descendants: bool = False
    grades: dict[Grade, Condition]
    only_if: Condition | None
    sustain: dict[Grade, int]
    release: Release
    silent_after: int
    max_age: int
    confirm: Confirm | None = None
    parameters: Parameters = Parameters()
    advice: dict[str, str]
    source: str
    meaning: str
    file: str
    line: int
