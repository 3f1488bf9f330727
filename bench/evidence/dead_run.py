"""Dead Run at Franklintown: a flash-flood stream of Baltimore, June 2018 (USGS 01589330, public domain)."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from bench.evidence.judging import Progress, basis_of, judged, raised
from bench.evidence.page import Section, moment
from bench.evidence.recordings import recording, with_site
from bench.shipped import shipped_kinds, shipped_rules, written_rules
from ingest.clock import HOUR, MINUTE
from rules.grade import Grade
from rules.transition import Transition
from simulators.readings_csv import Row

GAUGE = "USGS-01589330"
# 3 ft.
LEVEL = Decimal("0.9144")
RULES = """
rules:
  - id: crossing
    title: {zh: 水位, en: Stage}
    hazard: flood
    for_each: stage sensor
    grades: {orange: stage >= 3 ft}
    release: {margin: 0.1 m, after: 30min}
    advice: {zh: 远离河道。, en: Keep away.}
    source: {text: none, status: project}
  - id: eta-1h
    title: {zh: 预计到达, en: Foreseen}
    hazard: flood
    for_each: stage sensor
    grades: {blue: "eta(stage, 3 ft) <= 1h"}
    release: {after: 30min}
    advice: {zh: 远离河道。, en: Keep away.}
    source: {text: none, status: project}
  - id: eta-30min
    title: {zh: 预计到达, en: Foreseen}
    hazard: flood
    for_each: stage sensor
    grades: {blue: "eta(stage, 3 ft) <= 30min"}
    release: {after: 30min}
    advice: {zh: 远离河道。, en: Keep away.}
    source: {text: none, status: project}
  - id: rate-1m
    title: {zh: 涨率, en: Rate of rise}
    hazard: flood
    for_each: stage sensor
    grades: {blue: "rate(stage, 15min) >= 1 m/h"}
    release: {after: 30min}
    advice: {zh: 远离河道。, en: Keep away.}
    source: {text: none, status: project}
"""
FORESEEING = {"eta-1h": HOUR, "eta-30min": 30 * MINUTE, "rate-1m": HOUR}
SHIPPED = ("river-stage", "river-rise", "river-eta")
# For the shipped rules: 3 ft as the warning stage, 4.5 ft as the guarantee stage, 7 ft as the record.
SITE = {
    "warning_stage": ("0.914", "m"),
    "guarantee_stage": ("1.372", "m"),
    "record_stage": ("2.134", "m"),
    "evacuation": ("30", "min"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """`metres` above the gauge's datum at `instant` (ms)."""

    instant: int
    metres: str

    @property
    def stage(self) -> Decimal:
        return Decimal(self.metres)


def read(data: Path) -> list[Sample]:
    """The month below the directory of all data."""
    return read_samples(data / "stage" / "USGS_01589330_2018-06_5min.csv")


def read_samples(path: Path) -> list[Sample]:
    """A file with the columns `time_utc` and `stage_m`."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = [(line["time_utc"], line["stage_m"]) for line in csv.DictReader(file)]
    return [Sample(round(datetime.fromisoformat(time).timestamp() * 1000), stage) for time, stage in lines]


def crossings(samples: list[Sample]) -> list[int]:
    """When the stage came to 3 ft from below."""
    pairs = pairwise(samples)
    return [after.instant for before, after in pairs if before.stage < LEVEL <= after.stage]


def dead_run(samples: list[Sample], progress: Progress) -> Section:
    """Crossings of 3 ft, and how long before them the stream told of them."""
    sensor = with_site(recording(GAUGE, "stage", "5min"), **SITE)
    rules = written_rules(RULES, shipped_kinds()) + shipped_rules(*SHIPPED)
    rows = (Row(s.instant, s.instant, GAUGE, "stage", s.metres) for s in samples)
    outcome = judged(basis_of(shipped_kinds(), [sensor], rules), rows, progress)
    section = Section("Dead Run, Baltimore: a flash-flood stream, June 2018")
    section.say(
        f"{len(samples):,} samples, one each 5 min, highest {max(s.stage for s in samples):.2f} m. The "
        "rules of this table are `stage >= 3 ft` (margin 0.1 m, release 30 min), `eta(stage, 3 ft) <= 1h`, "
        "the same `<= 30min`, and `rate(stage, 15min) >= 1 m/h`. A raise is false when the stage does not "
        "come to 3 ft within its time (1 h, 30 min, 1 h). Lead is the time from the raise to the crossing, "
        "0 if both came with the same sample."
    )
    reached = crossings(samples)
    at_once = [
        t for t in reached if any(x.at == t for x in raised(outcome.transitions, "crossing", Grade.ORANGE))
    ]
    section.claim(
        "every upward crossing of 3 ft raises at its sample",
        f"{len(at_once)} of {len(reached)}",
        bool(reached) and at_once == reached,
    )
    section.table(("crossing, UTC", *FORESEEING), _leads(reached, outcome.transitions))
    section.table(("rule", "raised", "false"), _false(samples, outcome.transitions))
    section.say(
        "The shipped river rules with 3 ft as warning, 4.5 ft as guarantee and 7 ft as record stage, "
        "and 30 min to evacuate:"
    )
    section.table(("rule", "UTC", "line", "as"), _lines(outcome.transitions))
    return section


def _leads(reached: list[int], transitions: list[Transition]) -> Iterator[tuple[str, ...]]:
    for crossing in reached:
        leads = (_lead(rule, crossing, transitions) for rule in FORESEEING)
        yield moment(crossing), *("none" if lead is None else f"{lead // MINUTE} min" for lead in leads)


def _lead(rule: str, crossing: int, transitions: list[Transition]) -> int | None:
    """Ms from the raise of the warning that is open at the crossing; None if none was before it."""
    lines = [x for x in transitions if x.rule == rule and x.at <= crossing]
    if not lines or lines[-1].after is None:
        return None
    return crossing - lines[-1].at


def _false(samples: list[Sample], transitions: list[Transition]) -> Iterator[tuple[object, ...]]:
    for rule, within in FORESEEING.items():
        raises = [x.at for x in raised(transitions, rule, Grade.BLUE)]
        yield rule, len(raises), sum(not comes(samples, at, within) for at in raises)


def comes(samples: list[Sample], at: int, within: int) -> bool:
    """Whether the stage is at 3 ft at some time from `at` until `within` ms later."""
    return any(s.stage >= LEVEL for s in samples if at <= s.instant <= at + within)


def _lines(transitions: list[Transition]) -> Iterator[tuple[object, ...]]:
    for line in transitions:
        if line.rule in SHIPPED:
            yield (
                line.rule,
                moment(line.at),
                f"{line.before or 'none'}>{line.after or 'none'}",
                line.disposition,
            )
