"""Six German gauges, one report an hour, five years: no isolated storm may be lost."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.evidence.judging import Outcome, Progress, basis_of, judged, raised
from bench.evidence.page import Section, moment
from bench.evidence.recordings import recording
from bench.shipped import shipped_kinds, shipped_rules
from ingest.clock import HOUR
from rules.grade import Grade
from rules.transition import Transition
from simulators.readings_csv import Row

RULE = "rainstorm"
STORM = 50.0
# What the files have where nothing was measured; it is sent as it stands, as a device would send it.
MISSING = -999.0


@dataclass(frozen=True, slots=True, eq=False)
class Station:
    """`rain[k]` in mm, of the hour stamped `first + k` hours."""

    id: str
    lon: float
    lat: float
    first: int
    rain: npt.NDArray[np.float64]

    def totals(self) -> npt.NDArray[np.float64]:
        """The last three hours at each hour, mm; what is missing counts nothing."""
        sums = np.append(0, np.cumsum(np.maximum(self.rain, 0)))
        hours = np.arange(len(self.rain))
        found: npt.NDArray[np.float64] = np.round(sums[hours + 1] - sums[np.maximum(hours - 2, 0)], 2)
        return found

    def total_at(self, instant: int) -> float:
        hour = (instant - self.first) // HOUR
        return float(self.totals()[hour]) if 0 <= hour < len(self.rain) else float("nan")


@dataclass(frozen=True, slots=True)
class Storm:
    """From `begins` to `ends` (ms) the last three hours had 50 mm or more; `most` is the largest sum."""

    station: Station
    begins: int
    ends: int
    most: float


def read(data: Path) -> list[Station]:
    """The stations whose files lie below the directory of all data."""
    return [read_station(path) for path in sorted((data / "rain").glob("DE_*.txt"))]


def read_station(path: Path) -> Station:
    """A file of the Global Sub-Daily Rainfall dataset: `name: value` lines, `Other:`, one value a line."""
    header, _, values = path.read_text(encoding="utf-8").partition("Other:")
    fields = dict(line.split(": ", 1) for line in header.splitlines() if ": " in line)
    first = datetime.strptime(fields["Start datetime"], "%Y%m%d%H").replace(tzinfo=UTC)
    return Station(
        id=path.stem,
        lon=float(fields["Longitude"]),
        lat=float(fields["Latitude"]),
        first=round(first.timestamp() * 1000),
        rain=np.array(values.split(), np.float64),
    )


def rows(stations: list[Station]) -> Iterator[Row]:
    """The reports of all stations, hour by hour."""
    begins = min(station.first for station in stations)
    ends = max(station.first + len(station.rain) * HOUR for station in stations)
    for instant in range(begins, ends, HOUR):
        for station in stations:
            hour = (instant - station.first) // HOUR
            if 0 <= hour < len(station.rain):
                yield Row(instant, instant, station.id, "rain", repr(float(station.rain[hour])))


def storms(station: Station) -> Iterator[Storm]:
    """The storms of a station, apart by at least an hour below 50 mm."""
    totals = station.totals()
    edges = np.diff(np.concatenate([[False], totals >= STORM, [False]]).astype(np.int8))
    for first, last in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True):
        begins, ends = (station.first + int(hour) * HOUR for hour in (first, last))
        yield Storm(station, begins, ends, float(totals[first : last + 1].max()))


def germany(stations: list[Station], progress: Progress) -> Section:
    """Every storm against what was raised for it."""
    sensors = [recording(s.id, "rain", "1h", (s.lon, s.lat)) for s in stations]
    outcome = judged(basis_of(shipped_kinds(), sensors, shipped_rules(RULE)), rows(stations), progress)
    section = Section("Germany: six hourly gauges, 2006 to 2010")
    section.say(
        f"{outcome.readings:,} messages, rule {RULE}. The stamps are taken as the ends of the hours. "
        "A storm is every stretch of hours at which the last three had 50 mm or more; 'elsewhere' is the "
        "most that any other station had in the same three hours."
    )
    found = [(storm, _raised(storm, outcome)) for station in stations for storm in storms(station)]
    lost = [storm for storm, lines in found if not lines]
    section.claim(
        "every storm of 50 mm in 3 h is raised as orange or red, `auto` or `review`",
        f"{len(found) - len(lost)} of {len(found)}",
        bool(found) and not lost,
    )
    section.table(STORMS, (_row(storm, lines, stations) for storm, lines in found))
    section.say("By station, what became of the dirt:")
    section.table(STATIONS, (_station(station, outcome) for station in stations))
    refused = ", ".join(f"{reason} {count:,}" for reason, count in outcome.refused.items()) or "none"
    flags = ", ".join(f"{name} {count:,}" for name, count in outcome.flags.items()) or "none"
    section.say(f"Messages refused: {refused}; values marked as doubtful: {flags}.")
    return section


STORMS = ("station", "from, UTC", "mm", "elsewhere, mm", "raised at", "line", "as", "why not by itself")
STATIONS = ("station", "values", "-999", "largest, mm", "blue", "yellow", "orange", "red")


def _raised(storm: Storm, outcome: Outcome) -> list[Transition]:
    lines = raised(outcome.transitions, RULE, Grade.ORANGE)
    return [x for x in lines if x.subject == storm.station.id and storm.begins <= x.at <= storm.ends]


def _row(storm: Storm, lines: list[Transition], stations: list[Station]) -> tuple[object, ...]:
    others = [s.total_at(storm.begins) for s in stations if s is not storm.station]
    known = [total for total in others if not np.isnan(total)]
    first = lines[0] if lines else None
    return (
        storm.station.id,
        moment(storm.begins),
        f"{storm.most:.1f}",
        f"{max(known):.1f}" if known else "",
        moment(first.at) if first else "",
        f"{first.before or 'none'}>{first.after}" if first else "lost",
        first.disposition if first else "",
        first.evidence.get("confirm", "") if first else "",
    )


def _station(station: Station, outcome: Outcome) -> tuple[object, ...]:
    lines = [x for x in raised(outcome.transitions, RULE, Grade.BLUE) if x.subject == station.id]
    missing = int((station.rain == MISSING).sum())
    counts = (sum(x.after == grade for x in lines) for grade in sorted(Grade))
    return station.id, f"{len(station.rain):,}", missing, f"{station.rain.max():.1f}", *counts
