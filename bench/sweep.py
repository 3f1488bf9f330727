"""`python -m bench sweep`: one figure of the daemon over a range of another, each point a short run."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import msgspec
from rich.console import Console

from bench.city_files import generated
from bench.figures import Measured, Phase
from bench.machine import Machine
from bench.measure import Options, Setup
from bench.phases import ROUNDS, Behind, Load
from bench.runs import MOSQUITTO, run_all
from simulators.city.plan import plan_for

RATES = (5_000, 10_000, 20_000, 30_000, 38_850, 50_000, 60_000, 70_000, 80_000)
SENSORS = (1_000, 10_000, 100_000, 388_500, 1_000_000)
RULES = (1, 10, 20, 50, 100, 200, 500)
LINGERS = (0, 5, 10, 20, 50, 100, 200)
TIMED = 4.0


class Name(StrEnum):
    """What is varied."""

    RATE = "rate"
    SENSORS = "sensors"
    RULES = "rules"
    LINGER = "linger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What is not varied; `rate` in messages/s. The curve over sensors has no point beyond `most`."""

    seconds: float
    rate: float
    sensors: int
    gateways: int
    database: bool
    most: int = SENSORS[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """`x` of a curve's `series`; None where the daemon could not follow at all."""

    series: str
    x: float
    measured: Measured | None

    @property
    def phase(self) -> Phase | None:
        return None if self.measured is None else self.measured.phases[-1]

    @property
    def sustained(self) -> bool:
        return self.phase is not None and self.phase.sustained


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Everything of one sweep; `basis` in words."""

    machine: Machine
    name: Name
    basis: str
    points: list[Point] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether higher rates need not be tried."""
        return self.name is Name.RATE and not self.points[-1].sustained


@dataclass(frozen=True, slots=True)
class Step:
    """A point to be measured."""

    series: str
    x: float
    options: Options


def options(basis: Basis) -> Options:
    """A short run, with all shipped rules."""
    plan = plan_for(basis.sensors, basis.gateways, basis.rate)
    load = Load(seconds=basis.seconds, timed=TIMED, rate=basis.rate, rounds=ROUNDS)
    return Options(plan=plan, loads=(load,))


def by_rate(basis: Basis) -> Iterator[Step]:
    for rate in RATES:
        yield Step("all shipped rules", rate, options(replace(basis, rate=rate)))


def by_sensors(basis: Basis) -> Iterator[Step]:
    for sensors in (number for number in SENSORS if number <= basis.most):
        found = options(replace(basis, sensors=sensors))
        yield Step("20 rules", sensors, replace(found, rules=generated(20)))
        yield Step("all shipped rules", sensors, found)


def by_rules(basis: Basis) -> Iterator[Step]:
    for windows in ("", "shared", "distinct"):
        series = f"{windows} windows" if windows else "newest values"
        for number in RULES:
            yield Step(series, number, replace(options(basis), rules=generated(number, windows)))


def by_linger(basis: Basis) -> Iterator[Step]:
    for linger in LINGERS:
        yield Step("all shipped rules", linger, replace(options(basis), linger=linger))


STEPS: Mapping[Name, Callable[[Basis], Iterator[Step]]] = {
    Name.RATE: by_rate,
    Name.SENSORS: by_sensors,
    Name.RULES: by_rules,
    Name.LINGER: by_linger,
}


async def sweep(name: Name, basis: Basis, machine: Machine, progress: Console) -> Curve:
    """All points; that of the rate ends with the first one that is not sustained."""
    words = f"{basis.sensors:,} sensors, {basis.gateways} gateways, {basis.rate:,.0f} messages/s"
    curve = Curve(machine=machine, name=name, basis=f"{words}, {basis.seconds:g} s a point")
    async for point in _points(STEPS[name](basis), basis.database, progress):
        curve.points.append(point)
        if curve.over:
            break
    return curve


async def _points(steps: Iterator[Step], database: bool, progress: Console) -> AsyncIterator[Point]:
    setup = Setup(MOSQUITTO, database=database)
    for step in steps:
        progress.print(f"{step.series}: {step.x:,.0f}")
        try:
            run = await run_all([setup], step.options, step.series, progress, bare=False)
            [measured] = run.measured
        except Behind as behind:
            progress.print(str(behind))
            measured = None
        yield Point(series=step.series, x=step.x, measured=measured)


def write(curve: Curve, directory: Path) -> None:
    """`performance-<name>.json`."""
    path = directory / f"performance-{curve.name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(curve)) + b"\n")
