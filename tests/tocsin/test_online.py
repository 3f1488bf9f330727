"""How many sensors are there, by kind and zone."""

import numpy as np

from ingest.clock import MINUTE, SECOND
from ingest.screening import NEVER
from tests.tocsin.village import START, basis
from tocsin.online import Share, heard_in_time, shares, silent

REGISTRY = basis().registry
# Rivers report every 5 minutes, so does the rain.
LONGEST = 15 * MINUTE + SECOND


def heard(**last: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """By sensor, with _ for -; the others were never heard."""
    found = np.full(len(REGISTRY.sensors), NEVER, np.int64)
    for name, instant in last.items():
        found[REGISTRY.slots[name.replace("_", "-")]] = instant
    return found


def test_a_sensor_is_online_until_it_missed_three_reports() -> None:
    when = heard(river_1=START - LONGEST + 1, river_2=START - LONGEST)

    in_time = heard_in_time(REGISTRY, when, START)

    assert [REGISTRY.sensors[slot].id for slot in np.flatnonzero(in_time)] == ["river-1"]


def test_the_worst_kind_and_zone_comes_first() -> None:
    found = shares(REGISTRY, heard(river_1=START - 60 * MINUTE, river_2=START, rain_1=START), START)

    assert found == [Share("stage", "village", 3, 1, START), Share("rain", "village", 2, 1, START)]


def test_of_sensors_never_heard_there_is_no_time() -> None:
    found = shares(REGISTRY, heard(rain_2=START), START)

    assert found[0] == Share("stage", "village", 3, 0, None)


def test_the_silent_are_listed_and_those_never_heard_are_first() -> None:
    found = list(silent(REGISTRY, heard(river_1=START - 60 * MINUTE, river_2=START, rain_1=5), START))

    assert found == [
        ("rain-2", None), ("river-3", None), ("rain-1", 5), ("river-1", START - 60 * MINUTE),
    ]  # fmt: skip
