"""`python -m bench` and its commands (docs/performance.md).

Exit codes: 0 nothing lost and no limit missed, 1 lost, missed or failed, 3 no environment.
"""

import asyncio
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import (
    beside,
    engine,
    engine_figures,
    fleet_cost,
    hops,
    month,
    pause,
    recovery_figures,
    replay,
    storm,
    sweep,
)
from bench.city_files import generated
from bench.figures import Run
from bench.machine import machine
from bench.measure import Options, Setup
from bench.phases import ROUNDS, Behind, Load
from bench.picture import draw
from bench.recovery import Kills
from bench.report import encode, show
from bench.runs import MOSQUITTO, available, run_all, run_recovery
from bench.storm_town import WARNINGS
from simulators.city.plan import plan_for

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Json = Annotated[Path | None, typer.Option(help="Write the figures here, too.")]

# Alarms to time a second: as fast as it goes, and in the city.
RAISES_A_SECOND, ALARMS_A_SECOND = 20.0, 4.0
# What the short bench registers its sensors for, and how many messages its second phase has, a second.
EXPECTED = 20_000.0
# In s, of what goes as fast as it goes.
LONGEST = 300.0


class Store(StrEnum):
    """The time-series store."""

    EMBEDDED = "embedded"
    VICTORIAMETRICS = "victoriametrics"


@app.callback(invoke_without_command=True)
def short(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Of each of the two phases.")] = 8.0,
    rate: Annotated[float, typer.Option(min=100, help="Messages/s of the first phase.")] = 10_000.0,
    sensors: Annotated[int, typer.Option(min=500, max=1_000_000)] = 100_000,
    json: Json = None,
) -> None:
    """At a moderate rate, then as fast as it goes: the daemon on each broker and store at hand."""
    if context.invoked_subcommand is not None:
        return
    progress = Console(stderr=True)
    first = Load(seconds=seconds, timed=RAISES_A_SECOND, rate=rate)
    number = int(EXPECTED * seconds)
    second = Load(seconds=LONGEST, timed=RAISES_A_SECOND, messages=number, expected=EXPECTED)
    options = Options(plan=plan_for(sensors, 50, EXPECTED), loads=(first, second))
    setups = available(progress)
    bare = Setup(MOSQUITTO) in setups
    finish(asyncio.run(run_all(setups, options, "all shipped rules", progress, bare=bare)), json)


@app.command()
def city(
    seconds: Annotated[float, typer.Option(min=1, max=7200)] = 60.0,
    rate: Annotated[float, typer.Option(min=0, help="Messages/s; 0 is as fast as it goes.")] = 38_850.0,
    sensors: Annotated[int, typer.Option(min=500, max=1_000_000)] = 388_500,
    gateways: Annotated[int, typer.Option(min=1, max=10_000)] = 500,
    rules: Annotated[str, typer.Option(help="`shipped`, or a number: so many generated ones.")] = "shipped",
    linger: Annotated[int, typer.Option(min=0, max=1000, help="ms that a batch waits for more.")] = 20,
    rounds: Annotated[int, typer.Option(min=0, help="How often all are heard before it counts.")] = ROUNDS,
    alarms: Annotated[float, typer.Option(min=0.1, help="Alarms to time a second.")] = ALARMS_A_SECOND,
    runs: Annotated[int, typer.Option(min=1, help="Each from nothing; several show their spread.")] = 1,
    store: Store = Store.VICTORIAMETRICS,
    bare: Annotated[bool, typer.Option(help="Bare subscribers on the same broker, too.")] = True,
    json: Json = None,
) -> None:
    """A whole city on Mosquitto: every process of its own, each gateway on a connection of its own."""
    number = None if rules == "shipped" else int(rules)
    options = Options(
        plan=plan_for(sensors, gateways, rate or EXPECTED),
        loads=(
            Load(
                seconds=seconds,
                timed=alarms,
                rate=rate or None,
                expected=EXPECTED,
                rounds=rounds if rate else 0,
            ),
        ),
        rules=None if number is None else generated(number),
        linger=linger,
    )
    setup = Setup(MOSQUITTO, database=store is Store.VICTORIAMETRICS)
    words = "all shipped rules" if number is None else f"{number} rules"
    finish(asyncio.run(run_all([setup] * runs, options, words, Console(stderr=True), bare=bare)), json)


