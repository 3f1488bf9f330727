"""The figures of kills under load, as a table and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from rich.console import Console

from bench.figures import percentile
from bench.machine import Machine, describe
from bench.report import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One kill and the start after it; seconds from the kill, but of phases.

    ready       until /readyz said so
    phases      seconds of each part of the start, as the daemon's log has them
    cpu         CPU seconds of the process until it began to judge again, and until it had
    entries     journal entries that had to be judged again
    connected   until the broker let it in
    backlog     messages that the broker had taken and the judge had not, once it was ready
    caught_up   until the judge had all that the broker had a moment before; None if not before the next kill
    """

    ready: float
    phases: dict[str, float]
    cpu: tuple[float, float]
    entries: int
    connected: float
    backlog: int
    caught_up: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Messages over all lives; `lost`, `foreign`, `unjudged` and `unraised` must be 0.

    again      journaled a second time: they were on their way when the daemon died
    unjudged   published, fit to be accepted, and not accepted exactly once
    """

    published: int
    journaled: int
    lost: int
    again: int
    foreign: int
    unjudged: int
    raising: int
    unraised: int

    @property
    def complete(self) -> bool:
        return not (self.lost or self.foreign or self.unjudged or self.unraised)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Everything measured in one run; `rules` in words, `rate` in messages/s."""

    machine: Machine
    sensors: int
    rate: float
    rules: str
    rounds: list[Round]
    kept: Kept


def show(run: Recovery, console: Console) -> None:
    """Median and maximum over the rounds; without lines where the console is not a terminal."""
    console.print(describe(run.machine), highlight=False)
    title = f"{len(run.rounds)} kills at {run.rate:,.0f} messages/s of {run.sensors:,} sensors, {run.rules}"
    times = table_of(title, console.is_terminal, ("p50", "max"))
    for phase in dict.fromkeys(name for found in run.rounds for name in found.phases):
        times.add_row(f"  {phase}, s", *_spread([found.phases[phase] for found in run.rounds]))
    for n, until in enumerate(("the judge stands", "replay is done")):
        times.add_row(f"  CPU s until {until}", *_spread([found.cpu[n] for found in run.rounds]))
    times.add_row("connected, s after the kill", *_spread([found.connected for found in run.rounds]))
    times.add_row("ready, s after the kill", *_spread([found.ready for found in run.rounds]))
    caught_up = [found.caught_up for found in run.rounds if found.caught_up is not None]
    times.add_row("caught up, s after the kill", *_spread(caught_up))
    times.add_row("  not before the next kill", "", str(len(run.rounds) - len(caught_up)))
    times.add_row("entries judged again", *_spread([found.entries for found in run.rounds], 0))
    times.add_row("messages behind when ready", *_spread([found.backlog for found in run.rounds], 0))
    console.print(times)
    console.print(_kept(run.kept, console.is_terminal))


def encode(run: Recovery) -> bytes:
    """The same as JSON, in the units of the classes here."""
    return msgspec.json.format(msgspec.json.encode(run)) + b"\n"


def _spread(values: Sequence[float], digits: int = 2) -> list[str]:
    return [f"{percentile(values, share):,.{digits}f}" if values else "" for share in (0.5, 1.0)]


def _kept(kept: Kept, lined: bool) -> object:
    table = table_of("after the run", lined, ("messages",))
    for name, figure in (
        ("published", kept.published),
        ("journaled", kept.journaled),
        ("lost", kept.lost),
        ("journaled twice: on their way at a kill", kept.again),
        ("never published", kept.foreign),
        ("not judged once", kept.unjudged),
    ):
        table.add_row(name, f"{figure:,}")
    table.add_row("alarms raised", f"{kept.raising - kept.unraised:,} of {kept.raising:,}")
    return table
