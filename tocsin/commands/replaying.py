"""`tocsin replay`: what was recorded, judged again. Nothing is sent."""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from ingest.duration import DurationError, parse_duration
from rules.transition import line
from tocsin.bundle import Bundles
from tocsin.commands import FINDINGS, USAGE, fail, instant_of
from tocsin.commands.progress import advancing
from tocsin.configuration import basis_of, configure, read_bundle
from tocsin.judge import Basis
from tocsin.recorded import CsvRecord, JournalRecord, NothingRecorded, Period, Record, Rerun
from tocsin.replay import Tally, applied, read_basis, replay, with_rules

app = typer.Typer()

Sources = Annotated[
    list[Path], typer.Argument(help="A state directory, or readings as CSV, several and gzip allowed.")
]
Config = Annotated[
    Path, typer.Option("--config", "-c", help="CSV by the files that this settings file names.")
]
State = Annotated[Path | None, typer.Option("--state", help="CSV by what was applied here last.")]
Rules = Annotated[Path | None, typer.Option("--rules", help="A directory of rules in the place of those.")]
Sensors = Annotated[
    Path | None, typer.Option("--sensors", help="CSV by these sensors, CSV or YAML; with --rules.")
]
Zones = Annotated[Path | None, typer.Option("--zones", help="The zones of --sensors, GeoJSON.")]
Kinds = Annotated[Path | None, typer.Option("--kinds", help="The kinds of --sensors; else kinds.yaml.")]
Begin = Annotated[
    str, typer.Option("--from", help="Tell what was received from there on: a time ago (8h) or ISO 8601.")
]
End = Annotated[str, typer.Option("--to", help="End there; deadlines up to then count.")]
WarmUp = Annotated[
    str, typer.Option("--warm-up", help="Judge so much before --from, untold; else as far as the rules look.")
]


@app.command("replay")
def replay_command(
    sources: Sources,
    config: Config = Path("configs/tocsin.yaml"),
    state: State = None,
    rules: Rules = None,
    sensors: Sensors = None,
    zones: Zones = None,
    kinds: Kinds = None,
    begin: Begin = "",
    end: End = "",
    warm_up: WarmUp = "",
) -> None:
    """What was recorded, through the same engine: one JSON line a transition. Nothing is sent."""
    period = Period(
        instant_of(begin) if begin else None, instant_of(end) if end else None, _duration(warm_up)
    )
    if warm_up and not begin:
        fail("--warm-up is what lies before --from: give that, too", USAGE)
    if any(source.is_dir() for source in sources):
        if len(sources) > 1 or state or sensors or zones or kinds:
            fail(
                "one state directory, or CSV files; --state, --sensors, --zones and --kinds go with CSV",
                USAGE,
            )
        record = JournalRecord(_state(sources[0]), keep=True, tell=lambda note: typer.echo(note, err=True))
        _tell(record, applied(record.bundles, rules), period)
        return
    basis = _basis(config, state, rules, (sensors, zones, kinds))
    _tell(CsvRecord(sources), lambda _: basis, period)


def _basis(
    config: Path, state: Path | None, rules: Path | None, places: tuple[Path | None, Path | None, Path | None]
) -> Basis:
    """What CSV, which names no bundle, is judged by. ConfigurationError carries all findings."""
    sensors, zones, kinds = places
    if sensors is not None:
        if rules is None or state is not None:
            fail("--sensors goes with --rules, and --state has sensors of its own", USAGE)
        return read_basis(kinds or config.parent / "kinds.yaml", sensors, zones, rules)
    if zones is not None or kinds is not None:
        fail("--zones and --kinds go with --sensors", USAGE)
    if state is None:
        known = configure(read_bundle(config)).basis
    else:
        bundles = Bundles(_state(state) / "bundles")
        known = basis_of(bundles.load(bundles.applied()[-1][1]))
    return known if rules is None else with_rules(known, rules)


def _state(directory: Path) -> Path:
    if not (directory / "bundles" / "applied").is_file():
        fail(f"{directory} is no state directory: no bundle was ever applied there", USAGE)
    return directory


def _duration(text: str) -> int | None:
    with suppress(DurationError):
        return parse_duration(text) if text else None
    raise typer.BadParameter(f"{text} is no duration: write 3h or 2d")


def _tell(record: Record, basis: Callable[[str], Basis], period: Period) -> None:
    """The transitions on stdout, what it took on stderr."""
    began, tally = time.perf_counter(), Tally()
    try:
        first, last = record.span()
    except NothingRecorded as error:
        fail(str(error), FINDINGS)
    rerun = Rerun(record, basis, period)
    since = first if rerun.since is None else max(first, rerun.since)
    until = last if period.end is None else min(last, period.end)
    with advancing("replay", since, until, hidden=sys.stdout.isatty()) as advance:
        for transition in replay(rerun, tally, advance):
            sys.stdout.buffer.write(line(transition) + b"\n")
    sys.stdout.buffer.flush()
    seconds = time.perf_counter() - began
    typer.echo(
        f"{tally.readings} readings in {seconds:.2f} s, {tally.readings / seconds:,.0f} readings/s; "
        f"{tally.duplicates} duplicates, {tally.quarantined} quarantined, {tally.transitions} transitions",
        err=True,
    )
