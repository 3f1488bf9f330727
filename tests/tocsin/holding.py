"""Drills held as fast as they go, with nobody looking."""

import io
from pathlib import Path
from typing import TextIO

from rich.console import Console

from tests.tocsin.performance import CONFIGS, county
from tocsin.bundle import Bundle
from tocsin.commands.language import Language
from tocsin.configuration import configure, read_bundle
from tocsin.drill.drill_file import Drill, read_drill
from tocsin.drill.names import strangers
from tocsin.drill.record import Record, read_record
from tocsin.drill.running import Ending, Stage, hold

HELD = 1_800_000_000_000
SHIPPED = sorted((CONFIGS / "drills").glob("*.yaml"))


def drill_of(path: Path) -> Drill:
    """A drill that fits the shipped county."""
    drill, findings = read_drill(path.name, path.read_text("utf-8"))
    assert drill is not None, findings
    assert [*strangers(drill, county())] == []
    return drill


async def held(
    drill: Drill,
    directory: Path,
    bundle: Bundle | None = None,
    ending: Ending | None = None,
    *,
    speed: float | None = None,
    live: Path | None = None,
    shown: TextIO | None = None,
) -> Record:
    """The record of a drill, in an empty directory, over the shipped county or a bundle of its places.

    `shown` takes what whoever leads it sees.
    """
    bundle = bundle or read_bundle(CONFIGS / "tocsin.yaml")
    stage = Stage(
        bundle=bundle,
        configuration=configure(bundle),
        sensors=CONFIGS / "sensors.csv",
        directory=directory,
        held=HELD,
        speed=speed,
        console=Console(file=shown or io.StringIO()),
        language=Language.EN,
        live=live,
    )
    await hold(drill, stage, ending or Ending())
    return read_record(directory)
