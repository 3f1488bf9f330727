"""Panels as SVG."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.waveforms.panel import Line, Panel

WIDTH, HEIGHT = 4.2, 3.0
# The grades' own colours, dark enough on white.
GRADES = {"blue": "#1e5ac8", "yellow": "#c9a000", "orange": "#e87800", "red": "#d01020", "": "#606060"}
# Lines differ by dashes, too: not everybody sees colours, and those are the grades'.
INKS = ("#222222", "#0a7d6c", "#8a4fb0", "#7a5230", "#999999", "#4a6fa5")


def draw(panels: Sequence[Panel], path: Path) -> None:
    """One SVG with the panels side by side, two or three in a row; each curve has an id."""
    columns = 2 if len(panels) == 4 else min(len(panels), 3)
    rows = -(-len(panels) // columns)
    # Text stays text, and there is neither a date nor a random id in it.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "tocsin", "font.size": 9.0}):
        figure = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).flat
        for number, (axes, panel) in enumerate(zip(grid, panels, strict=False)):
            _panel(axes, panel, number)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(axes: Axes, panel: Panel, number: int) -> None:
    axes.set_title(panel.title, fontsize="medium")
    axes.set_xlabel(panel.x)
    axes.set_ylabel(panel.y)
    axes.grid(visible=True, linewidth=0.3)
    for place, line in enumerate(panel.lines):
        _line(axes, line, INKS[place % len(INKS)], f"curve-{number}-{place}")
    axes.set_xlim(panel.lines[0].x[0], panel.lines[0].x[-1])
    highest = max(*(line.y.max() for line in panel.lines), *(limit.value for limit in panel.limits), 0)
    axes.set_ylim(panel.bottom, panel.top or highest * (2 if panel.logarithmic else 1.1))
    if panel.logarithmic:
        axes.set_yscale("log")
    for limit in panel.limits:
        axes.axhline(limit.value, color=GRADES[limit.grade], linewidth=1.2, linestyle=(0, (6, 2)))
        axes.annotate(
            limit.label,
            (0.99, limit.value),
            xycoords=("axes fraction", "data"),
            ha="right",
            va="bottom",
            color=GRADES[limit.grade],
            fontsize="x-small",
        )
    if any(line.label for line in panel.lines):
        axes.legend(frameon=False, fontsize="x-small", loc=panel.legend)


def _line(axes: Axes, line: Line, ink: str, name: str) -> None:
    style = "steps-post" if line.steps else "default"
    [drawn] = axes.plot(line.x, line.y, color=ink, linewidth=1.3, drawstyle=style, label=line.label or None)
    drawn.set_gid(name)
