"""A pump's circuit, one sample a second (SKAB): real noise that must raise nothing."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.evidence.judging import Outcome, Progress, basis_of, judged, raised
from bench.evidence.page import Section
from bench.evidence.recordings import kinds_with, recording, with_site
from bench.shipped import shipped_rules, written_rules
from rules.grade import Grade
from simulators.readings_csv import Row

CIRCUIT = "pump"
METRICS = {"Current": "current", "Voltage": "voltage", "Thermocouple": "cable_temperature"}
SHIPPED = ("cable-temperature", "cable-temperature-rise", "voltage", "overload")
RULES = """
rules:
  - id: current-baseline
    title: {zh: 电流, en: Current}
    hazard: electrical
    for_each: electrical sensor
    grades:
      yellow: mean(current, 1min) - baseline(current, 2h, default=2.5 A) >= 1 A
      orange: mean(current, 1min) >= 5 A
    sustain: 60s
    release: {margin: 10 %, after: 10min}
    advice: {zh: 请检查线路。, en: Check the circuit.}
    source: {text: none, status: project}
  - id: current-rise
    title: {zh: 电流, en: Current}
    hazard: electrical
    for_each: electrical sensor
    grades: {yellow: "rise(current, 10min) >= 3 A"}
    release: {margin: 10 %, after: 10min}
    advice: {zh: 请检查线路。, en: Check the circuit.}
    source: {text: none, status: project}
  - id: temperature-rise
    title: {zh: 温度, en: Temperature}
    hazard: electrical
    for_each: electrical sensor
    grades: {yellow: "rise(cable_temperature, 10min) >= 2 K"}
    release: {margin: 0.5 K, after: 10min}
    advice: {zh: 请检查线路。, en: Check the circuit.}
    source: {text: none, status: project}
"""
OWN = {
    "current-baseline": "`mean(current, 1min) - baseline(current, 2h, default=2.5 A) >= 1 A`, for 60 s; "
    "orange `mean(current, 1min) >= 5 A`",
    "current-rise": "`rise(current, 10min) >= 3 A`",
    "temperature-rise": "`rise(cable_temperature, 10min) >= 2 K`",
}
FILES = {"anomaly-free": "skab_anomaly_free.csv", "anomalies": "skab_valve1_0.csv"}


def read(data: Path) -> dict[str, list[Row]]:
    """Both files below the directory of all data."""
    return {name: read_samples(data / "electrical" / file) for name, file in FILES.items()}


def read_samples(path: Path) -> list[Row]:
    """A file of the benchmark, `;` between its columns, `datetime` first; times are taken as UTC."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(instant, instant, CIRCUIT, metric, line[column])
            for line in csv.DictReader(file, delimiter=";")
            for instant in [_instant(line["datetime"])]
            for column, metric in METRICS.items()
        ]


def circuit(files: dict[str, list[Row]], progress: Progress) -> Section:
    """Warnings in the file without anomalies, and in the one with, by rule."""
    sensor = with_site(recording(CIRCUIT, "electrical", "1s"), rated_current=("16", "A"))
    kinds = kinds_with("electrical", "1s")
    own = written_rules(RULES, kinds)
    on = basis_of(kinds, [sensor], own + shipped_rules(*SHIPPED))
    outcomes = {name: judged(on, rows, progress) for name, rows in files.items()}
    section = Section("A pump's circuit: the noise of one sample a second (SKAB)")
    section.say(
        "Current, voltage and the motor's thermocouple as cable temperature: "
        + ", ".join(f"{outcomes[name].readings:,} samples ({name})" for name in files)
        + ". The rules are shipped ones with a rated current of 16 A, and three tighter ones of this page."
    )
    quiet = len(outcomes["anomaly-free"].transitions)
    section.claim("no warning in the file without anomalies", f"{quiet}", quiet == 0)
    section.table(("rule", "condition", *outcomes), _counts(outcomes))
    return section


def _counts(outcomes: dict[str, Outcome]) -> Iterable[tuple[object, ...]]:
    for rule in (*OWN, *SHIPPED):
        counts = (len(list(raised(o.transitions, rule, Grade.BLUE))) for o in outcomes.values())
        yield rule, OWN.get(rule, "as shipped"), *counts


def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