@app.command("recovery")
def recovery(
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Kills.")] = 5,
    seconds: Annotated[float, typer.Option(min=10, max=600, help="From one round to the next.")] = 60.0,
    rate: Annotated[float, typer.Option(min=100, help="Messages/s.")] = 5_000.0,
    sensors: Annotated[int, typer.Option(min=500, max=1_000_000)] = 388_500,
    gateways: Annotated[int, typer.Option(min=1, max=10_000)] = 500,
    rules: Annotated[str, typer.Option(help="`shipped`, or a number: so many generated ones.")] = "shipped",
    warm: Annotated[
        float, typer.Option(min=0, help="s before the first round; 0: one and a half reports.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the instants of the kills.")] = 1,
    json: Json = None,
) -> None:
    """SIGKILL under the load of a whole city: how soon the daemon is ready again, and where the time goes."""
    number = None if rules == "shipped" else int(rules)
    options = Options(
        plan=plan_for(sensors, gateways, rate),
        loads=(Load(seconds=seconds, timed=ALARMS_A_SECOND, rate=rate),),
        rules=None if number is None else generated(number),
    )
    words = "all shipped rules" if number is None else f"{number} rules"
    kills = Kills(rounds=rounds, seconds=seconds, warm=warm or 1.5 * sensors / rate, seed=seed)
    run = asyncio.run(run_recovery(options, words, kills, Console(stderr=True)))
    recovery_figures.show(run, output())
    if json is not None:
        json.write_bytes(recovery_figures.encode(run))
    if not run.kept.complete:
        raise SystemExit("messages or warnings were lost")


@app.command("sweep")
def sweep_one(
    curve: Annotated[sweep.Name, typer.Argument(help="What is varied.")],
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Of each point.")] = 10.0,
    rate: Annotated[float, typer.Option(min=100, help="Messages/s, where that is not varied.")] = 10_000.0,
    sensors: Annotated[int, typer.Option(min=500, max=1_000_000)] = 100_000,
    gateways: Annotated[int, typer.Option(min=1, max=10_000)] = 500,
    most: Annotated[int, typer.Option(help="Of the curve over sensors: no point beyond.")] = sweep.SENSORS[
        -1
    ],
    store: Store = Store.VICTORIAMETRICS,
    to: Annotated[Path, typer.Option(help="The directory of the JSON file and the picture.")] = Path("docs"),
) -> None:
    """One figure of the daemon over a range of another, as JSON and as a picture."""
    database = store is Store.VICTORIAMETRICS
    basis = sweep.Basis(
        seconds=seconds, rate=rate, sensors=sensors, gateways=gateways, database=database, most=most
    )
    this = machine(Path(tempfile.gettempdir()))
    found = asyncio.run(sweep.sweep(curve, basis, this, Console(stderr=True)))
    sweep.write(found, to)
    draw(found, to / f"performance-{curve}.svg")
    if lost := [point.x for point in found.points if point.measured and not point.measured.counts.complete]:
        raise SystemExit(f"messages or warnings were lost at {lost}")


@app.command("engine")
def engine_alone(json: Json = None) -> None:
    """Readings/s and memory of the rule engine alone, on one core."""
    progress = Console(stderr=True)
    figures = engine.measure(progress.print)
    _end(figures, json)


@app.command("pause")
def pauses(
    sensors: Annotated[int, typer.Option(min=500, max=1_000_000)] = pause.CITY, json: Json = None
) -> None:
    """How long the judge stands still while another bundle comes into force, CPU of its thread."""
    figures = pause.measure(sensors, Console(stderr=True).print)
    _end(figures, json, f"{sensors:,} sensors, another bundle")


@app.command("storm")
def storms(
    runs: Annotated[int, typer.Option(min=1, max=1000, help="Of each shape.")] = 20, json: Json = None
) -> None:
    """Ten thousand warnings in a second, one of them red: all durable, routed, accounted for; red first."""
    figures = storm.measure(runs, Console(stderr=True).print)
    _end(figures, json, f"storms of {WARNINGS:,} warnings, the worst of {runs}")


