"""A design storm over Amsterdam: corroborated reds must go out by themselves, and soon."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bench.evidence.amsterdam import basis, doubts
from bench.evidence.gauges import Gauges
from bench.evidence.judging import Progress, judged, raised
from bench.evidence.page import Section, moment
from bench.evidence.storm import Storm
from ingest.clock import DAY, HOUR, MINUTE
from rules.grade import Grade
from rules.transition import Disposition, Transition

RULE = "rainstorm"
RED = 100.0
# Two reporting periods.
LONGEST = 10 * MINUTE
CENTRE = (4.893, 52.373)
DAYS = {"a dry day": "2016-08-26", "a wet day": "2016-06-23"}
TABLE = ("gauge", "km", "storm, mm", "missing", "red at", "as", "auto at", "min", "why not at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What a gauge made of the storm: m from the centre, mm that its reports carry, reports that never came,
    its first line that raises to red and its first one that lets red go out.
    """

    id: str
    distance: float
    carried: float
    missing: int
    red: Transition | None
    auto: Transition | None

    @property
    def soon(self) -> bool:
        """Whether red went out within two reporting periods of its first raise."""
        return self.red is not None and self.auto is not None and self.auto.at - self.red.at <= LONGEST


def injected(gauges: Gauges, progress: Progress) -> Section:
    """The storm on a dry and on a wet day of the real record."""
    section = Section("A design storm over Amsterdam")
    section.say(
        "110 mm in 90 min within 5 km of the Dam square, falling to nothing at 10 km; the peak of 147 mm/h "
        "comes after half an hour, and the storm crosses the city from the west at 30 km/h. It is added to "
        "every report that really came; what is missing stays missing. Covered is a gauge within 5 km of the "
        "centre whose reports carry 100 mm of the storm; one that missed more of it is listed, too."
    )
    for name, day in DAYS.items():
        _on_day(section, gauges, f"{name}, {day}", _onset(day), progress)
    return section


def _onset(day: str) -> int:
    return round(datetime.fromisoformat(f"{day}T14:00").replace(tzinfo=UTC).timestamp() * 1000)


def _on_day(section: Section, gauges: Gauges, name: str, onset: int, progress: Progress) -> None:
    storm = Storm(onset, CENTRE)
    real = gauges.between(onset - DAY, onset + 6 * HOUR)
    outcome = judged(basis(gauges), storm.onto(real).rows(), progress)
    found = list(met(real, storm, outcome.transitions))
    covered = [gauge for gauge in found if gauge.carried >= RED]
    late = [gauge.id for gauge in covered if not gauge.soon]
    section.claim(
        f"{name}: every covered gauge's red is `auto` within 10 min",
        f"{len(covered) - len(late)} of {len(covered)}" + (f", not {', '.join(late)}" if late else ""),
        bool(covered) and not late,
    )
    flags = ", ".join(f"{name} {count}" for name, count in outcome.flags.items()) or "none"
    section.say(f"On {name}; values marked as doubtful: {flags}.")
    section.table(TABLE, map(_row, found))


def met(real: Gauges, storm: Storm, transitions: Sequence[Transition]) -> Iterator[Met]:
    """The gauges within the storm's radius that were heard during the storm, nearest to its centre first."""
    during = (real.instants > storm.onset) & (real.instants <= storm.onset + 2 * HOUR)
    heard = ~np.isnan(real.rain[during])
    carried = np.where(heard, storm.amounts(real)[during], 0).sum(axis=0)
    distances = storm.distances(real)
    reds = list(raised(transitions, RULE, Grade.RED))
    for gauge in np.argsort(distances, kind="stable").tolist():
        if distances[gauge] > storm.radius or not heard[:, gauge].any():
            continue
        own = [line for line in reds if line.subject == real.ids[gauge]]
        yield Met(
            id=real.ids[gauge],
            distance=float(distances[gauge]),
            carried=round(float(carried[gauge]), 1),
            missing=int((~heard[:, gauge]).sum()),
            red=own[0] if own else None,
            auto=next((line for line in own if line.disposition == Disposition.AUTO), None),
        )


def _row(gauge: Met) -> tuple[object, ...]:
    red, auto = gauge.red, gauge.auto
    return (
        gauge.id,
        f"{gauge.distance / 1000:.1f}",
        f"{gauge.carried:.1f}",
        gauge.missing,
        moment(red.at)[11:] if red else "",
        red.disposition if red else "",
        moment(auto.at)[11:] if auto else "",
        (auto.at - red.at) // MINUTE if red and auto else "",
        doubts(red) if red and red.disposition == Disposition.REVIEW else "",
    )
