"""Amsterdam: cheap private gauges, full of gaps and nonsense, in four months without a real red."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.evidence.gauges import STEP, Gauges, read_gauges
from bench.evidence.judging import Outcome, Progress, basis_of, judged, judged_plainly, raised
from bench.evidence.page import Section, moment
from bench.evidence.recordings import recording
from bench.shipped import shipped_kinds, shipped_rules
from ingest.clock import DAY
from ingest.registry import Sensor
from ingest.registry.neighbours import nearest
from rules.grade import Grade
from rules.transition import Disposition, Transition
from tocsin.judge import Basis

RULES = ("rainstorm", "torrent")
YEAR = 365.25 * DAY
MOST_REVIEWS = 0.3
REVIEW = Disposition.REVIEW
RADIUS = 10_000.0


def read(data: Path) -> Gauges:
    """The record below the directory of all data."""
    rain = data / "rain"
    return read_gauges(rain / "amsterdam_2016-05_2016-08_5min.csv.gz", rain / "amsterdam_stations.csv")


def sensors_of(gauges: Gauges) -> list[Sensor]:
    """The gauges as they would be registered."""
    return [
        recording(identity, "rain", "5min", (float(lon), float(lat)))
        for identity, (lon, lat) in zip(gauges.ids, gauges.places, strict=True)
    ]


def basis(gauges: Gauges) -> Basis:
    return basis_of(shipped_kinds(), sensors_of(gauges), shipped_rules(*RULES))


def amsterdam(gauges: Gauges, progress: Progress) -> Section:
    """What goes out, what waits for a person, and what a plain ladder would have done."""
    on = basis(gauges)
    outcome = judged(on, gauges.rows(), progress)
    plain = judged_plainly(on, gauges.rows(), progress)
    section = Section("Amsterdam: 134 private gauges, May to August 2016")
    heard = int(np.count_nonzero(~np.isnan(gauges.rain).all(axis=0)))
    section.say(_what(gauges, heard, outcome))
    _judge(section, gauges, heard, outcome)
    section.say("Lines that raise or let go out, with quality control and neighbours, and without both:")
    section.table(("rule", "grade", "auto", "review", "plain ladder"), _counts(outcome, plain))
    section.say("Values marked as doubtful, by reason: " + _listed(outcome.flags) + ".")
    section.say("Messages refused: " + _listed(outcome.refused) + ".")
    section.say(
        "A review is a warning that raises to orange or red and waits for a person; it may have several such "
        "lines. Every line, and what the gauges around had in the same three hours:"
    )
    section.table(TABLE, _reviews(gauges, outcome.transitions))
    return section


def _what(gauges: Gauges, heard: int, outcome: Outcome) -> str:
    missing = float(np.isnan(gauges.rain).mean())
    return (
        f"{gauges.reports:,} reports of {heard} gauges ({len(gauges.ids)} are registered, {missing:.0%} "
        f"of all reports are missing), {outcome.readings:,} of them accepted; rules {' and '.join(RULES)}."
    )


def _judge(section: Section, gauges: Gauges, heard: int, outcome: Outcome) -> None:
    for rule in RULES:
        reds = list(raised(outcome.transitions, rule, Grade.RED, Disposition.AUTO))
        section.claim(f"{rule}: no red goes out by itself", f"{len(reds)}", not reds)
    for rule in RULES:
        _reviewed(section, gauges, heard, list(raised(outcome.transitions, rule, Grade.ORANGE, REVIEW)), rule)


def _reviewed(section: Section, gauges: Gauges, heard: int, lines: list[Transition], rule: str) -> None:
    """By the gauges that reported at all; those that never did make it look better.

    A warning that rises from orange to red while it waits is one task of one person.
    """
    span = (int(gauges.instants[-1] - gauges.instants[0]) + STEP) / YEAR
    warnings = len({line.warning for line in lines})
    rate = warnings / (heard * span)
    section.claim(
        f"{rule}: at most {MOST_REVIEWS} orange or red reviews a gauge and year",
        f"{rate:.2f}: {warnings} warnings ({len(lines)} lines) in {heard * span:.1f} gauge-years",
        rate <= MOST_REVIEWS,
    )


def _counts(outcome: Outcome, plain: list[Transition]) -> Iterator[tuple[object, ...]]:
    for rule in RULES:
        for grade in sorted(Grade, reverse=True):
            yield (
                rule,
                grade,
                *(
                    len([line for line in raised(lines, rule, grade, kind) if line.after == grade])
                    for lines, kind in (
                        (outcome.transitions, Disposition.AUTO),
                        (outcome.transitions, Disposition.REVIEW),
                        (plain, None),
                    )
                ),
            )


TABLE = ("rule", "gauge", "UTC", "line", "3 h, mm", "neighbours", "median", "highest", "doubts")


def _reviews(gauges: Gauges, transitions: list[Transition]) -> Iterator[tuple[object, ...]]:
    around, totals = nearest(sensors_of(gauges), RADIUS), gauges.totals(36)
    # The sensors are those of the gauges in their order, so `around` goes by gauge.
    for rule in RULES:
        for line in raised(transitions, rule, Grade.ORANGE, REVIEW):
            gauge = gauges.ids.index(line.subject)
            at = int(np.searchsorted(gauges.instants, line.at))
            reporting = [
                k for k in around[gauge].tolist() if not np.isnan(gauges.rain[at - 5 : at + 1, k]).all()
            ]
            sums = totals[at, reporting]
            yield (
                rule,
                line.subject,
                moment(line.at),
                f"{line.before or 'none'}>{line.after}",
                f"{totals[at, gauge]:.1f}",
                len(sums),
                f"{np.median(sums):.1f}" if len(sums) else "",
                f"{sums.max():.1f}" if len(sums) else "",
                doubts(line),
            )


def doubts(line: Transition) -> str:
    """What is held against the evidence of a line, and what its neighbours did not confirm."""
    return "; ".join([*line.evidence["quality"], *filter(None, [line.evidence.get("confirm")])])


def _listed(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
