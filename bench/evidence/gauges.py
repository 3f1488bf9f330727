"""A record of many rain gauges that report at the same instants."""

import csv
import gzip
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.clock import MINUTE
from simulators.readings_csv import Row

Rain = npt.NDArray[np.float64]

STEP = 5 * MINUTE


@dataclass(frozen=True, slots=True, eq=False)
class Gauges:
    """`rain[k, g]` is what gauge g reported for the 5 min that end at `instants[k]` (ms): mm, NaN nothing.

    `places` holds (longitude, latitude) by gauge.
    """

    ids: Sequence[str]
    places: npt.NDArray[np.float64]
    instants: npt.NDArray[np.int64]
    rain: Rain

    @property
    def reports(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.rain)))

    def rows(self) -> Iterator[Row]:
        """Every report at the instant that it is stamped with."""
        for instant, rain in zip(self.instants.tolist(), self.rain, strict=True):
            for gauge in np.flatnonzero(~np.isnan(rain)).tolist():
                yield Row(instant, instant, self.ids[gauge], "rain", repr(float(rain[gauge])))

    def between(self, first: int, last: int) -> "Gauges":
        """The reports stamped from `first` to `last` (ms)."""
        chosen = (self.instants >= first) & (self.instants <= last)
        return replace(self, instants=self.instants[chosen], rain=self.rain[chosen])

    def totals(self, reports: int) -> Rain:
        """The sum of the last `reports` at each instant, what is missing left out; mm."""
        sums = np.vstack([np.zeros(len(self.ids)), np.cumsum(np.nan_to_num(self.rain), axis=0)])
        first = np.maximum(np.arange(len(self.instants)) + 1 - reports, 0)
        found: Rain = sums[1:] - sums[first]
        return found


def read_gauges(values: Path, stations: Path, most: int | None = None) -> Gauges:
    """Gauges from `time,<gauge>...` in UTC with NA, and `ID,lon,lat`; the first `most` instants only."""
    with gzip.open(values, "rt", encoding="ascii", newline="") as file:
        reader = csv.reader(file)
        ids = next(reader)[1:]
        lines = list(islice(reader, most))
    instants = [_instant(line[0]) for line in lines]
    rain = np.array([[math.nan if text == "NA" else float(text) for text in line[1:]] for line in lines])
    return Gauges(ids, _places(stations, ids), np.array(instants, np.int64), rain)


def _instant(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _places(stations: Path, ids: Sequence[str]) -> npt.NDArray[np.float64]:
    with stations.open(encoding="ascii", newline="") as file:
        known = {line["ID"]: (float(line["lon"]), float(line["lat"])) for line in csv.DictReader(file)}
    return np.array([known[identity] for identity in ids])
