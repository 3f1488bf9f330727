"""The syntax tree of a condition: what the parser makes, the engine compiles and evidence prints.

Thresholds are exact decimals in the canonical unit of the metric they are compared with; durations are ms.
A new construct of the language is a new class here.
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
    """`function(metric, width)` over the right-closed window that ends at the newest reading."""

    function: str
    metric: str
    width: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A threshold written in the rule."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class SiteParameter:
    """A threshold that each sensor brings along: `site.<name>`; `unit` is the compared metric's."""

    name: str
    unit: str


Operand: TypeAlias = Value | Windowed
Threshold: TypeAlias = Literal | SiteParameter


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right` with an operator of `>=  >  <=  <  ==  !=`."""

    left: Operand
    operator: str
    right: Threshold


@dataclass(frozen=True, slots=True)
class Sustained:
    """`sustained(condition, duration)`: true for `duration` ms without a false reading."""

    condition: Comparison
    duration: int


@dataclass(frozen=True, slots=True)
class Not:
    part: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Condition", ...]


Condition: TypeAlias = Comparison | Sustained | Not | And | Or
