"""Left sides of comparisons compiled for one kind: metrics as columns, constants as exact numbers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from ingest.clock import HOUR
from ingest.finding import words, words_of
from ingest.kinds import Kind, Metric
from ingest.reading import Quality
from ingest.registry import Sensor
from ingest.units import UnitError
from rules.engine.nodes import ANY, Check, Constant, Exact, Exacts, Formula, Part, Term
from rules.language.thresholds import constant_of, exact, level_of, threshold_of
from rules.language.tree import (
    Age,
    Arithmetic,
    Baseline,
    Comparison,
    Counted,
    Eta,
    Expression,
    Forecast,
    Literal,
    Operand,
    SiteParameter,
    Threshold,
    Value,
    Windowed,
)

Site: TypeAlias = Mapping[str, tuple[Decimal, str]]
# What one metric of one sensor answers.
Measurable: TypeAlias = Value | Windowed | Counted | Baseline | Forecast | Eta | Age


ZERO_DIVISION = words("a division by zero")


class Undefined(Exception):
    """A number that a sensor does not have; the message says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the left side `whole` finds what it needs.

    `constant` gives the number of each sensor for what a function of its site makes of it, and notes faults;
    `counted` compiles the comparison inside `count`.
    """

    rule: str
    kind: Kind
    whole: Operand | Arithmetic
    constant: Callable[[Callable[[Site], Fraction]], Exact]
    counted: Callable[[Comparison], Check]

    def left(self, expression: Expression) -> Part:
        """The left side, or a part of one."""
        match expression:
            case Arithmetic(operator, left, right):
                return Formula(operator, self.left(left), self.left(right))
            case Literal() | SiteParameter():
                return Constant(
                    self.constant(lambda site: number(expression, self.whole, self.kind, site, inside=True))
                )
            case Age(None):
                return Term(ANY, "age")
            case Value() | Windowed() | Counted() | Baseline() | Forecast() | Eta() | Age():
                return self._term(expression)
        raise TypeError(f"{type(expression).__name__} is not a quantity of one sensor")

    def _term(self, operand: Measurable) -> Term:
        metric = metric_of(operand, self.kind)
        unit = Fraction(metric.resolution)
        match operand:
            case Value():
                return Term(metric.column, resolution=unit)
            case Windowed(function, _, width):
                return Term(metric.column, function, width, unit)
            case Counted(condition, width):
                return Term(metric.column, "count", width, counted=self.counted(condition))
            case Baseline(_, width, default):
                until = round(Fraction(default) / unit)
                return Term(metric.column, "baseline", width, unit, until, rule=self.rule)
            case Forecast(_, horizon):
                return Term(metric.column, "forecast", HOUR, unit, horizon)
            case Eta():
                level = self.constant(lambda site: _level(operand, self.kind, site) / unit)
                return Term(metric.column, "eta", HOUR, level=level)
            case Age():
                return Term(metric.column, "age")


def stuck(kind: Kind, metric: str, width: int) -> Term:
    """How far apart the reports of a window are: 0 when the metric is stuck."""
    return Term(kind.metrics[metric].column, "stuck", width)


def flagged(kind: Kind, metric: str, flag: str) -> Term:
    """1 when the newest value carries the flag, else 0."""
    return Term(kind.metrics[metric].column, "flagged", parameter=int(Quality[flag.upper()]))


def metric_of(operand: Measurable, kind: Kind) -> Metric:
    """The metric that an operand reads."""
    inner = operand.condition.left if isinstance(operand, Counted) else operand
    if isinstance(inner, Value | Windowed | Baseline | Forecast | Eta | Age) and inner.metric is not None:
        return kind.metrics[inner.metric]
    raise TypeError(f"{type(inner).__name__} is not about one metric")


def number(
    constant: Threshold, beside: Operand | Arithmetic, kind: Kind, site: Site, *, inside: bool = False
) -> Fraction:
    """A constant for one sensor, in the unit of what it stands `beside` (or `inside`, for its own unit).

    Undefined when the sensor lacks a parameter, or for a division by zero.
    """

    def parameter(of: SiteParameter) -> Fraction | None:
        found = constant_of(of, beside, kind, site)
        return None if found is None else Fraction(found)

    try:
        if isinstance(constant, SiteParameter) and not inside:
            threshold = threshold_of(Comparison(beside, ">=", constant), kind, site)
            found = None if threshold is None else Fraction(threshold)
        else:
            found = exact(constant, parameter)
    except UnitError as error:
        raise Undefined(words_of(error)) from error
    if found is None:
        raise Undefined(_reason(constant, site))
    return found


def _level(eta: Eta, kind: Kind, site: Site) -> Fraction:
    try:
        level = level_of(eta, kind, site)
    except UnitError as error:
        raise Undefined(words_of(error)) from error
    if level is None:
        raise Undefined(_reason(eta.level, site))
    return Fraction(level)


def _reason(constant: Expression, site: Site) -> str:
    missing = [name for name in _parameters(constant) if name not in site]
    return words("the sensor has no site parameter {name}", name=missing[0]) if missing else ZERO_DIVISION


def _parameters(constant: Expression) -> Iterator[str]:
    match constant:
        case SiteParameter(name):
            yield name
        case Arithmetic(_, left, right):
            yield from _parameters(left)
            yield from _parameters(right)


def for_each(
    sensors: tuple[Sensor, ...],
    site: Callable[[Sensor], Site],
    of: Callable[[Site], Fraction],
    fault: Callable[[Sensor, str], None],
) -> Exact:
    """One number if sensors do not matter, else one for each; `fault` is told of those without.

    Sensors with one and the same site object have the same number.
    """
    try:
        return of({})
    except Undefined:
        sites = [site(sensor) for sensor in sensors]
    distinct = {id(each): each for each in sites}
    number = {known: k for k, known in enumerate(distinct)}
    numbers: list[Fraction | None] = []
    reasons: dict[int, str] = {}
    for known, each in distinct.items():
        try:
            numbers.append(of(each))
        except Undefined as reason:
            numbers.append(None)
            reasons[known] = words_of(reason)
    if reasons:
        for sensor, each in zip(sensors, sites, strict=True):
            if id(each) in reasons:
                fault(sensor, reasons[id(each)])
    return Exacts.of(numbers, np.array([number[id(each)] for each in sites], np.intp))


def is_lowered(part: Part, upwards: bool) -> bool:
    """Whether reports that are missing from a sum or a count could make the comparison true.

    `upwards` when more on this side makes it truer. What is multiplied or divided by anything but a positive
    constant can go either way.
    """
    match part:
        case Term(function="sum" | "count"):
            return not upwards
        case Formula("+", left, right):
            return is_lowered(left, upwards) or is_lowered(right, upwards)
        case Formula("-", left, right):
            return is_lowered(left, upwards) or is_lowered(right, not upwards)
        case Formula("*", left, right):
            return _scaled(left, upwards, right) or _scaled(right, upwards, left)
        case Formula("/", left, right):
            return _scaled(left, upwards, right) or _counts(right)
    return False


def _scaled(part: Part, upwards: bool, by: Part) -> bool:
    positive = isinstance(by, Constant) and isinstance(by.value, Fraction) and by.value > 0
    return is_lowered(part, upwards) if positive else _counts(part)


def _counts(part: Part) -> bool:
    return any(term.function in ("sum", "count") for term in part.terms)
