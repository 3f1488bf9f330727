"""`python -m bench engine`: the rule engine alone, on one core, in CPU time (docs/performance.md)."""

import multiprocessing
import resource
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from bench.blocks import (
    BATCH,
    city,
    in_turns,
    ladders,
    one_sensor,
    rounds,
    sensors,
)
from bench.engine_figures import Figure
from bench.shipped import shipped_kinds, shipped_rules
from ingest.clock import MINUTE, SECOND
from ingest.kinds import Kinds
from ingest.reading import Readings
from rules.engine import Engine
from rules.rule import Rule

CITY = 388_500
WIDE = 100_000
GAUGES = 2_000
# The best of so many counts: other work on the machine only ever adds.
TRIES = 3
MIB = 2**20


def measure(tell: Callable[[str], None]) -> list[Figure]:
    """All figures; `tell` hears what is being measured."""
    kinds, found = shipped_kinds(), list[Figure]()
    for name, part in PARTS.items():
        tell(name)
        found += part(kinds)
    return found


def cost(engine: Callable[[], Engine], blocks: list[Readings], warm: int) -> float:
    """CPU us a reading over the blocks behind the first `warm`; the best of TRIES fresh engines."""
    best = float("inf")
    for _ in range(TRIES):
        fresh = engine()
        for readings in blocks[:warm]:
            fresh.advance(readings)
        began = time.process_time()
        for readings in blocks[warm:]:
            fresh.advance(readings)
        took = time.process_time() - began
        best = min(best, took / sum(map(len, blocks[warm:])) * 1e6)
    return best


def thresholds(number: int) -> list[tuple[str, str]]:
    """So many ladders over the newest value, none like another."""
    return [(f"smoke >= 0.{150 + k} dB/m", f"smoke >= 0.{400 + k} dB/m") for k in range(number)]


def trends(number: int) -> list[tuple[str, str]]:
    """Ladders over the same windows of an instantaneous metric."""
    windows = ("max(smoke, 10min)", "mean(smoke, 10min)")
    return [
        (f"{windows[k % 2]} >= 0.{150 + k} dB/m", f"{windows[k % 2]} >= 0.{400 + k} dB/m")
        for k in range(number)
    ]


def sums(number: int) -> list[tuple[str, str]]:
    """Ladders over the same windows of an amount."""
    windows = ("sum(rain, 1h)", "sum(rain, 3h)")
    return [(f"{windows[k % 2]} >= {50 + k} mm", f"{windows[k % 2]} >= {300 + k} mm") for k in range(number)]


