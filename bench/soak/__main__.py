"""`python -m bench.soak --hours 0.25` (docs/reliability.md).

Exit codes: 0 it holds, 1 something was lost, changed, not ready in time or grew, 3 no environment.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bench.__main__ import output
from bench.soak.figures import encode
from bench.soak.report import show
from bench.soak.run import Options, soak
from simulators.city.plan import plan_for
from tocsin.log import configure as configure_log

# A soak of an hour has a fault a minute, one of days every ten minutes: memory is seen within lives alone.
RARE, OFTEN = 600.0, 10.0
REST = "s between two faults, on average; if not given, a sixtieth of the whole, 10 to 600."


def main(
    hours: Annotated[float, typer.Option(min=0.01, help="Fractions too.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Which faults come when.")] = 1,
    rate: Annotated[float, typer.Option(min=10, max=10_000, help="Messages/s.")] = 300.0,
    sensors: Annotated[int, typer.Option(min=500, max=100_000)] = 6_000,
    gateways: Annotated[int, typer.Option(min=1, max=500)] = 50,
    rest: Annotated[float | None, typer.Option(min=0.5, help=REST)] = None,
    longest: Annotated[float, typer.Option(min=1, help="s that a fault holds, at most.")] = 40.0,
    watch: Annotated[float, typer.Option(min=20, help="s after which all is reconciled.")] = 600.0,
    directory: Annotated[Path | None, typer.Option(help="Leave everything here; an empty one.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures here, too.")] = None,
) -> None:
    """A small city under random faults: what is lost, what changes, what grows."""
    options = Options(
        plan=plan_for(sensors, gateways, rate), rate=rate, seconds=hours * 3600, watch=watch,
        rest=between(hours) if rest is None else rest, longest=longest, seed=seed,
    )  # fmt: skip
    # Horns that lose the broker are no news here.
    configure_log("error")
    with place(directory) as root:
        soaked = asyncio.run(soak(root, options, say))
    show(soaked, output())
    if json is not None:
        json.write_bytes(encode(soaked))
    if soaked.findings:
        raise SystemExit(1)


def between(hours: float) -> float:
    """s from one fault to the next."""
    return min(max(hours * 60, OFTEN), RARE)


@contextmanager
def place(directory: Path | None) -> Iterator[Path]:
    """The directory to work in; a temporary one is removed."""
    if directory is not None:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-soak-") as made:
        yield Path(made)


def first(error: Exception) -> Exception:
    """Of what failed at once in several parts, the first."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        typer.run(main)
    except (OSError, RuntimeError, ExceptionGroup) as error:
        found = first(error)
        if not isinstance(found, OSError | RuntimeError):
            raise
        sys.stderr.write(f"{found}\n")
        raise SystemExit(3 if isinstance(found, OSError) else 1) from None
