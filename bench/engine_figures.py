"""Figures with limits, of the engine alone or of a storm, as a table and as JSON."""

from dataclasses import dataclass

import msgspec
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from bench.machine import Machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` in `unit`; `limit` is the least or, with `at_most`, the most allowed, None without one."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_most: bool = False

    @property
    def holds(self) -> bool:
        if self.limit is None:
            return True
        return self.value <= self.limit if self.at_most else self.value >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineRun:
    """Everything measured in one run."""

    machine: Machine
    figures: list[Figure]

    @property
    def holds(self) -> bool:
        return all(figure.holds for figure in self.figures)


def show(run: EngineRun, console: Console, title: str = "the engine alone, CPU of one core") -> None:
    """A table; without lines and colours where the console is not a terminal."""
    machine = run.machine
    console.print(f"{machine.processor}, {machine.cores} cores, Python {machine.python}", highlight=False)
    table = Table(
        title=title,
        title_justify="left",
        box=ROUNDED if console.is_terminal else None,
    )
    for name in ("", "measured", "unit", "limit", ""):
        table.add_column(name, justify="right" if name in {"measured", "limit"} else "left")
    for figure in run.figures:
        table.add_row(figure.name, number(figure.value), figure.unit, _limit(figure), _verdict(figure))
    console.print(table)


def encode(run: EngineRun) -> bytes:
    """The run as JSON."""
    return msgspec.json.format(msgspec.json.encode(run)) + b"\n"


def number(value: float) -> str:
    """Three digits, or whole thousands."""
    if value >= 1000:
        return f"{round(value, -3):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def _limit(figure: Figure) -> str:
    if figure.limit is None:
        return ""
    return f"{'<=' if figure.at_most else '>='} {number(figure.limit)}"


def _verdict(figure: Figure) -> str:
    return "" if figure.holds else "missed"
