from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decode.rows import UNNUMBERED
from ingest.kinds import Reporting, ReportingMode
from ingest.reading import Decoded, Readings
from ingest.registry import Registry, Sensor
from ingest.screening import FINGERPRINTS, LEAST, MOST, Screen

MESSAGE = tuple[tuple[int, int, int, int], ...]


class Counts(NamedTuple):
    accepted: int
    duplicates: int
    quarantined: int


def registry(*names: str) -> Registry:
    reporting = Reporting(ReportingMode.EVENT)
    sensors = [
        Sensor(
            id=name,
            kind="smoke",
            zone="z",
            gateway="",
            lon=None,
            lat=None,
            heartbeat=1,
            reporting=reporting,
            site={},
        )
        for name in names
    ]
    return Registry.of(sensors, {})


PAIR = registry("a", "b")


def block(messages: Sequence[MESSAGE], received: int = 10**12) -> Decoded:
    """A block; a message is its rows (slot, column, value, stamp) by `stamp`, none if it is refused."""
    rows = [(index, *row) for index, message in enumerate(messages) for row in message]
    index, slot, column, value, observed = np.array(rows, np.int64).reshape(-1, 5).T
    readings = Readings(
        sequence=1,
        received=received,
        message=index.astype(np.int32),
        slot=slot.astype(np.int32),
        column=column.astype(np.int16),
        value=value,
        stamp=observed,
        observed=np.minimum(observed, received),
        period=np.zeros(len(rows), np.int64),
        quality=np.zeros(len(rows), np.uint8),
    )
    return Decoded(readings, [], len(messages), UNNUMBERED)


def one(slot: int, value: int, observed: int) -> MESSAGE:
    return ((slot, 0, value, observed),)


def rows_of(readings: Readings) -> list[tuple[int, int, int, int]]:
    columns = (readings.slot, readings.column, readings.value, readings.observed)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def accepted(screen: Screen, *messages: MESSAGE) -> list[tuple[int, int, int, int]]:
    """The rows that are left of one block."""
    return rows_of(screen.screen(block(messages)).readings)


def counts(screen: Screen) -> Counts:
    return Counts(screen.accepted, screen.duplicates, screen.quarantined)


def test_a_reading_that_comes_again_is_dropped_and_counted() -> None:
    screen = Screen(PAIR)
    screened = [screen.screen(block([one(0, 20, 100)])) for _ in range(3)]
    assert [len(s.readings) for s in screened] == [1, 0, 0]
    assert [(s.accepted, s.duplicates, s.quarantined) for s in screened] == [(1, 0, 0), (0, 1, 0), (0, 1, 0)]
    assert counts(screen) == Counts(1, 2, 0)


def test_of_two_copies_in_one_block_the_first_stays() -> None:
    screened = Screen(PAIR).screen(block([one(0, 20, 100), one(1, 20, 100), one(0, 20, 100)]))
    assert screened.readings.message.tolist() == [0, 1]


@pytest.mark.parametrize("other", [one(1, 20, 100), one(0, 21, 100), one(0, 20, 101), ((0, 1, 20, 100),)])
def test_another_sensor_value_stamp_or_metric_is_no_duplicate(other: MESSAGE) -> None:
    assert accepted(Screen(PAIR), one(0, 20, 100), other) == [one(0, 20, 100)[0], other[0]]


def test_values_that_change_places_make_another_reading() -> None:
    swapped: MESSAGE = ((0, 0, 2, 100), (0, 1, 1, 100))
    assert len(accepted(Screen(PAIR), ((0, 0, 1, 100), (0, 1, 2, 100)), swapped)) == 4


def test_the_order_of_values_within_a_reading_does_not_matter() -> None:
    first: MESSAGE = ((0, 0, 1, 100), (0, 1, 2, 100))
    assert len(accepted(Screen(PAIR), first, (first[1], first[0]))) == 2


