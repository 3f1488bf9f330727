"""Kinds of sensor and the metrics they report: units, resolution, form, reporting.

A metric's values are integers in units of its `resolution` everywhere behind the decoder, so sums are
exact and 0.15 that arrives as 0.15000000596 is 0.150. Each metric of each kind has one `column`, a small
integer that is unique over all kinds and indexes every columnar structure.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Form(StrEnum):
    """How a metric's numbers are to be read."""

    INSTANT = "instant"
    AMOUNT = "amount"
    COUNTER = "counter"


class ReportingMode(StrEnum):
    """When a device reports: what silence means depends on it."""

    PERIODIC = "periodic"
    ON_CHANGE = "on_change"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Reporting:
    """`interval` in ms, 0 unless periodic."""

    mode: ReportingMode
    interval: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One quantity of one kind.

    `low` and `high` bound plausible values and `rollover` is a counter's range, all in `unit`;
    `molar_mass` in g/mol allows ppm beside mg/m3 (at 25 degC and 101.325 kPa).

    What `ingest.quality` checks, None for nothing: `step`, the largest plausible change from one report to
    the next, in `unit` as a difference; `stuck`, ms for which a living sensor does not repeat one value;
    `neighbours`, the radius in metres of the gauges an amount is compared with.
    """

    name: str
    column: int
    unit: str
    form: Form
    resolution: Decimal
    low: Decimal
    high: Decimal
    rollover: Decimal | None = None
    feeds: str | None = None
    molar_mass: Decimal | None = None
    step: Decimal | None = None
    stuck: int | None = None
    neighbours: Decimal | None = None

    def scale(self, value: Decimal) -> Decimal:
        """`value`, in the metric's unit, as an exact count of resolutions (not rounded)."""
        return value / self.resolution

    def quantity(self, count: int) -> Decimal:
        """A stored integer as a number in the metric's unit."""
        return count * self.resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`heartbeat` in ms: the longest silence of a living device."""

    name: str
    title: dict[str, str]
    metrics: dict[str, Metric]
    reporting: Reporting
    heartbeat: int


@dataclass(frozen=True, slots=True)
class Kinds:
    """All kinds; `columns[metric.column]` is the metric, `column_kind` names its kind."""

    kinds: dict[str, Kind]
    columns: tuple[Metric, ...]
    column_kind: tuple[str, ...]

    def __getitem__(self, name: str) -> Kind:
        return self.kinds[name]
