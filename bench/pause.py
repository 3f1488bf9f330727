"""`python -m bench pause`: how long the judge stands still while another bundle comes into force.

A whole city on the shipped rules, every sensor heard twice, 500 warnings open. What is built beside the
running engine is told too; it is no pause. Nor is what is given back afterwards, on a thread, piece by piece;
were anything left to the garbage collector, it would halt everything.
"""

import gc
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from bench.blocks import START, block
from bench.city_files import MAIN, texts
from bench.engine_figures import Figure
from ingest.clock import SECOND
from ingest.journal import Entry, EntryKind
from simulators.city.plan import City, plan_for
from tocsin.bundle import Bundle
from tocsin.configuration import configure
from tocsin.judge import Basis, Judge
from tocsin.remains import give_back
from tocsin.successor import Successor

T = TypeVar("T")

CITY, OPEN = 388_500, 500
# ms.
AT_MOST = 100.0
ROUNDS, EVERY, BLOCK = 2, 10 * SECOND, 20_000
# Zero is quiet for these; the others are not reported.
REPORTED = frozenset({"smoke", "temperature", "leakage", "cable_temperature", "rain", "stage", "co"})
THRESHOLD, OTHER = "smoke >= 0.15 dB/m", "smoke >= 0.16 dB/m"


def measure(sensors: int, tell: Callable[[str], None]) -> list[Figure]:
    """CPU of the thread that judges: other work on the machine does not count."""
    plan = plan_for(sensors, min(500, sensors // 10), sensors / 10)
    files = texts(City.of(plan), {})
    smoke = files["rules/smoke.yaml"]
    rows = files["sensors.csv"]
    candidates = {
        "one threshold is another": {**files, "rules/smoke.yaml": smoke.replace(THRESHOLD, OTHER, 1)},
        "all of smoke are another": {**files, "rules/smoke.yaml": smoke.replace(THRESHOLD, OTHER)},
        "one sensor is gone": {**files, "sensors.csv": rows[: rows.rindex("\n", 0, -1) + 1]},
    }
    tell("the city is read")
    old = configure(Bundle(MAIN, files))
    return [
        figure
        for name, other in candidates.items()
        for figure in _change(name, old.basis, configure(Bundle(MAIN, other), like=old).basis, tell)
    ]


def _change(name: str, old: Basis, new: Basis, tell: Callable[[str], None]) -> list[Figure]:
    tell(name)
    bases = {basis.bundle: basis for basis in (old, new)}
    judge = Judge(old, bases.__getitem__)
    at = _heard(judge)
    gc.collect()
    built, built_in = _timed(lambda: Successor.of(old, judge.engine, new))
    gc.freeze()
    judge.expect(built)
    entry = Entry(1, at + SECOND, EntryKind.BUNDLE, 0, new.bundle.encode())
    judged, pause = _timed(lambda: judge.take(entry))
    _, given_back = _timed(lambda: give_back(built.remains))
    gc.unfreeze()
    circles = gc.collect()
    assert judged.change is not None
    return [
        Figure(name=f"{name}: built beside", value=built_in / 1e3, unit="s"),
        Figure(name=f"{name}: open warnings", value=len(judged.change.fates), unit=""),
        Figure(name=f"{name}: pause", value=pause, unit="ms", limit=AT_MOST, at_most=True),
        Figure(name=f"{name}: given back beside", value=given_back / 1e3, unit="s"),
        Figure(name=f"{name}: left to collect", value=circles, unit="", limit=0, at_most=True),
    ]


def _heard(judge: Judge) -> int:
    """Every sensor has reported, the first smoke sensors with an alarm; the instant of the last report."""
    registry, kinds, at = judge.basis.registry, judge.basis.kinds, START
    for _ in range(ROUNDS):
        at += EVERY
        for kind, slots in registry.ranges.items():
            for metric in kinds[kind].metrics.values():
                if metric.name not in REPORTED:
                    continue
                for first in range(slots.start, slots.stop, BLOCK):
                    slot = np.arange(first, min(first + BLOCK, slots.stop))
                    value = np.zeros(len(slot), np.int64)
                    if metric.name == "smoke":
                        value[slot < slots.start + OPEN] = 200
                    readings = block(at, slot, metric.column, value, np.full(len(slot), at))
                    judge.engine.advance(judge.quality.check(readings))
    return at


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.thread_time()
    found = work()
    return found, (time.thread_time() - began) * 1e3