@app.command("beside")
def drill_beside(
    rounds: Annotated[int, typer.Option(min=1, max=100, help="With the drill, and as many without.")] = 10,
    reds: Annotated[int, typer.Option(min=1, max=1000, help="Live reds of a round.")] = 20,
    rate: Annotated[float, typer.Option(min=1, help="Messages/s of the drill.")] = 1_000.0,
    json: Json = None,
) -> None:
    """How much later a live red is told beside a drill under load; with and without it in turn."""
    figures = beside.measure(rounds, reds, rate, Console(stderr=True).print)
    _end(figures, json, f"live reds beside a drill of {rate:,.0f} messages/s")


@app.command("diff")
def diff_of_a_month(seed: int = 1) -> None:
    """`tocsin diff` over 1.2 million readings; exit code 1 if it takes more than 15 s."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as directory:
        taken = month.measure(month.prepared(Path(directory), seed))
    readings, limit = month.GAUGES * month.REPORTS, month.LIMIT
    took = f"{taken.seconds:.1f} s (at most {limit:.0f} s), {taken.cpu:.1f} s of CPU"
    memory = f"{taken.mebibytes:,.0f} MiB in the larger of two processes"
    typer.echo(f"{taken.said}\n{readings:,} readings, two sets of rules: {took}, {memory}")
    raise SystemExit(taken.seconds > month.LIMIT)


@app.command("hops")
def hops_alone(
    sensors: Annotated[int, typer.Option(min=1000, max=1_000_000, help="50000 is quick.")] = 388_500,
    json: Json = None,
) -> None:
    """CPU us a message of each hop of the daemon over the messages of a city, in this process."""
    progress = Console(stderr=True)
    costs = hops.measure(sensors, progress.print)
    run = hops.HopsRun(machine=machine(Path(tempfile.gettempdir())), sensors=sensors, costs=costs)
    hops.show(run, output())
    if json is not None:
        json.write_bytes(hops.encode(run))


@app.command("fleet")
def fleet_alone(
    seconds: Annotated[float, typer.Option(min=1, max=60, help="Of each run.")] = 5.0,
    pairs: Annotated[int, typer.Option(min=1, max=20, help="Runs without and with what happens.")] = 2,
    json: Json = None,
) -> None:
    """CPU us a message of the fleet itself, with physics and faults for 1 % of it and without."""
    figures = fleet_cost.measure(seconds, pairs, Console(stderr=True).print)
    _end(figures, json, f"{fleet_cost.SENSORS:,} sensors, {fleet_cost.RATE:,.0f} messages/s")


@app.command("replay")
def replays(
    sensors: Annotated[int, typer.Option(min=1000, max=1_000_000)] = 20_000,
    readings: Annotated[int, typer.Option(min=1000, help="Of the city.")] = 1_000_000,
    days: Annotated[int, typer.Option(min=1, max=366, help="Of the gauges.")] = 30,
    json: Json = None,
) -> None:
    """Readings/s of a replay of a city and of river gauges: CSV, a journal, and what is kept of one."""
    passes = replay.measure(sensors, readings, days, Console(stderr=True).print)
    run = replay.ReplayRun(machine=machine(Path(tempfile.gettempdir())), passes=passes)
    replay.show(run, output())
    if json is not None:
        json.write_bytes(replay.encode(run))
    if not run.holds:
        raise SystemExit("a limit was missed")


def _end(
    figures: list[engine_figures.Figure], json: Path | None, title: str = "the engine alone, CPU of one core"
) -> None:
    """Show and keep what was measured; SystemExit if a limit was missed."""
    run = engine_figures.EngineRun(machine=machine(Path(tempfile.gettempdir())), figures=figures)
    engine_figures.show(run, output(), title)
    if json is not None:
        json.write_bytes(engine_figures.encode(run))
    if not run.holds:
        raise SystemExit("a limit was missed")


def finish(run: Run, json: Path | None) -> None:
    """Show and keep the figures; SystemExit if something was lost."""
    show(run, output())
    if json is not None:
        json.write_bytes(encode(run))
    if not run.complete:
        raise SystemExit("messages or warnings were lost")


def output() -> Console:
    """Wide enough for every column; a terminal says itself how wide it is."""
    return Console(width=None if sys.stdout.isatty() else 120)


if __name__ == "__main__":
    try:
        app()
    except (OSError, RuntimeError, Behind) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(3 if isinstance(error, OSError) else 1) from None
