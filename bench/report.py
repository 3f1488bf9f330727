"""The figures of a run as tables and as JSON."""

from collections.abc import Callable, Sequence

import msgspec
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from bench.figures import Bare, Cost, Latency, Measured, Phase, Run
from bench.machine import describe

MIB = 2**20

LOADS: tuple[tuple[str, Callable[[Phase], str]], ...] = (
    ("messages/s asked for", lambda p: "as fast as it goes" if p.asked is None else f"{p.asked:,.0f}"),
    ("messages/s published", lambda p: f"{p.offered:,.0f}"),
    ("messages/s, publish to judged", lambda p: f"{p.rate:,.0f}"),
    ("fleet behind, messages at most", lambda p: f"{p.behind:,}"),
    ("broker behind the fleet, s", lambda p: f"{p.acked:.2f}"),
    ("judge behind the broker, s", lambda p: f"{p.judged:.2f}"),
    ("database behind the judge, s", lambda p: "not done in time" if p.stored is None else f"{p.stored:.1f}"),
    ("publish to transition p50, ms", lambda p: f"{p.transition.p50:.0f}"),
    ("publish to transition p99, ms", lambda p: f"{p.transition.p99:.0f}"),
    ("publish to transition max, ms", lambda p: f"{p.transition.most:.0f}"),
    ("  alarms; seen within, ms (p99)", lambda p: _looks(p.transition)),
    ("publish to horn p50, ms", lambda p: f"{p.horn.p50:.0f}"),
    ("publish to horn p99, ms", lambda p: f"{p.horn.p99:.0f}"),
    ("publish to horn max, ms", lambda p: f"{p.horn.most:.0f}"),
    ("  alarms; seen within, ms", lambda p: _looks(p.horn)),
)
SETUPS: tuple[tuple[str, Callable[[Measured], str]], ...] = (
    ("messages published", lambda m: f"{m.counts.published:,}"),
    ("journaled", lambda m: f"{m.counts.journaled:,}"),
    ("lost", lambda m: f"{m.counts.lost:,}"),
    ("duplicates", lambda m: f"{m.counts.duplicates:,}"),
    ("never published", lambda m: f"{m.counts.foreign:,}"),
    ("not judged", lambda m: f"{m.counts.unjudged:,}"),
    ("refused, of the absurd ones", lambda m: f"{m.counts.quarantined:,} of {m.counts.absurd:,}"),
    ("alarms raised", lambda m: f"{m.counts.raising - m.counts.unraised:,} of {m.counts.raising:,}"),
    ("journal, bytes/message", lambda m: f"{m.journal:.0f}"),
    ("database, bytes/message", lambda m: f"{m.database:.0f}"),
)


def show(run: Run, console: Console) -> None:
    """Tables; without lines and colours where the console is not a terminal."""
    console.print(describe(run.machine), highlight=False)
    console.print(_loads(run, console.is_terminal))
    console.print(_setups(run, console.is_terminal))
    if run.bare:
        console.print(_yardstick(run, console.is_terminal))


def encode(run: Run) -> bytes:
    """The same as JSON, in the units of `bench.figures`."""
    return msgspec.json.format(msgspec.json.encode(run)) + b"\n"


def table_of(title: str, lined: bool, columns: Sequence[str]) -> Table:
    """A table whose first column has the names of its rows; without lines if it is not `lined`."""
    table = Table(title=title, title_justify="left", box=ROUNDED if lined else None)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _loads(run: Run, lined: bool) -> Table:
    title = f"{run.sensors:,} sensors behind {run.gateways:,} gateways, {run.rules}, linger {run.linger} ms"
    phases = [(measured, phase) for measured in run.measured for phase in measured.phases]
    table = table_of(title, lined, [measured.setup for measured, _ in phases])
    for name, figure in LOADS:
        table.add_row(name, *(figure(phase) for _, phase in phases))
    for part, costs in (("", [p.processes for _, p in phases]), ("thread ", [p.threads for _, p in phases])):
        for name in dict.fromkeys(cost.name for found in costs for cost in found):
            table.add_row(f"CPU us/message, {part}{name}", *(_cost(name, found) for found in costs))
    return table


def _cost(name: str, costs: Sequence[Cost]) -> str:
    return next((f"{cost.message:.1f}" for cost in costs if cost.name == name), "")


def _setups(run: Run, lined: bool) -> Table:
    table = table_of("after the run", lined, [measured.setup for measured in run.measured])
    for name, figure in SETUPS:
        table.add_row(name, *(figure(measured) for measured in run.measured))
    for name in dict.fromkeys(memory.name for measured in run.measured for memory in measured.memory):
        table.add_row(f"{name}, MiB resident (at most)", *(_memory(name, m) for m in run.measured))
    return table


def _memory(name: str, measured: Measured) -> str:
    found = (memory for memory in measured.memory if memory.name == name)
    return next((f"{m.resident / MIB:,.0f} ({m.peak / MIB:,.0f})" for m in found), "")


def _yardstick(run: Run, lined: bool) -> Table:
    """Bare subscribers beside the daemon on the same broker; the ratio is what compares between machines."""
    table = table_of("CPU of receiving on Mosquitto", lined, ("us/message", "daemon / it"))
    daemon = _daemon(run)
    if daemon is not None:
        table.add_row("daemon: journal, judge, store", f"{daemon:.1f}", "1.00")
    for bare in run.bare:
        table.add_row(f"{bare.library}: receive only", f"{bare.cpu:.1f}", _ratio(daemon, bare))
    return table


def _daemon(run: Run) -> float | None:
    """CPU us a message in the last phase on Mosquitto."""
    found = [m.phases[-1].processes for m in run.measured if m.setup.startswith("Mosquitto")]
    return next((cost.message for cost in found[-1] if cost.name == "daemon"), None) if found else None


def _ratio(daemon: float | None, bare: Bare) -> str:
    return "" if daemon is None else f"{daemon / bare.cpu:.2f}"


def _looks(latency: Latency) -> str:
    return f"{latency.samples:,}; {latency.resolution:.1f}"
