"""Many gauges in one file, and what Tocsin makes of one that lies."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from bench.evidence.amsterdam import amsterdam
from bench.evidence.gauges import STEP, Gauges, read_gauges
from bench.evidence.storm import DEGREE

VALUES = """time,b,a
2016-05-01 00:05:00,0.0,NA
2016-05-01 00:10:00,0.101,2.5
2016-05-01 00:15:00,NA,0.2
"""


@pytest.fixture
def gauges(tmp_path: Path) -> Gauges:
    values, stations = tmp_path / "values.csv.gz", tmp_path / "stations.csv"
    values.write_bytes(gzip.compress(VALUES.encode()))
    stations.write_text("ID,lon,lat\na,4.67,52.30\nb,4.68,52.31\n")
    return read_gauges(values, stations)


def nothing(_: int) -> None: ...


def test_every_report_is_one_row_at_its_stamp_in_the_record_s_own_decimals(gauges: Gauges) -> None:
    rows = [(row.received - row.observed, row.sensor, row.metric, row.value) for row in gauges.rows()]

    assert rows == [
        (0, "b", "rain", "0.0"),
        (0, "b", "rain", "0.101"),
        (0, "a", "rain", "2.5"),
        (0, "a", "rain", "0.2"),
    ]
    assert gauges.reports == 4


def test_times_are_utc_and_places_go_by_id(gauges: Gauges) -> None:
    assert gauges.instants.tolist() == [1_462_061_100_000 + k * STEP for k in range(3)]
    assert gauges.places.tolist() == [[4.68, 52.31], [4.67, 52.30]]


def test_totals_leave_out_what_is_missing(gauges: Gauges) -> None:
    assert np.round(gauges.totals(1), 3).tolist() == [[0, 0], [0.101, 2.5], [0, 0.2]]
    assert np.round(gauges.totals(2), 3).tolist() == [[0, 0], [0.101, 2.5], [0.101, 2.7]]


def test_a_stretch_has_both_its_ends(gauges: Gauges) -> None:
    first, last = gauges.instants[1:].tolist()

    assert gauges.between(first, last).instants.tolist() == [first, last]


def record(*columns: float) -> Gauges:
    """Gauges 1 km apart for six hours; each says one number all the time."""
    instants = 20_000 * 86_400_000 + np.arange(72) * STEP
    places = np.array([(4.9, 52.4 + k * 1000 / DEGREE) for k in range(len(columns))])
    rain = np.tile(np.array(columns, np.float64), (72, 1))
    return Gauges([f"g{k}" for k in range(len(columns))], places, instants, rain)


def test_a_gauge_that_lies_alone_never_goes_out_by_itself() -> None:
    """More than 0.3 reviews a gauge and year in six hours, though."""
    section = amsterdam(record(9.0, 0.0, 0.0, 0.0), nothing)

    assert [claim.holds for claim in section.claims] == [True, True, False, False]
    reviews = [line for line in section.parts[-1].splitlines() if "| rainstorm" in line]
    assert [line.split("|")[4].strip() for line in reviews] == ["none>orange", "orange>red"]
    assert all("no agreeing neighbour" in line for line in reviews)


def test_gauges_that_agree_go_out() -> None:
    assert [claim.holds for claim in amsterdam(record(9.0, 9.0, 9.0), nothing).claims[:2]] == [False, False]


def test_silence_and_drizzle_hold_every_claim() -> None:
    assert all(claim.holds for claim in amsterdam(record(0.1, 0.0, np.nan), nothing).claims)
