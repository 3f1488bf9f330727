"""The syntax tree of a condition: what the parser makes, the engine compiles and evidence prints.

Numbers are exact decimals; a threshold stands in the canonical unit of what it is compared with; durations
are ms. A new construct of the language is a new class here.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Value:
    """A bare metric: its newest value."""

    metric: str


@dataclass(frozen=True, slots=True)
class Windowed:
    """`function(metric, width)` over the right-closed window that ends at the newest reading.

    One of sum mean min max median rate rise fall; `rate` is in the metric's unit per hour.
    """

    function: str
    metric: str
    width: int


@dataclass(frozen=True, slots=True)
class Counted:
    """`count(condition, width)`: how many reports of the window fulfil a comparison of a bare metric."""

    condition: "Comparison"
    width: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """`baseline(metric, width, default=...)`: the lower median of hourly means (D25).

    `default`, in the metric's `unit`, stands until half of `width` is known.
    """

    metric: str
    width: int
    default: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`forecast(metric, horizon)`: newest + rate(metric, 1h) * horizon (D24)."""

    metric: str
    horizon: int


@dataclass(frozen=True, slots=True)
class Eta:
    """`eta(metric, level)`: ms until the level at rate(metric, 1h); 0 when reached, never when not rising."""

    metric: str
    level: "Threshold"


@dataclass(frozen=True, slots=True)
class Age:
    """`age(metric)`: ms of engine time since the metric, or with None any of the sensor's, was received."""

    metric: str | None


@dataclass(frozen=True, slots=True)
class Sensors:
    """`sensors(condition[, within=d][, radius=r][, of=kind])`: how many distinct sensors fulfil it (D27).

    `kinds`: those whose sensors are looked at; `of` the kind as written, None when the metrics say it.
    `within` in ms, 0 for now. `radius` in m: the sensors so near to the subject, itself too; None for those
    of the subject, which is a zone or a gateway.
    """

    condition: "Condition"
    kinds: tuple[str, ...]
    within: int = 0
    radius: Decimal | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """`share(condition[, radius=r][, of=kind])`: percent of the sensors that speak; fields as in Sensors."""

    condition: "Condition"
    kinds: tuple[str, ...]
    radius: Decimal | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A number as written in the rule, in `unit`; durations in `ms`."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Reports:
    """`3 reports`: so many intervals of the sensor, or heartbeats where it has none; beside `age` only."""

    count: int


@dataclass(frozen=True, slots=True)
class SiteParameter:
    """A number that each sensor brings along: `site.<name>`, converted to `unit`."""

    name: str
    unit: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left operator right` with one of `+ - * /`; `unit` is the result's.

    The operands' units are such that their plain numbers give the result's.
    """

    operator: str
    left: "Expression"
    right: "Expression"
    unit: str


# What is measured: the left side of a comparison that the engine looks up as one integer.
Operand: TypeAlias = Value | Windowed | Counted | Baseline | Forecast | Eta | Age | Sensors | Share
# What does not change with readings; the Arithmetic holds Literals, SiteParameters and Arithmetic only.
Threshold: TypeAlias = Literal | Reports | SiteParameter | Arithmetic
Expression: TypeAlias = Operand | Threshold


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right` with an operator of `>=  >  <=  <  ==  !=`."""

    left: Operand | Arithmetic
    operator: str
    right: Threshold


@dataclass(frozen=True, slots=True)
class Sustained:
    """`sustained(condition, duration)`: true for `duration` ms without a false reading.

    The condition compares a bare metric with a threshold.
    """

    condition: Comparison
    duration: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """`stuck(metric, width)`: every report of a window that is known to 80 % says the same."""

    metric: str
    width: int


@dataclass(frozen=True, slots=True)
class Flagged:
    """`flagged(metric, flag)`: the newest value carries the quality flag of that name (`Quality`)."""

    metric: str
    flag: str


@dataclass(frozen=True, slots=True)
class Hours:
    """`hours(22:00-06:00)` in the local time of `zone`: minutes of the day, start included, end not."""

    start: int
    end: int
    zone: str


@dataclass(frozen=True, slots=True)
class Season:
    """`season(05-01..10-15)` in the local time of `zone`: (month, day), both included."""

    start: tuple[int, int]
    end: tuple[int, int]
    zone: str


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Sustained | Stuck | Flagged | Hours | Season | Not | And | Or
