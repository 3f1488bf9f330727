"""Hours of readings through the real judge on the real clock, whose wall clock is set, drifts and lies.

What a run is compared with is the same run without the step: the same warnings, raised and cleared in the
same order. Their instants may differ by the hundredth at which a step is slewed.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ingest.clock import HOUR, MINUTE, SECOND, SystemClock
from rules.grade import Grade
from tests.tocsin.village import block, bundle, report
from tocsin.configuration import configure
from tocsin.judge import Basis, Judge

LASTS = 5 * HOUR
SENSORS_USED = ("river-1", "river-2", "rain-1")
LEVELS = (1.0, 1.7, 2.7, 3.6, 4.4)

RULES = """\
time_zone: {zone}
rules:
  - id: river
    title: {{zh: 洪水, en: River}}
    hazard: flood
    for_each: stage sensor
    grades:
      yellow: stage >= site.warning_stage
      orange: sustained(stage >= 3 m, 10min)
      red: stage >= 4 m
    release: {{margin: 0.1 m, after: 20min}}
    missing: {{after: 3 reports, raise: yellow}}
    advice: {{zh: 撤离。, en: Leave.}}
    source: {{text: "made up", status: project}}
  - id: night
    title: {{zh: 夜间, en: Night}}
    hazard: flood
    for_each: stage sensor
    grades:
      yellow: stage >= 1.5 m and hours(01:00-03:00)
      orange: stage >= 1.5 m and hours(02:30-06:00) and season(10-25..03-28)
    only_if: hours(22:00-05:00)
    release: {{after: 20min}}
    advice: {{zh: 撤离。, en: Leave.}}
    source: {{text: "made up", status: project}}
  - id: rain
    title: {{zh: 降雨, en: Rain}}
    hazard: rain
    for_each: rain sensor
    grades:
      yellow: sum(rain, 30min) >= 20 mm
    sustain: 10min
    release: {{margin: 10 %, after: 20min}}
    advice: {{zh: 勿动。, en: Stay.}}
    source: {{text: "made up", status: project}}
"""


@cache
def basis(zone: str) -> Basis:
    return configure(bundle(rules=RULES.format(zone=zone))).basis


@dataclass(frozen=True, slots=True)
class Measured:
    """A report of a sensor, `at` ms of true time, by a device whose clock is right."""

    at: int
    sensor: str
    value: float


@dataclass(frozen=True, slots=True)
class Step:
    """At `at` ms of true time the wall clock is set by `by` ms; with `restart` the daemon starts anew."""

    at: int
    by: int
    restart: bool = False


def story(chance: random.Random, start: int) -> list[Measured]:
    """Reports every 5 minutes; levels change, and sensors fall silent, a quarter past or before the hour.

    So nothing that the clock decides hangs on the minutes by which a slewed clock is off.
    """
    found: list[Measured] = []
    for sensor in SENSORS_USED:
        value: float | None = 1.0
        for at in range(start, start + LASTS, 5 * MINUTE):
            if (at + 15 * MINUTE) % (30 * MINUTE) == 0 and chance.random() < 0.5:
                value = _changed(chance, sensor)
            if value is not None:
                found.append(Measured(at + 20 * SECOND, sensor, value))
    return sorted(found, key=lambda m: (m.at, m.sensor))


def _changed(chance: random.Random, sensor: str) -> float | None:
    if sensor.startswith("rain"):
        return chance.choice([0.0, 0.0, 1.0, 12.0])
    return None if chance.random() < 0.15 else chance.choice(LEVELS)


class Watch:
    """A monotonic clock that never stops, and a wall clock that is set by hand; seconds."""

    def __init__(self, start: int, drift: float) -> None:
        self._start = start
        self._drift = drift
        self.true = start
        self.off = 0

    def monotonic(self) -> float:
        return (self.true - self._start) / 1_000

    def wall(self) -> float:
        return (self.true + self.off) / 1_000 + self.monotonic() * self._drift


class Lived:
    """One daemon's clock and judge over a story."""

    def __init__(self, zone: str, start: int, drift: float) -> None:
        self._basis = basis(zone)
        self._watch = Watch(start, drift)
        self._clock = SystemClock(self._watch.wall, self._watch.monotonic)
        self._judge = Judge(self._basis, lambda _: self._basis)
        self._entries = 0
        self._last = 0
        self.told: dict[tuple[str, str], list[tuple[str, str]]] = {}

    def live(self, measured: list[Measured], steps: list[Step], until: int) -> None:
        for at, what in _merged(measured, steps):
            self._wait(at)
            if isinstance(what, Step):
                self._step(what)
            else:
                self._take(what)
        self._wait(until)

    def _wait(self, until: int) -> None:
        """As the judge sleeps: to its next deadline by the clock, which is slewed meanwhile."""
        while (due := self._judge.due) is not None:
            left = max(due - self._clock.now(), 0)
            if self._watch.true + left >= until:
                break
            self._watch.true += left
            if self._clock.now() >= due:
                self._tell(self._judge.tick(self._clock.now()))
            else:
                self._watch.true += 1
        self._watch.true = max(self._watch.true, until)

    def _take(self, measured: list[Measured]) -> None:
        self._entries += 1
        self._last = max(self._last, self._clock.now())
        packets = [report(m.sensor, m.at, m.value) for m in measured]
        self._tell(self._judge.take(block(self._entries, self._last, packets)).transitions)

    def _step(self, step: Step) -> None:
        self._watch.off += step.by
        if step.restart:
            alive = max(self._last, self._judge.engine.now)
            self._clock = SystemClock(self._watch.wall, self._watch.monotonic)
            self._clock.catch_up(alive)

    def _tell(self, transitions: object) -> None:
        for t in transitions:  # type: ignore[attr-defined]
            pair = _name(t.before), f"{_name(t.after)} {t.disposition}"
            self.told.setdefault((t.rule, t.subject), []).append(pair)


def _name(grade: Grade | None) -> str:
    return "none" if grade is None else str(grade)


def _merged(measured: list[Measured], steps: list[Step]) -> Iterator[tuple[int, Step | list[Measured]]]:
    """Everything in order of true time; what is measured at one instant comes in one block."""
    blocks: dict[int, list[Measured]] = {}
    for each in measured:
        blocks.setdefault(each.at, []).append(each)
    things: list[tuple[int, int, Step | list[Measured]]] = [(at, 1, b) for at, b in blocks.items()]
    things += [(step.at, 0, step) for step in steps]
    for at, _, what in sorted(things, key=lambda thing: thing[:2]):
        yield at, what


def told(zone: str, start: int, measured: list[Measured], steps: list[Step], drift: float = 0.0) -> object:
    """What was raised, changed and cleared: rule and subject -> (from, to and disposition) in order."""
    lived = Lived(zone, start, drift)
    lived.live(measured, steps, start + LASTS)
    return lived.told
