"""A run: set-ups one after the other, then the bare subscribers; and which of them this machine has."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench.bare import bare_subscribers
from bench.figures import Run
from bench.machine import machine
from bench.measure import Bench, Options, Setup
from bench.recovery import Kills, Recoveries
from bench.recovery_figures import Recovery
from simulators.mosquitto import SEARCHED

MOSQUITTO = "Mosquitto"


async def run_all(
    setups: Sequence[Setup], options: Options, rules: str, progress: Console, *, bare: bool
) -> Run:
    """Every set-up, each with a new daemon; `rules` in words. RuntimeError, OSError, Behind: one failed."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place, progress.status("starting") as status:
        root = Path(place)
        run = Run(
            machine=machine(root), sensors=options.plan.sensors, gateways=options.plan.gateways, rules=rules,
            linger=options.linger, measured=[], bare=[],
        )  # fmt: skip

        def tell(text: str) -> None:
            if progress.is_terminal:
                status.update(text)

        for number, setup in enumerate(setups):
            progress.print(f"{number + 1}/{len(setups)} {setup.name}")
            directory = root / str(number)
            directory.mkdir()
            run.measured.append(await Bench(directory, options, tell).measure(setup))
            # Tens of gigabytes after a long run.
            shutil.rmtree(directory)
        if bare:
            progress.print("bare subscribers")
            run.bare.extend(await bare_subscribers(root, options.plan, tell))
    return run


async def run_recovery(options: Options, rules: str, kills: Kills, progress: Console) -> Recovery:
    """Kills of one daemon on Mosquitto and VictoriaMetrics; `rules` in words."""
    [load] = options.loads
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place, progress.status("starting") as status:
        root = Path(place)
        this = machine(root)
        setup = Setup(MOSQUITTO, database=True)
        rounds, kept = await Recoveries(root, options, status.update).measure(setup, kills)
    return Recovery(
        machine=this,
        sensors=options.plan.sensors,
        rate=load.rate or 0.0,
        rules=rules,
        rounds=rounds,
        kept=kept,
    )


def available(progress: Console) -> list[Setup]:
    """What can be measured here; what cannot is said."""
    found = [Setup("loopback")]
    if shutil.which("mosquitto", path=SEARCHED) is None:
        progress.print("without Mosquitto: `sudo apt-get install mosquitto` adds it")
        return found
    found.append(Setup(MOSQUITTO))
    if shutil.which("victoria-metrics") is None:
        progress.print("without VictoriaMetrics: `sudo apt-get install victoria-metrics` adds it")
        return found
    return [*found, Setup(MOSQUITTO, database=True)]
