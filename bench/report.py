"""The figures of a run as tables and as JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import msgspec
from rich.box import ROUNDED
from rich.console import Console
from rich.table import Table

from bench.figures import Bare, Cost, Measured, Phase, Run
from bench.machine import describe

MIB = 2**20


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of a phase, how it is written, and what stands where there is none."""

    name: str
    figure: Callable[[Phase], float | None]
    form: str = ",.0f"
    without: str = ""

    def text(self, value: float | None) -> str:
        return self.without if value is None else format(value, self.form)


LOADS = (
    Row("messages/s asked for", lambda p: p.asked, without="as fast as it goes"),
    Row("messages/s published", lambda p: p.offered),
    Row("messages/s, publish to judged", lambda p: p.rate),
    Row("fleet behind, messages at most", lambda p: p.behind),
    Row("broker behind the fleet, s", lambda p: p.acked, ".2f"),
    Row("judge behind the broker, s", lambda p: p.judged, ".2f"),
    Row("database behind the judge, s", lambda p: p.stored, ".1f", "not done in time"),
    Row("publish to transition p50, ms", lambda p: p.transition.p50),
    Row("publish to transition p99, ms", lambda p: p.transition.p99),
    Row("publish to transition max, ms", lambda p: p.transition.most),
    Row("  alarms", lambda p: p.transition.samples),
    Row("  seen within, ms (p99)", lambda p: p.transition.resolution, ".1f"),
    Row("publish to horn p50, ms", lambda p: p.horn.p50),
    Row("publish to horn p99, ms", lambda p: p.horn.p99),
    Row("publish to horn max, ms", lambda p: p.horn.most),
    Row("  alarms that sounded", lambda p: p.horn.samples),
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
    if len(run.measured) > len({measured.setup for measured in run.measured}):
        console.print(_spread(run, console.is_terminal))
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
    phases = [phase for measured in run.measured for phase in measured.phases]
    titles = [name for name, m in zip(_titles(run), run.measured, strict=True) for _ in m.phases]
    table = table_of(title, lined, titles)
    for row in _rows(phases):
        table.add_row(row.name, *(row.text(row.figure(phase)) for phase in phases))
    return table


def _spread(run: Run, lined: bool) -> Table:
    """Of one set-up that was measured again and again, each time from nothing: the last phase of each run."""
    phases = [measured.phases[-1] for measured in run.measured]
    table = table_of(f"{len(phases)} runs of {run.measured[0].setup}", lined, ("median", "least", "most"))
    for row in _rows(phases):
        found = [value for value in map(row.figure, phases) if value is not None]
        if found:
            table.add_row(row.name, *map(row.text, (median(found), min(found), max(found))))
    return table


def _rows(phases: Sequence[Phase]) -> list[Row]:
    """LOADS, and the CPU of every process and thread."""
    rows = list(LOADS)
    for part, of in (("", _processes), ("thread ", _threads)):
        names = dict.fromkeys(cost.name for phase in phases for cost in of(phase))
        rows += [Row(f"CPU us/message, {part}{name}", partial(_cost, name, of), ".1f") for name in names]
    return rows


def _processes(phase: Phase) -> list[Cost]:
    return phase.processes


def _threads(phase: Phase) -> list[Cost]:
    return phase.threads


def _cost(name: str, of: Callable[[Phase], list[Cost]], phase: Phase) -> float | None:
    return next((cost.message for cost in of(phase) if cost.name == name), None)


def _titles(run: Run) -> list[str]:
    """Of the columns: the set-ups, or the runs of one."""
    setups = [measured.setup for measured in run.measured]
    again = len(setups) > len(set(setups))
    return [f"run {number}" for number in range(1, len(setups) + 1)] if again else setups


def _setups(run: Run, lined: bool) -> Table:
    table = table_of("after the run", lined, _titles(run))
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
