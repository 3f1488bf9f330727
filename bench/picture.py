"""Curves as SVG: what a sweep measured, plain, with units on both axes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures import Cost, Measured, Phase
from bench.sweep import Curve, Name, Point

WIDTH, HEIGHT = 4.5, 3.2
MARKS = "osD^"


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of a curve; `limit` is a line that is not to be crossed."""

    label: str
    value: Callable[[Measured, Phase], float]
    limit: float | None = None


X_LABELS = {
    Name.RATE: "messages/s asked for",
    Name.SENSORS: "sensors",
    Name.RULES: "rules",
    Name.LINGER: "batch linger, ms",
}
WIDE = {Name.SENSORS, Name.RULES}


def daemon(_: Measured, phase: Phase) -> float:
    return _message(phase.processes, "daemon")


def judging(_: Measured, phase: Phase) -> float:
    return _message(phase.threads, "main")


def resident(measured: Measured, _: Phase) -> float:
    return next(m.peak / 2**20 for m in measured.memory if m.name == "daemon")


def late(_: Measured, phase: Phase) -> float:
    return phase.transition.p99


P99 = Panel("publish to transition p99, ms", late, limit=150)
CPU = Panel("daemon's CPU, us/message", daemon)
JUDGING = Panel("main thread's CPU, us/message", judging)
PANELS = {
    Name.RATE: (Panel("messages/s, publish to judged", lambda _, phase: phase.rate), P99),
    Name.SENSORS: (JUDGING, Panel("daemon's peak memory, MiB", resident, limit=1024)),
    Name.RULES: (JUDGING,),
    Name.LINGER: (P99, CPU),
}


def draw(curve: Curve, path: Path) -> None:
    """One SVG with a panel for each figure of the curve; points that were not reached are left out."""
    panels = PANELS[curve.name]
    # Text stays text, and the same figures give the same file.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "tocsin", "font.size": 9.0}):
        figure = Figure(figsize=(WIDTH * len(panels), HEIGHT), layout="constrained")
        figure.suptitle(curve.basis, fontsize="small")
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _panel(axes, curve, panel)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(axes: Axes, curve: Curve, panel: Panel) -> None:
    series = list(dict.fromkeys(point.series for point in curve.points))
    for name, mark in zip(series, MARKS, strict=False):
        reached = [p for p in curve.points if p.series == name and p.measured is not None]
        axes.plot(
            [p.x for p in reached], [_value(p, panel) for p in reached], marker=mark, markersize=4, label=name
        )
    if panel.limit is not None:
        axes.axhline(panel.limit, color="grey", linestyle=":", linewidth=1)
    if curve.name in WIDE:
        axes.set_xscale("log")
    axes.set_xlabel(X_LABELS[curve.name])
    axes.set_ylabel(panel.label)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, linewidth=0.3)
    if len(series) > 1:
        axes.legend(frameon=False)


def _value(point: Point, panel: Panel) -> float:
    measured, phase = point.measured, point.phase
    assert measured is not None
    assert phase is not None
    return panel.value(measured, phase)


def _message(costs: list[Cost], name: str) -> float:
    return next(cost.message for cost in costs if cost.name == name)
