"""`python -m bench.waveforms [DIRECTORY]` draws the pictures of docs/simulators.md, into docs/ or there."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.waveforms import fires, sites, water
from bench.waveforms.drawing import draw
from bench.waveforms.panel import Panel

DOCS = Path(__file__).parents[2] / "docs"
PICTURES: Mapping[str, Callable[[], Sequence[Panel]]] = {
    "fire": fires.fire_panels,
    "nuisance": fires.nuisance_panels,
    "circuit": fires.circuit_panels,
    "storm": water.storm_panels,
    "gauge": water.gauge_panels,
    "catchment": water.catchment_panels,
    "release": sites.release_panels,
    "tank": sites.tank_panels,
    "workshop": sites.workshop_panels,
}


def main(directory: Path) -> None:
    """Draw all of them; the same curves give the same files."""
    for name, panels in PICTURES.items():
        draw(panels(), directory / f"simulators-{name}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
