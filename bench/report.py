"""The figures of a run as tables, one column a set-up, and as JSON."""

from collections.abc import Callable

import msgspec
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from bench.figures import Bare, Measured, Run
from bench.machine import describe

Row = tuple[str, Callable[[Measured], str]]

ROWS: tuple[Row, ...] = (
    ("messages published", lambda m: f"{m.counts.published:,}"),
    ("journaled", lambda m: f"{m.counts.journaled:,}"),
    ("lost", lambda m: f"{m.counts.lost:,}"),
    ("duplicates", lambda m: f"{m.counts.duplicates:,}"),
    ("not judged", lambda m: f"{m.counts.unjudged:,}"),
    ("warnings raised", lambda m: f"{m.counts.raising - m.counts.unraised:,} of {m.counts.raising:,}"),
    ("as fast as it goes", lambda m: ""),
    ("  messages/s, publish to judged", lambda m: f"{m.sustained.rate:,.0f}"),
    ("  messages/s taken by the broker", lambda m: f"{m.sustained.offered:,.0f}"),
    ("  judge behind the broker, s", lambda m: f"{m.sustained.judged:.2f}"),
    ("  database behind the broker, s", lambda m: f"{m.sustained.stored:.2f}"),
    ("  CPU us/message, daemon", lambda m: f"{m.sustained.daemon:.1f}"),
    ("  CPU us/message, broker", lambda m: f"{m.sustained.broker:.1f}"),
    ("  CPU us/message, publisher", lambda m: f"{m.sustained.publisher:.1f}"),
    ("  CPU us/message, database", lambda m: _optional(m.sustained.database)),
    ("at a moderate rate", lambda m: ""),
    ("  messages/s offered", lambda m: f"{m.latency.rate:,.0f}"),
    ("  warnings timed", lambda m: f"{m.latency.samples:,}"),
    ("  publish to transition p50, ms", lambda m: f"{m.latency.p50:.1f}"),
    ("  publish to transition p99, ms", lambda m: f"{m.latency.p99:.1f}"),
    ("  publish to transition max, ms", lambda m: f"{m.latency.most:.1f}"),
    ("  seen within, ms (p99)", lambda m: f"{m.latency.resolution:.1f}"),
    ("daemon's peak memory, MiB", lambda m: f"{m.memory / 2**20:.0f}"),
)


def show(run: Run, console: Console) -> None:
    """Tables; without lines and colours where the console is not a terminal."""
    console.print(describe(run.machine), highlight=False)
    console.print(_setups(run, console.is_terminal))
    if run.bare:
        console.print(_yardstick(run, console.is_terminal))


def encode(run: Run) -> bytes:
    """The same as JSON, in the units of `bench.figures`."""
    return msgspec.json.format(msgspec.json.encode(run)) + b"\n"


def _table(title: str, lined: bool) -> Table:
    return Table(title=title, title_justify="left", box=ROUNDED if lined else None)


def _setups(run: Run, lined: bool) -> Table:
    table = _table(f"{run.sensors:,} sensors, two phases of {run.seconds:g} s", lined)
    table.add_column("")
    for measured in run.measured:
        table.add_column(measured.setup, justify="right")
    for name, figure in ROWS:
        table.add_row(name, *(figure(measured) for measured in run.measured))
    return table


def _yardstick(run: Run, lined: bool) -> Table:
    """Bare subscribers beside the daemon on the same broker; the ratio is what compares between machines."""
    table = _table("CPU of receiving on Mosquitto", lined)
    for name in ("", "us/message", "daemon / it"):
        table.add_column(name, justify="right" if name else "left")
    daemon = next((m.sustained.daemon for m in run.measured if m.setup == "Mosquitto"), None)
    if daemon is not None:
        table.add_row("daemon: journal, judge, store", f"{daemon:.1f}", "1.00")
    for bare in run.bare:
        table.add_row(f"{bare.library}: receive only", f"{bare.cpu:.1f}", _ratio(daemon, bare))
    return table


def _ratio(daemon: float | None, bare: Bare) -> str:
    return "" if daemon is None else f"{daemon / bare.cpu:.2f}"


def _optional(cost: float | None) -> str:
    return "in the daemon" if cost is None else f"{cost:.1f}"
