"""`python -m bench` and `python -m bench engine` (docs/performance.md).

Exit codes: 0 nothing lost and no limit missed, 1 lost, missed or failed, 3 no environment.
"""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import engine, engine_figures, hops
from bench.bare import bare_subscribers
from bench.figures import Run
from bench.machine import machine
from bench.measure import Bench, Options, Setup
from bench.report import encode, show
from simulators.mosquitto import SEARCHED

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def daemon(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Of each of the two phases.")] = 8.0,
    rate: Annotated[
        float | None, typer.Option(min=100, help="Messages/s of the second phase; half of the first's.")
    ] = None,
    sensors: Annotated[
        int,
        typer.Option(min=100, max=1_000_000, help="They take turns: few sensors report unnaturally often."),
    ] = 50_000,
    json: Annotated[Path | None, typer.Option(help="Write the figures here, too.")] = None,
) -> None:
    """Messages/s, CPU per message and publish-to-transition of the daemon, on each broker at hand."""
    if context.invoked_subcommand is not None:
        return
    run = asyncio.run(measure(Options(seconds, rate, sensors)))
    # Wide enough for every column; a terminal says itself how wide it is.
    show(run, Console(width=None if sys.stdout.isatty() else 120))
    if json is not None:
        json.write_bytes(encode(run))
    if not run.complete:
        raise SystemExit("messages or warnings were lost")


@app.command("engine")
def engine_alone(
    json: Annotated[Path | None, typer.Option(help="Write the figures here, too.")] = None,
) -> None:
    """Readings/s and memory of the rule engine alone, on one core."""
    progress = Console(stderr=True)
    figures = engine.measure(progress.print)
    run = engine_figures.EngineRun(machine=machine(Path(tempfile.gettempdir())), figures=figures)
    engine_figures.show(run, Console(width=None if sys.stdout.isatty() else 120))
    if json is not None:
        json.write_bytes(engine_figures.encode(run))
    if not run.holds:
        raise SystemExit("a limit was missed")


@app.command("hops")
def hops_alone(
    sensors: Annotated[int, typer.Option(min=1000, max=1_000_000, help="50000 is quick.")] = 388_500,
    json: Annotated[Path | None, typer.Option(help="Write the figures here, too.")] = None,
) -> None:
    """CPU us a message of each hop of the daemon over the messages of a city, in this process."""
    progress = Console(stderr=True)
    costs = hops.measure(sensors, progress.print)
    run = hops.HopsRun(machine=machine(Path(tempfile.gettempdir())), sensors=sensors, costs=costs)
    hops.show(run, Console(width=None if sys.stdout.isatty() else 120))
    if json is not None:
        json.write_bytes(hops.encode(run))


async def measure(options: Options) -> Run:
    """Every set-up of which the parts are installed, one after the other, then the bare subscribers."""
    progress = Console(stderr=True)
    setups = list(available(progress))
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place, progress.status("starting") as status:
        root = Path(place)
        run = Run(
            machine=machine(root), seconds=options.seconds, sensors=options.sensors, measured=[], bare=[]
        )

        def tell(text: str) -> None:
            if progress.is_terminal:
                status.update(text)

        for number, setup in enumerate(setups):
            progress.print(f"{number + 1}/{len(setups)} {setup.name}")
            directory = root / str(number)
            directory.mkdir()
            run.measured.append(await Bench(directory, options, tell).measure(setup))
        if Setup("Mosquitto") in setups:
            progress.print("bare subscribers")
            run.bare.extend(await bare_subscribers(root, options.sensors, tell))
    return run


def available(progress: Console) -> list[Setup]:
    """What can be measured here; what cannot is said."""
    found = [Setup("loopback")]
    if shutil.which("mosquitto", path=SEARCHED) is None:
        progress.print("without Mosquitto: `sudo apt-get install mosquitto` adds it")
        return found
    found.append(Setup("Mosquitto"))
    if shutil.which("victoria-metrics") is None:
        progress.print("without VictoriaMetrics: `sudo apt-get install victoria-metrics` adds it")
        return found
    return [*found, Setup("Mosquitto", database=True)]


if __name__ == "__main__":
    try:
        app()
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(3 if isinstance(error, OSError) else 1) from None
