"""The design storm: what it brings to whom, and that it goes out by itself."""

from dataclasses import replace

import numpy as np
import pytest

from bench.evidence.amsterdam import basis
from bench.evidence.gauges import STEP, Gauges
from bench.evidence.injected import met
from bench.evidence.judging import judged
from bench.evidence.storm import DEGREE, Storm
from ingest.clock import DAY, HOUR, MINUTE

CENTRE = (4.9, 52.4)
ONSET = 20_000 * DAY
STORM = Storm(ONSET, CENTRE)
INSTANTS = np.arange(ONSET - HOUR, ONSET + 4 * HOUR, STEP)


def network(*kilometres_north: float) -> Gauges:
    """Dry gauges in a row, so many km north of the centre."""
    places = [(CENTRE[0], CENTRE[1] + km * 1000 / DEGREE) for km in kilometres_north]
    ids = [f"g{number}" for number in range(len(places))]
    return Gauges(ids, np.array(places), INSTANTS, np.zeros((len(INSTANTS), len(places))))


def nothing(_: int) -> None: ...


@pytest.mark.parametrize(("km", "mm"), [(0, 110.0), (4.99, 110.0), (7.5, 55.0), (10.01, 0.0)])
def test_the_whole_depth_falls_within_the_radius_and_nothing_at_twice_it(km: float, mm: float) -> None:
    assert STORM.onto(network(km)).rain.sum() == pytest.approx(mm, abs=0.05)


def test_it_lasts_ninety_minutes_and_is_heaviest_right_after_thirty() -> None:
    rain = Storm(ONSET, CENTRE, speed=1e9).amounts(network(0))[:, 0]

    assert INSTANTS[np.flatnonzero(rain)].tolist() == [ONSET + k * 5 * MINUTE for k in range(1, 19)]
    assert INSTANTS[rain.argmax()] - ONSET == 35 * MINUTE


@pytest.mark.parametrize(("km_east", "minutes"), [(-5, 0), (0, 10), (4.9, 19.8)])
def test_it_crosses_from_the_west_at_30_km_an_hour(km_east: float, minutes: float) -> None:
    """The first report with rain is that of the 5 min in which it begins."""
    east = km_east * 1000 / DEGREE / np.cos(np.radians(CENTRE[1]))
    rain = STORM.amounts(replace(network(0), places=np.array([(CENTRE[0] + east, CENTRE[1])])))[:, 0]

    begins = (INSTANTS[np.flatnonzero(rain > 1e-6)[0]] - ONSET) / MINUTE - 5
    assert begins <= minutes < begins + 5


def test_what_is_missing_stays_missing() -> None:
    gauges = network(0)
    gauges.rain[30] = np.nan

    assert np.flatnonzero(np.isnan(STORM.onto(gauges).rain)).tolist() == [30]


def test_every_gauge_that_it_covers_goes_out_by_itself_at_once() -> None:
    real = network(0, 1, 2, 3, 7.5)
    outcome = judged(basis(real), STORM.onto(real).rows(), nothing)

    found = list(met(real, STORM, outcome.transitions))

    assert [(gauge.id, gauge.carried, gauge.soon) for gauge in found] == [
        (f"g{number}", 110.0, True) for number in range(4)
    ]


def test_a_gauge_that_is_alone_in_it_waits_for_a_person() -> None:
    real = network(0)
    outcome = judged(basis(real), STORM.onto(real).rows(), nothing)

    (alone,) = met(real, STORM, outcome.transitions)

    assert alone.red is not None
    assert (alone.auto, alone.soon) == (None, False)


def test_a_gauge_that_missed_most_of_it_carries_less() -> None:
    real = network(0, 1)
    gaps = real.rain.copy()
    gaps[20:30, 0] = np.nan
    gaps[:, 1] = np.nan

    (heard,) = met(replace(real, rain=gaps), STORM, [])

    assert heard.carried < 100
    assert heard.missing == 10