def _quiet(kinds: Kinds, rules: tuple[Rule, ...], count: int = WIDE) -> float:
    registry = city(sensors(kinds, "smoke", count, "10s"))
    column = kinds["smoke"].metrics["smoke"].column
    values = np.random.default_rng(1).integers(0, 100, count)
    # Every sensor has been heard before it counts.
    warm = max(count // BATCH, 20)
    blocks = list(in_turns(column, [values], 10 * SECOND, warm + 200))
    return cost(lambda: Engine(kinds, registry, rules), blocks, warm)


def _thresholds(kinds: Kinds) -> list[Figure]:
    some, many = (_quiet(kinds, ladders(kinds, "smoke", thresholds(n))) for n in (20, 200))
    return [
        Figure(name="20 threshold rules, quiet", value=1e6 / some, unit="readings/s", limit=1e6),
        _ratio("200 threshold rules instead of 20", many / some),
    ]


def _windows(kinds: Kinds) -> list[Figure]:
    some, many = (_quiet(kinds, ladders(kinds, "smoke", trends(n))) for n in (20, 200))
    few, lot = (_wet(kinds, ladders(kinds, "rain", sums(n))) for n in (20, 200))
    return [
        Figure(name="20 rules, max and mean of 10 min, quiet", value=1e6 / some, unit="readings/s"),
        _ratio("200 of them", many / some),
        Figure(name="20 rules, sums of 1 h and 3 h, light rain", value=1e6 / few, unit="readings/s"),
        _ratio("200 of them", lot / few),
    ]


def _wet(kinds: Kinds, rules: tuple[Rule, ...]) -> float:
    registry = city(sensors(kinds, "rain", 10 * BATCH, "5min"))
    blocks = list(rounds(kinds["rain"].metrics["rain"].column, 10 * BATCH, 5 * MINUTE, 20))
    return cost(lambda: Engine(kinds, registry, rules), blocks, 50)


def _single(kinds: Kinds) -> list[Figure]:
    registry, rules = city(sensors(kinds, "smoke", 1, "10s")), ladders(kinds, "smoke", thresholds(20))
    blocks = list(one_sensor(kinds["smoke"].metrics["smoke"].column, 10 * SECOND, 12))
    took = cost(lambda: Engine(kinds, registry, rules), blocks, 2)
    return [Figure(name="20 rules, one single sensor", value=1e6 / took, unit="readings/s", limit=20_000)]


def _growth(kinds: Kinds) -> list[Figure]:
    rules = ladders(kinds, "smoke", thresholds(20))
    costs = {count: _quiet(kinds, rules, count) for count in (1_000, 10_000, CITY)}
    return [
        *(Figure(name=f"{count:,} sensors", value=took, unit="us/reading") for count, took in costs.items()),
        _ratio(f"{CITY:,} sensors instead of 10,000", costs[CITY] / costs[10_000]),
    ]


def _active(kinds: Kinds) -> list[Figure]:
    registry, rules = city(sensors(kinds, "smoke", WIDE, "10s")), ladders(kinds, "smoke", thresholds(20))
    values = np.random.default_rng(1).integers(0, 100, WIDE)
    values[::100] = 900
    blocks = list(in_turns(kinds["smoke"].metrics["smoke"].column, [values], 10 * SECOND, 150))
    took = cost(lambda: Engine(kinds, registry, rules), blocks, WIDE // BATCH)
    return [Figure(name="20 rules, open on 1 % of the sensors", value=1e6 / took, unit="readings/s")]


def _zones(kinds: Kinds) -> list[Figure]:
    registry = city(sensors(kinds, "smoke", 50_000, "10s", [f"zone-{n:03}" for n in range(500)]))
    rules = shipped_rules("fire-confirmed")
    column = kinds["smoke"].metrics["smoke"].column
    draw = np.random.default_rng(1)
    calm = draw.integers(0, 100, 50_000)
    # A fifth of the sensors of fifty zones, each turn another fifth.
    burning = np.arange(50_000) % 500 < 50
    smoky = [np.where(burning & (draw.random(50_000) < 0.2), 300, calm) for _ in range(3)]
    quiet, storm = (
        cost(lambda: Engine(kinds, registry, rules), list(in_turns(column, values, 10 * SECOND, 150)), 50)
        for values in ([calm], smoky)
    )
    return [
        Figure(name="fire-confirmed on 500 zones, quiet", value=1e6 / quiet, unit="readings/s"),
        Figure(
            name="fire-confirmed, smoke comes and goes in 50 of them", value=1e6 / storm, unit="readings/s"
        ),
    ]


def _memory(kinds: Kinds) -> list[Figure]:
    found = []
    for name, build, most in (("smoke", smoke_city, 400.0), ("rain", rain_network, 50.0)):
        arrays, resident = _apart(build)
        what = f"{CITY:,} smoke sensors, 20 rules" if name == "smoke" else f"{GAUGES:,} gauges, 24 h"
        found.append(Figure(name=what, value=arrays / MIB, unit="MiB of arrays", limit=most, at_most=True))
        found.append(Figure(name=what, value=resident / MIB, unit="MiB resident", limit=most, at_most=True))
    return found


def smoke_city() -> tuple[int, int]:
    """Bytes (of arrays, resident) of the engine of a city's smoke detectors once each has reported."""
    kinds = shipped_kinds()
    registry, rules = city(sensors(kinds, "smoke", CITY, "5min")), ladders(kinds, "smoke", thresholds(20))
    column = kinds["smoke"].metrics["smoke"].column
    return _grown(lambda: Engine(kinds, registry, rules), rounds(column, CITY, 5 * MINUTE, 2))


def rain_network() -> tuple[int, int]:
    """The same of a county's rain gauges after 31 hours, with windows of up to 24 h."""
    kinds = shipped_kinds()
    registry = city(sensors(kinds, "rain", GAUGES, "5min"))
    rules = shipped_rules("rainstorm", "torrent")
    column = kinds["rain"].metrics["rain"].column
    return _grown(lambda: Engine(kinds, registry, rules), rounds(column, GAUGES, 5 * MINUTE, 31 * 12))


def _grown(build: Callable[[], Engine], blocks: Iterable[Readings]) -> tuple[int, int]:
    before = _resident()
    engine = build()
    for readings in blocks:
        engine.advance(readings)
    return sum(engine.memory().values()), _resident() - before


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _apart(build: Callable[[], tuple[int, int]]) -> tuple[int, int]:
    """In a process of its own: this one has memory to give away."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(build).result()


def _ratio(name: str, value: float) -> Figure:
    return Figure(name=name, value=value, unit="times the cost", limit=2.0, at_most=True)


PARTS: dict[str, Callable[[Kinds], list[Figure]]] = {
    "threshold rules": _thresholds,
    "windows": _windows,
    "one sensor": _single,
    "growth": _growth,
    "open warnings": _active,
    "zones": _zones,
    "memory": _memory,
}
