"""Hourly gauges: which storms there were, and that none is lost."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.evidence.germany import Station, germany, read_station, rows, storms
from ingest.clock import HOUR

FILE = """Station ID: XX_1
Latitude: 51.25
Longitude: 8.15
Start datetime: 2006010100
No data value: -999
Other:
0.0
1.2
-999
"""
FIRST = round(datetime(2006, 9, 1, tzinfo=UTC).timestamp() * 1000)


def station(name: str, lon: float, *rain: float) -> Station:
    return Station(name, lon, 51.25, FIRST, np.array(rain))


def nothing(_: int) -> None: ...


def test_a_file_is_read_with_its_place_and_its_first_hour(tmp_path: Path) -> None:
    path = tmp_path / "DE_1.txt"
    path.write_text(FILE)

    read = read_station(path)

    assert (read.id, read.lon, read.lat, read.first) == ("DE_1", 8.15, 51.25, 1_136_073_600_000)
    assert read.rain.tolist() == [0.0, 1.2, -999.0]


def test_hours_of_all_stations_are_received_together() -> None:
    early, late = station("a", 8.0, 1, 2), station("b", 9.0, 3)
    found = [(row.received - FIRST, row.sensor, row.value) for row in rows([early, late])]

    assert found == [(0, "a", "1.0"), (0, "b", "3.0"), (HOUR, "a", "2.0")]


def test_storms_are_the_stretches_with_50_mm_in_three_hours() -> None:
    found = list(storms(station("a", 8.0, 20, 20, 10, 5, -999, 0, 0, 49.9, -999, 0.1, 0, 0)))

    assert [((s.begins - FIRST) // HOUR, (s.ends - FIRST) // HOUR, s.most) for s in found] == [
        (2, 2, 50.0),
        (9, 9, 50.0),
    ]


def test_an_isolated_storm_is_raised_for_a_person() -> None:
    lone = station("a", 8.0, 0, 0, 18.7, 15.3, 20.2, 0)
    section = germany([lone, station("b", 9.0, *[0.0] * 6)], nothing)

    assert [(claim.found, claim.holds) for claim in section.claims] == [("1 of 1", True)]
    assert "review" in section.parts[1]
    assert "no neighbour within 10 km, 2 demanded" in section.parts[1]


def test_what_the_files_have_for_nothing_is_refused_as_impossible() -> None:
    section = germany([station("a", 8.0, 30, 30, -999, 0, -999)], nothing)

    assert "impossible 2" in section.parts[-1]


def test_a_storm_that_nothing_was_raised_for_is_lost() -> None:
    """More than can fall in an hour is refused."""
    section = germany([station("a", 8.0, 0, 450, 0, 0)], nothing)

    assert [(claim.found, claim.holds) for claim in section.claims] == [("0 of 1", False)]
    assert "| lost |" in section.parts[1]


def test_a_claim_over_no_storm_does_not_hold() -> None:
    assert not germany([station("a", 8.0, 0, 0, 0)], nothing).claims[0].holds