def test_a_battery_swap_that_starts_counting_again_loses_nothing() -> None:
    """Only stamps and values count: the 0.22 comes with a sequence number that was used before."""
    screen = Screen(PAIR)
    told = [one(0, 20, 100), one(0, 200, 100), one(0, 220, 3_700), one(0, 220, 3_700)]
    assert accepted(screen, *told) == [message[0] for message in told[:3]]
    assert counts(screen) == Counts(3, 1, 0)


def test_a_late_reading_is_accepted_once() -> None:
    screen = Screen(PAIR)
    assert (
        len(accepted(screen, one(0, 1, 100), one(0, 2, 50), one(0, 1, 100), one(0, 2, 50), one(0, 2, 40)))
        == 3
    )


def test_a_message_with_one_new_reading_is_accepted_without_its_old_ones() -> None:
    screen = Screen(PAIR)
    accepted(screen, one(0, 1, 100))
    assert accepted(screen, ((0, 0, 1, 100), (1, 0, 1, 100))) == [(1, 0, 1, 100)]
    assert counts(screen) == Counts(2, 0, 0)


def test_messages_without_readings_are_quarantined() -> None:
    screen = Screen(PAIR)
    screen.screen(block([(), one(0, 1, 100), (), one(0, 1, 100)]))
    screen.screen(block([]))
    assert counts(screen) == Counts(1, 1, 2)


def test_a_block_without_duplicates_is_handed_on_as_it_is() -> None:
    decoded = block([one(0, 1, 100), one(1, 1, 100)])
    assert Screen(PAIR).screen(decoded).readings is decoded.readings


