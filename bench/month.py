"""`python -m bench diff`: a month of 134 gauges, judged by two sets of rules (docs/performance.md)."""

import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingest.clock import MINUTE

GAUGES, DAYS, STEP = 134, 30, 5 * MINUTE
REPORTS = DAYS * 24 * 60 * MINUTE // STEP
# Storms of the month: gauges next to each other get wet together, the nearest ones most.
STORMS, HALF, WIDE = 12, 12, 15
BEGIN = datetime(2016, 7, 1, tzinfo=UTC)
LIMIT = 15.0
RULES = Path("configs/rules/rainstorm.yaml")


@dataclass(frozen=True, slots=True)
class Taken:
    """Wall and CPU seconds of the command, peak MiB of its larger process, and its first line."""

    seconds: float
    cpu: float
    mebibytes: float
    said: str


def month(seed: int) -> Iterator[str]:
    """The lines of the record: drizzle, and storms over gauges next to each other."""
    drawn = random.Random(seed)
    storms = [
        (drawn.randrange(REPORTS), drawn.randrange(GAUGES), drawn.uniform(20, 90)) for _ in range(STORMS)
    ]
    yield "time,sensor,metric,value\n"
    for number in range(REPORTS):
        at = (BEGIN + timedelta(milliseconds=number * STEP)).strftime("%Y-%m-%dT%H:%M:%SZ")
        wet = [storm for storm in storms if abs(number - storm[0]) < HALF]
        for gauge in range(GAUGES):
            fallen = sum(
                total / (2 * HALF) * drawn.uniform(0.5, 1.5) * (1 - abs(gauge - middle) / (WIDE + 5))
                for _, middle, total in wet
                if abs(gauge - middle) < WIDE
            )
            drizzle = 0.1 if drawn.random() < 0.05 else 0.0
            yield f"{at},gauge-{gauge:03},rain,{fallen or drizzle:.1f}\n"


def prepared(directory: Path, seed: int) -> list[str]:
    """The files, and the command that compares them."""
    with (directory / "month.csv").open("w") as file:
        file.writelines(month(seed))
    places = (f"gauge-{k:03},rain,town,{4.8 + k / 500:.3f},{52.3 + k % 7 / 100:.2f}\n" for k in range(GAUGES))
    (directory / "sensors.csv").write_text("id,kind,zone,lon,lat\n" + "".join(places))
    text = RULES.read_text("utf-8")
    for name, threshold in (("old", "50 mm"), ("new", "45 mm")):
        (directory / name).mkdir()
        changed = text.replace("orange: sum(rain, 3h) >= 50 mm", f"orange: sum(rain, 3h) >= {threshold}")
        (directory / name / RULES.name).write_text(changed, "utf-8")
    sides = [str(directory / "old"), str(directory / "new"), "--on", str(directory / "month.csv")]
    return [sys.executable, "-m", "tocsin", "diff", *sides, "--sensors", str(directory / "sensors.csv")]


def measure(command: list[str]) -> Taken:
    """Run it once, to its end. Raises CalledProcessError."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(seconds, cpu, after.ru_maxrss / 1024, ended.stdout.splitlines()[0])