@pytest.mark.parametrize(("sensors", "capacity"), [(0, MOST), (1, MOST), (FINGERPRINTS // 512, 512)])
def test_memory_is_shared_among_the_sensors(sensors: int, capacity: int) -> None:
    assert Screen(registry(*(f"s-{n}" for n in range(sensors)))).capacity == capacity


@pytest.mark.parametrize("together", [True, False])
def test_the_last_readings_are_remembered_and_no_more(together: bool) -> None:
    screen = Screen(PAIR)
    past = [one(0, 1, n) for n in range(MOST + 5)]
    for messages in [past] if together else [[message] for message in past]:
        screen.screen(block(messages))
    assert accepted(screen, *past[5:]) == []
    assert accepted(screen, past[4]) == [past[4][0]]


# Few stamps and values, so that duplicates, late readings and equal stamps abound.
ROWS = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(-1, 1), st.integers(0, 6))
MESSAGES = st.lists(ROWS, max_size=4).map(lambda rows: tuple(sorted(rows, key=lambda r: (r[3], r[0]))))
STREAMS = st.lists(MESSAGES, max_size=30)
TRIPLE = registry("a", "b", "c")


def expected(messages: Sequence[MESSAGE]) -> tuple[list[tuple[int, int, int, int]], Counts]:
    """One reading at a time, all remembered: what is left, and the totals."""
    seen: set[tuple[int, int, tuple[tuple[int, int], ...]]] = set()
    left = []
    totals = [0, 0, 0]
    for message in messages:
        fresh = False
        for slot, observed in dict.fromkeys((row[0], row[3]) for row in message):
            rows = [row for row in message if (row[0], row[3]) == (slot, observed)]
            mark = (slot, observed, tuple(sorted(row[1:3] for row in rows)))
            if mark not in seen:
                left += rows
                fresh = True
            seen.add(mark)
        totals[0 if fresh else 1 if message else 2] += 1
    return left, Counts(*totals)


def pieces(messages: Sequence[MESSAGE], cuts: set[int]) -> list[Sequence[MESSAGE]]:
    edges = [0, *sorted(cut for cut in cuts if cut <= len(messages)), len(messages)]
    return [messages[start:stop] for start, stop in pairwise(edges)]


@given(STREAMS, st.sets(st.integers(0, 30)))
def test_no_cut_into_blocks_changes_what_is_accepted(messages: list[MESSAGE], cuts: set[int]) -> None:
    screen = Screen(TRIPLE)
    left = [row for piece in pieces(messages, cuts) for row in accepted(screen, *piece)]
    assert (left, counts(screen)) == expected(messages)


@given(STREAMS, st.sets(st.integers(0, 30)))
def test_no_restart_changes_what_is_accepted(messages: list[MESSAGE], cuts: set[int]) -> None:
    screen = Screen(TRIPLE)
    left = []
    for piece in pieces(messages, cuts):
        state = {name: array.copy() for name, array in screen.snapshot().items()}
        accepted(screen, *messages)
        screen = Screen(TRIPLE)
        screen.restore(state)
        left += accepted(screen, *piece)
    assert (left, counts(screen)) == expected(messages)


@given(st.lists(st.integers(0, 3 * LEAST), max_size=6 * LEAST), st.sets(st.integers(0, 6 * LEAST)))
def test_cuts_do_not_matter_when_memory_is_short(stamps: list[int], cuts: set[int]) -> None:
    """The oldest fingerprints are overwritten within a block as between blocks."""
    messages = [one(0, 0, stamp) for stamp in stamps]

    def left(cut: set[int]) -> list[tuple[int, int, int, int]]:
        screen = Screen(PAIR, fingerprints=1)
        return [row for piece in pieces(messages, cut) for row in accepted(screen, *piece)]

    assert left(cuts) == left(set(range(len(stamps)))) == left(set())


def test_a_reload_moves_each_sensors_memory_by_its_id() -> None:
    screen = Screen(registry("a", "b", "c"))
    screen.screen(block([one(0, 1, 100), one(1, 2, 100), one(1, 3, 50), one(2, 4, 100), ()]))
    carried = screen.carry(registry("b", "c", "new"))
    assert counts(carried) == Counts(4, 0, 1)
    assert accepted(carried, one(0, 2, 100), one(0, 3, 50), one(1, 4, 100)) == []
    assert accepted(carried, one(2, 4, 100), one(0, 4, 50)) == [(2, 0, 4, 100), (0, 0, 4, 50)]


@pytest.mark.parametrize(("before", "after"), [(2, 40), (40, 2)])
def test_a_reload_keeps_the_latest_readings_when_memory_grows_or_shrinks(before: int, after: int) -> None:
    """Of 48 fingerprints each of two sensors has 24, each of forty has 16."""
    old, new = (registry(*(f"s-{n:02}" for n in range(size))) for size in (before, after))
    screen = Screen(old, fingerprints=48)
    past = [one(0, 1, n) for n in range(100)]
    screen.screen(block(past))
    carried = screen.carry(new)
    assert {screen.capacity, carried.capacity} == {24, LEAST}
    assert accepted(carried, *past[-LEAST:]) == []
    assert len(accepted(carried, *past[: -2 * LEAST])) == len(past) - 2 * LEAST


def test_a_snapshot_of_another_registry_is_refused() -> None:
    with pytest.raises(ValueError, match="sensors"):
        Screen(TRIPLE).restore(Screen(PAIR).snapshot())


def test_a_message_of_a_clock_that_runs_ahead_is_known_when_it_comes_again() -> None:
    """It is taken at `received`, which differs each time; the stamp that was sent does not."""
    screen = Screen(PAIR)

    screen.screen(block([one(0, 7, 5_000)], received=1_000))
    again = screen.screen(block([one(0, 7, 5_000)], received=2_000))

    assert (again.accepted, again.duplicates) == (0, 1)


def test_equal_values_of_different_stamps_taken_at_one_instant_are_two_readings() -> None:
    screen = Screen(PAIR)

    screened = screen.screen(block([one(0, 7, 5_000), one(0, 7, 6_000)], received=1_000))

    assert screened.accepted == 2
    assert screen.readings == 2


def test_when_a_sensor_was_last_heard_is_kept() -> None:
    screen = Screen(PAIR)

    screen.screen(block([one(1, 7, 5)], received=1_000))

    assert screen.heard[1] == 1_000
    assert screen.heard[0] < 0
